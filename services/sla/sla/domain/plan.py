"""Which clocks a case has: a pure function of its file, its policy and the calendar. Nothing is remembered here, everything follows.

So a late fact is judged by when it happened, a reclassification recomputes from the original start (CLS-20), the earliest deadline
governs a code (DEF-17), and the order in which facts arrive changes nothing. Not here: what was already raised or said (`clock`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from common.clock_rules import ClockRule, Moment, Subject
from common.policy import SitePolicy
from common.states import ClockState

from sla.domain.applies import About, applies
from sla.domain.calendar import WorkingDays
from sla.domain.case_file import CaseFile, Promised, work_completed
from sla.domain.deadlines import Dates, Site, Start, dates
from sla.domain.moments import Happened


@dataclass(frozen=True)
class End:
    """How a clock ended: its stop event, or without it."""

    at: datetime
    stopped: bool
    excused: bool = False
    why: str = ""


@dataclass(frozen=True)
class Planned:
    """One clock as it has to be."""

    subject: str
    code: str
    number: int
    about: About
    rule: ClockRule
    trigger_at: datetime
    dates: Dates
    end: End | None = None

    @property
    def id(self) -> str:
        """Return the clock's id, `<subject>:<code>:<n>`."""
        return f"{self.subject}:{self.code}:{self.number}"

    @property
    def state(self) -> ClockState:
        """Return the stage of the clock (SLA-37, SLA-38). A stop at the very instant of the deadline is in time (DEF-02)."""
        due, end = self.dates.due_at, self.end
        if due is None:  # nothing is judged on a guess; an end without a stop needs no judgement
            return ClockState.CANCELLED if end and not end.stopped else ClockState.UNDATED
        if end is None:
            return ClockState.RUNNING
        if end.at <= due:
            return ClockState.MET if end.stopped else ClockState.CANCELLED
        return ClockState.EXCUSED if end.excused and self.rule.excusable else ClockState.LATE


@dataclass(frozen=True)
class _Scope:
    """What clocks hang on: the case, one of its orders, or one of its promises."""

    kind: Subject
    subject: str
    about: About
    happened: tuple[Happened, ...]
    endings: tuple[Happened, ...]
    promise: Promised | None = None


def plan(file: CaseFile, policy: SitePolicy, days: WorkingDays) -> list[Planned]:
    """Return every clock of the case, ended ones too, in the order in which they started. No classification, no clocks (CLS-11)."""
    if not file.classified:
        return []
    site = Site(policy, days)
    return [clock for scope in _scopes(file, policy) for clock in _clocks(scope, file, site)]


def plan_week(rule: ClockRule, about: About, slip: Happened, week: str, days: WorkingDays, handed_over_at: datetime | None) -> Planned:
    """Return the batch clock of a site and week, opened by the first slip that falls into it (DEF-13)."""
    times = dates(rule, Start(slip.at, slip.moment, week=week), Site(about.policy, days)) or Dates(slip.at)
    end = End(handed_over_at, stopped=True) if handed_over_at else None
    subject = f"{Subject.SITE_WEEK}:{about.policy.site}:{week}"
    return Planned(subject, rule.code, 1, about, rule, times.start_at, times, end)


def slips(file: CaseFile, policy: SitePolicy) -> list[tuple[Happened, ClockRule, About]]:
    """Return the moments by which orders of the case fall into a batch, with the batch's rule, each order once."""
    found: dict[str, tuple[Happened, ClockRule, About]] = {}
    for one in file.happened:
        about = About(file.case, policy, file.orders.get(one.of))
        rule = next((rule for rule in policy.clocks if rule.batch and one.moment in rule.start and applies(rule.applies, about)), None)
        if rule and about.order:
            found.setdefault(one.of, (one, rule, about))
    return list(found.values())


def _scopes(file: CaseFile, policy: SitePolicy) -> Iterable[_Scope]:
    closed = tuple(one for one in file.happened if one.moment is Moment.CLOSED)
    about = About(file.case, policy)
    everything = (*file.happened, *work_completed(file))
    yield _Scope(Subject.CASE, f"{Subject.CASE}:{file.id}", about, everything, closed)
    for order in file.orders.values():
        own = file.of(order.id)
        gone = tuple(one for one in own if one.moment is Moment.ORDER_CANCELLED)
        yield _Scope(Subject.ORDER, f"{Subject.ORDER}:{order.id}", replace(about, order=order), own, gone + closed)
    for promise in file.promises.values():
        yield _Scope(Subject.PROMISE, f"{Subject.PROMISE}:{promise.id}", about, file.of(promise.id), closed, promise)


def _clocks(scope: _Scope, file: CaseFile, site: Site) -> list[Planned]:
    started = [
        Planned(scope.subject, rule.code, 0, scope.about, rule, one.at, times)
        for rule in site.policy.clocks
        if rule.subject is scope.kind and applies(rule.applies, scope.about)
        for one in scope.happened
        if one.moment in rule.start and (times := dates(rule, _start(one, scope, file), site))
    ]
    started.sort(key=lambda clock: (clock.code, clock.trigger_at))
    return [clock for _, same in groupby(started, key=lambda clock: clock.code) for clock in _instances(same, scope)]


def _instances(started: Iterable[Planned], scope: _Scope) -> list[Planned]:
    """Return the clocks of one code: a start while one runs is the same clock (the earliest deadline governs), after its end a new one."""
    found: list[Planned] = []
    for clock in started:
        last = found[-1] if found else None
        if last and (clock.trigger_at == last.trigger_at or last.end is None or clock.trigger_at < last.end.at):
            if _earlier(clock, last):
                found[-1] = _ended(replace(clock, number=last.number, trigger_at=last.trigger_at), scope)
        else:
            found.append(_ended(replace(clock, number=len(found) + 1), scope))
    return found


def _earlier(clock: Planned, other: Planned) -> bool:
    if clock.dates.due_at is None:
        return False
    return other.dates.due_at is None or clock.dates.due_at < other.dates.due_at


def _ended(clock: Planned, scope: _Scope) -> Planned:
    stops = (one for one in scope.happened if one.moment in clock.rule.stop and one.at >= clock.trigger_at)
    stop = min(stops, key=lambda one: one.at, default=None)
    endings = [End(one.at, stopped=False, why=str(one.moment)) for one in scope.endings if one.at >= clock.trigger_at]
    if Moment.WORK_COMPLETED in clock.rule.start:  # more work: nothing to call back about until it is done too
        undone = (one for one in scope.happened if one.moment is Moment.ORDER_ISSUED and one.at > clock.trigger_at)
        endings += [End(one.at, stopped=False, why="work_reopened") for one in undone]
    ended = min(endings, key=lambda end: end.at, default=None)
    if stop and (ended is None or stop.at <= ended.at):
        return replace(clock, end=End(stop.at, stopped=True, excused=stop.excused))
    return replace(clock, end=ended)


def _start(one: Happened, scope: _Scope, file: CaseFile) -> Start:
    order, promise = scope.about.order, scope.promise
    handed = [other.at for other in file.of(one.of) if other.moment is Moment.SLIPS_HANDED_OVER and other.at >= one.at]
    return Start(
        one.at,
        one.moment,
        case=file.case,
        appointment_at=(order.appointment_at if order else None) or file.case.appointment_at,
        promised_at=promise.due_at if promise else file.case.expected_at,
        date_only=bool(promise and promise.date_only),
        week=file.batches.get(one.of),
        handed_over_at=min(handed, default=None),
    )
