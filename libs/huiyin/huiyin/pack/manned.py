"""Where a site's rota leaves something that its policy counts on unfilled, as findings of lint; `common.coverage` finds the gaps.

Not here: policies without a site (`checks`), who is called at one moment (`common.rota`).
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from common.coverage import LOOK_AHEAD, Gap, Kind, gaps, needs_of
from common.errors import Text
from common.policy import SitePolicy
from common.rota import SiteRota
from console.domain import labels

from huiyin.pack import words
from huiyin.pack.findings import Grade

DAYS = tuple(words.WEEKDAY)
Path_ = tuple[str | int, ...]
Found = Iterator[tuple[Grade, Path_, Text]]
SAID = {
    Kind.ROLE: Text("岗位无人", "nobody as"),
    Kind.LEVEL: Text("该级无人可告知", "the level reaches nobody"),
    Kind.NIGHT: Text("夜间紧急无人接收", "nobody takes emergencies at night"),
    Kind.DUTY: Text("无人维修", "nobody carries out repairs"),
}
NEVER_FILLED = frozenset({Kind.LEVEL, Kind.NIGHT})  #: an error where it is so all the time


def unmanned(policy: SitePolicy, rota: SiteRota, monday: date) -> Found:
    """Yield what nobody fills within four weeks: levels, single roles, the night's recipient, repair duty, who calls back."""
    start = datetime.combine(monday, time(), policy.zone)
    for gap in gaps(rota, needs_of(policy), start, zone=policy.calendar.timezone):
        always = gap.start <= start and gap.end >= start + LOOK_AHEAD
        grade = Grade.ERROR if gap.kind in NEVER_FILLED and always else Grade.WARNING
        yield grade, _path(gap), Text(_sentence(gap, policy.zone, "zh", always=always), _sentence(gap, policy.zone, "en", always=always))
    yield from _nobody_calls_back(policy, rota)


def _nobody_calls_back(policy: SitePolicy, rota: SiteRota) -> Found:
    section = policy.return_visit
    roles = (section.role, *section.executors) if section else ()
    if roles and not any(rota.holders(role) for role in roles):
        text = Text(f"没有人可以回访:{_roles(roles, 'zh')}", f"nobody to make return visits: {_roles(roles, 'en')}")
        yield Grade.ERROR, ("return_visit", "role"), text


def _path(gap: Gap) -> Path_:
    if gap.kind is Kind.NIGHT:
        return ("night_recipient", "role")
    return ("escalation", *gap.where[:1]) if gap.where else ("rota",)


def _sentence(gap: Gap, zone: ZoneInfo, locale: str, *, always: bool) -> str:
    zh = locale == "zh"
    of = f"({words.said(labels.DEPARTMENT, gap.department, locale)})" if gap.department else ""
    where = ("、" if zh else ", ").join(gap.where)
    what = f"{SAID[gap.kind].in_(locale)}{f' [{where}]' if where else ''}{':' if zh else ': '}{_roles(gap.roles, locale)}{of}"
    if always:
        return f"{what},始终无人" if zh else f"{what}, at no time"
    first, last = (_moment(moment, zone, locale) for moment in (gap.start, gap.end))
    return f"{what},{first} 至 {last} 等,四周内 {gap.times} 次" if zh else f"{what}, {first} to {last} …, {gap.times} times in four weeks"


def _roles(roles: Sequence[str], locale: str) -> str:
    return words.several(labels.ROLE, roles, locale)


def _moment(moment: datetime, zone: ZoneInfo, locale: str) -> str:
    local = moment.astimezone(zone)
    return f"{words.WEEKDAY[DAYS[local.weekday()]].in_(locale)} {local:%m-%d %H:%M}"
