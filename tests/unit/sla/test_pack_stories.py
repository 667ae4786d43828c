"""The packs whose stories need later moves, run by the engine on the moments that those stories tell: SC-12, SC-13, SC-22, SC-23, SC-21."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from common.clock_rules import Moment
from common.packs import read_site
from common.policy import SitePolicy
from common.states import CaseKind, ClockState, Complexity, Urgency
from sla.domain.case_file import CaseFile, Promised
from sla.domain.holidays import unpublished
from sla.domain.moments import Happened
from sla.domain.plan import Planned, plan

from tests.unit.sla.build import a_case, an_order, at, shown

PACKS = Path(__file__).parents[3] / "packs"
DAYS = unpublished("CN")


@lru_cache
def policy(site: str) -> SitePolicy:
    return read_site(PACKS / "sites" / f"{site}.yaml").policy


def a_file(site: str, received: str, *moments: tuple[str, Moment, str], orders: int = 0, promise: str | None = None, **case: Any) -> CaseFile:
    """A case with what happened: (time, moment, of whom); `-1` is its first order, `P` its promise, anything else a department's notice."""
    complexity = case.pop("complexity", None)
    state = a_case(site=site, id=f"{site}-260101-AAAAA", received_at=at(received), **case)
    made = {f"{state.id}-{number}": an_order(state, number, complexity=complexity) for number in range(1, orders + 1)}
    happened = [Happened(moment=Moment.RECEIVED, at=at(received), of=state.id), Happened(moment=Moment.CLASSIFIED, at=at(received), of=state.id)]
    happened += [Happened(moment=moment, at=at(when), of=state.id + of if of.startswith("-") or not of else of) for when, moment, of in moments]
    promises = {"P": Promised(id="P", made_at=at(received), due_at=at(promise))} if promise else {}
    ordered = tuple(sorted(happened, key=lambda one: one.at))
    return CaseFile(id=state.id, site=site, case=state, classified=True, orders=made, order_ids=tuple(made), promises=promises, happened=ordered)


def clocks(file: CaseFile, now: str | None = None) -> dict[str, Planned]:
    """The clocks by code."""
    return {clock.code.removeprefix("CLK_"): clock for clock in plan(file, policy(file.site), DAYS, now=at(now) if now else None)}


def told(clock: Planned) -> tuple[str | None, ClockState, str]:
    return shown(clock.dates.due_at), clock.state, clock.rule.rule


WORK = (
    ("2026-04-29 15:00", Moment.SURVEYED, ""),
    ("2026-04-28 10:30", Moment.DEPARTMENT_NOTIFIED, "N"),
    ("2026-05-06 11:00", Moment.DEPARTMENT_ANSWERED, "N"),
    ("2026-05-06 17:00", Moment.RESULT_REPORTED, ""),
    ("2026-04-29 15:30", Moment.ORDER_ISSUED, "-1"),
    ("2026-05-09 16:00", Moment.COMPLETED, "-1"),
    ("2026-05-11 10:00", Moment.VISITED, ""),
)


def test_a_repair_of_several_trades_over_a_holiday() -> None:
    """SC-12."""
    file = a_file("RQ", "2026-04-28 10:00", *WORK, orders=1, fault="bathroom_leak", complexity=Complexity.MULTI_TRADE)
    found = {code: told(clock) for code, clock in clocks(file).items()}
    assert found == {
        "SURVEY": ("2026-04-29 18:00", ClockState.MET, "SLA-27"),
        "DEPT_FEEDBACK": ("2026-05-06 18:00", ClockState.MET, "SLA-32"),
        "RESULT_REPORT": ("2026-05-06 18:00", ClockState.MET, "SLA-33"),
        "RESOLVE": ("2026-05-12 18:00", ClockState.MET, "SLA-29"),
        "RETURN_VISIT": ("2026-05-11 18:00", ClockState.MET, "SLA-34"),
    }


@pytest.mark.parametrize(
    ("complexity", "due", "rule"),
    [
        (None, "2026-05-07 18:00", "SLA-28"),
        (Complexity.SINGLE_TRADE, "2026-05-07 18:00", "SLA-28"),
        (Complexity.MULTI_TRADE, "2026-05-12 18:00", "SLA-29"),
        (Complexity.ESPECIALLY_COMPLEX, "2026-05-12 18:00", "SLA-29"),
    ],
)
def test_the_limit_follows_the_number_of_trades(complexity: Complexity | None, due: str, rule: str) -> None:
    """CLS-07; an order that nobody surveyed yet counts as of a single trade."""
    file = a_file("RQ", "2026-04-28 10:00", *WORK, orders=1, fault="bathroom_leak", complexity=complexity)
    assert told(clocks(file)["RESOLVE"])[::2] == (due, rule)


def test_each_department_answers_for_itself() -> None:
    """CMP-34: two notices, two clocks."""
    notices = [("2026-04-28 10:30", Moment.DEPARTMENT_NOTIFIED, "N"), ("2026-04-29 10:30", Moment.DEPARTMENT_NOTIFIED, "M")]
    file = a_file("RQ", "2026-04-28 10:00", *notices, ("2026-04-29 11:00", Moment.DEPARTMENT_ANSWERED, "M"), kind=CaseKind.COMPLAINT)
    found = [clock for clock in plan(file, policy("RQ"), DAYS) if clock.code == "CLK_DEPT_FEEDBACK"]
    assert [told(clock)[:2] for clock in found] == [("2026-05-06 18:00", ClockState.RUNNING), ("2026-05-07 18:00", ClockState.MET)]


SEVERAL = ("sales", "finance", "legal")
TOLD = (("2026-03-12 17:40", Moment.PROMISE_MADE, "P"), ("2026-03-16 16:00", Moment.PROMISE_KEPT, "P"))


def test_a_date_told_the_same_day_replaces_the_same_day_limit() -> None:
    """SC-22: only where more than one department is concerned."""
    case = {"kind": CaseKind.COMPLAINT, "fault": "contract_registration"}
    found = clocks(a_file("SO", "2026-03-12 15:00", *TOLD, promise="2026-03-16 17:00", departments=SEVERAL, **case))
    assert told(found["RESOLVE"])[:2] == ("2026-03-13 00:00", ClockState.CANCELLED)
    assert found["RESOLVE"].end
    assert found["RESOLVE"].end.why == "replaced"
    assert told(found["NOTICE"])[:2] == ("2026-03-13 00:00", ClockState.MET)
    assert told(found["PROMISE"])[:2] == ("2026-03-16 17:00", ClockState.MET)
    alone = clocks(a_file("SO", "2026-03-12 15:00", *TOLD, promise="2026-03-16 17:00", **case))
    assert told(alone["RESOLVE"])[1] is ClockState.RUNNING
    assert "NOTICE" not in alone


def test_the_sites_own_limit_governs_the_departments_answer() -> None:
    """SC-23."""
    file = a_file(
        "GD",
        "2026-04-13 10:00",
        ("2026-04-13 10:10", Moment.DEPARTMENT_NOTIFIED, "N"),
        ("2026-04-14 15:30", Moment.DEPARTMENT_ANSWERED, "N"),
        kind=CaseKind.COMPLAINT,
        fault="public_light",
    )
    assert {code: told(clock) for code, clock in clocks(file).items()} == {"DEPT_FEEDBACK": ("2026-04-14 18:00", ClockState.MET, "SLA-35")}


def test_an_outage_is_told_of_every_hour_until_it_is_over() -> None:
    """SC-21."""
    tellings = [(f"2026-03-20 {time}", Moment.PROGRESS_TOLD, "") for time in ("18:50", "19:45", "20:50")]
    file = a_file("XZ", "2026-03-20 18:05", *tellings, ("2026-03-20 21:20", Moment.RESTORED, ""), fault="power_failure", urgency=Urgency.P1)
    updates = [clock for clock in plan(file, policy("XZ"), DAYS) if clock.code == "CLK_PROGRESS"]
    assert [told(clock)[:2] for clock in updates] == [
        ("2026-03-20 19:05", ClockState.MET),
        ("2026-03-20 19:50", ClockState.MET),
        ("2026-03-20 20:45", ClockState.LATE),
        ("2026-03-20 21:50", ClockState.CANCELLED),
    ]


def test_a_plan_of_days_is_told_of_every_day() -> None:
    """SLA-22, DEF-08: the first update on the day of the start if it is before 17:00."""
    file = a_file(
        "XZ", "2026-03-16 09:00", ("2026-03-16 11:00", Moment.PLAN_OF_DAYS, ""), ("2026-03-16 16:00", Moment.PROGRESS_TOLD, ""), fault="water_leak"
    )
    stages = [clock for clock in plan(file, policy("XZ"), DAYS, now=at("2026-03-17 12:00")) if clock.code == "CLK_STAGE"]
    assert [told(clock)[:2] for clock in stages] == [("2026-03-16 17:00", ClockState.MET), ("2026-03-17 17:00", ClockState.RUNNING)]
