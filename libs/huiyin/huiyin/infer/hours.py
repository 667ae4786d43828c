"""The hours and days that a history counts in: opening, closing, close of business, calendar. Found by what explains most deadlines. Pure.

An opening or a close of business shows as one time of day at which deadlines pile up although requests come at all times. If only late requests
get it, it is the opening of the next day, and the closing is where they begin to be late. Not here: the rule of each matter (`fit`).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from common.clock_rules import Unit
from common.policy import resolve
from common.sourced import DayTime
from sla.domain.deadlines import Site
from sla.domain.holidays import SOURCES, unpublished

from huiyin.infer.history import Past
from huiyin.infer.limits import NEAR, Limit, limits

PLAIN = "NONE"  #: Monday to Friday
SAMPLE = 3_000  # requests that the hypotheses are compared on
PILED = 0.005  # of all deadlines, at one time of day
STEP = 15  # minutes between closing hours that are tried
BETTER = 0.002  # of the sample: what one more assumption has to explain
DAY_MINUTES = 1440
TRIED = (Unit.FULL_DAY, Unit.OFFICE_DAY, Unit.WORKING_DAY, Unit.CALENDAR_DAY)


@dataclass(frozen=True)
class Hours:
    """Assumptions about the site."""

    zone: str
    holidays: str = PLAIN
    office: tuple[DayTime, DayTime] | None = None
    close: DayTime | None = None

    def sections(self) -> dict[str, object]:
        """Return them as sections of a pack."""
        calendar = {"timezone": self.zone, "holidays": self.holidays} | ({"close_of_business": self.close} if self.close else {})
        office = [{"from": self.office[0], "to": self.office[1]}] if self.office else []
        return {"calendar": calendar} | ({"hours": {"office": office}} if office else {})

    def site(self) -> Site:
        """Return a site with nothing but these."""
        policy = resolve([self.sections(), {"site": "DRAFT", "name": {"zh": "draft", "en": "draft"}}])
        return Site(policy, unpublished(self.holidays))


def found_hours(past: Sequence[Past], zone: str) -> Hours:
    """Return the assumptions that explain most of the sample; each has to be worth it."""
    dated = [one for one in past if one.due]
    sample = dated[:: max(1, len(dated) // SAMPLE)]
    best, score = Hours(zone), _explained(Hours(zone), sample)
    options = [*_offices(dated, zone), *_closes(dated, zone), *({"holidays": name} for name in SOURCES)]
    while options:
        tried = [(_explained(replace(best, **option), sample), option) for option in options]
        top, option = max(tried, key=lambda pair: pair[0])
        if top < score + max(2, BETTER * len(sample)):
            break
        best, score = replace(best, **option), top
        options = [other for other in options if other.keys() != option.keys()]
    return best


def _explained(hours: Hours, sample: Iterable[Past]) -> int:
    """Return how many deadlines the best limit of each matter explains."""
    site, units = hours.site(), (*TRIED, Unit.OFFICE_HOUR) if hours.office else TRIED
    votes: dict[str, Counter[Limit]] = defaultdict(Counter)
    for one in sample:
        votes[one.matter].update(limits(one, site, units))
    return sum(max(found.values(), default=0) for found in votes.values())


def _piled(past: Sequence[Past], zone: str) -> list[tuple[int, list[Past]]]:
    """Return the times of day (minutes) at which many deadlines lie that did not begin at that time, with their requests."""
    site = Hours(zone).site()
    at: dict[int, list[Past]] = defaultdict(list)
    for one in past:
        local = one.due.astimezone(site.policy.zone) if one.due else one.at
        if local.second == 0 and _minute(one.at, site) != local.hour * 60 + local.minute:
            at[local.hour * 60 + local.minute].append(one)
    enough = [(minute, piled) for minute, piled in at.items() if len(piled) >= PILED * len(past)]
    return sorted(enough, key=lambda pair: -len(pair[1]))[:3]


def _offices(past: Sequence[Past], zone: str) -> list[dict[str, Any]]:
    """Return openings with the closing that separates best what was passed on to the opening from what kept its time of day."""
    found: list[dict[str, Any]] = []
    for opening, piled in _piled(past, zone):
        site = Hours(zone).site()
        matters = {one.matter for one in piled}
        late = Counter(_minute(one.at, site) for one in piled)
        kept = Counter(_minute(one.at, site) for one in past if one.matter in matters and _keeps(one, site))
        closings = range(opening + STEP, DAY_MINUTES, STEP)
        right = {close: sum(late[m] for m in range(close, DAY_MINUTES)) + sum(kept[m] for m in range(close)) for close in closings}
        if right:
            found.append({"office": (_clock(opening), _clock(max(right, key=lambda close: right[close])))})
    return found


def _closes(past: Sequence[Past], zone: str) -> list[dict[str, Any]]:
    return [{"close": _clock(minute)} for minute, _ in _piled(past, zone) if minute]


def _keeps(one: Past, site: Site) -> bool:
    """Say whether the deadline has the time of day of the request."""
    if one.due is None:
        return False
    zone = site.policy.zone
    apart = (one.due.astimezone(zone).replace(tzinfo=None) - one.at.astimezone(zone).replace(tzinfo=None)).total_seconds() % 86_400
    return min(apart, 86_400 - apart) <= NEAR.total_seconds()


def _minute(at: datetime, site: Site) -> int:
    local = at.astimezone(site.policy.zone)
    return local.hour * 60 + local.minute


def _clock(minute: int) -> DayTime:
    return f"{minute // 60:02}:{minute % 60:02}"
