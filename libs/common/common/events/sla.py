"""Facts that sla says: clocks, escalation, policies, calendars. See `common.events` for what a fact is."""

from datetime import date
from typing import Any

from common.events.fact import Fact
from common.states import CaseState, ClockView, Level, Unfilled


class ClockFact(Fact):
    """Base of all clock facts."""

    clock: ClockView


class ClockOpened(ClockFact):
    """A clock started (DEF-24)."""

    kind = "clock.opened"


class ClockRedated(ClockFact):
    """A clock's times changed: recalculated, extended, or its calendar year was published."""

    kind = "clock.redated"
    why: str


class ClockWarned(ClockFact):
    """The warning was raised."""

    kind = "clock.warned"


class ClockBreached(ClockFact):
    """The due time passed unmet."""

    kind = "clock.breached"


class ClockMet(ClockFact):
    """The stop event happened; `clock.state` says met, late or excused."""

    kind = "clock.met"


class ClockCancelled(ClockFact):
    """The clock ended without a verdict."""

    kind = "clock.cancelled"


class EscalationRaised(Fact):
    """A rung of the ladder was reached: these people have to know."""

    kind = "escalation.raised"
    clock: ClockView
    level: Level
    roles: tuple[str, ...]
    persons: tuple[str, ...]
    skipped: tuple[str, ...] = ()  #: roles that nobody fills at this moment
    reached: str | None = None  #: the level (or `night`) whose persons stand in because nobody fills this one
    unfilled: tuple[Unfilled, ...] = ()  #: all that was looked for in vain, with the reason
    nobody: bool = False  #: nobody at all could be told: an alarm


class EscalationRepeated(Fact):
    """A level is raised again, to the next persons: it was acknowledged and nothing followed, or it had reached nobody."""

    kind = "escalation.repeated"
    clock: ClockView
    level: Level
    number: int  #: 1 = the first time again
    persons: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    reached: str | None = None
    unfilled: tuple[Unfilled, ...] = ()
    nobody: bool = False


class EscalationAcknowledged(Fact):
    """Somebody who was called took a level up; the clock runs on."""

    kind = "escalation.acknowledged"
    clock: ClockView
    level: Level
    by: str


class EscalationReported(Fact):
    """A case was reported at once to these roles, whatever its clocks say (ESC-06, ESC-10)."""

    kind = "escalation.reported"
    case: CaseState
    rule: str  #: name of the rule in the policy
    number: int = 1  #: how often that rule reported this case
    roles: tuple[str, ...]
    persons: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    unfilled: tuple[Unfilled, ...] = ()
    nobody: bool = False


class PolicyPublished(Fact):
    """The resolved policy of a site: zone, hours, clocks, visits … (common.policy.SitePolicy, dumped)."""

    kind = "policy.published"
    site: str
    version: int
    policy: dict[str, Any]


class CalendarPublished(Fact):
    """The days of one year of one calendar that differ from the working week."""

    kind = "calendar.published"
    calendar: str
    year: int
    off: tuple[date, ...] = ()
    worked: tuple[date, ...] = ()
