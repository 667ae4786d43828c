"""What clocks hang on – a case, one of its orders, promises or departments – with what happened there and how a clock of it ends. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from common.clock_rules import ClockRule, Moment, Subject
from common.policy import SitePolicy

from sla.domain.applies import About, applies
from sla.domain.case_file import CaseFile, Promised, work_completed
from sla.domain.gaps import pauses_for, windows_for
from sla.domain.ground import Site, Start
from sla.domain.moments import Happened
from sla.domain.planned import End, Planned
from sla.domain.rulings import RulingKind
from sla.domain.running import Gap

Moments = tuple[Happened, ...]


@dataclass(frozen=True)
class Scope:
    """One subject. `linked` is what happened to later cases of the same incident: it stops shared clocks and starts none."""

    kind: Subject
    subject: str
    file: CaseFile
    about: About
    happened: Moments
    endings: Moments
    promise: Promised | None = None
    linked: Moments = ()

    def stops(self, rule: ClockRule) -> Moments:
        """Return what may stop a clock of the rule."""
        return (*self.happened, *self.linked) if rule.shared else self.happened

    def start(self, one: Happened, rule: ClockRule, site: Site) -> Start:
        """Return what starts a clock when this happens."""
        order, case = self.about.order, self.file.case
        handed: tuple[datetime, ...] = ()
        if one.of in self.file.orders:
            handed = tuple(other.at for other in self.file.of(one.of) if other.moment is Moment.SLIPS_HANDED_OVER and other.at >= one.at)
        return Start(
            one.at,
            one.moment,
            case=case,
            appointment_at=(order.appointment_at if order else None) or case.appointment_at,
            promised_at=self.promise.due_at if self.promise else case.expected_at,
            date_only=bool(self.promise and self.promise.date_only),
            week=self.file.batches.get(one.of),
            handed_over_at=min(handed, default=None),
            gaps=self.gaps(rule, site),
        )

    def gaps(self, rule: ClockRule, site: Site) -> tuple[Gap, ...]:
        """Return in which time a clock of the rule counts less."""
        pauses = self.file.ruled(RulingKind.PAUSE, f"{self.subject}:{rule.code}") if self.file.rulings else ()
        return (*windows_for(self.about, site.windows), *(pauses_for(self.about, pauses) if pauses else ()))

    def ended(self, clock: Planned, until: Sequence[Moment] = (), *, after: datetime | None = None) -> Planned:
        """Return the clock with its end: its stop event, or what ends it without one. `until`: further moments that do.

        `after`: a stop at that very instant, or before it, is not of this clock.
        """
        rule, since = clock.rule, clock.trigger_at
        stops = (one for one in self.stops(rule) if one.moment in rule.stop and one.at >= since and (after is None or one.at > after))
        stop = min(stops, key=lambda one: one.at, default=None)
        ended = min(self._endings(clock, until), key=lambda end: end.at, default=None)
        if stop is None or (ended and ended.at < stop.at):
            return replace(clock, end=ended)
        excused = stop.excused or any(self.file.ruled(RulingKind.EXCUSE, clock.id))
        return replace(clock, end=End(stop.at, stopped=True, excused=excused, why=str(stop.moment)))

    def _endings(self, clock: Planned, until: Sequence[Moment]) -> list[End]:
        rule, since = clock.rule, clock.trigger_at
        found = [End(one.at, stopped=False, why=str(one.moment)) for one in self.endings if one.at >= since]
        if Moment.WORK_COMPLETED in rule.start:  # more work: nothing to call back about until it is done too
            undone = (one for one in self.happened if one.moment is Moment.ORDER_ISSUED and one.at > since)
            found += [End(one.at, stopped=False, why="work_reopened") for one in undone]
        if until:
            found += [End(one.at, stopped=False, why=str(one.moment)) for one in self.stops(rule) if one.moment in until and one.at >= since]
        if rule.replaced and applies(rule.replaced.applies, self.about):
            taken = (one for one in self.happened if one.moment in rule.replaced.by and since <= one.at <= (clock.dates.due_at or one.at))
            found += [End(one.at, stopped=False, why="replaced") for one in taken]
        return found


def scopes(file: CaseFile, policy: SitePolicy, linked: Sequence[CaseFile]) -> Iterable[Scope]:
    """Return everything of a case that clocks may hang on."""
    closed = tuple(one for one in file.happened if one.moment is Moment.CLOSED)
    about = About(file.case, policy)
    others = tuple(one for other in linked for one in other.happened if one.moment is not Moment.CLOSED)
    everything = (*file.happened, *work_completed(file))
    yield Scope(Subject.CASE, f"{Subject.CASE}:{file.id}", file, about, everything, closed, linked=others)
    for order in file.orders.values():
        own = file.of(order.id)
        gone = tuple(one for one in own if one.moment is Moment.ORDER_CANCELLED)
        yield Scope(Subject.ORDER, f"{Subject.ORDER}:{order.id}", file, replace(about, order=order), own, gone + closed)
    for promise in file.promises.values():
        yield Scope(Subject.PROMISE, f"{Subject.PROMISE}:{promise.id}", file, about, file.of(promise.id), closed, promise)
    for notice in dict.fromkeys(one.of for one in file.happened if one.moment is Moment.DEPARTMENT_NOTIFIED):
        yield Scope(Subject.DEPARTMENT, f"{Subject.DEPARTMENT}:{notice}", file, about, file.of(notice), closed)
