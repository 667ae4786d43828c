"""Whom a rule is for: one condition, one function, in a table. Pure. Not here: time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from common.clock_rules import Applies, ChannelForm
from common.policy import SitePolicy
from common.states import CaseState, Complexity, OrderState, Party


@dataclass(frozen=True)
class About:
    """What a rule is asked about: a case, perhaps one order of it, under a policy."""

    case: CaseState
    policy: SitePolicy
    order: OrderState | None = None

    @property
    def classes(self) -> frozenset[str]:
        """Return the classes of the fault (water_electric, noise …)."""
        fault = self.policy.fault(self.case.fault)
        return frozenset(fault.classes if fault else ())

    @property
    def form(self) -> ChannelForm:
        """Return whether the case came as a paper letter (DEF-25)."""
        return ChannelForm.LETTER if self.case.channel in self.policy.channels.letter else ChannelForm.ORAL

    @property
    def party(self) -> Party | None:
        """Return who carries out the order."""
        return self.order.party if self.order else None


CONDITIONS: dict[str, Callable[[About, Any], bool]] = {
    "kind": lambda about, wanted: about.case.kind in wanted,
    "urgency": lambda about, wanted: about.case.urgency in wanted,
    "fault": lambda about, wanted: about.case.fault in wanted,
    "fault_class": lambda about, wanted: bool(about.classes.intersection(wanted)),
    "not_fault_class": lambda about, wanted: not about.classes.intersection(wanted),
    "category": lambda about, wanted: about.case.category in wanted,
    "department": lambda about, wanted: about.case.department in wanted,
    "channel": lambda about, wanted: about.case.channel in wanted,
    "channel_form": lambda about, wanted: about.form is wanted,
    "party": lambda about, wanted: about.party is wanted,
    "complexity": lambda about, wanted: about.order is not None and (about.order.complexity or Complexity.SINGLE_TRADE) in wanted,
    "needs_repair": lambda about, wanted: about.case.needs_repair is wanted,
    "anonymous": lambda about, wanted: about.case.anonymous is wanted,
    "out_of_scope": lambda about, wanted: (about.case.in_scope is False) is wanted,
    "appointment": lambda about, wanted: (about.case.appointment_at is not None) is wanted,
    "expected": lambda about, wanted: (about.case.expected_at is not None) is wanted,
    "major": lambda about, wanted: about.case.major is wanted,
    "several_departments": lambda about, wanted: (len(about.case.departments) > 1) is wanted,
    "repeated": lambda about, wanted: (about.case.repeat_of is not None) is wanted,
}  #: name of a condition -> whether it holds


def applies(alternatives: tuple[Applies, ...], about: About) -> bool:
    """Say whether one of the alternatives holds in all its conditions."""
    for one in alternatives:  # noqa: SIM110 - asked for every rule of every plan: plain loops are twice as fast
        if _all_hold(one, about):
            return True
    return False


def _all_hold(one: Applies, about: About) -> bool:
    for name in one.model_fields_set:
        value = getattr(one, name)
        if value is not None and not CONDITIONS[name](about, value):
            return False
    return True
