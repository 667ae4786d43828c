"""The same problem again: who counts as a second report, who joins an incident, and what follows (DEF-09, CLS-15, CLS-16, CLS-17)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from common import audit
from common.errors import Fate
from common.events.dispatch import WorkOrderCompleted, WorkOrderIssued, WorkOrderReturned
from common.states import CaseKind, CaseStatus, OrderStatus
from intake.domain.case import Case, Change
from intake.domain.incidents import handed_on
from intake.domain.repeats import chain, window_end

from tests.unit.intake.build import DESK, HOUR, NOON, POLICY, a_case, a_policy, classified
from tests.unit.intake.world import World, a_world

pytestmark = pytest.mark.anyio
STORED = ("cases", "outbox", "visits", audit.ROWS)
S, W = CaseStatus, OrderStatus
DAY = timedelta(days=1)
FAULTS = POLICY["faults"] | {
    "no_water": {"title": {"zh": "停水", "en": "no water"}, "category": "facility", "trade": "plumbing", "urgency": "P1", "classes": ["outage"]}
}
REPEAT = {"reports": 2, "outages": 2, "monthly_faults": 3, "window_days": 30}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as made:
        await made.hear_policy(4, faults=FAULTS, repeat=REPEAT)
        yield made


async def reported(world: World, unit: str | None = "8-0301", fault: str = "no_water", **body: Any) -> dict[str, Any]:
    body = {"unit": unit, "fault": fault} | body
    by = body.pop("by", None)
    answer = await world.report(f"k{await world.documents.count('cases')}-{unit}-{fault}", by=by, **body)
    assert answer.status_code == 201, answer.text
    case: dict[str, Any] = await world.case(answer.json()["number"])
    return case


async def worked(world: World, number: str, *, done: bool = True) -> None:
    steps: list[tuple[type[Any], OrderStatus]] = [(WorkOrderIssued, W.ISSUED)]
    steps += [(WorkOrderCompleted, W.COMPLETED), (WorkOrderReturned, W.RETURNED)] if done else []
    for kind, status in steps:
        changes = {"completed_at": world.time.now()} if status is not W.ISSUED else {}
        assert await world.hear_order(number, kind, status=status, assignee="wu", **changes) is Fate.DONE


def one(days: float, **changes: Any) -> Case:
    return classified(CaseKind.REPAIR, received_at=NOON - days * DAY, id=f"AB-{days}", received_by=f"desk-{days}").with_(**changes)


# --- chains ---------------------------------------------------------------------------------------------------------------------


def test_def09_the_window_ends_at_the_end_of_the_thirtieth_day_at_the_site() -> None:
    end = window_end(NOON, a_policy())
    assert end.isoformat() == "2026-04-16T00:00:00+08:00"  # received 2026-03-16 12:00
    inside, outside = a_case(received_at=end, id="N"), a_case(received_at=end + timedelta(microseconds=1), id="N")
    assert chain(inside, [a_case()], a_policy())
    assert not chain(outside, [a_case()], a_policy())


def test_def09_each_report_is_measured_from_the_latest_before_it() -> None:
    """A chain of reports 25 days apart goes on; a gap longer than the window begins a new one."""
    reports = [one(25), one(50), one(75), one(110)]
    assert [case.id for case in chain(a_case(id="N"), reports, a_policy())] == ["AB-25", "AB-50", "AB-75"]
    assert chain(a_case(id="N"), [one(110)], a_policy()) == ()
    assert chain(a_case(id="N"), [one(-1)], a_policy()) == ()  # what was received later is no earlier report


def test_def09_what_another_unit_said_of_an_open_incident_is_no_report_of_its_own() -> None:
    neighbour = one(1, unit="3-0503", incident="AB-2")
    assert [case.id for case in chain(a_case(id="N"), [neighbour, one(2)], a_policy())] == ["AB-2"]


# --- the second report --------------------------------------------------------------------------------------------------------


async def test_cls15_the_second_report_by_the_same_unit_is_a_repeat_and_names_the_first_receiver(world: World) -> None:
    first = await reported(world, by=world.staff("reception-a"))
    world.time.advance(6 * HOUR)
    second = await reported(world, by=world.staff("reception-b"))
    assert (first["repeat_of"], first["repeat_count"], first["root_cause_required"]) == (None, 1, False)
    assert (second["repeat_of"], second["repeat_count"], second["first_receiver"]) == (first["number"], 2, "reception-a")
    assert second["root_cause_required"]  # CLS-16: the second outage
    assert second["incident"] is None  # though the first case is still open
    state = await world.state(second["number"])
    assert (state.repeat_of, state.first_receiver, state.root_cause_required) == (first["number"], "reception-a", True)


@pytest.mark.parametrize("other", [{"unit": "8-0302"}, {"fault": "drip"}, {"unit": None}, {"kind": "enquiry", "reporter": {"phone": "13800000000"}}])
async def test_cls15_another_unit_another_fault_or_an_enquiry_is_no_repeat(world: World, other: dict[str, Any]) -> None:
    first = await reported(world)
    await worked(world, first["number"])  # no incident that could be joined is open
    second = await reported(world, **other)
    assert (second["repeat_of"], second["repeat_count"], second["incident"]) == (None, 1, None)


async def test_cls15_a_complaint_about_what_was_reported_is_a_second_report(world: World) -> None:
    first = await reported(world, fault="drip")
    second = await reported(world, fault="drip", kind="complaint", expected="修好", by=world.staff())
    assert (second["repeat_of"], second["root_cause_required"]) == (first["number"], False)  # no outage


async def test_cls16_a_root_cause_is_asked_only_where_the_pack_does(world: World) -> None:
    await world.hear_policy(5, faults=FAULTS, repeat={})
    await reported(world)
    second = await reported(world)
    assert (second["repeat_count"], second["root_cause_required"], second["frequent"]) == (2, False, False)


async def test_cls17_the_third_fault_of_an_asset_in_a_month_is_marked(world: World) -> None:
    lift = {"unit": None, "asset": "lift-1", "fault": "drip"}
    found = []
    for _ in range(3):
        case = await reported(world, **lift)
        await worked(world, case["number"])
        found.append((await world.case(case["number"]))["frequent"])
        world.time.advance(DAY)
    assert found == [False, False, True]
    world.time.advance(16 * DAY)  # April: the chain goes on, the month is another
    assert ((await reported(world, **lift))["repeat_count"], (await reported(world, **lift))["frequent"]) == (4, False)


async def test_two_reports_at_once_are_told_apart(world: World) -> None:
    """Both touch the problem, so one of two transactions sees the other."""
    body = {"unit": "8-0301", "fault": "no_water"}
    answers = await asyncio.gather(*(world.report(f"k{n}", **body) for n in range(6)))
    counts = [(await world.case(answer.json()["number"]))["repeat_count"] for answer in answers]
    assert sorted(counts) == [1, 2, 3, 4, 5, 6]


async def test_work_that_has_to_be_done_again_goes_back_to_who_did_it(world: World) -> None:
    first = await reported(world)
    await worked(world, first["number"])
    world.time.advance(HOUR)
    second = await reported(world)
    state = await world.state(second["number"])
    assert (state.prefers, state.second_inspector) == ("wu", True)
    world.time.advance(HOUR)
    third = await world.state((await reported(world))["number"])
    assert (third.prefers, third.second_inspector) == (None, False)  # nobody has repaired the second yet


async def test_cls20_a_fault_that_is_corrected_is_checked_again(world: World) -> None:
    first = await reported(world, fault="drip")
    second = await reported(world)
    assert second["repeat_of"] is None
    assert (await world.move(second["number"], "classify", fault="drip", why="听错了")).status_code == 200
    changed = await world.case(second["number"])
    assert (changed["repeat_of"], changed["root_cause_required"]) == (first["number"], False)


# --- incidents ----------------------------------------------------------------------------------------------------------------


async def test_def09_a_neighbour_joins_the_incident_that_is_open_and_has_no_order_of_its_own(world: World) -> None:
    first = await reported(world)
    await worked(world, first["number"], done=False)
    neighbour = await reported(world, "8-0302")
    assert (neighbour["incident"], neighbour["repeat_of"], neighbour["repeat_count"]) == (first["number"], None, 1)
    assert (await world.case(first["number"]))["linked"] == [neighbour["number"]]
    assert (await world.runtime.store.case(neighbour["number"])).asked == ()
    elsewhere = await reported(world, "9-0302")
    assert elsewhere["incident"] is None
    await worked(world, first["number"])
    for number in (first["number"], neighbour["number"]):
        assert (await world.case(number))["status"] == S.RETURN_VISIT_DUE  # each is called back
    visits = [(await world.case(number))["visits"] for number in (first["number"], neighbour["number"])]
    assert [len(one) for one in visits] == [1, 1]


async def test_def09_what_comes_after_the_work_is_done_is_an_incident_of_its_own(world: World) -> None:
    """SC-09: water was back at 11:30; who reports at 16:45 joins the case of 16:40."""
    first = await reported(world)
    await worked(world, first["number"])
    second = await reported(world)
    neighbour = await reported(world, "8-0302")
    assert neighbour["incident"] == second["number"]


async def test_def09_who_reports_the_open_incident_twice_has_a_second_report(world: World) -> None:
    first = await reported(world)
    neighbour = await reported(world, "8-0302")
    again = await reported(world, "8-0302")
    assert (again["incident"], again["repeat_of"]) == (None, neighbour["number"])
    assert neighbour["incident"] == first["number"]


async def test_a_neighbour_with_an_outage_behind_them_brings_its_cause_to_the_incident(world: World) -> None:
    before = await reported(world, "8-0302")
    await worked(world, before["number"])
    first = await reported(world)
    neighbour = await reported(world, "8-0302")
    assert (neighbour["incident"], neighbour["repeat_of"]) == (first["number"], before["number"])
    assert (await world.case(first["number"]))["root_cause_required"]
    assert (await world.state(first["number"])).root_cause_required


async def test_one_common_asset_is_one_incident_for_all_units(world: World) -> None:
    first = await reported(world, "1-0101", "drip", asset="lift-1")
    second = await reported(world, "2-0202", "drip", asset="lift-1")
    assert second["incident"] == first["number"]


async def test_a_case_is_joined_and_taken_out_by_hand_with_the_reason(world: World) -> None:
    first, other = await reported(world), await reported(world, "9-0302")
    join = {"incident": first["number"], "reason": "同一路供水"}
    assert (await world.move(other["number"], "link", **join)).status_code == 200
    assert (await world.case(first["number"]))["linked"] == [other["number"]]
    assert (await world.move(other["number"], "split", reason="另有原因")).status_code == 200
    after = await world.case(other["number"])
    assert (after["incident"], [one["reason"] for one in after["incidents"]]) == (None, ["同一路供水", "另有原因"])
    assert (await world.case(first["number"]))["linked"] == []
    assert (await world.runtime.store.case(other["number"])).asked  # an order of its own is asked for again
    assert (await world.said())[-2:] == ["case.linked", "case.split"]


async def test_def09_a_refused_joining_stores_nothing(world: World) -> None:
    first, other = await reported(world), await reported(world, "9-0302", "drip")
    await worked(world, first["number"])
    before = await world.stored(*STORED)
    for body in ({"incident": first["number"]}, {"incident": "AB-260316-XXXXX"}, {"incident": other["number"]}):
        answer = await world.move(other["number"], "link", **body, reason="试")
        assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1].rsplit(":", 1)[-1]) == (409, "guard-refused")
        assert answer.json()["guard"] == "DEF-09"
    assert await world.stored(*STORED) == before


async def test_a_dissatisfied_neighbour_gets_work_of_their_own(world: World) -> None:
    first = await reported(world)
    neighbour = await reported(world, "8-0302")
    await worked(world, first["number"])
    bad = {"form": "phone", "satisfied": False, "attitude": "good", "quality": "bad"}
    assert (await world.move(neighbour["number"], "visit", **bad)).status_code == 200
    case = await world.case(neighbour["number"])
    assert (case["status"], case["incident"], case["rework_count"]) == (S.IN_WORK, None, 1)
    assert (await world.said())[-2:] == ["case.reopened", "case.split"]


def test_an_incident_whose_first_case_ends_without_work_goes_on_with_the_next() -> None:
    ended = one(3, status=S.CLOSED, linked=("AB-2", "AB-1"))
    first, second = one(2, incident="AB-3"), one(1, incident="AB-3")
    done = one(0.5, incident="AB-3", status=S.RETURN_VISIT_DUE)
    changes: tuple[Change[Case], ...] = handed_on(ended, [second, first, done], DESK)
    head, other = (change.state for change in changes)
    assert (head.id, head.incident, head.linked, bool(head.asked)) == ("AB-2", None, ("AB-1",), True)
    assert (other.id, other.incident) == ("AB-1", "AB-2")
    assert [change.facts[0].kind for change in changes] == ["case.split", "case.linked"]
    assert handed_on(ended, [done], DESK) == ()
