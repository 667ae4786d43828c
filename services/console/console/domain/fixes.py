"""First-time-fix rate: repairs that did not come back, of all that were completed, by team and contractor. Pure.

An order came back when a dissatisfied return visit had it done again (R20), when a contractor's work failed its inspection (R18), or when the
same problem was reported again within the pack's window (DEF-09). Orders of rework are no first time and are not counted; cancelled and
guided ones repaired nothing.
"""

from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime

from common.states import CaseKind, OrderState, Party
from pydantic import BaseModel


class Fix(BaseModel):
    """One repair order that was completed for the first time."""

    id: str
    site: str
    case: str
    party: Party
    team: str | None  #: department of own people, else the contractor
    completed_at: datetime


class TeamRate(BaseModel):
    """How one team or contractor did. `rate` is in percent, not rounded (DEF-14)."""

    party: Party
    team: str | None
    completed: int
    reworked: int
    repeated: int
    rate: float


def fix(order: OrderState, at: datetime) -> Fix | None:
    """Return what a completed order counts as, None for what is no first repair."""
    if order.case_kind is not CaseKind.REPAIR or order.rework_of is not None:
        return None
    team = order.assignee if order.party is Party.CONTRACTOR else order.department
    return Fix(id=order.id, site=order.site, case=order.case, party=order.party, team=team, completed_at=order.completed_at or at)


def rates(fixes: Iterable[Fix], reworked: AbstractSet[str], repeated: AbstractSet[str]) -> list[TeamRate]:
    """Return one row for each team and contractor, the largest first. `reworked`: done again or not passed; `repeated`: cases that came again."""
    teams: dict[tuple[Party, str | None], list[Fix]] = defaultdict(list)
    for one in fixes:
        teams[one.party, one.team].append(one)
    rows = [_row(party, team, done, reworked, repeated) for (party, team), done in teams.items()]
    return sorted(rows, key=lambda row: (-row.completed, row.party, row.team or ""))


def _row(party: Party, team: str | None, done: list[Fix], reworked: AbstractSet[str], repeated: AbstractSet[str]) -> TeamRate:
    again = sum(one.id in reworked for one in done)
    came = sum(one.case in repeated and one.id not in reworked for one in done)
    rate = 100 * (len(done) - again - came) / len(done)
    return TeamRate(party=party, team=team, completed=len(done), reworked=again, repeated=came, rate=rate)
