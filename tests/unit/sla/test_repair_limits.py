"""Limits of a repair to the instant, by the packs that have them, and what no department changes about them (REP-05, REP-10, DSP-11, DSP-17)."""

from typing import Any

import pytest
from common.clock_rules import Moment
from common.states import CaseKind, ClockState, Complexity, Urgency
from sla.domain.plan import plan

from tests.unit.sla.test_pack_stories import DAYS, a_file, clocks, policy, told

MET, LATE = ClockState.MET, ClockState.LATE


@pytest.mark.parametrize(
    ("received", "came", "due", "state"),
    [
        ("2026-03-16 10:00", "2026-03-17 10:00", "2026-03-17 10:00", MET),
        ("2026-03-16 10:00", "2026-03-17 10:01", "2026-03-17 10:00", LATE),
        ("2026-03-20 21:59", "2026-03-21 21:59", "2026-03-21 21:59", MET),  # a weekend has the hours of any other day
        ("2026-04-30 18:05", "2026-05-01 18:06", "2026-05-01 18:05", LATE),  # and so has a holiday
    ],
)
@pytest.mark.parametrize("fault", ["light_bulb", "blocked_pipe"])
def test_rep05_somebody_comes_for_a_general_repair_within_24_hours(fault: str, received: str, came: str, due: str, state: ClockState) -> None:
    file = a_file("XZ", received, (came, Moment.ON_SITE, "-1"), orders=1, fault=fault, urgency=Urgency.P3)
    assert told(clocks(file)["ATTEND"]) == (due, state, "SLA-12")


def test_rep05_is_not_the_limit_of_an_emergency() -> None:
    """REP-06: an emergency has two hours."""
    found = clocks(a_file("XZ", "2026-03-16 10:00", orders=1, fault="water_burst", urgency=Urgency.P1))
    assert "ATTEND" not in found
    assert told(found["ONSITE"]) == ("2026-03-16 12:00", ClockState.RUNNING, "SLA-11")


@pytest.mark.parametrize(
    ("issued", "completed", "due", "state"),
    [
        ("2026-03-16 09:00", "2026-03-19 18:00", "2026-03-19 18:00", MET),  # the day it is issued does not count
        ("2026-03-16 17:59", "2026-03-19 18:01", "2026-03-19 18:00", LATE),
        ("2026-03-20 09:00", "2026-03-25 18:00", "2026-03-25 18:00", MET),  # a Friday: a weekend lies between
        ("2026-03-20 09:00", "2026-03-25 18:01", "2026-03-25 18:00", LATE),
        ("2026-04-30 15:00", "2026-05-08 18:00", "2026-05-08 18:00", MET),  # five days of holiday lie between
        ("2026-04-30 15:00", "2026-05-08 18:01", "2026-05-08 18:00", LATE),
        ("2026-05-07 15:00", "2026-05-11 18:00", "2026-05-11 18:00", MET),  # a Saturday that is worked on counts
    ],
)
def test_rep10_a_repair_of_one_trade_is_finished_within_3_working_days(issued: str, completed: str, due: str, state: ClockState) -> None:
    happened = ((issued, Moment.ORDER_ISSUED, "-1"), (completed, Moment.COMPLETED, "-1"))
    file = a_file("RQ", issued, *happened, orders=1, fault="bathroom_leak", complexity=Complexity.SINGLE_TRADE)
    assert told(clocks(file)["RESOLVE"]) == (due, state, "SLA-28")


def test_dsp11_each_order_of_the_repair_team_has_its_own_limit() -> None:
    """From its own issue to its own completion: the first in time, the second too late."""
    happened = (
        ("2026-03-16 09:00", Moment.ORDER_ISSUED, "-1"),
        ("2026-03-17 09:00", Moment.ORDER_ISSUED, "-2"),
        ("2026-03-19 17:00", Moment.COMPLETED, "-1"),
        ("2026-03-23 09:00", Moment.COMPLETED, "-2"),
    )
    file = a_file("RQ", "2026-03-16 09:00", *happened, orders=2, fault="bathroom_leak")
    found = {clock.id.split(":")[1]: told(clock)[:2] for clock in plan(file, policy("RQ"), DAYS) if clock.code == "CLK_RESOLVE"}
    assert found == {f"{file.id}-1": ("2026-03-19 18:00", MET), f"{file.id}-2": ("2026-03-20 18:00", LATE)}


WORKED = (
    ("2026-03-16 10:10", Moment.ORDER_ISSUED, "-1"),
    ("2026-03-16 10:30", Moment.PROMISE_MADE, "P"),
    ("2026-03-18 15:00", Moment.COMPLETED, "-1"),
    ("2026-03-18 15:00", Moment.WORK_COMPLETED, ""),
)
GIVEN = (("2026-03-16 11:00", Moment.DEPARTMENT_NOTIFIED, "N"), ("2026-03-18 16:00", Moment.DEPARTMENT_ANSWERED, "N"))


@pytest.mark.parametrize("kind", [CaseKind.REPAIR, CaseKind.COMPLAINT])
@pytest.mark.parametrize(
    ("site", "fault", "more", "kept"),
    [
        ("RQ", "bathroom_leak", {"DEPT_FEEDBACK"}, {"RETURN_VISIT": "2026-03-19 18:00"}),
        ("XZ", "water_leak", set(), {"RETURN_VISIT": "2026-03-20 15:00", "PROMISE": "2026-03-20 17:00"}),
    ],
)
def test_dsp17_a_department_that_has_it_and_answers_ends_no_clock_of_the_desk(
    kind: CaseKind, site: str, fault: str, more: set[str], kept: dict[str, str]
) -> None:
    """A department's own clock comes in addition; the word given to the owner and the return visit go on running."""
    case: dict[str, Any] = {"fault": fault, "kind": kind, "needs_repair": True, "orders": 1, "promise": "2026-03-20 17:00"}
    alone, given = (
        {code: told(clock) for code, clock in clocks(a_file(site, "2026-03-16 10:00", *WORKED, *moments, **case)).items()} for moments in ((), GIVEN)
    )
    assert given.keys() - alone.keys() == more
    assert {code: given[code] for code in alone} == alone
    assert {code: due for code, (due, state, _) in given.items() if code in kept and state is ClockState.RUNNING} == kept
