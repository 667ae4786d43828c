"""From the clocks there are and the clocks there have to be: what to write and what to say. Pure.

Not here: how the plan is made (`plan`), reading and writing (handlers, store).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sla.domain.clock import Clock, Said, climb, differs, drawn, dropped, overdue, remembered, said, settled
from sla.domain.deadlines import uses_calendar
from sla.domain.escalation import Asked
from sla.domain.planned import Planned

RECLASSIFIED = "reclassified"
NOT_NEEDED = "not_needed"  #: an update that was planned ahead, and then the row was over


@dataclass(frozen=True)
class Change:
    """A clock to write, and its facts."""

    clock: Clock
    facts: tuple[Said, ...] = ()


@dataclass(frozen=True)
class Moving:
    """What holds for all clocks of one step: the time, why it is done, the trace, the calendar it is done with."""

    now: datetime
    why: str
    trace: str = ""
    calendar: str | None = None
    revision: int = 0
    gone: str = RECLASSIFIED  #: why a clock ends that no rule gives any more
    rejudge: bool = False  #: judge ended clocks anew that go by the same version: what held while they ran is known better now


def follow(existing: Mapping[str, Clock], planned: Iterable[Planned], moving: Moving, resolver: Callable[[Clock], Asked]) -> list[Change]:
    """Return the changes that make `existing` what `planned` says; nothing for a clock that stays as it is."""
    wanted = {clock.id: clock for clock in planned}
    changes = [_follow_one(existing.get(id_), clock, moving, resolver) for id_, clock in wanted.items()]
    gone = [clock for id_, clock in existing.items() if id_ not in wanted and clock.live]
    return [change for change in changes if change] + [_drop(clock, moving) for clock in gone]


def _follow_one(old: Clock | None, clock: Planned, moving: Moving, resolver: Callable[[Clock], Asked]) -> Change | None:
    if old and settled(old, clock) and not (moving.rejudge and old.policy == clock.about.policy.version):
        return None
    facts: list[Said] = []
    if old and clock.end and overdue(old, clock):
        old, facts = climb(old, before=clock.end.at, now=moving.now, resolve=resolver(old))
    calendar = moving.calendar if uses_calendar(clock.rule) else None
    new = drawn(clock, old, calendar=calendar, revision=moving.revision, trace=moving.trace)
    new = remembered(new, old, now=moving.now, why=moving.why)
    if old and not facts and not differs(new, old) and (new.revision, new.alone) == (old.revision, old.alone):
        return None
    return Change(new, (*facts, *said(new, old, now=moving.now, why=moving.why)))


def _drop(clock: Clock, moving: Moving) -> Change:
    new = dropped(clock, now=moving.now, why=NOT_NEEDED if clock.recurs else moving.gone)
    return Change(new, tuple(said(new, clock, now=moving.now, why=moving.why)))
