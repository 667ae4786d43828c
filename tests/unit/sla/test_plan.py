"""Which clocks a case has and how they end: verdicts by when things happened, the earliest deadline, reclassification, rework."""

from datetime import datetime
from itertools import permutations
from typing import Any

import pytest
from common.events import Fact
from common.events.dispatch import WorkOrderArrived, WorkOrderAssessed, WorkOrderCancelled, WorkOrderCompleted, WorkOrderIssued
from common.events.intake import (
    CaseClassified,
    CaseClosed,
    CaseFact,
    CaseRegistered,
    CaseReplied,
    CaseResultRecorded,
    PromiseKept,
    PromiseMade,
    VisitRecorded,
)
from common.policy import SitePolicy
from common.states import CaseState, ClockState, Party
from sla.domain.case_file import CaseFile, heard, opened, work_completed
from sla.domain.holidays import unpublished
from sla.domain.plan import Planned, plan

from tests.unit.sla.build import a_case, a_policy, a_rule, an_event, an_order, at, shown

VISIT = {"id": "visit", "code": "CLK_RETURN_VISIT", "start": "work_completed", "stop": "visited", "duration": {"value": 48, "unit": "hour"}}


def told(*facts: tuple[str, Fact]) -> CaseFile:
    """A case's file after these facts, each at its time on 2026-03-16 (`HH:MM`) or a date."""
    file: CaseFile | None = None
    for number, (text, fact) in enumerate(facts, 1):
        event = an_event(fact, _when(text), number)
        file = heard(file or opened(event.fact.case), event)
    assert file is not None
    return file


def _when(text: str) -> datetime:
    return at(text if "-" in text else f"2026-03-16 {text}")


def registered(**changes: Any) -> list[tuple[str, Fact]]:
    case = a_case(**changes)
    return [("10:00", CaseRegistered(case=case)), ("10:00", CaseClassified(case=case))]


def clocks(file: CaseFile, policy: SitePolicy | None = None) -> dict[str, Planned]:
    return {clock.id.split(":", 1)[1].split(":", 1)[1]: clock for clock in plan(file, policy or a_policy(), unpublished("CN"))}


def arrived(*, excused: bool = False, **changes: Any) -> Fact:
    return WorkOrderArrived(order=an_order(a_case(), **changes), case=a_case(), excused=excused)


def issued(number: int = 1, **changes: Any) -> Fact:
    return WorkOrderIssued(order=an_order(a_case(), number, **changes), case=a_case())


def completed(number: int = 1) -> Fact:
    return WorkOrderCompleted(order=an_order(a_case(), number), case=a_case())


def visited() -> Fact:
    return VisitRecorded(visit="v", case=a_case(), form="phone", satisfied=True, by="desk-1")


def test_nothing_runs_before_the_classification() -> None:
    """CLS-11; and then it starts at the receipt."""
    assert clocks(told(("10:00", CaseRegistered(case=a_case())))) == {}
    late = told(("10:00", CaseRegistered(case=a_case())), ("11:00", CaseClassified(case=a_case())))
    assert shown(clocks(late)["CLK_KETTLE:1"].dates.start_at) == "2026-03-16 10:00"


@pytest.mark.parametrize(
    ("stop", "excused", "excusable", "state"),
    [
        ("11:29", False, True, ClockState.MET),
        ("11:30", False, True, ClockState.MET),
        ("11:30:01", False, True, ClockState.LATE),
        ("12:00", True, True, ClockState.EXCUSED),
        ("12:00", True, False, ClockState.LATE),
        (None, False, True, ClockState.RUNNING),
    ],
)
def test_the_verdict_is_by_when_it_happened(*, stop: str | None, excused: bool, excusable: bool, state: ClockState) -> None:
    """DEF-02: the very instant of the deadline is in time; SLA-38: an excuse never erases."""
    facts = [*registered(), ("10:05", issued()), *([(stop, arrived(excused=excused))] if stop else [])]
    assert clocks(told(*facts), a_policy(a_rule(excusable=excusable)))["CLK_KETTLE:1"].state is state


def test_any_order_of_arrival_gives_the_same_clocks() -> None:
    """Facts of two services cross on the way; the case itself always comes first."""
    rest: list[tuple[str, Fact]] = [("10:05", issued()), ("10:40", arrived()), ("11:00", completed()), ("18:00", visited())]
    policy = a_policy(a_rule(), VISIT)
    wanted = clocks(told(*registered(), *rest), policy)
    assert {clock.state for clock in wanted.values()} == {ClockState.MET}
    for order in permutations(rest):
        assert clocks(told(*registered(), *order), policy) == wanted


def test_the_earliest_deadline_governs_a_code() -> None:
    """DEF-17: and the clock keeps the rule it came from."""
    slow = a_rule(id="slow", duration={"value": 4, "unit": "hour"})
    appointment = a_rule(id="agreed", applies={"appointment": True}, duration={"unit": "appointment"})
    policy = a_policy(slow, a_rule(), appointment)
    assert clocks(told(*registered()), policy)["CLK_KETTLE:1"].rule.id == "kettle"
    early = told(*registered(appointment_at=at("2026-03-16 10:30")))
    assert clocks(early, policy)["CLK_KETTLE:1"].rule.id == "agreed"


def test_a_promise_has_a_clock_of_its_own() -> None:
    """DEF-17's exemption: three promises, three clocks; a date only is due at its 24:00."""
    rule = {"id": "p", "code": "CLK_PROMISE", "subject": "promise", "start": "promise_made", "stop": "promise_kept", "duration": {"unit": "promised"}}
    made = [
        PromiseMade(promise=f"p{n}", case=a_case(), due_at=at("2026-03-19 24:00"), date_only=True, made_at=at("2026-03-16 10:00")) for n in range(3)
    ]
    kept = PromiseKept(**made[0].model_dump(), kept_at=at("2026-03-18 15:00"))
    file = told(*registered(), *(("10:00", fact) for fact in made), ("2026-03-18 15:00", kept))
    found = plan(file, a_policy(rule), unpublished("CN"))
    assert [clock.state for clock in found] == [ClockState.MET, ClockState.RUNNING, ClockState.RUNNING]
    assert [shown(moment) for _, moment in found[1].dates.rungs] == [
        "2026-03-19 08:00", "2026-03-20 00:00", "2026-03-21 00:00", "2026-03-22 00:00",
    ]  # fmt: skip


def test_a_reclassification_recomputes_from_the_original_start() -> None:
    """CLS-20: the faster rule counts from the receipt, and what happened before counts for it."""
    fast = a_rule(id="fast", code="CLK_FAST", applies={"urgency": "P1"}, duration={"value": 15, "unit": "minute"})
    slow = a_rule(applies={"urgency": ["P2", "P3"]})
    facts = [*registered(), ("10:05", issued()), ("10:12", arrived())]
    now_p1 = a_case(urgency="P1")
    after = told(*facts, ("10:40", CaseClassified(case=now_p1, previous=a_case())))
    assert set(clocks(told(*facts), a_policy(slow, fast))) == {"CLK_KETTLE:1"}
    found = clocks(after, a_policy(slow, fast))
    assert set(found) == {"CLK_FAST:1"}
    assert found["CLK_FAST:1"].state is ClockState.MET


def test_the_visit_waits_for_all_orders_and_more_work_starts_it_again() -> None:
    """A contractor's order still open: no visit clock; a new order after it: cancelled, and again from the next completion."""
    policy = a_policy(VISIT)
    both = [*registered(), ("10:05", issued()), ("10:06", issued(2, party=Party.CONTRACTOR)), ("10:30", completed())]
    assert clocks(told(*both), policy) == {}
    done = [*both, ("11:00", completed(2))]
    assert shown(clocks(told(*done), policy)["CLK_RETURN_VISIT:1"].dates.start_at) == "2026-03-16 11:00"
    again = [*done, ("12:00", issued(3))]
    assert clocks(told(*again), policy)["CLK_RETURN_VISIT:1"].state is ClockState.CANCELLED
    found = clocks(told(*again, ("13:00", completed(3)), ("14:00", visited())), policy)
    assert found["CLK_RETURN_VISIT:1"].state is ClockState.CANCELLED
    assert found["CLK_RETURN_VISIT:2"].state is ClockState.MET


def test_rework_after_a_visit_has_a_visit_of_its_own() -> None:
    """SC-15: the first visit stays done, the second has its own clock."""
    facts = [*registered(), ("10:05", issued()), ("11:00", completed()), ("15:00", visited()), ("15:05", issued(2)), ("17:00", completed(2))]
    found = clocks(told(*facts), a_policy(VISIT))
    assert (found["CLK_RETURN_VISIT:1"].state, found["CLK_RETURN_VISIT:2"].state) == (ClockState.MET, ClockState.RUNNING)


def test_a_cancelled_order_is_no_completion_but_does_not_hold_the_case() -> None:
    gone = WorkOrderCancelled(order=an_order(a_case(), 2), case=a_case())
    base = [*registered(), ("10:05", issued()), ("10:06", issued(2))]
    assert work_completed(told(*registered(), ("10:06", issued(2)), ("10:30", gone))) == ()
    assert shown(work_completed(told(*base, ("10:30", completed()), ("11:00", gone)))[0].at) == "2026-03-16 10:30"


def test_an_owner_who_was_guided_is_called_back_too() -> None:
    guided = WorkOrderAssessed(order=an_order(a_case()), case=a_case(), outcome="guided")
    assert "CLK_RETURN_VISIT:1" in clocks(told(*registered(), ("10:05", issued()), ("10:40", guided)), a_policy(VISIT))


@pytest.mark.parametrize(("closed", "state"), [("11:00", ClockState.CANCELLED), ("12:00", ClockState.LATE)])
def test_closing_ends_a_clock_without_a_verdict_unless_it_was_late_already(closed: str, state: ClockState) -> None:
    """Ending after the deadline must not erase the lateness."""
    clock = clocks(told(*registered(), (closed, CaseClosed(case=a_case(), outcome="explained"))))["CLK_KETTLE:1"]
    assert clock.state is state
    assert clock.end is not None
    assert clock.end.why == "closed"


def test_an_order_of_a_contractor_has_its_own_clock() -> None:
    """The owner's clock and the contractor's leg run side by side; a cancelled order ends its own."""
    leg = a_rule(id="leg", code="CLK_LEG", subject="order", applies={"party": "contractor"}, start="contractor_issued", stop="contractor_on_site")
    firm = an_order(a_case(), 2, party=Party.CONTRACTOR)
    facts = [*registered(), ("10:05", issued()), ("10:10", WorkOrderIssued(order=firm, case=a_case()))]
    found = plan(told(*facts), a_policy(a_rule(), leg), unpublished("CN"))
    assert [(clock.subject.split(":")[0], shown(clock.trigger_at)) for clock in found] == [
        ("case", "2026-03-16 10:00"), ("order", "2026-03-16 10:10"),
    ]  # fmt: skip
    gone = told(*facts, ("10:30", WorkOrderCancelled(order=firm, case=a_case())))
    assert plan(gone, a_policy(a_rule(), leg), unpublished("CN"))[1].state is ClockState.CANCELLED


def test_an_answer_counts_only_if_it_answers() -> None:
    """DEF-19: an interim reply without a next time keeps the clock running; intake says which it is."""
    reply = a_rule(id="reply", code="CLK_REPLY", stop="replied", duration={"value": 1, "unit": "working_day"})
    interim = CaseReplied(case=a_case(), form="phone", final=False, answers=False, by="desk-1")
    final = CaseReplied(case=a_case(), form="phone", final=True, answers=True, by="desk-1")
    assert clocks(told(*registered(), ("10:10", interim)), a_policy(reply))["CLK_REPLY:1"].state is ClockState.RUNNING
    assert clocks(told(*registered(), ("10:10", interim), ("10:20", final)), a_policy(reply))["CLK_REPLY:1"].state is ClockState.MET


CASES: dict[str, tuple[dict[str, Any], CaseState, bool]] = {
    "kind": ({"kind": "complaint"}, a_case(), False),
    "class": ({"fault_class": "kettle"}, a_case(), True),
    "other class": ({"not_fault_class": ["kettle", "noise"]}, a_case(), False),
    "fault": ({"fault": "kettle_cold"}, a_case(), True),
    "letter": ({"channel_form": "letter"}, a_case(channel="letter"), True),
    "oral": ({"channel_form": "oral"}, a_case(channel="letter"), False),
    "named": ({"anonymous": False}, a_case(anonymous=True), False),
    "scope undecided": ({"out_of_scope": False}, a_case(), True),
    "out of scope": ({"out_of_scope": False}, a_case(in_scope=False), False),
    "repair needed": ({"needs_repair": True}, a_case(needs_repair=True), True),
    "expected": ({"expected": True}, a_case(), False),
    "several": ({"kind": "repair", "urgency": ["P1", "P2"]}, a_case(), False),
}


@pytest.mark.parametrize("name", CASES)
def test_a_rule_applies_by_its_conditions(name: str) -> None:
    conditions, case, wanted = CASES[name]
    file = told(("10:00", CaseRegistered(case=case)), ("10:00", CaseClassified(case=case)))
    assert bool(clocks(file, a_policy(a_rule(applies=conditions)))) is wanted


def test_alternatives_are_any_of_them() -> None:
    rule = a_rule(applies=[{"kind": "complaint"}, {"urgency": "P3"}])
    assert clocks(told(*registered()), a_policy(rule))


def test_a_clock_that_needs_a_missing_year_is_undated_until_it_is_published() -> None:
    rule = a_rule(start="result_recorded", stop="visited", duration={"value": 3, "unit": "working_day"})
    result: CaseFact = CaseResultRecorded(case=a_case())
    clock = clocks(told(*registered(), ("2026-12-31 10:00", result)), a_policy(rule))["CLK_KETTLE:1"]
    assert (clock.state, clock.dates.due_at, clock.dates.needs) == (ClockState.UNDATED, None, "CN:2027")
    stopped = clocks(told(*registered(), ("2026-12-31 10:00", result), ("2026-12-31 11:00", visited())), a_policy(rule))["CLK_KETTLE:1"]
    assert stopped.state is ClockState.UNDATED, "it cannot be judged yet"
