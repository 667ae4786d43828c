"""What would have become of recorded cases under a policy: what would have been warned, breached, raised, met, late. Pure.

The plan is the engine's own (`plan`); here its clocks are only read: which levels lay before their end, and how they ended. History is judged
anew on purpose, under the draft and under the present policy alike. Not here: where files come from, tables of it (the operator's command).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from common.policy import SitePolicy
from common.states import ClockState, Level

from sla.domain.calendar import WorkingDays
from sla.domain.case_file import CaseFile
from sla.domain.deadlines import Dates
from sla.domain.gaps import Window
from sla.domain.plan import Planned, plan

A_MOMENT = timedelta(milliseconds=1)
LEVELS: dict[Level, str] = {Level.WARNING: "warned", Level.L1: "breached", Level.L2: "L2", Level.L3: "L3"}
ENDS: dict[ClockState, str] = {
    ClockState.MET: "met",
    ClockState.LATE: "late",
    ClockState.EXCUSED: "late",
    ClockState.RUNNING: "open",
    ClockState.CANCELLED: "cancelled",
    ClockState.UNDATED: "undated",
}
COUNTED = ("clocks", *LEVELS.values(), "met", "late", "open", "cancelled", "undated")  #: what is counted of clocks


@dataclass(frozen=True)
class Trial:
    """A policy on trial, with its working days; `scale`: every deadline and level at that part of its way from the start."""

    policy: SitePolicy
    days: WorkingDays
    scale: float = 1.0
    windows: tuple[Window, ...] = ()  #: of force majeure, as they were declared


def outcomes(planned: Iterable[Planned], scale: float, as_of: datetime) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield for each clock of a plan its code and what would be counted of it as things stand at `as_of`."""
    for clock in planned:
        if clock.dates.start_at <= as_of or clock.end:
            tried = scaled(clock, scale)
            yield tried.code, ("clocks", *_reached(tried, as_of), ENDS[tried.state])


def scaled(clock: Planned, scale: float) -> Planned:
    """Return the clock with its deadline and levels at `scale` of their way from its start, in whole milliseconds."""
    if scale == 1:
        return clock
    begin = clock.dates.start_at

    def moved(at: datetime) -> datetime:
        return begin + A_MOMENT * round((at - begin) * scale / A_MOMENT)

    due_at = moved(clock.dates.due_at) if clock.dates.due_at else None
    rungs = tuple((level, moved(at)) for level, at in clock.dates.rungs)
    return replace(clock, dates=Dates(begin, due_at, rungs, clock.dates.needs))


def _reached(clock: Planned, as_of: datetime) -> Iterator[str]:
    """Yield the levels that would have been raised: a stop at the very instant of a level comes before it (DEF-02)."""
    for level, at in clock.dates.rungs:
        if at < clock.end.at if clock.end else at <= as_of:
            yield LEVELS[level]


GROUPS: dict[str, Callable[[CaseFile], str | None]] = {
    "fault": lambda file: file.case.fault,
    "category": lambda file: file.case.category,
    "urgency": lambda file: file.case.urgency,
    "kind": lambda file: file.case.kind,
}  #: name of a grouping -> the class of a case; `code` groups by the clock itself
BY_CODE = "code"
Row = tuple[str, str, str]  #: site, grouping, class


Tally = dict[Row, Counter[str]]  #: counts of `COUNTED`; grouping and class are empty for the site as a whole


def tally(tallies: Sequence[Tally], file: CaseFile, trials: Sequence[Trial], as_of: datetime) -> None:
    """Add one case to the tally of each trial; trials that differ by scale alone share their plan."""
    classes = [("", "")] + [(name, str(of(file) or "")) for name, of in GROUPS.items()]
    plans: dict[int, list[Planned]] = {}
    for rows, trial in zip(tallies, trials, strict=True):
        if id(trial.policy) not in plans:
            plans[id(trial.policy)] = plan(file, trial.policy, trial.days, trial.windows, now=as_of)
        for code, marks in outcomes(plans[id(trial.policy)], trial.scale, as_of):
            for name, value in [*classes, (BY_CODE, code)]:
                rows.setdefault((file.site, name, value), Counter()).update(marks)
