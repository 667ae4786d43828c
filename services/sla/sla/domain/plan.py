"""Which clocks a case has: a pure function of its file, its policy and the calendar. Nothing is remembered here, everything follows.

So a late fact is judged by when it happened, a reclassification recomputes from the original start (CLS-20), the earliest deadline
governs a code (DEF-17), and the order in which facts arrive changes nothing. Time plays one part: of daily updates, which never end by
themselves, those up to `now` and the next one are there (`updates`). Not here: what was already raised or said (`clock`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby

from common.clock_rules import ClockRule, Moment, Subject
from common.policy import SitePolicy

from sla.domain.applies import About, applies
from sla.domain.calendar import WorkingDays
from sla.domain.case_file import CaseFile
from sla.domain.deadlines import by_start, dates, extended
from sla.domain.gaps import Window
from sla.domain.ground import Dates, Site, Start
from sla.domain.moments import Happened
from sla.domain.planned import End, Planned
from sla.domain.rulings import RulingKind
from sla.domain.scope import Scope, scopes
from sla.domain.updates import updates

__all__ = ["End", "Planned", "plan", "plan_week", "slips"]


def plan(
    file: CaseFile,
    policy: SitePolicy,
    days: WorkingDays,
    windows: tuple[Window, ...] = (),
    *,
    now: datetime | None = None,
    linked: Sequence[CaseFile] = (),
) -> list[Planned]:
    """Return every clock of the case, ended ones too, in the order in which they started. No classification, no clocks (CLS-11).

    `linked`: files of the later cases of its incident. Without `now` only the first unanswered daily update is there.
    """
    if not file.classified:
        return []
    site = Site(policy, days, windows)
    return [clock for scope in scopes(file, policy, linked) for clock in _clocks(scope, site, now)]


def plan_week(rule: ClockRule, about: About, slip: Happened, week: str, days: WorkingDays, handed_over_at: datetime | None) -> Planned:
    """Return the batch clock of a site and week, opened by the first slip that falls into it (DEF-13)."""
    times = dates(rule, Start(slip.at, slip.moment, week=week), Site(about.policy, days)) or Dates(slip.at)
    end = End(handed_over_at, stopped=True, why=str(Moment.SLIPS_HANDED_OVER)) if handed_over_at else None
    subject = f"{Subject.SITE_WEEK}:{about.policy.site}:{week}"
    return Planned(subject, rule.code, 1, about, rule, times.start_at, slip.moment, times, end)


def slips(file: CaseFile, policy: SitePolicy) -> list[tuple[Happened, ClockRule, About]]:
    """Return the moments by which orders of the case fall into a batch, with the batch's rule, each order once."""
    found: dict[str, tuple[Happened, ClockRule, About]] = {}
    for one in file.happened:
        about = About(file.case, policy, file.orders.get(one.of))
        rule = next((rule for rule in policy.clocks if rule.batch and one.moment in rule.start and applies(rule.applies, about)), None)
        if rule and about.order:
            found.setdefault(one.of, (one, rule, about))
    return list(found.values())


def _clocks(scope: Scope, site: Site, now: datetime | None) -> list[Planned]:
    rules = [rule for rule in site.policy.clocks if rule.subject is scope.kind and _here(rule, scope) and applies(rule.applies, scope.about)]
    started = [
        Planned(scope.subject, rule.code, 0, scope.about, rule, one.at, one.moment, times)
        for rule in rules
        if not rule.recurs
        for one in scope.happened
        if one.moment in rule.start and (times := dates(rule, scope.start(one, rule, site), site))
    ]
    started.sort(key=lambda clock: (clock.code, clock.trigger_at))
    found = [clock for _, same in groupby(started, key=lambda clock: clock.code) for clock in _marked(list(same), scope, site)]
    return [*found, *updates([rule for rule in rules if rule.recurs], scope, site, now)]


def _here(rule: ClockRule, scope: Scope) -> bool:
    """A later case of an incident has no work clocks of its own: it shares those of the first (DEF-09)."""
    return not (rule.shared and scope.file.case.incident)


def _marked(started: Sequence[Planned], scope: Scope, site: Site) -> list[Planned]:
    """Return the clocks of one code, marked where a published calendar can be applied to the clock alone (ADR 0037)."""
    found = _instances(started, scope, site)
    if len(started) == 1 and found[0].end is None and by_start(found[0].rule) and _undisturbed(scope, found[0].rule, site):
        return [replace(found[0], alone=True)]
    return found


def _undisturbed(scope: Scope, rule: ClockRule, site: Site) -> bool:
    """Say whether nobody decided anything about the clocks of the case, no window holds, and no slip waits for its week."""
    file = scope.file
    waiting = (slip for slip, *_ in slips(file, site.policy) if slip.of not in file.batches)
    return not (file.rulings or len(file.moved) > 1 or scope.gaps(rule, site) or any(True for _ in waiting))


def _instances(started: Iterable[Planned], scope: Scope, site: Site) -> list[Planned]:
    """Return the clocks of one code: a start while one runs is the same clock (the earliest deadline governs), after its end a new one."""
    found: list[Planned] = []
    for clock in started:
        last = found[-1] if found else None
        if last and (clock.trigger_at == last.trigger_at or last.end is None or clock.trigger_at < last.end.at):
            if _earlier(clock, last):
                found[-1] = _ruled(replace(clock, number=last.number, trigger_at=last.trigger_at, moment=last.moment), scope, site)
        else:
            found.append(_ruled(replace(clock, number=len(found) + 1), scope, site))
    return found


def _earlier(clock: Planned, other: Planned) -> bool:
    other_due = other.extended_from or other.dates.due_at
    if clock.dates.due_at is None:
        return False
    return other_due is None or clock.dates.due_at < other_due


def _ruled(clock: Planned, scope: Scope, site: Site) -> Planned:
    """Return the clock with its end, and with the extensions to which the customer agreed before the deadline of that moment (R22)."""
    for ruling in scope.file.ruled(RulingKind.EXTENSION, clock.id) if clock.rule.extension else ():
        due_at = clock.dates.due_at
        if due_at and ruling.to and ruling.consent_at and ruling.consent_at < due_at:
            clock = replace(clock, dates=extended(clock.dates, ruling.to, site), extended_from=clock.extended_from or due_at)
    return scope.ended(clock)
