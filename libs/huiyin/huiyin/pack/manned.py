"""Where a site's rota leaves a role of its policy unfilled: one week is walked from shift to shift. Pure.

Not here: who is called at one moment (`common.rota.resolve`), policies without a site (`checks`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from common.errors import Text
from common.policy import SitePolicy, Span, is_open
from common.rota import SiteRota, resolve
from common.sourced import minutes_of
from common.states import Level
from console.domain import labels

from huiyin.pack import words
from huiyin.pack.findings import Grade

FROM_THE_CASE = frozenset({"assignee", "owner"})  #: the case answers these, not the rota
OF_A_DEPARTMENT = frozenset({"department_manager"})
DAYS = tuple(words.WEEKDAY)
WEEK = timedelta(days=7)
Path_ = tuple[str | int, ...]
Found = Iterator[tuple[Grade, Path_, Text]]
Spans = list[tuple[datetime, datetime]]


@dataclass(frozen=True)
class Week:
    """One week of a site, cut where a shift or an opening begins or ends."""

    policy: SitePolicy
    rota: SiteRota
    cuts: tuple[datetime, ...]

    def empty(self, roles: Sequence[str], department: str | None = None, closed: Sequence[Span] = ()) -> Spans:
        """Return the spans in which nobody fills any of the roles; with `closed` only those outside these hours."""
        free: Spans = []
        for begin, end in pairwise(self.cuts):
            asked = not closed or not is_open(closed, _minute(begin, self.policy))
            if asked and not any(self._filled(role, begin, department) for role in roles):
                joined = free and free[-1][1] == begin
                free[-1:] = [(free[-1][0], end)] if joined else [*free[-1:], (begin, end)]
        return free

    def _filled(self, role: str, at: datetime, department: str | None) -> bool:
        narrow = department if role in OF_A_DEPARTMENT else None
        return bool(resolve(self.rota, role, at, department=narrow, zone=self.policy.calendar.timezone))

    def whole(self, spans: Spans) -> bool:
        """Say whether the spans are all of the week."""
        return spans == [(self.cuts[0], self.cuts[-1])]

    def said(self, spans: Spans, locale: str) -> str:
        """Return the first span and how many hours of the week there are."""
        hours = sum(((end - begin) for begin, end in spans), timedelta()) / timedelta(hours=1)
        if self.whole(spans):
            return "整周" if locale == "zh" else "the whole week"
        first, last = (_said(moment, self.policy, locale) for moment in spans[0])
        return f"{first} 至 {last} 等,每周共 {hours:g} 小时" if locale == "zh" else f"{first} to {last} …, {hours:g} h a week"


def week_of(policy: SitePolicy, rota: SiteRota, monday: date) -> Week:
    """Return the week that begins on `monday`, local time."""
    start = datetime.combine(monday, datetime.min.time(), policy.zone).astimezone(UTC)
    edges = {start, start + WEEK}
    opening = [minutes_of(hour) for span in (*policy.hours.desk, *policy.hours.online) for hour in (span.start, span.end)]
    for number in range(-1, 8):
        day = monday + timedelta(days=number)
        edges |= {moment for shift in rota.shifts for moment in shift.span(day, policy.calendar.timezone)}
        edges |= {datetime.combine(day, datetime.min.time(), policy.zone).astimezone(UTC) + timedelta(minutes=one) for one in opening}
    return Week(policy, rota, tuple(sorted(edge for edge in edges if start <= edge <= start + WEEK)))


def unmanned(policy: SitePolicy, rota: SiteRota, monday: date) -> Found:
    """Yield what nobody fills: levels, single roles, the night's recipient, who calls back."""
    week = week_of(policy, rota, monday)
    yield from _levels(week)
    yield from _night(week)
    if policy.return_visit:
        roles = (policy.return_visit.role, *policy.return_visit.executors)
        if week.whole(week.empty(roles)):
            text = Text(f"回访人整周无人:{_roles(roles, 'zh')}", f"nobody to make return visits: {_roles(roles, 'en')}")
            yield Grade.ERROR, ("return_visit", "role"), text


def _levels(week: Week) -> Found:
    policy = week.policy
    chains = [((), policy.escalation.recipients), *((("special", index), one.recipients) for index, one in enumerate(policy.escalation.special))]
    for prefix, chain in chains:
        path: Path_ = ("escalation", *prefix, "recipients")
        for level in Level:
            for department in _departments(policy) if OF_A_DEPARTMENT.intersection(chain.at(level)) else (None,):
                yield from _level(week, (*path, str(level)), level, chain.at(level), department)


def _level(week: Week, path: Path_, level: Level, named: tuple[str, ...], department: str | None) -> Found:
    """A level has somebody as long as one of its roles has; nearly every case has an assignee or an owner."""
    roles = tuple(role for role in named if role not in FROM_THE_CASE)
    of = Text(f"({words.said(labels.DEPARTMENT, department, 'zh')})", f" ({department})") if department else Text("", "")
    if roles == named and (free := week.empty(roles, department)):
        zh = f"{labels.LEVEL[level].zh}无人可告知{of.zh}:{_roles(roles, 'zh')},{week.said(free, 'zh')}"
        yield (
            Grade.ERROR if week.whole(free) else Grade.WARNING,
            path,
            Text(zh, f"{level} reaches nobody{of.en}: {_roles(roles, 'en')}, {week.said(free, 'en')}"),
        )
        return
    for role in roles:
        if free := week.empty((role,), department if role in OF_A_DEPARTMENT else None):
            mine = of if role in OF_A_DEPARTMENT else Text("", "")
            zh = f"岗位 {_roles((role,), 'zh')}{mine.zh} 无人:{week.said(free, 'zh')}"
            yield Grade.WARNING, path, Text(zh, f"nobody as {_roles((role,), 'en')}{mine.en}: {week.said(free, 'en')}")


def _night(week: Week) -> Found:
    night = week.policy.night_recipient
    hours = getattr(week.policy.hours, night.outside) if night else ()
    if night and hours and (free := week.empty((night.role,), closed=hours)):
        zh = f"夜间接收人 {_roles((night.role,), 'zh')} 无人:{week.said(free, 'zh')}"
        yield (
            Grade.ERROR,
            ("night_recipient", "role"),
            Text(zh, f"nobody takes emergencies at night as {_roles((night.role,), 'en')}: {week.said(free, 'en')}"),
        )


def _departments(policy: SitePolicy) -> tuple[str, ...]:
    return tuple(sorted({fault.department for fault in policy.faults.values() if fault.department} | set(policy.routing.values())))


def _roles(roles: Sequence[str], locale: str) -> str:
    return words.several(labels.ROLE, roles, locale)


def _minute(at: datetime, policy: SitePolicy) -> int:
    local = at.astimezone(policy.zone)
    return local.hour * 60 + local.minute


def _said(moment: datetime, policy: SitePolicy, locale: str) -> str:
    local = moment.astimezone(policy.zone)
    return f"{words.WEEKDAY[DAYS[local.weekday()]].in_(locale)} {local:%H:%M}"
