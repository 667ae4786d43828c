"""Prints what `explain` found, so that a person who never saw a pack understands it. Not here: finding it (`explain`)."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from common.coverage import FROM_THE_CASE
from common.errors import Text
from common.states import Level
from console.domain import labels
from sla.domain.escalation import NIGHT

from huiyin import cli
from huiyin.pack import words
from huiyin.pack.explain import Clock, Imagined, Rung, told_at_once
from huiyin.pack.looked import Looked

DUE = Text("到期", "due")
NIGHT_STEP = Text("夜间接收人", "the night's recipient")


def show(clocks: list[Clock], case: Imagined, looked: Looked, locale: str) -> None:
    """Print the case, the clocks that run from its receipt, and those that later moments start."""
    policy = looked.resolved
    assert policy is not None  # noqa: S101
    for line in _lines(clocks, case, looked, policy.zone, locale):
        cli.out.print(line, markup=False, soft_wrap=True)


def _lines(clocks: list[Clock], case: Imagined, looked: Looked, zone: ZoneInfo, locale: str) -> Iterator[str]:
    zh = locale == "zh"
    yield _head(case, looked, zone, locale)
    for roles, persons, origin in told_at_once(looked, case).values():
        people = _persons(persons, looked, locale)
        yield f"{'立即告知' if zh else 'told at once'}: {words.several(labels.ROLE, roles, locale)} → {people}  ({words.source(origin, locale)})"
    now, later = [one for one in clocks if one.now], [one for one in clocks if not one.now]
    if not now:
        yield "没有自接报起算的时限" if zh else "no clock runs from the receipt"
    for clock in now:
        yield from ("", *_clock(clock, looked, zone, locale))
    if later:
        yield ""
        yield "以下时限由后续时刻起算,时间按“此刻发生”计算:" if zh else "Clocks that later moments start; times are as if that happened now:"
    for clock in later:
        yield from ("", *_clock(clock, looked, zone, locale))


def _head(case: Imagined, looked: Looked, zone: ZoneInfo, locale: str) -> str:
    policy = looked.resolved
    assert policy is not None  # noqa: S101
    state, fault = case.state(policy), policy.fault(case.fault)
    parts = [
        f"{policy.site} {policy.name.in_(locale)}",
        words.said(labels.KIND, state.kind, locale),
        fault.title.in_(locale) if fault else "",
        f"{words.said(labels.URGENCY, state.urgency, locale)}({state.urgency})" if locale == "zh" else str(state.urgency),
        words.said(labels.CHANNEL, state.channel, locale),
        words.said(labels.DEPARTMENT, state.department, locale) if state.department else "",
        _time(case.at, zone),
    ]
    return " · ".join(part for part in parts if part)


def _clock(clock: Clock, looked: Looked, zone: ZoneInfo, locale: str) -> Iterator[str]:
    zh, rule = locale == "zh", clock.rule
    party = f" · {words.said(labels.PARTY, clock.party, locale)}" if clock.party else ""
    strength = words.said(words.STRENGTH, rule.strength, locale)
    yield f"{words.said(labels.CLOCK, rule.code, locale)} {rule.code}  {words.limit(rule, locale)}  ({strength}){party}  [{rule.id}]"
    start, stop = words.several(words.MOMENT, rule.start, locale), words.several(words.MOMENT, rule.stop, locale)
    yield f"  自“{start}”起,至“{stop}”止" if zh else f"  from {start} until {stop}"
    yield f"  {'依据' if zh else 'rule'} {words.source(rule.origin, locale)}"
    site = rule.origin_of(rule.shape)
    if site and site.site:
        yield f"  {'时限值' if zh else 'limit'} {words.source(site, locale)}"
    if clock.governed_by:
        yield f"  不起作用:{clock.governed_by} 更早到期" if zh else f"  does not govern: {clock.governed_by} is due earlier"
        return
    yield from _times(clock, looked, zone, locale)


def _times(clock: Clock, looked: Looked, zone: ZoneInfo, locale: str) -> Iterator[str]:
    zh, made = locale == "zh", clock.dates
    if made is None:
        yield "  时间以约定或承诺为准" if zh else "  the time is the one that is agreed or promised"
        return
    if made.due_at is None:
        yield f"  日历 {made.needs} 尚未公布,不作推测" if zh else f"  the calendar {made.needs} is not published; nothing is guessed"
        return
    yield f"  {'起算' if zh else 'starts'} {_time(made.start_at, zone)}"
    for rung in clock.rungs:
        name = DUE.in_(locale) + " L1" if rung.level is Level.L1 else words.said(labels.LEVEL, rung.level, locale)
        yield f"  {name:<7} {_time(rung.at, zone)}  {_called(rung, looked, locale)}"


def _called(rung: Rung, looked: Looked, locale: str) -> str:
    zh = locale == "zh"
    roles, who = words.several(labels.ROLE, rung.roles, locale), _persons(rung.persons, looked, locale)
    unfilled = words.several(labels.ROLE, [role for role in rung.skipped if role not in FROM_THE_CASE], locale)
    empty = (f";此时无人:{unfilled}" if zh else f"; nobody then: {unfilled}") if unfilled and looked.rota else ""
    step = NIGHT_STEP.in_(locale) if rung.reached == NIGHT else words.said(labels.LEVEL, rung.reached, locale)
    passed = (f",顺延至{step}" if zh else f", passed on to {step}") if rung.reached else ""
    return f"{roles} → {who}{empty}{passed}"


def _persons(persons: tuple[str, ...], looked: Looked, locale: str) -> str:
    named = [f"{looked.people[one]}({one})" if looked.people.get(one) else one for one in persons]
    nobody = "—" if looked.rota else Text("(无排班)", "(no rota)").in_(locale)
    return ("、" if locale == "zh" else ", ").join(named) or nobody


def _time(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
