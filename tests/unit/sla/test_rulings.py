"""Force majeure, pauses and extensions are inputs of one pure function; and nothing that staff do with an item buys it time."""

from datetime import date, timedelta
from itertools import permutations
from typing import Any

import pytest
from common.events import Fact
from common.events.dispatch import WorkOrderIssued, WorkOrderReturned
from common.events.intake import CaseClassified, CaseOwnerTransferred, CaseReopened, CaseResultRecorded, CaseWorkDone, PromiseMade
from common.states import ClockState, Level, OrderStatus, Urgency
from pydantic import ValidationError
from sla.domain.case_file import CaseFile
from sla.domain.gaps import Window
from sla.domain.holidays import unpublished
from sla.domain.plan import plan
from sla.domain.planned import Planned
from sla.domain.rulings import Ruling, RulingKind

from tests.unit.sla.build import CASE, a_case, a_policy, a_rule, an_order, at, shown
from tests.unit.sla.test_plan import arrived, completed, issued, registered, told, visited

ID = f"case:{CASE}:CLK_KETTLE:1"
DAYS: dict[str, Any] = {"duration": {"value": 3, "unit": "working_day"}}
PAUSES: dict[str, Any] = {"pause": {"reasons": ["owner_away"], "budget": {"value": 4, "unit": "hour"}}}
RAIN = Window(id="rain", begin=at("2026-03-16 11:00"), until=at("2026-03-16 13:00"))


def one(file: CaseFile, rule: dict[str, Any] | None = None, *windows: Window, **sections: Any) -> Planned:
    (clock,) = plan(file, a_policy(rule or a_rule(), **sections), unpublished("CN"), windows)
    return clock


def ladder(clock: Planned) -> list[str | None]:
    return [shown(moment) for _, moment in clock.dates.rungs]


def ruled(file: CaseFile, *rulings: Ruling) -> CaseFile:
    return file.model_copy(update={"rulings": rulings})


def a_pause(since: str, until: str | None = None) -> Ruling:
    return Ruling(kind=RulingKind.PAUSE, clock=ID, at=at(since), by="boss", reason="owner_away", until=at(until) if until else None)


def an_extension(to: str, consent: str, clock: str = ID) -> Ruling:
    return Ruling(kind=RulingKind.EXTENSION, clock=clock, at=at(consent), by="boss", reason="复杂", to=date.fromisoformat(to), consent_at=at(consent))


# --- force majeure ------------------------------------------------------------------------------------------------------------


def test_time_in_a_window_does_not_run_and_levels_wait_too() -> None:
    """90 minutes from 10:00 with 11:00-13:00 lost: warned after 72 running minutes, due after 90, L2 after 180, L3 after 270."""
    clock = one(told(*registered()), None, RAIN)
    assert ladder(clock) == ["2026-03-16 13:12", "2026-03-16 13:30", "2026-03-16 15:00", "2026-03-16 16:30"]


def test_a_factor_lets_time_run_slower() -> None:
    half = RAIN.model_copy(update={"factor": 0.5})
    assert shown(one(told(*registered()), None, half).dates.due_at) == "2026-03-16 12:00"


def test_of_two_windows_the_stricter_holds_and_neither_counts_twice() -> None:
    half = Window(id="wind", begin=at("2026-03-16 10:00"), until=at("2026-03-16 12:00"), factor=0.5)
    for windows in permutations((half, RAIN)):  # 30 of the first hour, then nothing until 13:00, then 60
        assert shown(one(told(*registered()), None, *windows).dates.due_at) == "2026-03-16 14:00"


def test_an_emergency_is_never_held_up() -> None:
    urgent = told(*registered(urgency=Urgency.P1))
    assert one(urgent, None, RAIN).dates == one(urgent).dates
    paused = ruled(urgent, a_pause("2026-03-16 10:30"))
    assert one(paused, **PAUSES).dates == one(urgent).dates


def test_a_window_is_only_for_the_cases_it_names() -> None:
    other = Window.model_validate(RAIN.model_dump() | {"applies": [{"kind": "complaint"}]})
    assert shown(one(told(*registered()), None, other).dates.due_at) == "2026-03-16 11:30"


def test_a_working_day_that_ends_in_a_window_does_not_count() -> None:
    """Three working days from Monday: the whole of Tuesday evening and Wednesday lost, so Friday and Monday instead."""
    storm = Window(id="storm", begin=at("2026-03-17 18:00"), until=at("2026-03-18 20:00"))
    clock = one(told(*registered()), a_rule(**DAYS), storm)
    assert ladder(clock) == ["2026-03-23 08:00", "2026-03-23 19:00", "2026-03-24 19:00", "2026-03-25 19:00"]
    noon = Window(id="noon", begin=at("2026-03-17 09:00"), until=at("2026-03-17 12:00"))
    assert one(told(*registered()), a_rule(**DAYS), noon).dates == one(told(*registered()), a_rule(**DAYS)).dates


def test_undoing_a_window_gives_back_what_was() -> None:
    file = told(*registered())
    assert one(file, None, RAIN).dates != one(file).dates
    assert one(file, None).dates == one(file).dates


# --- pauses -------------------------------------------------------------------------------------------------------------------


def test_without_the_section_nothing_pauses() -> None:
    """SLA-37: no silent pause exists in any source."""
    assert shown(one(ruled(told(*registered()), a_pause("2026-03-16 10:30"))).dates.due_at) == "2026-03-16 11:30"


@pytest.mark.parametrize(
    ("pauses", "due"),
    [
        ((("2026-03-16 10:30", "2026-03-16 11:00"),), "2026-03-16 12:00"),
        ((("2026-03-16 10:30", None),), "2026-03-16 15:30"),  # nobody ends it: the budget of 4 h does
        ((("2026-03-16 10:30", "2026-03-16 12:30"), ("2026-03-16 12:45", None)), "2026-03-16 15:30"),  # 2 h, then the 2 h that are left
        ((("2026-03-16 12:00", None),), "2026-03-16 11:30"),  # after the deadline it changes nothing
    ],
)
def test_a_pause_ends_by_itself(pauses: tuple[tuple[str, str | None], ...], due: str) -> None:
    file = ruled(told(*registered()), *(a_pause(*pause) for pause in pauses))
    assert shown(one(file, **PAUSES).dates.due_at) == due


def test_a_budget_that_never_ends_is_refused() -> None:
    for pause in ({"reasons": ["owner_away"]}, {"reasons": ["owner_away"], "budget": {"value": 3, "unit": "working_day"}}):
        with pytest.raises(ValidationError):
            a_policy(pause=pause)


# --- extension, replacement ---------------------------------------------------------------------------------------------------

EXTENDABLE = a_rule(code="CLK_KETTLE", extension="prior_customer_consent", **DAYS)  # due Thursday 2026-03-19 19:00


def test_consent_before_the_deadline_moves_it() -> None:
    """SC-12 B, DEF-26: close of business of the new day, the ladder from there."""
    clock = one(ruled(told(*registered()), an_extension("2026-03-24", "2026-03-19 16:00")), EXTENDABLE)
    assert ladder(clock) == ["2026-03-24 08:00", "2026-03-24 19:00", "2026-03-25 19:00", "2026-03-26 19:00"]
    assert shown(clock.extended_from) == "2026-03-19 19:00"


@pytest.mark.parametrize("consent", ["2026-03-19 19:00", "2026-03-19 19:30"])
def test_consent_at_or_after_the_deadline_is_none(consent: str) -> None:
    clock = one(ruled(told(*registered()), an_extension("2026-03-24", consent)), EXTENDABLE)
    assert (shown(clock.dates.due_at), clock.extended_from) == ("2026-03-19 19:00", None)


def test_a_second_consent_counts_from_the_first() -> None:
    twice = ruled(told(*registered()), an_extension("2026-03-24", "2026-03-19 16:00"), an_extension("2026-03-26", "2026-03-23 09:00"))
    assert shown(one(twice, EXTENDABLE).dates.due_at) == "2026-03-26 19:00"


def test_a_rule_without_extension_has_none() -> None:
    assert one(ruled(told(*registered()), an_extension("2026-03-24", "2026-03-17 16:00")), a_rule(**DAYS)).extended_from is None


NOTICE = a_rule(
    id="notice",
    code="CLK_NOTICE",
    applies={"several_departments": True},
    stop=["promise_made", "result_recorded"],
    duration={"unit": "same_day"},
)
SAME_DAY = a_rule(
    id="resolve",
    code="CLK_RESOLVE",
    stop="result_recorded",
    duration={"unit": "same_day"},
    replaced={"by": "promise_made", "applies": [{"several_departments": True}]},
)
PROMISED = a_rule(id="p", code="CLK_PROMISE", subject="promise", start="promise_made", stop="promise_kept", duration={"unit": "promised"})


@pytest.mark.parametrize(
    ("departments", "told_at", "states"),
    [
        (("sales", "finance", "legal"), "17:40", {"CLK_RESOLVE": "cancelled", "CLK_NOTICE": "met", "CLK_PROMISE": "running"}),
        (("sales", "finance"), "2026-03-17 09:00", {"CLK_RESOLVE": "running", "CLK_NOTICE": "late", "CLK_PROMISE": "running"}),
        (("sales",), "17:40", {"CLK_RESOLVE": "running", "CLK_PROMISE": "running"}),
    ],
)
def test_a_date_told_on_the_day_takes_the_place_of_the_same_day(departments: tuple[str, ...], told_at: str, states: dict[str, str]) -> None:
    """SC-22, DEF-26: only where several departments are concerned, and only on the day."""
    case = a_case(departments=departments)
    promise = PromiseMade(promise="p1", case=case, due_at=at("2026-03-18 17:00"), made_at=_at(told_at))
    file = told(*registered(departments=departments), (told_at, promise))
    found = plan(file, a_policy(NOTICE, SAME_DAY, PROMISED), unpublished("CN"))
    assert {clock.code: str(clock.state) for clock in found} == states


def _at(text: str) -> Any:
    return at(text if "-" in text else f"2026-03-16 {text}")


# --- nothing buys time --------------------------------------------------------------------------------------------------------

VISIT = a_rule(id="v", code="CLK_VISIT", start="work_completed", stop="visited", duration={"value": 48, "unit": "hour"})
LEG = a_rule(id="leg", code="CLK_LEG", subject="order", start="order_issued", stop="returned", duration={"value": 6, "unit": "hour"})


def _transferred() -> Fact:
    return CaseOwnerTransferred(case=a_case(owner="desk-2"), previous_owner="desk-1")


def _sent_back() -> Fact:
    return WorkOrderReturned(order=an_order(a_case(), status=OrderStatus.RETURNED), case=a_case())


def _again(number: int = 2) -> Fact:
    return WorkOrderIssued(order=an_order(a_case(), number, rework_of=f"{CASE}-1"), case=a_case())


HANDLED: dict[str, list[tuple[str, Fact]]] = {
    "transfer": [("10:20", _transferred()), ("11:00", _transferred())],
    "sending back": [("10:05", issued()), ("10:50", _sent_back()), ("10:55", _again())],
    "rework": [("10:05", issued()), ("10:30", completed()), ("11:00", _again())],
    "reopening": [("10:05", issued()), ("10:30", completed()), ("10:40", visited()), ("10:50", CaseReopened(case=a_case()))],
    "reclassification to and fro": [
        ("10:50", CaseClassified(case=a_case(urgency="P2"))),
        ("10:55", CaseClassified(case=a_case(urgency="P3"))),
    ],
    "another result": [("10:40", CaseResultRecorded(case=a_case()))],
}


@pytest.mark.parametrize("what", HANDLED)
def test_a_clock_survives_whatever_is_done_with_the_item(what: str) -> None:
    """The first arrival's clock runs on from the receipt; it cannot be gamed by handing the item about."""
    found = {clock.id: clock for clock in plan(told(*registered(), *HANDLED[what]), a_policy(a_rule(), VISIT, LEG), unpublished("CN"))}
    kettles = [clock for clock in found.values() if clock.code == "CLK_KETTLE"]
    assert [(clock.number, shown(clock.dates.due_at), clock.state) for clock in kettles] == [(1, "2026-03-16 11:30", ClockState.RUNNING)]


def test_sending_an_order_back_stops_only_its_own_leg_and_the_next_has_its_own() -> None:
    found = {clock.id: clock for clock in plan(told(*registered(), *HANDLED["sending back"]), a_policy(a_rule(), LEG), unpublished("CN"))}
    legs = [(clock.subject[-1], clock.state) for clock in found.values() if clock.code == "CLK_LEG"]
    assert legs == [("1", ClockState.MET), ("2", ClockState.RUNNING)]


def test_rework_does_not_undo_that_it_was_late() -> None:
    late = told(*registered(), ("10:05", issued()), ("11:45", arrived()), ("12:00", completed()), ("15:00", visited()), ("15:10", _again()))
    first = next(clock for clock in plan(late, a_policy(a_rule(), VISIT), unpublished("CN")) if clock.code == "CLK_KETTLE")
    assert first.state is ClockState.LATE


# --- incidents ----------------------------------------------------------------------------------------------------------------


def test_a_case_of_an_incident_shares_the_work_clocks_of_the_first() -> None:
    """DEF-09: what happens to the later case counts for them; its own reply clock it has alone; splitting gives it its own again."""
    work, reply = a_rule(shared=True), a_rule(id="r", code="CLK_REPLY", stop="replied", duration={"value": 1, "unit": "hour"})
    policy, days = a_policy(work, reply), unpublished("CN")
    first = told(*registered())
    later = [*registered(id="QQ-260316-BBBBB", received_at=at("2026-03-16 10:30"), incident=CASE), ("11:00", arrived())]
    joined = told(*later)
    assert [clock.code for clock in plan(joined, policy, days)] == ["CLK_REPLY"]
    shared = {clock.code: clock for clock in plan(first, policy, days, linked=[joined])}
    assert (shared["CLK_KETTLE"].state, shared["CLK_REPLY"].state) == (ClockState.MET, ClockState.RUNNING)
    apart = CaseClassified(case=a_case(id="QQ-260316-BBBBB", received_at=at("2026-03-16 10:30")))
    split = told(*later, ("11:10", apart))
    own = {clock.code: clock for clock in plan(split, policy, days)}
    assert shown(own["CLK_KETTLE"].dates.due_at) == "2026-03-16 12:00"


def test_levels_follow_a_window_in_order() -> None:
    levels = [level for level, _ in one(told(*registered()), None, RAIN).dates.rungs]
    assert levels == [Level.WARNING, Level.L1, Level.L2, Level.L3]
    assert RAIN.until - RAIN.begin == timedelta(hours=2)


def test_def09_a_later_case_is_called_back_from_when_the_work_of_the_incident_was_completed() -> None:
    later = registered(id="QQ-260316-BBBBB", received_at=at("2026-03-16 10:30"), incident=CASE)
    done = CaseWorkDone(case=a_case(id="QQ-260316-BBBBB", incident=CASE), completed_at=at("2026-03-16 12:00"))
    (visit,) = plan(told(*later, ("13:00", done)), a_policy(VISIT), unpublished("CN"))
    assert (visit.code, shown(visit.dates.start_at), visit.state) == (VISIT["code"], "2026-03-16 12:00", ClockState.RUNNING)
    own = done.model_copy(update={"case": a_case(id="QQ-260316-BBBBB")})  # a case with orders of its own: they tell
    assert plan(told(*registered(id="QQ-260316-BBBBB"), ("13:00", own)), a_policy(VISIT), unpublished("CN")) == []
