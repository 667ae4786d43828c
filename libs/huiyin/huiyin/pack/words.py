"""Values of a pack in the words of people, zh-CN and en: limits, moments, origins. Codes that have no word are shown as they are.

Not here: words of kinds, roles and clock codes (`console.domain.labels`), of moments and units (`sla.domain.words`), titles of faults.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from common.clock_rules import Applies, ClockRule, Strength, Unit
from common.errors import Text
from common.sourced import Origin
from console.domain import labels
from sla.domain.words import MOMENT, UNIT

__all__ = ["MOMENT"]

STRENGTH = {Strength.MUST: Text("必须", "must"), Strength.NORMAL_MAX: Text("一般不超过", "normally at most"), Strength.SHOULD: Text("宜", "should")}
WEEKDAY = {
    "monday": Text("周一", "Monday"),
    "tuesday": Text("周二", "Tuesday"),
    "wednesday": Text("周三", "Wednesday"),
    "thursday": Text("周四", "Thursday"),
    "friday": Text("周五", "Friday"),
    "saturday": Text("周六", "Saturday"),
    "sunday": Text("周日", "Sunday"),
}
CONDITION = {
    "kind": labels.KIND,
    "urgency": labels.URGENCY,
    "channel": labels.CHANNEL,
    "party": labels.PARTY,
    "department": labels.DEPARTMENT,
    "category": labels.CATEGORY,
    "channel_form": {"oral": Text("口头", "oral"), "letter": Text("书信", "letter")},
    "complexity": {
        "single_trade": Text("单工种", "single trade"),
        "multi_trade": Text("多工种", "several trades"),
        "especially_complex": Text("特别复杂", "especially complex"),
    },
}  #: conditions whose values have words
NAMES = {
    "fault": Text("故障", "fault"),
    "fault_class": Text("类别含", "class"),
    "not_fault_class": Text("类别不含", "not of class"),
    "needs_repair": Text("须维修", "needs a repair"),
    "anonymous": Text("匿名", "anonymous"),
    "out_of_scope": Text("职责范围外", "out of scope"),
    "appointment": Text("已预约", "appointment"),
    "expected": Text("有期望时间", "expected time given"),
    "major": Text("重大", "major"),
    "several_departments": Text("涉及多个部门", "several departments"),
    "repeated": Text("重复", "repeated"),
}  #: conditions that are said by their name
EVERY = {
    "day": Text("每日", "daily"),
    "week": Text("每周", "weekly"),
    "month": Text("每月", "monthly"),
    "quarter": Text("每季度", "quarterly"),
    "half_year": Text("每半年", "every half year"),
    "year": Text("每年", "yearly"),
    "on_event": Text("发生时", "whenever it happens"),
    "regularly": Text("定期(原文无数字)", "regularly (no number in the source)"),
}
ROUTE = {"own_team_first": Text("本公司维修队优先", "own team first"), "contractor_first": Text("维保或施工单位优先", "contractor first")}
CODES: tuple[Mapping[Any, Text], ...] = (
    labels.ROLE,
    labels.DEPARTMENT,
    labels.KIND,
    labels.TRADE,
    labels.CATEGORY,
    labels.FORM,
    WEEKDAY,
    STRENGTH,
    ROUTE,
)  #: where a plain word of a policy may have its name
MONEY = frozenset({"up_to", "audit_from", "contractor_signs_above", "large_amount", "joint_amount", "amount"})
Words = Mapping[Any, Text]


def said(table: Words, code: object, locale: str) -> str:
    """Return the word of a code, the code itself where the table has none."""
    known = table.get(code)
    return known.in_(locale) if known else str(code)


def several(table: Words, codes: Iterable[object], locale: str) -> str:
    """Return the words of codes."""
    return ("、" if locale.startswith("zh") else ", ").join(said(table, code, locale) for code in codes)


def limit(rule: ClockRule, locale: str) -> str:
    """Return how long a rule gives."""
    zh = locale.startswith("zh")
    if rule.duration:
        return amount(rule.duration.value, rule.duration.unit, locale)
    if rule.repeat:
        every = amount(rule.repeat.every, Unit(rule.repeat.unit), locale)
        until = several(MOMENT, rule.repeat.until, locale)
        return f"每 {every},直至{until}" if zh else f"every {every} until {until}"
    if rule.daily_at:
        return f"每日 {rule.daily_at} 前" if zh else f"daily before {rule.daily_at}"
    if rule.batch:
        return f"{said(WEEKDAY, rule.batch.weekday, locale)} {rule.batch.at}"
    weeks = rule.after_batch.weeks if rule.after_batch else 1
    return f"批次后第 {weeks} 周内" if zh else f"within week {weeks} after the batch"


def condition(applies: Iterable[Applies], locale: str) -> str:
    """Return whom a rule is for."""
    joined = (" 或 " if locale.startswith("zh") else " or ").join(_all_of(one, locale) for one in applies)
    return joined or ("全部" if locale.startswith("zh") else "all")


def _all_of(one: Applies, locale: str) -> str:
    parts = [_one(name, value, locale) for name, value in one if value is not None]
    return (",".join(parts) if locale.startswith("zh") else ", ".join(parts)) or ("全部" if locale.startswith("zh") else "all")


def _one(name: str, value: Any, locale: str) -> str:
    values = value if isinstance(value, tuple) else (value,)
    if name in CONDITION:
        return several(CONDITION[name], values, locale)
    title = said(NAMES, name, locale)
    if isinstance(value, bool):
        return title if value else (f"非{title}" if locale.startswith("zh") else f"not {title}")
    return f"{title} {several({}, values, locale)}"


def source(origin: Origin | None, locale: str) -> str:
    """Return where a value comes from."""
    zh = locale.startswith("zh")
    if origin is None:
        return "(无来源)" if zh else "(no origin)"
    parts = [origin.doc, f"「{origin.quote}」" if origin.quote else ""]
    if origin.site:
        parts.append(f"项目 {origin.site} 自定" if zh else f"site {origin.site}")
    if origin.default == "reading":
        parts.append("据文意" if zh else "as read")
    elif origin.default:
        unsaid = (
            Text("默认,原文未载", "default, not in the sources")
            if origin.default == "not-in-sources"
            else Text(f"默认 {origin.default}", f"default {origin.default}")
        )
        parts.append(unsaid.in_(locale))
    return " ".join(part for part in (*parts, f"[{origin.req}]" if origin.req else "") if part)


def amount(value: int | None, unit: Unit, locale: str) -> str:
    """Return `2 小时`, `1 working day`, `当天`."""
    word = said(UNIT, unit, locale)
    if value is None:
        return word
    return f"{value} {word.removesuffix('s') if value == 1 and not locale.startswith('zh') else word}"


def shown(value: Any, name: str, locale: str) -> str:
    """Return a plain value of the policy on one line: codes in words where there are any, amounts of money in yuan."""
    zh = locale.startswith("zh")
    if isinstance(value, dict):
        return _mapping(value, locale)
    if isinstance(value, list | tuple):
        return ("、" if zh else ", ").join(shown(inner, name, locale) for inner in value) or "—"
    if isinstance(value, bool):
        return {True: Text("是", "yes"), False: Text("否", "no")}[value].in_(locale)
    if name in MONEY and isinstance(value, int):
        return f"{value / 100:,.2f} 元" if zh else f"{value / 100:,.2f} yuan"
    if isinstance(value, float):
        return f"{value:g}"
    word = EVERY.get(str(value)) if name == "every" else next((table[value] for table in CODES if isinstance(value, str) and value in table), None)
    return "—" if value is None else word.in_(locale) if word else str(value)


def _mapping(value: Mapping[str, Any], locale: str) -> str:
    if value.keys() == {"zh", "en"}:
        return str(value["zh" if locale.startswith("zh") else "en"])
    if {"from", "to"} <= value.keys():
        return f"{value['from']}–{value['to']}"
    if value.keys() <= {"value", "unit"} and "unit" in value:
        return amount(value.get("value"), Unit(value["unit"]), locale)
    return "; ".join(f"{key}: {shown(inner, key, locale)}" for key, inner in value.items() if inner is not None)
