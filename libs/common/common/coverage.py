"""When nobody answers: every span in which a role that a site's policy counts on is filled by nobody. Pure interval arithmetic.

Whoever publishes a rota or a chain is warned by it (dispatch, sla, `huiyin site apply`), and sla counts the gaps that begin soon.
Not here: who is called at one moment (`rota.resolve`), what a gap leads to when a level is raised (sla).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from pydantic import AwareDatetime, BaseModel, ConfigDict

from common.clock_rules import Chain
from common.errors import Text
from common.policy import SitePolicy, Span, is_open
from common.rota import OF_A_DEPARTMENT, REPAIRERS, SiteRota, instant, zone_of
from common.states import Level

LOOK_AHEAD = timedelta(days=28)  # four weeks: every weekly pattern and the dates that a rota usually knows
FROM_THE_CASE = frozenset({"assignee", "owner"})  #: words of a chain that the case answers, not the rota
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
Spans = list[tuple[datetime, datetime]]


class Kind(StrEnum):
    """What has nobody."""

    ROLE = "role"  #: one role of a level; others of that level are there
    LEVEL = "level"  #: no role of a level is filled: it has to be passed on upwards
    NIGHT = "night"  #: who takes emergencies outside the hours (ESC-14)
    DUTY = "duty"  #: nobody who carries out repairs


class Need(BaseModel):
    """One thing a policy counts on: somebody in any of `roles`, always or outside the `hours`."""

    model_config = ConfigDict(frozen=True)
    kind: Kind
    roles: tuple[str, ...]
    department: str | None = None
    where: tuple[str, ...] = ()  #: levels that call them, `L1` or `<chain>:L1`
    hours: tuple[Span, ...] = ()  #: not needed during these

    @property
    def serious(self) -> bool:
        """Say whether somebody will be looked for in vain, not only somebody else be called."""
        return self.kind is not Kind.ROLE


class Gap(BaseModel):
    """A need with nobody: its first span, and how often the like comes within the weeks that were looked at."""

    model_config = ConfigDict(frozen=True)
    kind: Kind
    roles: tuple[str, ...]
    department: str | None = None
    where: tuple[str, ...] = ()
    start: AwareDatetime
    end: AwareDatetime  #: also where the look ends
    times: int = 1

    @property
    def serious(self) -> bool:
        """Say whether somebody will be looked for in vain."""
        return self.kind is not Kind.ROLE

    def sentence(self, zone: str) -> Text:
        """Return it for people, in the site's local time."""
        start, end = (moment.astimezone(zone_of(zone)).strftime("%m-%d %H:%M") for moment in (self.start, self.end))
        roles, of = "/".join(self.roles), f" ({self.department})" if self.department else ""
        zh, en = NAMES[self.kind].zh, NAMES[self.kind].en
        where = f" [{', '.join(self.where)}]" if self.where else ""
        more = Text(f",四周内共 {self.times} 次", f", {self.times} times in four weeks") if self.times > 1 else Text("", "")
        return Text(f"{zh}{where}:{roles}{of} {start} 至 {end} 无人{more.zh}", f"{en}{where}: nobody as {roles}{of} from {start} to {end}{more.en}")


NAMES = {
    Kind.ROLE: Text("岗位空缺", "role"),
    Kind.LEVEL: Text("上报层级空缺", "level"),
    Kind.NIGHT: Text("夜间接收人空缺", "night recipient"),
    Kind.DUTY: Text("维修值班空缺", "duty"),
}  #: what people read


# --- what a policy counts on ------------------------------------------------------------------------------------------------------


def needs_of(policy: SitePolicy) -> tuple[Need, ...]:
    """Return everything that a site's policy counts on: each level of each chain, its single roles, the night recipient, repair duty."""
    found: dict[tuple[Kind, tuple[str, ...], str | None], Need] = {}
    for need in (*_of_levels(policy), *_of_night(policy), Need(kind=Kind.DUTY, roles=tuple(sorted(REPAIRERS)))):
        key = (need.kind, need.roles, need.department)
        known = found.get(key)
        found[key] = need.model_copy(update={"where": (*known.where, *need.where)}) if known else need
    levels = {(need.roles, need.department) for need in found.values() if need.kind is Kind.LEVEL}
    return tuple(need for need in found.values() if need.kind is not Kind.ROLE or (need.roles, need.department) not in levels)


def _of_levels(policy: SitePolicy) -> Iterator[Need]:
    departments = _departments(policy)
    for name, roles in _levels(policy):
        asked = tuple(role for role in roles if role not in FROM_THE_CASE)
        whole = [asked] if asked and len(asked) == len(roles) else []  # the case nearly always has an assignee or an owner
        for some in dict.fromkeys((*whole, *((role,) for role in asked))):
            kind = Kind.LEVEL if some in whole else Kind.ROLE
            for department in departments if OF_A_DEPARTMENT.intersection(some) else (None,):
                yield Need(kind=kind, roles=some, department=department, where=(name,))


def _levels(policy: SitePolicy) -> Iterator[tuple[str, tuple[str, ...]]]:
    chains: list[tuple[str, Chain]] = [("", policy.escalation.recipients)]
    chains += [(f"{special.id}:", special.recipients) for special in policy.escalation.special]
    for prefix, chain in chains:
        yield from ((f"{prefix}{level}", roles) for level in Level if (roles := chain.at(level)))
    yield from ((rule.id, rule.roles) for rule in policy.at_once)


def _departments(policy: SitePolicy) -> tuple[str, ...]:
    named = {fault.department for fault in policy.faults.values() if fault.department} | set(policy.routing.values())
    return tuple(sorted(named))


def _of_night(policy: SitePolicy) -> Iterator[Need]:
    night = policy.night_recipient
    hours = night_hours(policy)
    if night and hours:
        yield Need(kind=Kind.NIGHT, roles=(night.role,), hours=hours)


def night_hours(policy: SitePolicy) -> tuple[Span, ...]:
    """Return the hours outside which the night recipient takes emergencies; none = never."""
    night = policy.night_recipient
    return tuple(getattr(policy.hours, night.outside)) if night else ()


# --- where nobody is --------------------------------------------------------------------------------------------------------------


def gaps(state: SiteRota | None, needs: Sequence[Need], start: datetime, *, ahead: timedelta = LOOK_AHEAD, zone: str | None = None) -> list[Gap]:
    """Return for each need that is not always met its first span without anybody from `start` on, serious ones first, soonest first."""
    state = state or SiteRota()
    zone, end = zone or state.zone, start + ahead
    worked = _worked(state, start, end, zone)
    found = []
    for need in needs:
        empty = _empty(state, need, worked, start, end, zone)
        if empty:
            found.append(Gap(**need.model_dump(exclude={"hours"}), start=empty[0][0], end=empty[0][1], times=len(empty)))
    return sorted(found, key=lambda gap: (not gap.serious, gap.start, gap.roles))


def spans(state: SiteRota | None, need: Need, start: datetime, end: datetime, *, zone: str | None = None) -> Spans:
    """Return every span from `start` to `end` in which nobody meets the need, in order."""
    state = state or SiteRota()
    zone = zone or state.zone
    return _empty(state, need, _worked(state, start, end, zone), start, end, zone)


_Worked = list[tuple[datetime, datetime, frozenset[str]]]


def _worked(state: SiteRota, start: datetime, end: datetime, zone: str) -> _Worked:
    """Return every shift that somebody works and that touches the span."""
    found: _Worked = []
    day, last = start.astimezone(zone_of(zone)).date() - DAY, end.astimezone(zone_of(zone)).date()
    while day <= last:
        for shift in state.shifts:
            begins, ends = shift.span(day, zone)
            people = state.assigned(shift.name, day)
            if people and begins < ends and ends > start and begins < end:
                found.append((begins, ends, people))
        day += DAY
    return found


def _empty(state: SiteRota, need: Need, worked: _Worked, start: datetime, end: datetime, zone: str) -> Spans:
    able = frozenset(person for role in need.roles for person in _able(state, role, need.department))
    if able - state.with_shifts():
        return []
    filled = [(begins, ends) for begins, ends, people in worked if not able.isdisjoint(people)]
    filled += _open(need.hours, start, end, zone) if need.hours else []
    return _without(filled, start, end)


def _able(state: SiteRota, role: str, department: str | None) -> Iterator[str]:
    narrow = department if role in OF_A_DEPARTMENT else None
    return (person.id for person in state.holders(role) if narrow in (None, person.department))


def _without(filled: Iterable[tuple[datetime, datetime]], start: datetime, end: datetime) -> Spans:
    """Return what the filled spans leave free."""
    free, at = [], start
    for begins, ends in sorted(filled):
        if begins >= end:
            break
        if begins > at:
            free.append((at, begins))
        at = max(at, ends)
    return [*free, (at, end)] if at < end else free


def _open(hours: Sequence[Span], start: datetime, end: datetime, zone: str) -> Spans:
    """Return when the hours are open: the clock on the wall decides, also on the day on which it changes."""
    edges = {start, end, *_edges(hours, start, end, zone)}
    return [(one, other) for one, other in pairwise(sorted(edges)) if is_open(hours, _minute(one, zone))]


def _edges(hours: Sequence[Span], start: datetime, end: datetime, zone: str) -> Iterator[datetime]:
    """Return every instant between at which the hours may begin or end."""
    day, last = start.astimezone(zone_of(zone)).date(), end.astimezone(zone_of(zone)).date()
    while day <= last:
        at = [instant(day, hour, zone) for hour in ("00:00", *(hour for span in hours for hour in (span.start, span.end)), "24:00")]
        around = [moment + shift for moment in at for shift in _changes(at[0], at[-1])]
        yield from (moment for moment in (*at, *around, *_change(at[0], at[-1], zone)) if start < moment < end)
        day += DAY


def _changes(begin: datetime, end: datetime) -> Iterator[timedelta]:
    """Return by how much a wall-clock time of that day may come earlier or later than its first reading."""
    odd = (end - begin) - DAY
    return iter((odd, -odd)) if odd else iter(())


def _change(begin: datetime, end: datetime, zone: str) -> Iterator[datetime]:
    """Return the instant at which the clock on the wall is changed on that day, if it is; zones change at whole minutes."""
    before = begin.astimezone(zone_of(zone)).utcoffset()
    if before == end.astimezone(zone_of(zone)).utcoffset():
        return
    early, late = begin, end
    while late - early > MINUTE:
        middle = early + (late - early) // MINUTE // 2 * MINUTE
        early, late = (middle, late) if middle.astimezone(zone_of(zone)).utcoffset() == before else (early, middle)
    yield late


def _minute(at: datetime, zone: str) -> int:
    local = at.astimezone(zone_of(zone))
    return local.hour * 60 + local.minute
