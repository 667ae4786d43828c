"""One clock as it has to be: its rule, its dates, how it ended, and so its state. Values only."""

from dataclasses import dataclass
from datetime import datetime

from common.clock_rules import ClockRule, Moment
from common.states import ClockState

from sla.domain.applies import About
from sla.domain.ground import Dates


@dataclass(frozen=True)
class End:
    """How a clock ended: its stop event, or without it. `why` is the moment, or what else ended it."""

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
    moment: Moment  #: that started it
    dates: Dates
    end: End | None = None
    extended_from: datetime | None = None  #: the deadline before the customer agreed to a later one
    alone: bool = False  #: its own rule, its start and the calendar give its dates, whatever else happened in its case

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
