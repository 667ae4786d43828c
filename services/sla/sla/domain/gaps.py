"""Which gaps the running of a clock has: the declared windows that are for its case, and the pauses that were granted to it. Pure.

Emergencies are never held up (P1): neither by a window nor by a pause. Not here: counting (`running`), who declares and grants (handlers).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Annotated

from common.clock_rules import Applies, Unit
from common.policy import SitePolicy
from common.states import Urgency
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from sla.domain.applies import About, applies
from sla.domain.rulings import Ruling
from sla.domain.running import Gap

LENGTH = {Unit.MINUTE: timedelta(minutes=1), Unit.HOUR: timedelta(hours=1)}


class Window(BaseModel):
    """Force majeure: for a while less time counts for the cases that it is for. `factor` 0 = their clocks stand still."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    begin: AwareDatetime
    until: AwareDatetime
    applies: tuple[Applies, ...] = (Applies(),)
    factor: Annotated[float, Field(ge=0, lt=1)] = 0


def windows_for(about: About, windows: Sequence[Window]) -> tuple[Gap, ...]:
    """Return the gaps that declared windows make in clocks of this case."""
    if not windows or about.case.urgency is Urgency.P1:
        return ()
    mine = (one for one in windows if applies(one.applies, about))
    return tuple(Gap(one.begin, one.until, Fraction(str(one.factor)), f"window:{one.id}") for one in mine)


def pauses_for(about: About, pauses: Iterable[Ruling]) -> tuple[Gap, ...]:
    """Return the gaps that pauses make: each ends when it is ended, at its own end, or when the budget of the clock is used up."""
    if about.case.urgency is Urgency.P1:
        return ()
    left = budget_of(about.policy)
    found = []
    for one in sorted(pauses, key=lambda ruling: ruling.at):
        end = min(one.at + left, one.until or one.at + left)
        if end > one.at:
            found.append(Gap(one.at, end, Fraction(0), f"pause:{one.reason}"))
            left -= end - one.at
    return tuple(found)


def budget_of(policy: SitePolicy) -> timedelta:
    """Return how long one clock may stand still altogether; nothing where the policy knows no pause (SLA-37)."""
    budget = policy.pause.budget if policy.pause else None
    return (budget.value or 0) * LENGTH[budget.unit] if budget else timedelta()


def budget_left(about: About, pauses: Iterable[Ruling], now: datetime) -> timedelta:
    """Return what is left of it at `now`; a pause that still runs has taken its part up to now."""
    used = sum((max(timedelta(), min(gap.end, now) - gap.begin) for gap in pauses_for(about, pauses)), timedelta())
    return budget_of(about.policy) - used
