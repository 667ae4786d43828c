"""What the dates of a clock are computed from and what comes out: start, ground, draft, dates. Values only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from common.clock_rules import Moment
from common.policy import SitePolicy
from common.states import CaseState, Level

from sla.domain.calendar import WorkingDays
from sla.domain.gaps import Window
from sla.domain.running import Gaps
from sla.domain.segments import Segments, Why

Rungs = tuple[tuple[Level, datetime], ...]
Climbs = dict[Level, Callable[[], datetime]]  #: each rung is asked alone, so that one may be missing


@dataclass(frozen=True)
class Start:
    """What starts a clock, and the dates that come with it."""

    at: datetime
    moment: Moment
    case: CaseState | None = None
    appointment_at: datetime | None = None
    promised_at: datetime | None = None
    date_only: bool = False
    week: str | None = None  #: of the batch that the order falls into, where that is already known
    handed_over_at: datetime | None = None
    gaps: Gaps = ()  #: in which less time counts


@dataclass(frozen=True)
class Site:
    """The ground of a plan: the site's policy, its working days, the windows of force majeure that were declared."""

    policy: SitePolicy
    days: WorkingDays
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True)
class Dates:
    """The times of a clock. `due_at` is None while a calendar year is missing; `needs` names that year, also when only levels need it.

    `estimate_at`: where it would be due if the missing years had no days off but weekends; shown as a guess, nothing is judged by it.
    """

    start_at: datetime
    due_at: datetime | None = None
    rungs: Rungs = ()
    needs: str | None = None
    estimate_at: datetime | None = None
    segments: Segments = field(default=tuple, compare=False)  #: asked only to explain: what of the time up to the deadline counts, and why


@dataclass(frozen=True)
class Draft:
    """Start, due time, how to climb, and how to tell what counted."""

    start_at: datetime
    due_at: datetime
    rungs: Mapping[Level, Callable[[], datetime]] = field(default_factory=dict)
    segments: Segments | None = None
    waits: Why = Why.CLOSED  #: for what it waits between what happened and its start


class Undated(Exception):
    """The date that the rule asks for was never given."""
