"""The account of a clock in words, zh-CN and en: what started it, what counted, when it was due, how it ended, whose minutes it was late. Pure.

One line, one step of the arithmetic. Not here: the arithmetic (`explain`).
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from common.clock_rules import ClockRule, Unit
from common.errors import Text
from common.states import ClockState

from sla.domain.clock import Clock
from sla.domain.explain import Account
from sla.domain.holding import Holder
from sla.domain.moments import Happened
from sla.domain.opening import local_day
from sla.domain.planned import Planned
from sla.domain.rulings import Ruling, RulingKind
from sla.domain.segments import Segment, Tally, Why
from sla.domain.words import ENDED, GAPS, HOLDING, MOMENT, STATE, UNIT, WEEKDAY, WHY

MINUTE = timedelta(minutes=1)


def lines(found: Account) -> tuple[Text, ...]:
    """Return the account, line by line."""
    planned, zone = found.planned, found.planned.about.policy.zone
    told = [
        _rule(found),
        _start(planned, zone),
        *_counted(found, zone),
        *_changed(found, zone),
        *_due(planned, zone),
        *_judged(found, zone),
        _end(found, zone),
    ]
    return (*told, *_owned(found))


def segment(one: Segment, policy_zone: ZoneInfo) -> Text:
    """Return one segment in words."""
    when = _span(one.begin, one.end, policy_zone)
    kind, _, which = one.why.partition(":")
    why = GAPS[kind] if which else WHY[Why(kind)]
    what = Text(why.zh.format(which), why.en.format(which))
    if one.tally is Tally.NOTHING:
        return Text(f"{when} {what.zh}", f"{when} {what.en}")
    if one.amount == 0:
        return Text(f"{when} {what.zh},不计", f"{when} {what.en}: does not count")
    much = _days(one.amount) if one.tally is Tally.DAYS else _minutes(one.amount)
    return Text(f"{when} {what.zh},计 {much.zh}", f"{when} {what.en}: counts {much.en}")


def length(span: timedelta) -> Text:
    """Return a length of time in words."""
    return _minutes(Fraction(span // timedelta(milliseconds=1), 60_000))


def gone(clock: Clock) -> tuple[Text, ...]:
    """Return what is left to say of a clock that no rule asks for any more."""
    state, why = STATE[clock.state], _ending(clock.ended_by or "")
    return (Text(f"{clock.code} · {clock.rule}", f"{clock.code} · {clock.rule}"), Text(f"{why.zh}:{state.zh}", f"{why.en}: {state.en}"))


def _rule(found: Account) -> Text:
    rule, policy = found.planned.rule, found.planned.about.policy
    origin = rule.origin
    quote = f"「{origin.quote}」 {origin.doc}" if origin and origin.quote else (origin.rule if origin else rule.id)
    packs = ", ".join(policy.packs) or policy.site
    calendar = f" · {found.clock.calendar}#{found.clock.revision}" if found.clock.calendar else ""
    much = limit(rule)
    return Text(
        f"{rule.code} · {rule.rule} · {quote} · {much.zh} · {packs} · 第 {policy.version} 版{calendar}",
        f"{rule.code} · {rule.rule} · {quote} · {much.en} · {packs} · version {policy.version}{calendar}",
    )


def limit(rule: ClockRule) -> Text:
    """Return how long a rule gives."""
    if rule.repeat:
        unit = UNIT[Unit(rule.repeat.unit)]
        return Text(f"每 {rule.repeat.every} {unit.zh}一次", f"every {rule.repeat.every} {unit.en}")
    if rule.daily_at:
        return Text(f"每日 {rule.daily_at} 前", f"every day before {rule.daily_at}")
    if rule.duration is None:
        return Text("按周批次", "by the weekly batch")
    unit = UNIT[rule.duration.unit]
    return Text(f"{rule.duration.value} {unit.zh}", f"{rule.duration.value} {unit.en}") if rule.duration.value else unit


def _start(planned: Planned, zone: ZoneInfo) -> Text:
    what, when = MOMENT[planned.moment], moment(planned.trigger_at, zone)
    if planned.dates.start_at == planned.trigger_at:
        return Text(f"{what.zh} {when.zh} 起算", f"runs from {when.en}: {what.en}")
    begins = moment(planned.dates.start_at, zone)
    return Text(f"{what.zh} {when.zh},{begins.zh} 起算", f"{what.en} {when.en}, runs from {begins.en}")


def _counted(found: Account, zone: ZoneInfo) -> Iterator[Text]:
    yield from (segment(one, zone) for one in found.segments)
    if found.days:
        yield Text(f"合计 {_days(found.days).zh}", f"together {_days(found.days).en}")
    elif found.minutes:
        yield Text(f"合计 {_minutes(found.minutes).zh}", f"together {_minutes(found.minutes).en}")


def _changed(found: Account, zone: ZoneInfo) -> Iterator[Text]:
    for one in found.changes:
        yield _change(one, zone)
    for past in found.clock.history:
        when, due = moment(past.until, zone), moment(past.due_at, zone)
        yield Text(f"{when.zh} 前:{past.rule_id},到期 {due.zh}({past.why})", f"until {when.en}: {past.rule_id}, due {due.en} ({past.why})")


def _change(one: Happened | Ruling, zone: ZoneInfo) -> Text:
    when = moment(one.at, zone)
    if isinstance(one, Happened):
        return Text(f"{when.zh} 重新{MOMENT[one.moment].zh}", f"{when.en} again: {MOMENT[one.moment].en}")
    if one.kind is RulingKind.EXTENSION:
        consent = moment(one.consent_at, zone)
        return Text(f"{when.zh} 延期至 {one.to},客户 {consent.zh} 同意", f"{when.en} extended to {one.to}, consent {consent.en}")
    if one.kind is RulingKind.PAUSE:
        return Text(f"{when.zh} 暂停:{one.reason}", f"{when.en} paused: {one.reason}")
    return Text(f"{when.zh} 登记特殊原因", f"{when.en} a special reason was recorded")


def _due(planned: Planned, zone: ZoneInfo) -> Iterator[Text]:
    dates = planned.dates
    if dates.due_at is None:
        guess = moment(dates.estimate_at, zone)
        yield Text(f"{dates.needs} 未公布,尚无到期时间;估计 {guess.zh}", f"{dates.needs} is not published: no deadline yet; estimate {guess.en}")
        return
    if planned.extended_from:
        before = moment(planned.extended_from, zone)
        yield Text(f"原到期 {before.zh}", f"was due {before.en}")
    due = moment(dates.due_at, zone)
    yield Text(f"到期 {due.zh}", f"due {due.en}")


def _judged(found: Account, zone: ZoneInfo) -> Iterator[Text]:
    """Say so where a clock ended under a deadline that would be another today: it was judged by the one of its time."""
    then, today = found.clock.due_at, found.planned.dates.due_at
    if found.clock.stopped_at and then and then != today:
        due = moment(then, zone)
        yield Text(f"结束时按当时的到期 {due.zh} 判定", f"judged when it ended, by the deadline of that time: {due.en}")


def _end(found: Account, zone: ZoneInfo) -> Text:
    end, state = found.planned.end, STATE[found.clock.state]
    due_at = found.clock.due_at if found.clock.stopped_at else found.planned.dates.due_at
    if end is None:
        return state
    why, when = _ending(end.why), moment(end.at, zone)
    by = length(abs(end.at - due_at)) if due_at and found.clock.state is not ClockState.CANCELLED else None
    if by is None or due_at is None:
        return Text(f"{when.zh} {why.zh}:{state.zh}", f"{when.en} {why.en}: {state.en}")
    side = Text("晚", "after the deadline") if end.at > due_at else Text("早", "before the deadline")
    return Text(f"{when.zh} {why.zh}:{state.zh}({side.zh} {by.zh})", f"{when.en} {why.en}: {state.en} ({by.en} {side.en})")


def _ending(why: str) -> Text:
    named: Mapping[str, Text] = {str(moment): text for moment, text in MOMENT.items()}
    return named.get(why) or ENDED.get(why) or Text(why, why)


def _owned(found: Account) -> Iterator[Text]:
    for by, span in found.owned().items():
        name, much = holder(by), length(span)
        yield Text(f"超时归属:{name.zh} {much.zh}", f"late minutes: {name.en} {much.en}")


def holder(by: Holder) -> Text:
    """Return the name of a party."""
    party = HOLDING[by.party]
    return Text(f"{party.zh} {by.of}", f"{party.en} {by.of}") if by.of else party


def moment(at: datetime | None, zone: ZoneInfo) -> Text:
    """Return an instant in local time with its weekday; seconds only where there are some."""
    if at is None:
        return Text("—", "—")
    here = at.astimezone(zone)
    clock = here.strftime("%H:%M:%S" if here.second else "%H:%M")
    day = WEEKDAY[here.weekday()]
    return Text(f"{here:%Y-%m-%d}({day.zh}){clock}", f"{day.en} {here:%Y-%m-%d} {clock}")


def _span(begin: datetime, end: datetime, zone: ZoneInfo) -> str:
    start, stop = begin.astimezone(zone), end.astimezone(zone)
    same = local_day(begin, zone) == local_day(end, zone)
    return f"{start:%m-%d %H:%M}–{stop:%H:%M}" if same else f"{start:%m-%d %H:%M}–{stop:%m-%d %H:%M}"


def _days(amount: Fraction) -> Text:
    much = f"{float(amount):g}"
    return Text(f"{much} 天", f"{much} day" + ("" if amount == 1 else "s"))


def _minutes(amount: Fraction) -> Text:
    hours, rest = divmod(round(amount * 60), 3600)
    parts = [(hours, "小时", "h"), (rest // 60, "分钟", "min"), (rest % 60, "秒", "s")]
    shown = [part for part in parts if part[0]] or [(0, "分钟", "min")]
    return Text(" ".join(f"{much} {zh}" for much, zh, _ in shown), " ".join(f"{much} {en}" for much, _, en in shown))
