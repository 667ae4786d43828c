"""New dates for clocks that a published calendar can be applied to alone: a table by rule and day of the start. Pure.

The sure way plans the whole case from its file (`plan`, which says of which clocks this may be done). Here a million clocks of a few rules
ask for a few hundred dates. Not here: reading and writing (`handlers.redating`, `store.dated`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property

from common.clock_rules import ClockRule, Moment
from common.policy import SitePolicy
from common.states import Level

from sla.domain.calendar import WorkingDays
from sla.domain.deadlines import by_start, dates
from sla.domain.ground import Dates, Site, Start
from sla.domain.opening import instant, local_day

PUBLISHED = "calendar_published"
Day = tuple[str, date]


@dataclass(frozen=True)
class Table:
    """The dates of one site's rules by the day of the start, with the working days that are known now."""

    policy: SitePolicy
    days: WorkingDays
    known: dict[Day, Dates | None] = field(default_factory=dict, compare=False)

    def dates(self, rule_id: str, start_at: datetime) -> Dates | None:
        """Return the due time and the levels of a clock that started then; None where they do not follow from the day, or need a missing year."""
        rule = self._rules.get(rule_id)
        if rule is None:
            return None
        day = rule_id, local_day(start_at, self.policy.zone)
        if day not in self.known:
            self.known[day] = self._of_day(rule, day[1])
        found = self.known[day]
        if found is None or found.rungs[0][1] >= start_at:  # the first in time
            return found
        return replace(found, rungs=tuple(rung for rung in found.rungs if _sent(rung, start_at)))

    def _of_day(self, rule: ClockRule, day: date) -> Dates | None:
        begin = instant(day, "00:00", self.policy.zone)  # no warning lies before it, so that each start may leave out its own
        found = dates(rule, Start(begin, Moment.CLASSIFIED), Site(self.policy, self.days))
        return found if found and found.due_at and not found.needs else None

    @cached_property
    def _rules(self) -> Mapping[str, ClockRule]:
        return {rule.id: rule for rule in self.policy.clocks if by_start(rule)}


def _sent(rung: tuple[Level, datetime], start_at: datetime) -> bool:
    return rung[0] is not Level.WARNING or rung[1] >= start_at
