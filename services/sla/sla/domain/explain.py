"""Why a clock stands where it stands: every stretch that counted or not, what started, changed and stopped it, and whose minutes it was late.

Pure, and no second engine: it tells what the plan computed. Not here: the words (`wording`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from common.clock_rules import Moment

from sla.domain.case_file import CaseFile
from sla.domain.clock import Clock
from sla.domain.holding import Held, Holder, held
from sla.domain.moments import Happened
from sla.domain.planned import Planned
from sla.domain.rulings import Ruling, RulingKind
from sla.domain.segments import Segment, Tally

NONE = timedelta()


@dataclass(frozen=True)
class Account:
    """A clock, accounted for. Where it has ended, `clock` tells how it was judged then: history is not judged anew."""

    planned: Planned
    clock: Clock
    segments: tuple[Segment, ...]
    changes: tuple[Happened | Ruling, ...]  #: classifications and decisions while it ran, oldest first
    held: tuple[Held, ...]  #: who held the item, from the start to the end (or now)
    late: tuple[Held, ...]  #: … and of that what lies after the deadline

    @property
    def minutes(self) -> Fraction:
        """Return how many minutes count up to the deadline."""
        return sum((one.amount for one in self.segments if one.tally is Tally.MINUTES), Fraction(0))

    @property
    def days(self) -> Fraction:
        """Return how many days count up to the deadline."""
        return sum((one.amount for one in self.segments if one.tally is Tally.DAYS), Fraction(0))

    def owned(self) -> dict[Holder, timedelta]:
        """Return the late time of each party; together it is the whole lateness."""
        found: dict[Holder, timedelta] = {}
        for one in self.late:
            found[one.by] = found.get(one.by, NONE) + one.length
        return found


def account(planned: Planned, file: CaseFile, now: datetime, clock: Clock) -> Account:
    """Return the account of a clock at `now`: `planned` is what its case gives, `clock` what is stored of it."""
    end = planned.end.at if planned.end else now
    due_at, begin, order = planned.dates.due_at, planned.dates.start_at, planned.about.order
    return Account(
        planned,
        clock,
        segments=planned.dates.segments(),
        changes=_changes(planned, file, end),
        held=tuple(held(file, min(begin, planned.trigger_at), end, order)),
        late=tuple(held(file, due_at, end, order)) if due_at else (),
    )


def _changes(planned: Planned, file: CaseFile, end: datetime) -> tuple[Happened | Ruling, ...]:
    classified = [one for one in file.happened if one.moment is Moment.CLASSIFIED]
    again = [one for one in classified[1:] if planned.trigger_at < one.at <= end]
    ruled = [one for kind in RulingKind for one in file.ruled(kind, planned.id)]
    row = [one for one in file.ruled(RulingKind.PAUSE, planned.id.rpartition(":")[0]) if one not in ruled]
    return tuple(sorted([*again, *ruled, *row], key=lambda one: one.at))
