"""Conditions of the policy, asked of a case: `applies: {kind: complaint, channel_form: letter}`. Pure.

Not here: conditions that only an order can answer (`party` never holds for a case).
"""

from collections.abc import Callable, Sequence

from common.clock_rules import ChannelForm
from common.policy import Applies, SitePolicy

from intake.domain.case import Case

Ask = Callable[[Case, SitePolicy], object]


def _form(case: Case, policy: SitePolicy) -> ChannelForm:
    return ChannelForm.LETTER if case.channel in policy.channels.letter else ChannelForm.ORAL


def _classes(case: Case, policy: SitePolicy) -> frozenset[str]:
    known = policy.fault(case.sorting.fault)
    return frozenset(known.classes if known else ())


ASK: dict[str, Ask] = {
    "kind": lambda case, _: case.kind,
    "urgency": lambda case, _: case.sorting.urgency,
    "fault": lambda case, _: case.sorting.fault,
    "category": lambda case, _: case.sorting.category,
    "department": lambda case, _: case.sorting.department,
    "channel": lambda case, _: case.channel,
    "channel_form": _form,
    "needs_repair": lambda case, _: case.sorting.needs_repair,
    "anonymous": lambda case, _: case.anonymous,
    "out_of_scope": lambda case, _: case.out_of_scope,
    "appointment": lambda case, _: case.appointment_at is not None,
    "expected": lambda case, _: case.expected_at is not None,
    "major": lambda case, _: case.major,
    "repeated": lambda case, _: case.repeat_of is not None,
    "several_departments": lambda case, _: len(case.departments) > 1,
}


def holds(condition: Applies, case: Case, policy: SitePolicy) -> bool:
    """Say whether all that is asked is so."""
    return all(_one(name, wanted, case, policy) for name, wanted in condition if wanted is not None)


def any_holds(conditions: Sequence[Applies], case: Case, policy: SitePolicy) -> bool:
    """Say whether one of the conditions holds."""
    return any(holds(condition, case, policy) for condition in conditions)


def _one(name: str, wanted: object, case: Case, policy: SitePolicy) -> bool:
    values = frozenset(wanted) if isinstance(wanted, tuple) else frozenset({wanted})
    if name == "fault_class":
        return bool(values & _classes(case, policy))
    if name == "not_fault_class":
        return not values & _classes(case, policy)
    ask = ASK.get(name)
    return ask is not None and ask(case, policy) in values
