"""First-time-fix rate: what came back did not hold, by team and contractor, in whatever order the facts come."""

import random

import pytest
from common.events.dispatch import WorkOrderCompleted, WorkOrderIssued
from common.events.intake import CaseClassified, CaseReopened
from common.inbox import decode
from common.states import CaseStatus, OrderState, OrderStatus, Party, Urgency
from common.timesource import FakeTime
from console.domain.fixes import Fix, rates
from huiyin.fixes import table
from rich.console import Console

from tests.unit.console import story
from tests.unit.console.story import COMPLETED, DAY, HOUR, ISSUED, NOW
from tests.unit.console.test_accounts import bearer
from tests.unit.console.world import browser, parts, running

pytestmark = pytest.mark.anyio
REPAIR = {"urgency": Urgency.P3}


def repaired(teller: story.Teller, number: str, days: int, **order: object) -> story.CaseStory:
    """A repair whose order was completed so many days ago."""
    at = NOW - days * DAY
    told = story.CaseStory(teller, number, received=at, **REPAIR)
    return told.order((*ISSUED, at), (*COMPLETED, at + HOUR), **order)


def facts() -> list[bytes]:
    """Four own repairs, one came back by a visit and one by a repeat; two of a contractor, one old."""
    teller = story.Teller()
    teller.site("JN")
    firm = {"party": Party.CONTRACTOR, "assignee": "lift-co", "department": None}
    for number, days, order in (("JN-A", 9, {}), ("JN-B", 8, {}), ("JN-C", 7, {}), ("JN-D", 6, {}), ("JN-E", 5, firm), ("JN-F", 40, firm)):
        told = repaired(teller, number, days, **order)
        if number == "JN-A":
            told.becomes(CaseStatus.IN_WORK)
            told.say(number, CaseReopened(case=told.case, rework_of=("JN-A-1",)), NOW - 4 * DAY)
            told.order((*ISSUED, NOW - 4 * DAY), (*COMPLETED, NOW - 3 * DAY), number=2, rework_of="JN-A-1")
    again = story.CaseStory(teller, "JN-G", received=NOW - 2 * DAY, **REPAIR, repeat_of="JN-B")
    corrected = story.CaseStory(teller, "JN-H", received=NOW - 2 * DAY, **REPAIR, repeat_of="JN-C")
    corrected.say("JN-H", CaseClassified(case=corrected.becomes(CaseStatus.CLASSIFIED, repeat_of=None), previous=again.case), NOW - DAY)
    return teller.bodies


async def asked(bodies: list[bytes], path: str = "/v1/sites/JN/first-time-fix") -> dict[str, object]:
    async with running(parts(FakeTime(NOW)), bodies, account=False) as app, browser(app, login=None) as client:
        answer = await client.get(path, headers=bearer("customer_service_supervisor"))
        assert answer.status_code == 200, answer.text
        seen: dict[str, object] = answer.json()
        return seen


OWN = {"party": "own", "team": "engineering", "completed": 4, "reworked": 1, "repeated": 1, "rate": 50.0}
FIRM = {"party": "contractor", "team": "lift-co", "completed": 1, "reworked": 0, "repeated": 0, "rate": 100.0}


async def test_what_came_back_did_not_hold_in_whatever_order_the_facts_come() -> None:
    bodies = facts()
    assert (await asked(bodies))["teams"] == [OWN, FIRM]
    streams: dict[str, list[bytes]] = {}
    for body in bodies:
        streams.setdefault(decode(body).stream, []).append(body)
    for seed in range(5):  # each stream in its own order, the streams mixed
        order = [stream for stream, said in streams.items() for _ in said]
        random.Random(seed).shuffle(order)
        left = {stream: iter(said) for stream, said in streams.items()}
        assert (await asked([next(left[stream]) for stream in order]))["teams"] == [OWN, FIRM]


async def test_r18_work_that_failed_its_inspection_did_not_hold_the_first_time() -> None:
    teller = story.Teller()
    teller.site("JN")
    firm = {"party": Party.CONTRACTOR, "assignee": "lift-co", "department": None}
    told = repaired(teller, "JN-A", 9, **firm)
    issued = OrderState.model_validate(decode(teller.bodies[-1]).data["order"] | {"status": OrderStatus.ISSUED})
    told.say(issued.id, WorkOrderIssued(order=issued, case=told.case, failed_inspection=True), NOW - 8 * DAY)
    told.say(issued.id, WorkOrderCompleted(order=issued.model_copy(update={"status": OrderStatus.COMPLETED}), case=told.case), NOW - 7 * DAY)
    assert (await asked(teller.bodies))["teams"] == [FIRM | {"reworked": 1, "rate": 0.0}]


async def test_the_period_is_that_of_the_completion() -> None:
    seen = await asked(facts(), "/v1/sites/JN/first-time-fix?days=60")
    assert seen["teams"] == [OWN, FIRM | {"completed": 2}]


async def test_another_site_looks_missing() -> None:
    async with running(parts(FakeTime(NOW)), facts(), account=False) as app, browser(app, login=None) as client:
        answer = await client.get("/v1/sites/JN/first-time-fix", headers=bearer("customer_service_supervisor", sites=("XZ",)))
    assert answer.status_code == 404


def test_def14_a_rate_is_not_rounded() -> None:
    done = [Fix(id=f"o{n}", site="JN", case=f"c{n}", party=Party.OWN, team="engineering", completed_at=NOW) for n in range(3)]
    (row,) = rates(done, {"o1"}, {"c1"})
    assert (row.reworked, row.repeated, row.rate) == (1, 0, 200 / 3)  # came back once, though in two ways
    assert rates([], set(), set()) == []


def test_the_table_names_teams_in_words() -> None:
    console = Console(record=True, width=120)
    console.print(table({"site": "JN", "teams": [OWN, FIRM]}, 30, "zh-CN"))
    text = console.export_text()
    assert "工程" in text
    assert "lift-co" in text
    assert "50.0 %" in text
