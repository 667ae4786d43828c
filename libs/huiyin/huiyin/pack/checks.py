"""The checks of `huiyin pack lint` that need only a policy: a table at the foot, one function each.

Not here: the rota (`manned`), reading files and layers (`lint`), what a rule can be for (`reach`).
"""

from collections.abc import Callable, Iterable, Iterator

from common.clock_rules import Chain, Moment
from common.errors import Text
from common.policy import Pack
from common.routing import Asking, ruled
from common.states import CaseKind, Level, Urgency
from console.domain import labels
from notify.domain.templates import labels as notices
from sla.domain.moments import READINGS

from huiyin.pack import words
from huiyin.pack.findings import Grade
from huiyin.pack.reach import can_hold, never_governs, uncovered
from huiyin.pack.values import values

Path_ = tuple[str | int, ...]
Found = Iterator[tuple[Grade, Path_, Text]]
DERIVED = frozenset({Moment.WORK_COMPLETED, Moment.SLIPS_HANDED_OVER})  #: made of other moments
MADE = frozenset(row.moment for rows in READINGS.values() for row in rows) | DERIVED  #: moments that some fact is


def without_a_clock(policy: Pack) -> Found:
    """Kinds and urgencies that no clock is for: the source may be silent, a person should know."""
    alike: dict[tuple[tuple[str, ...], bool], dict[Urgency, list[CaseKind]]] = {}
    for kind, urgency, categories, all_ in uncovered(policy, tuple(CaseKind)):
        alike.setdefault((() if all_ else categories, all_), {}).setdefault(urgency, []).append(kind)
    for (categories, _), by_urgency in alike.items():
        for kinds in dict.fromkeys(tuple(kinds) for kinds in by_urgency.values()):
            urgencies = [urgency for urgency, same in by_urgency.items() if tuple(same) == kinds]
            zh, en = (_whom(kinds, urgencies, categories, locale) for locale in ("zh", "en"))
            yield Grade.WARNING, ("clocks",), Text(f"没有任何时限自行起算:{zh}", f"no clock starts by itself: {en}")


def _whom(kinds: Iterable[CaseKind], urgencies: list[Urgency], categories: tuple[str, ...], locale: str) -> str:
    parts = [words.several(labels.KIND, kinds, locale)]
    parts += [words.several(labels.URGENCY, urgencies, locale)] if len(urgencies) < len(Urgency) else []
    parts += [words.several(labels.CATEGORY, categories, locale)] if categories else []
    return (" · ").join(parts)


def without_a_recipient(policy: Pack) -> Found:
    """A level that nobody is named for: whoever is late there is late unheard."""
    chains: list[tuple[Path_, Chain]] = [(("escalation", "recipients"), policy.escalation.recipients)]
    chains += [(("escalation", "special", index, "recipients"), one.recipients) for index, one in enumerate(policy.escalation.special)]
    codes = ", ".join(dict.fromkeys(rule.code for rule in policy.clocks))
    for path, chain in chains if policy.clocks else ():
        for level in Level:
            if not chain.at(level):
                zh, en = f"{labels.LEVEL[level].zh}没有接收人;涉及 {codes}", f"nobody is told at {level}; clocks: {codes}"
                yield Grade.ERROR, (*path, str(level)), Text(zh, en)


def for_nobody(policy: Pack) -> Found:
    """A rule, or one of its alternatives, that no fault of the policy can meet."""
    for rule in policy.clocks:
        dead = [one for one in rule.applies if not can_hold(one, policy)]
        for one in dead:
            whom = Text(words.condition((one,), "zh"), words.condition((one,), "en"))
            zh, en = f"本制度没有符合条件的故障,永不生效:{whom.zh}", f"no fault of this policy can ever meet it: {whom.en}"
            yield Grade.ERROR, ("clocks", f"#{rule.id}", "applies"), Text(zh, en)


def never_earlier(policy: Pack) -> Found:
    """A rule that another one always governs (DEF-17)."""
    for index, rule in enumerate(policy.clocks):
        for place, other in enumerate(policy.clocks):
            twins = never_governs(other, rule)
            if place != index and never_governs(rule, other) and not (twins and place > index):
                zh, en = f"永不起作用:{other.id} 总是不晚于它到期", f"never governs: {other.id} is always due earlier or at the same time"
                yield Grade.ERROR, ("clocks", f"#{rule.id}"), Text(zh, en)
                break


def without_an_origin(policy: Pack) -> Found:
    """A value that says neither sentence nor default."""
    for value in values(policy).values():
        if not value.sourced:
            yield (
                Grade.ERROR,
                value.path,
                Text("没有来源:须有文件与原句(doc、quote),或标明默认(default)", "no origin: document and sentence, or a default"),
            )


def never_stops(policy: Pack) -> Found:
    """A clock that no fact of the system stops or starts yet."""
    for rule in policy.clocks:
        for name, moments in (("start", rule.start), ("stop", rule.stop)):
            if not MADE.intersection(moments):
                zh = f"系统目前不产生此时刻:{words.several(words.MOMENT, moments, 'zh')};时限只会随结案结束" if name == "stop" else ""
                zh = zh or f"系统目前不产生此时刻:{words.several(words.MOMENT, moments, 'zh')};时限不会起算"
                tail = "the clock ends only with the case" if name == "stop" else "the clock never starts"
                en = f"nothing in the system is this moment yet: {words.several(words.MOMENT, moments, 'en')}; {tail}"
                yield Grade.WARNING, ("clocks", f"#{rule.id}", name), Text(zh, en)


def without_words(policy: Pack) -> Found:
    """Codes that people would read as they are."""
    for rule in policy.clocks:
        if rule.code not in labels.CLOCK or rule.code not in notices.CLOCK:
            yield (
                Grade.WARNING,
                ("clocks", f"#{rule.id}", "code"),
                Text(f"{rule.code} 没有中英文名称", f"{rule.code} has no words in Chinese and English"),
            )
    for path, role in _roles(policy):
        if role not in labels.ROLE:
            yield Grade.WARNING, path, Text(f"岗位 {role} 没有中英文名称", f"the role {role} has no words in Chinese and English")
    for code, fault in policy.faults.items():
        if fault.department and fault.department not in labels.DEPARTMENT:
            zh, en = f"部门 {fault.department} 没有中英文名称", f"the department {fault.department} has no words in Chinese and English"
            yield Grade.WARNING, ("faults", code, "department"), Text(zh, en)


def _roles(policy: Pack) -> Iterator[tuple[Path_, str]]:
    found: dict[str, Path_] = {}
    for level in Level:
        for role in policy.escalation.recipients.at(level):
            found.setdefault(role, ("escalation", "recipients", str(level)))
    if policy.night_recipient:
        found.setdefault(policy.night_recipient.role, ("night_recipient", "role"))
    if policy.return_visit:
        found.setdefault(policy.return_visit.role, ("return_visit", "role"))
    yield from ((path, role) for role, path in found.items())


def unknown_department(policy: Pack) -> Found:
    """A category that goes nowhere."""
    for code, fault in policy.faults.items():
        by_rule = ruled(policy.routing_rules, Asking(fault=code, category=fault.category))
        if not (by_rule or fault.department or policy.routing.get(fault.category or "")):
            yield Grade.WARNING, ("faults", code), Text("没有责任部门(department 或 routing)", "no department: neither its own nor by its category")


def routes_nothing(policy: Pack) -> Found:
    """A routing rule for faults that the policy does not have."""
    for rule in policy.routing_rules:
        if rule.when.fault and not set(rule.when.fault) & policy.faults.keys():
            unknown = ", ".join(rule.when.fault)
            zh, en = f"本制度没有此故障,永不生效:{unknown}", f"never applies: the policy has no such fault: {unknown}"
            yield Grade.WARNING, ("routing_rules", f"#{rule.id}", "when", "fault"), Text(zh, en)


CHECKS: dict[str, Callable[[Pack], Found]] = {
    "no-clock": without_a_clock,
    "no-recipient": without_a_recipient,
    "unreachable": for_nobody,
    "shadowed": never_earlier,
    "no-origin": without_an_origin,
    "no-moment": never_stops,
    "no-words": without_words,
    "no-department": unknown_department,
    "no-fault": routes_nothing,
}  #: name of the check -> what it looks for
WHOLE = frozenset({"no-clock", "no-recipient", "unreachable", "no-department", "no-fault"})  #: not asked of an overlay alone
