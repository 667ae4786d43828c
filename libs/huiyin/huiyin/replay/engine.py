"""Every request through sla's own engine in this process: its file, its plan, its clock, its levels. Seconds, no stack.

The verdict is read from the clock by the same function as in a replay on servers; nothing is judged here. Not here: rows (`rows`), facts of a
request (`files`), the command (`engine_only`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from common.clock_rules import Moment
from common.policy import SitePolicy
from sla.domain.calendar import WorkingDays
from sla.domain.clock import Clock, climb, drawn
from sla.domain.escalation import NOBODY
from sla.domain.plan import Planned, plan

from huiyin.replay.files import case_file
from huiyin.replay.rows import Request
from huiyin.replay.tally import verdict_of

NEAR = timedelta(seconds=90)  # a person began to type before the case was saved


@dataclass(frozen=True)
class Judge:
    """What a site's requests are judged by. `told_target`: the row's target is an input, else it is what the policy has to find."""

    policy: SitePolicy
    days: WorkingDays
    told_target: bool


@dataclass(frozen=True)
class Judged:
    """One request and its clock, None where no rule gives one."""

    request: Request
    clock: Clock | None
    zone: ZoneInfo

    @property
    def verdict(self) -> str:
        """Return `ontime`, `overdue`, `open`, or nothing for a request without a clock."""
        return verdict_of(self.clock.state, self.clock.view().levels) if self.clock else ""

    @property
    def found(self) -> bool:
        """Say whether the due time is the row's target, to 90 s."""
        due, target = self.clock.due_at if self.clock else None, self.request.target
        return due is not None and target is not None and abs(due - target) <= NEAR


@dataclass(frozen=True)
class Sum:
    """The counts of a run."""

    rows: int
    targets: int  #: rows that name a target time
    clocked: int  #: rows that got a clock
    found: int  #: rows whose due time is the row's target, to 90 s
    ontime: int
    overdue: int
    open: int
    no_clock: int


def judged(requests: Iterable[Request], judges: Mapping[str, Judge], as_of: datetime) -> Iterator[Judged]:
    """Yield each request with its clock as it stands at `as_of`. `judges`: by the name of the row's site."""
    for one in requests:
        judge = judges[one.site]
        yield Judged(one, _clock(one, judge, as_of), judge.policy.zone)


def _clock(request: Request, judge: Judge, as_of: datetime) -> Clock | None:
    planned = plan(case_file(request, judge.policy, told_target=judge.told_target), judge.policy, judge.days)
    first = min((one for one in planned if Moment.WORK_COMPLETED in one.rule.stop), key=_due, default=None)
    if first is None:
        return None
    clock = drawn(first, None, calendar=judge.days.calendar, revision=judge.days.revision, trace="")
    return climb(clock, now=as_of, resolve=NOBODY)[0] if clock.open else clock


def _due(planned: Planned) -> tuple[bool, float]:
    due = planned.dates.due_at
    return due is None, due.timestamp() if due else 0


def summed(found: Sequence[Judged]) -> Sum:
    """Return the counts."""
    verdicts = [one.verdict for one in found]
    return Sum(
        rows=len(found),
        targets=sum(one.request.target is not None for one in found),
        clocked=sum(one.clock is not None for one in found),
        found=sum(one.found for one in found),
        ontime=verdicts.count("ontime"),
        overdue=verdicts.count("overdue"),
        open=verdicts.count("open"),
        no_clock=verdicts.count(""),
    )
