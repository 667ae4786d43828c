"""What becomes of one clock when its policy changes, and which of two plans governs where no deadline may become earlier. Pure.

Not here: which case goes where (`changes`), how a plan is made (`plan`).
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from common.states import ClockState
from pydantic import AwareDatetime, BaseModel, ConfigDict

from sla.domain.clock import OPEN, Clock
from sla.domain.planned import Planned


class What(StrEnum):
    """What happens to a clock."""

    APPEARS = "appears"  #: no clock before
    VANISHES = "vanishes"  #: no rule gives it any more
    EARLIER = "earlier"  #: its deadline moves to an earlier time
    LATER = "later"  #: its deadline moves to a later time, or is no longer known
    JUDGED = "judged"  #: it has ended, and its verdict changes
    ADJUSTED = "adjusted"  #: same deadline; rule, strength, start or levels change


class Shift(BaseModel):
    """One clock before and after."""

    model_config = ConfigDict(frozen=True)

    clock: str
    code: str
    subject: str
    what: What
    state_from: ClockState | None
    state_to: ClockState | None
    due_from: AwareDatetime | None
    due_to: AwareDatetime | None
    late_at_once: bool = False  #: open, and its deadline lies in the past only since now


SHOWN = frozenset({"state", "start_at", "due_at", "stopped_at", "rungs", "strength", "rule", "rule_id", "ended_by"})


def shift(old: Clock | None, new: Clock, now: datetime) -> Shift | None:
    """Return what happens to a clock, None if nothing that anybody sees."""
    if old and all(getattr(old, name) == getattr(new, name) for name in SHOWN):
        return None
    was_late = old is not None and old.open and _past(old, now)
    return Shift(
        clock=new.id,
        code=new.code,
        subject=new.subject,
        what=_what(old, new),
        state_from=old.state if old else None,
        state_to=new.state,
        due_from=old.due_at if old else None,
        due_to=new.due_at,
        late_at_once=new.open and _past(new, now) and not was_late,
    )


def _past(clock: Clock, now: datetime) -> bool:
    return clock.due_at is not None and clock.due_at < now


def _what(old: Clock | None, new: Clock) -> What:
    vanished = new.state is ClockState.CANCELLED
    if old is None or (old.state is ClockState.CANCELLED and not vanished):
        return What.APPEARS
    if vanished:
        return What.VANISHES
    if old.state not in OPEN and new.state is not old.state:
        return What.JUDGED
    if old.due_at == new.due_at:
        return What.ADJUSTED
    return What.EARLIER if new.due_at and (old.due_at is None or new.due_at < old.due_at) else What.LATER


def never_earlier(before: Sequence[Planned], after: Sequence[Planned]) -> list[Planned]:
    """Return the clocks that both plans have, each with the later deadline; where one is not known the older plan stays.

    A clock that only the new plan has would be a deadline where there was none; one that only the old plan had is dropped.
    """
    old = {clock.id: clock for clock in before}
    return [_later(old[clock.id], clock) for clock in after if clock.id in old]


def _later(old: Planned, new: Planned) -> Planned:
    if old.dates.due_at is None or new.dates.due_at is None:
        return old
    return new if new.dates.due_at >= old.dates.due_at else old
