"""Writes a found set of rules as a pack and a site file that people read, check and go on with: origins, comments, one line a rule. Pure.

Not here: finding them (`fit`), saving files (`command`).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from zoneinfo import ZoneInfo

from common.sourced import Slug
from pydantic import BaseModel, Field

from huiyin.infer.fit import Rule
from huiyin.infer.history import OTHER
from huiyin.infer.report import Open, Report

THIN = 5  # requests: fewer may be chance
CODE = "CLK_RESOLVE"
ESCALATION = {"warning": "assignee", "L1": "customer_service_supervisor", "L2": "customer_service_manager", "L3": "head_office_leader"}
STAFF = ("repair_worker", "receptionist", *(role for role in ESCALATION.values() if role != "assignee"))


class Name(BaseModel):
    """What the draft is called: pack, site, the words for both."""

    pack: Slug
    site: str = Field(pattern=r"^[A-Z0-9]{2,8}$")
    title: str = Field(min_length=1, max_length=200)


def pack_text(name: Name, found: Report, matters: Mapping[str, tuple[str, str]], period: str) -> str:
    """Return the pack as YAML. `matters`: code -> words of the history and code of the category."""
    parts = (_head(name, found, period), _place(found, period), _faults(matters), _clocks(found, matters, period), _rest())
    return "\n".join(line for part in parts for line in part) + "\n"


def _head(name: Name, found: Report, period: str) -> Iterator[str]:
    total = found.total(fitted=True)
    yield f"# Drafted by `huiyin pack infer` from {total.deadlines:,} deadlines of {period}; these rules give {total.share:.1%} of them, to 90 s."
    yield "# A draft of what the organisation does today, not of what it wrote down. Before it is used: translate the titles, give every fault its"
    yield "# urgency and every category its department, name who is told at each level, look at the rules marked `thin` or `open`."
    yield f"pack: {name.pack}"
    yield "version: 1"
    yield "source: history"
    yield f"title: {{zh: {_words(name.title)}, en: {_words(name.title)}}}"


def _place(found: Report, period: str) -> Iterator[str]:
    hours = found.hours
    yield ""
    yield "calendar:"
    yield f"  timezone: {hours.zone}"
    yield f"  holidays: {hours.holidays}" + (
        "  # Monday to Friday; no day off shows in the history" if not found.days_off and hours.holidays == "NONE" else ""
    )
    for off in found.days_off:
        yield f"  # {off.day:%Y-%m-%d} looks like a day off: publish it with the calendar (it explains {off.gained} more, {off.lost} fewer)"
    if hours.close:
        yield f'  close_of_business: "{hours.close}"'
    yield f'  origin: {{doc: history, quote: "inferred from {period}"}}'
    if hours.office:
        yield ""
        yield "hours:"
        yield f'  office: [{{from: "{hours.office[0]}", to: "{hours.office[1]}"}}]  # after closing, a request counts from the next opening'
        yield f'  origin: {{doc: history, quote: "inferred from {period}: only later requests are due at {hours.office[0]}"}}'


def _faults(matters: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    origin = '{doc: history, quote: "as it stands in the history; the urgency is a placeholder"}'
    yield ""
    yield "faults:"
    yield "  other: {title: {zh: 其他, en: Other}, category: other, urgency: P3, origin: &named " + origin + "}"
    known = {code: found for code, found in matters.items() if code != OTHER}
    for code, (title, category) in sorted(known.items(), key=lambda pair: (pair[1][1], pair[0])):
        words = _words(title)
        yield f"  {code}: {{title: {{zh: {words}, en: {words}}}, category: {category}, urgency: P3, origin: *named}}"
    yield ""
    categories = sorted({"other", *(category for _, category in matters.values())})
    yield "routing: {" + ", ".join(f"{one}: customer_service" for one in categories) + "}"


def _clocks(found: Report, matters: Mapping[str, tuple[str, str]], period: str) -> Iterator[str]:
    opened: dict[str, list[Open]] = {code: list(rows) for code, rows in groupby(found.open, key=lambda one: one.rule.matter)}
    yield ""
    yield "clocks:"
    rules = sorted(found.fit.rules, key=lambda rule: (rule.limit.unit, rule.limit.value or 0, -rule.rows, rule.matter))
    for limit, same in groupby(rules, key=lambda rule: rule.limit):
        yield f"  # --- {limit.words()} ---"
        for rule in same:
            yield from _rule(rule, opened.get(rule.matter, ()), found.hours.zone, period)
    for matter, count in found.fit.without:
        yield f"  # no rule: {_title(matter, matters)} ({count} deadlines that follow none)"


def _title(matter: str, matters: Mapping[str, tuple[str, str]]) -> str:
    return matters[matter][0] if matter in matters else matter


def _rule(rule: Rule, opened: Sequence[Open], zone: str, period: str) -> Iterator[str]:
    for one in opened:
        at = f"a request at {one.decided_by.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}" if one.decided_by else "no request within 400 days"
        yield f"  # open: {rule.limit.words()} or {one.other.words()}; {at} would decide"
    for limit, count in rule.also:
        yield f"  # also seen: {limit.words()} ({count} requests): an exception, another time, or they came as another matter"
    value = f"value: {rule.limit.value}, " if rule.limit.value is not None else ""
    quote = f"{rule.hits} of {rule.rows} deadlines of {period} within 90 s ({rule.share:.1%})"
    thin = "  # thin" if rule.rows < THIN else ""
    yield f"  - id: {rule.matter}{thin}"
    yield f"    code: {CODE}"
    yield f"    applies: {{fault: {rule.matter}}}"
    yield "    stop: work_completed"
    yield f"    duration: {{{value}unit: {rule.limit.unit}}}"
    yield f'    origin: {{doc: history, req: {rule.matter}, quote: "{quote}"}}'


def _rest() -> Iterator[str]:
    yield from ("", "escalation:", "  recipients:")
    yield from (f"    {level}: [{role}]" for level, role in ESCALATION.items())
    yield "    origin: &draft {default: not-in-sources, doc: history}  # nothing in a history says who is told"
    yield from ("", "required:", "  fields: {repair: [subject]}", "  origin: *draft")
    yield from ("", "orders:", "  order_return: on_signature", "  signature_required: false", "  origin: *draft")
    yield from ("", "return_visit:", "  role: receptionist", "  origin: *draft")
    yield from ("", "origins:", "  routing: *draft")


def site_text(name: Name, zone: str) -> str:
    """Return the site file as YAML: the pack, and one placeholder for everybody."""
    roles = ", ".join(STAFF)
    return "\n".join((
        "# Drafted by `huiyin pack infer`: put in the people of the site and their rota before it is applied.",
        f"site: {name.site}",
        f"name: {{zh: {_words(name.title)}, en: {_words(name.title)}}}",
        f"base: {name.pack}",
        "",
        "people:",
        f"  - {{id: {name.site.lower()}-everybody, name: 待定 (to be named), roles: [{roles}], department: customer_service}}",
        "",
        "rota:",
        f"  zone: {zone}",
        "  shifts:",
        '    - {name: always, from: "00:00", to: "00:00"}',
        "  assignments:",
        f"    - {{shift: always, people: [{name.site.lower()}-everybody]}}",
        "",
    ))  # fmt: skip


def _words(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
