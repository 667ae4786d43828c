"""What a clock rule can ever be for, given the faults of its policy, and when one rule always governs another. Pure.

Not here: cases that really exist (sla), findings (`checks`).
"""

from collections.abc import Iterator

from common.clock_rules import Applies, ClockRule, Duration, Unit
from common.policy import Fault, Pack
from common.states import CaseKind, Urgency

MINUTES = {Unit.MINUTE: 1, Unit.HOUR: 60}
SETS = ("kind", "urgency", "fault", "fault_class", "category", "department", "channel", "complexity")
PLAIN = tuple(name for name in Applies.model_fields if name not in {*SETS, "not_fault_class"})


def holds_for(one: Applies, code: str, fault: Fault, policy: Pack) -> bool:
    """Say whether a case of this fault can meet the conditions that its fault answers."""
    department = fault.department or policy.routing.get(fault.category or "")
    wanted = (
        one.fault is None or code in one.fault,
        one.fault_class is None or bool(set(fault.classes).intersection(one.fault_class)),
        one.not_fault_class is None or not set(fault.classes).intersection(one.not_fault_class),
        one.category is None or fault.category in one.category,
        one.department is None or department in one.department,
    )
    return all(wanted)


def can_hold(one: Applies, policy: Pack) -> bool:
    """Say whether any case could meet the conditions: one of a fault of the policy, or of none."""
    asks_fault = one.fault or one.fault_class
    others = (set(policy.routing), {*policy.routing.values(), *(rule.department for rule in policy.routing_rules)})
    loose = not asks_fault and all(
        wanted is None or others[index].intersection(wanted) for index, wanted in enumerate((one.category, one.department))
    )
    return loose or any(holds_for(one, code, fault, policy) for code, fault in policy.faults.items())


def covers(wide: ClockRule, narrow: ClockRule) -> bool:
    """Say whether each case that `narrow` is for is one that `wide` is for too."""
    return all(any(_implied(one, other) for other in wide.applies) for one in narrow.applies)


def _implied(narrow: Applies, wide: Applies) -> bool:
    for name in SETS:
        asked, given = getattr(wide, name), getattr(narrow, name)
        if asked is not None and (given is None or not set(given) <= set(asked)):
            return False
    if wide.not_fault_class is not None and not set(wide.not_fault_class) <= set(narrow.not_fault_class or ()):
        return False
    return all(getattr(wide, name, None) in (None, getattr(narrow, name, None)) for name in PLAIN)


def never_governs(rule: ClockRule, other: ClockRule) -> bool:
    """Say whether `other` always gives an earlier or equal deadline where `rule` runs (DEF-17)."""
    same = (rule.code, rule.subject) == (other.code, other.subject) and set(rule.start) <= set(other.start) and not (rule.recurs or other.recurs)
    return same and covers(other, rule) and _not_later(other.duration, rule.duration)


def _not_later(one: Duration | None, other: Duration | None) -> bool:
    if one is None or other is None:
        return False
    if one.unit in MINUTES and other.unit in MINUTES:
        return (one.value or 0) * MINUTES[one.unit] <= (other.value or 0) * MINUTES[other.unit]
    return one.unit is other.unit and (one.value or 0) <= (other.value or 0)


def uncovered(policy: Pack, kinds: Iterator[CaseKind] | tuple[CaseKind, ...]) -> Iterator[tuple[CaseKind, Urgency, tuple[str, ...], bool]]:
    """Yield each kind and urgency with the categories for which no clock runs by itself; the flag says whether that is all of them."""
    rules = [rule for rule in policy.clocks if not BY_HAND.intersection(rule.start)]
    for kind in kinds:
        for urgency in Urgency:
            open_ = [fault for code, fault in policy.faults.items() if not any(_for(rule, kind, urgency, code, fault, policy) for rule in rules)]
            some = tuple(sorted({fault.category or "—" for fault in open_}))
            if some:
                yield kind, urgency, some, len(open_) == len(policy.faults)


BY_HAND = frozenset(
    {"promise_made", "plan_of_days", "visited", "result_recorded", "result_told", "closed", "reopened"}
)  #: starts that nobody has to make


def _for(rule: ClockRule, kind: CaseKind, urgency: Urgency, code: str, fault: Fault, policy: Pack) -> bool:
    """Say whether an ordinary case of this kind starts the rule: named, within scope, without an appointment, not major …"""
    for one in rule.applies:
        asked = (one.kind is None or kind in one.kind, one.urgency is None or urgency in one.urgency)
        special = any(getattr(one, name) is True for name in PLAIN if name != "needs_repair")
        repair = one.needs_repair in (None, fault.needs_repair)
        if all(asked) and not special and repair and holds_for(one, code, fault, policy):
            return True
    return False
