"""What a history leaves open: which request would decide between two limits, and which working days look like days off. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from common.clock_rules import Unit
from sla.domain.calendar import DAY
from sla.domain.deadlines import Site
from sla.domain.opening import instant, local_day

from huiyin.infer.fit import Rule
from huiyin.infer.history import Past
from huiyin.infer.limits import Limit, due, near

LOOKED_AHEAD = 400  # days: a whole year with its clock changes
TIMES = ("02:00", "10:00", "18:00", "23:00")  # before opening, in the day, after closing
BY_CALENDAR = frozenset({Unit.OFFICE_DAY, Unit.OFFICE_HOUR, Unit.WORKING_DAY, Unit.CALENDAR_DAY})
LONGEST_WAIT = 60  # days in which one day off is looked for
ENOUGH = 3  # requests that one day off has to explain


def deciding(one: Limit, other: Limit, after: date, site: Site) -> datetime | None:
    """Return when, after a day, the first request could come whose deadline tells the two limits apart; None within 400 days. Aware UTC."""
    for index in range(1, LOOKED_AHEAD):
        for clock in TIMES:
            at = instant(after + index * DAY, clock, site.policy.zone)
            if not near(due(one, at, site), due(other, at, site)):
                return at
    return None


@dataclass(frozen=True)
class DayOff:
    """A day of Monday to Friday that explains more as a day off: requests it would explain, and requests it would no longer explain."""

    day: date
    gained: int
    lost: int


def days_off(rules: Iterable[Rule], past: Sequence[Past], site: Site) -> tuple[DayOff, ...]:
    """Return the days that the history treats as days off although the calendar does not: the most telling first, each on top of the last."""
    limits = {rule.matter: rule.limit for rule in rules if rule.limit.unit in BY_CALENDAR}
    mine = [one for one in past if one.due and one.matter in limits]
    found: list[DayOff] = []
    while best := _best(mine, limits, site):
        found.append(best)
        site = _shut(site, best.day)
    return tuple(found)


def _best(mine: Sequence[Past], limits: Mapping[str, Limit], site: Site) -> DayOff | None:
    right: dict[bool, list[Past]] = {True: [], False: []}
    for one in mine:
        right[_holds(one, limits, site)].append(one)
    spanned = Counter(day for one in right[False] for day in _spanned(one, site))
    found: list[DayOff] = []
    for day in (day for day, count in spanned.items() if count >= ENOUGH):
        shut = _shut(site, day)
        gained = sum(_holds(one, limits, shut) for one in right[False] if day in _spanned(one, site))
        if gained >= ENOUGH:
            lost = sum(not _holds(one, limits, shut) for one in right[True] if day in _spanned(one, site))
            found.append(DayOff(day, gained, lost))
    best = max(found, key=lambda one: (one.gained - one.lost, one.day), default=None)
    return best if best and best.gained - best.lost >= ENOUGH else None


def _holds(one: Past, limits: Mapping[str, Limit], site: Site) -> bool:
    return near(due(limits[one.matter], one.at, site), one.due)


def _shut(site: Site, day: date) -> Site:
    """Return the site with one more day off."""
    return replace(site, days=replace(site.days, days=tuple(one for one in site.days.days if one != day.toordinal())))


def _spanned(one: Past, site: Site) -> tuple[date, ...]:
    """Return the working days from a request to its deadline, at most so many."""
    if one.due is None:
        return ()
    first, last = local_day(one.at, site.policy.zone), local_day(one.due, site.policy.zone)
    days = (first + index * DAY for index in range(min((last - first).days + 1, LONGEST_WAIT)))
    return tuple(day for day in days if site.days.is_working(day))
