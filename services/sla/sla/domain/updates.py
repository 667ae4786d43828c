"""Rows of updates: one every so often until something happened (CLK_PROGRESS), one every day before an hour (CLK_STAGE). Pure.

Each update is a clock of its own (DEF-17). A row of the first kind grows only when an update was given; one of the second kind grows by
itself, so it is planned up to `now` and the next update, never further: what is past does not depend on `now`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from common.clock_rules import ClockRule, Moment

from sla.domain.calendar import DAY
from sla.domain.deadlines import dates
from sla.domain.ground import Dates, Site, Start
from sla.domain.moments import Happened
from sla.domain.opening import instant, local_day
from sla.domain.planned import Planned
from sla.domain.running import share
from sla.domain.scope import Scope


def updates(rules: Sequence[ClockRule], scope: Scope, site: Site, now: datetime | None) -> list[Planned]:
    """Return the clocks of all rows of a subject, numbered by code in the order in which they start."""
    found = [clock for rule in rules for clock in _rows(rule, scope, site, now)]
    found.sort(key=lambda clock: (clock.code, clock.trigger_at, clock.rule.id))
    numbers: dict[str, int] = {}
    for index, clock in enumerate(found):
        numbers[clock.code] = numbers.get(clock.code, 0) + 1
        found[index] = replace(clock, number=numbers[clock.code])
    return found


def _rows(rule: ClockRule, scope: Scope, site: Site, now: datetime | None) -> Iterator[Planned]:
    """Yield the updates of a rule; a start while its row goes on is the same row."""
    last: Planned | None = None
    for one in scope.happened:
        if one.moment not in rule.start or (last and (last.end is None or one.at < last.end.at)):
            continue
        for clock in _every(rule, one, scope, site) if rule.repeat else _daily(rule, one, scope, site, now):
            last = clock
            yield clock


def _every(rule: ClockRule, first: Happened, scope: Scope, site: Site) -> Iterable[Planned]:
    """Yield updates, each from the last one, the first from the start; what the row waits for ends the one that runs."""
    until = rule.repeat.until if rule.repeat else ()
    start, since = scope.start(first, rule, site), None
    while (times := dates(rule, start, site)) is not None:
        clock = scope.ended(_clock(rule, start, times, scope), until, after=since)
        yield clock
        if clock.end is None or not clock.end.stopped:
            return
        since = clock.end.at
        start = replace(start, at=max(since, times.start_at), moment=rule.stop[0])


def _daily(rule: ClockRule, first: Happened, scope: Scope, site: Site, now: datetime | None) -> Iterable[Planned]:
    """Yield one update a day: on the day of the start if that is before the hour, on none whose hour comes after the end of the row."""
    start, zone, at = scope.start(first, rule, site), site.policy.zone, rule.daily_at or ""
    ends = (one.at for one in (*scope.endings, *scope.happened) if one.moment in {Moment.CLOSED, *rule.until} and one.at >= first.at)
    over = min(ends, default=None)
    day, since = local_day(first.at, zone), first.at
    while over is None or since <= over:
        due_at = instant(day, at, zone)
        if since < due_at and share(due_at, start.gaps)[0]:
            times = dates(rule, replace(start, at=since), site)
            clock = scope.ended(_clock(rule, replace(start, at=since), times or Dates(since), scope), rule.until)
            yield clock
            answered = clock.end is not None and clock.end.stopped
            if (over is not None and over < due_at) or (over is None and not answered and (now is None or due_at > now)):
                return
        day += DAY
        since = instant(day, "00:00", zone)


def _clock(rule: ClockRule, start: Start, times: Dates, scope: Scope) -> Planned:
    return Planned(scope.subject, rule.code, 0, scope.about, rule, start.at, start.moment, times)
