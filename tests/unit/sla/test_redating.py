"""A published calendar is applied to clocks alone where nothing else can matter: the same as planning each case anew (SLA-39, ADR 0037)."""

import asyncio
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from common.auth import Caller
from common.policy import SitePolicy
from common.states import CaseState, Urgency
from sla.domain.holidays import unpublished
from sla.domain.plan import plan
from sla.domain.rulings import Ruling, RulingKind
from sla.handlers import redating
from sla.handlers.commands import YearIn, put_year
from sla.handlers.redating import count_stale, redate

from tests.unit.sla.build import CASE, SITE, a_case, a_policy, a_rule, at, shown
from tests.unit.sla.test_batches import a_weekly_policy
from tests.unit.sla.test_plan import completed, issued, registered, told
from tests.unit.sla.world import World

pytestmark = pytest.mark.anyio
BY = Caller("admin", "staff", ("administrator",), ("*",))
TYPHOON = YearIn.model_validate({"off": ["2026-03-17", "2026-03-18", "2026-03-25", "2026-05-01"], "worked": ["2026-03-22"]})
AS_RECEIVED = ("_id", "due_at", "start_at", "state", "rungs", "history", "next_at", "armed", "first_at", "live", "alarmed", "revision", "alone")


def days(unit: str, value: int | None, code: str, **changes: Any) -> dict[str, Any]:
    """A rule that counts days from the receipt."""
    return (
        a_rule(id=code.lower(), code=code, duration={"unit": unit} | ({"value": value} if value else {}), stop="visited", start="received") | changes
    )


POLICIES: dict[str, SitePolicy] = {
    "with a close of business": a_policy(
        days("working_day", 1, "CLK_ONE"), days("working_day", 5, "CLK_FIVE"), days("calendar_day", 7, "CLK_WEEK"), days("same_day", None, "CLK_DAY"),
        days("working_day", 3, "CLK_RIVAL"), days("calendar_day", 2, "CLK_RIVAL") | {"id": "rival", "applies": {"urgency": "P2"}},
        a_rule(duration={"value": 90, "unit": "minute"}),
    ),
    "without": a_policy(
        days("working_day", 2, "CLK_TWO"), days("calendar_day", 3, "CLK_THREE"), days("office_day", 1, "CLK_OFFICE"),
        calendar={"close_of_business": None},
        hours={"desk": [{"from": "09:00", "to": "18:00"}], "office": [{"from": "09:00", "to": "18:00"}]},
    ),
}  # fmt: skip


def cases(seed: int, count: int = 25) -> list[CaseState]:
    """Cases of a fortnight, some by an online channel at night, some urgent."""
    rng = Random(seed)
    begin, channels = at("2026-03-09 00:00"), ("phone", "app", "letter")
    return [
        a_case(
            id=f"QQ-{number}",
            received_at=begin + timedelta(minutes=rng.randrange(14 * 24 * 60)),
            urgency=rng.choice(list(Urgency)),
            channel=rng.choice(channels),
        )
        for number in range(count)
    ]


async def publish(world: World, year: YearIn = TYPHOON) -> None:
    async def work(store: Any) -> None:
        await put_year(year, "CN", 2026, store=store, by=BY, now=world.time.now())

    await world.rt.transact(work)


async def dated(policy: SitePolicy, seed: int, *, alone: bool, now: datetime) -> tuple[list[dict[str, Any]], dict[str, Any], int]:
    """Clocks after a calendar was published, what was said of them, and how many were dated alone."""
    world = World("2026-03-01 00:00")
    await world.publish(policy)
    for case in cases(seed):
        world.time.set(max(case.received_at, world.time.now()))
        await world.report(case)
    world.time.set(now)
    marked = await world.db.count("clocks", {"alone": True, "live": True})
    if not alone:
        await world.db.update("clocks", {"alone": True}, {"alone": False})
    await publish(world)
    while await redate(world.rt):
        pass
    assert await count_stale(world.rt) == 0
    rows = [
        {name: doc[name] for name in AS_RECEIVED if name != "alone"} for doc in await world.db.find("clocks", {"calendar": "CN"}, sort=[("_id", 1)])
    ]
    said = {row.subject: (row.seq, row.time, row.lane, row.site, row.data) for row in await world.facts("clock.redated")}
    return rows, said, marked


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
@pytest.mark.parametrize("seed", range(4))
async def test_a_clock_dated_alone_is_what_its_case_would_make_it(policy: SitePolicy, seed: int) -> None:
    """Dates, levels, history and the fact are the same both ways; clocks with a rival rule or office hours go the long way."""
    now = at("2026-03-23 00:00")
    short, said, marked = await dated(policy, seed, alone=True, now=now)
    long, said_long, _ = await dated(policy, seed, alone=False, now=now)
    assert short == long
    assert said == said_long
    assert marked >= 25
    assert len(said) >= 25


def test_only_what_nothing_else_can_date_is_marked() -> None:
    """A rival rule, a second start, a ruling, a change of policy, an end: each sends the clock the long way (DEF-17, R22)."""
    file, three = told(*registered()), days("working_day", 3, "CLK_KETTLE")

    def marks(file: Any, *rules: dict[str, Any], **sections: Any) -> list[bool]:
        return [clock.alone for clock in plan(file, a_policy(*rules, **sections), unpublished("CN"))]

    assert marks(file, three) == [True]
    assert marks(file, three, days("calendar_day", 9, "CLK_KETTLE", id="rival")) == [False]
    assert marks(file, three, days("calendar_day", 9, "CLK_KETTLE", id="rival", applies={"urgency": "P1"})) == [True]
    assert marks(file, three | {"start": ["received", "classified"]}) == [False]
    assert marks(file, a_rule()) == [False], "minutes ask no calendar"
    ruling = Ruling(kind=RulingKind.EXCUSE, clock=f"case:{CASE}:CLK_KETTLE:1", at=at("2026-03-16 11:00"), by="boss", reason="暴雨")
    assert marks(file.model_copy(update={"rulings": (ruling,)}), three) == [False]
    assert marks(file.model_copy(update={"moved": (2,)}), three) == [True]
    assert marks(file.model_copy(update={"moved": (2, 3)}), three) == [False]


def test_a_slip_that_waits_for_its_week_is_found() -> None:
    """A case whose slip is in no batch yet is planned whole (DEF-13)."""
    file = told(*registered(), ("10:20", issued()), ("10:50", completed()))
    found = plan(file, a_weekly_policy(), unpublished("CN"))
    assert found
    assert not any(clock.alone for clock in found)


async def test_one_worker_dates_at_a_time_and_what_arrives_meanwhile_is_dated_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second finds the job taken; in pieces of two everything is dated once, a case that comes between two pieces with it."""
    monkeypatch.setattr(redating, "AT_ONCE", 3)
    monkeypatch.setattr(redating, "TOGETHER", 2)
    world = World("2026-03-16 09:00")
    await world.publish(a_policy(days("working_day", 3, "CLK_THREE")))
    for number in range(7):
        await world.report(a_case(id=f"QQ-{number}", received_at=at("2026-03-16 09:00")))
    await publish(world)
    assert sorted(await asyncio.gather(redate(world.rt), redate(world.rt))) == [0, 4]
    await world.report(a_case(id="QQ-late", received_at=at("2026-03-16 09:00")))
    await world.turn()
    said = [row.subject for row in await world.facts("clock.redated")]
    assert len(said) == len(set(said)) == 7, "the late one was opened by the new calendar"
    due = {shown(clock["due_at"]) for clock in await world.db.find("clocks", {"site": SITE})}
    assert due == {"2026-03-22 19:00"}
    notes = world.rt.store.notes
    moved, more = await notes.moved_by("CN", 1)
    while more is not None:
        page, more = await notes.moved_by("CN", 1, after=more)
        moved += page
    assert [(shown(one.due_from), shown(one.due_to)) for one in moved] == [("2026-03-19 19:00", "2026-03-22 19:00")] * 7


async def test_what_was_being_opened_by_the_old_calendar_is_found_by_the_last_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock whose transaction began before the publication and ended after the sweep; clocks without any date are passed over one by one."""
    monkeypatch.setattr(redating, "AT_ONCE", 2)
    world = World("2026-03-16 09:00")
    await world.publish(a_policy(days("working_day", 3, "CLK_THREE"), days("working_day", 300, "CLK_FAR")))
    for number in range(5):
        await world.report(a_case(id=f"QQ-{number}", received_at=at("2026-03-16 09:00")))
    assert await world.db.count("clocks", {"first_at": None}) == 5, "they need a year that nobody published"
    (late,) = await world.db.find("clocks", {"case": "QQ-4", "code": "CLK_THREE"})
    await publish(world)
    await world.turn()
    await world.turn()
    assert await redate(world.rt) == 0
    assert await count_stale(world.rt) == 0
    await world.db.put("clocks", late | {"_id": "case:QQ-late:CLK_THREE:1", "subject": "case:QQ-late", "case": "QQ-late"})
    assert await redate(world.rt) == 0, "ten seconds have not passed"
    monkeypatch.setattr(redating, "SETTLE", timedelta(0))
    assert await redate(world.rt) == 1
    assert {shown(clock["due_at"]) for clock in await world.db.find("clocks", {"code": "CLK_THREE"})} == {"2026-03-22 19:00"}
    while not (await world.rt.store.sweep("CN")).settled:
        await redate(world.rt)
    assert {clock["revision"] for clock in await world.db.find("clocks")} == {1}


async def test_a_level_that_was_raised_stays_and_the_rest_moves() -> None:
    """DEF-08: what was raised stays; a later deadline gives the clock its levels again."""
    world = World("2026-03-16 09:00")
    await world.publish(a_policy(days("working_day", 1, "CLK_ONE")))
    await world.report(a_case(received_at=at("2026-03-16 09:00")))
    await world.until("2026-03-17 10:00")
    clock = (await world.clocks())["CLK_ONE"]
    assert [str(rung.level) for rung in clock.rungs if rung.raised_at] == ["warning"]
    await publish(world)
    await world.turn()
    clock = (await world.clocks())["CLK_ONE"]
    assert shown(clock.due_at) == "2026-03-19 19:00"
    assert [(str(rung.level), shown(rung.at)) for rung in clock.rungs][:2] == [("warning", "2026-03-17 08:00"), ("L1", "2026-03-19 19:00")]
