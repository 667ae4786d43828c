"""Somebody takes a level up: who may, what is kept, when the level is raised again because nothing followed. Pure.

It never stops a clock and never holds back a higher level (ADR 0025). Not here: raising again (`clock.climb`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from common.clock_rules import Moment
from common.errors import IllegalMove, Refused
from common.events.sla import EscalationAcknowledged
from common.rota import OF_A_DEPARTMENT, SiteRota

from sla.domain.case_file import CaseFile
from sla.domain.clock import Clock, Said, ready
from sla.domain.rungs import Acknowledged, Rung

#: moments at which a matter moves on; being classified, promised or sent back is none
PROGRESS = frozenset(
    {
        Moment.RESPONDED,
        Moment.WORK_REQUESTED,
        Moment.DEPARTMENT_NOTIFIED,
        Moment.DEPARTMENT_ANSWERED,
        Moment.ORDER_ISSUED,
        Moment.ACCEPTED,
        Moment.ON_SITE,
        Moment.CONTRACTOR_ON_SITE,
        Moment.ASSESSED,
        Moment.GUIDED,
        Moment.MEASURES_DECIDED,
        Moment.PLAN_OF_DAYS,
        Moment.PLAN_TOLD,
        Moment.PROGRESS_TOLD,
        Moment.TEST_RESULT_TOLD,
        Moment.TRIPARTITE_HELD,
        Moment.RESTORED,
        Moment.COMPLETED,
        Moment.SIGNED,
        Moment.RETURNED,
        Moment.INSPECTED,
        Moment.SLIPS_HANDED_OVER,
        Moment.REPLIED,
        Moment.PROMISE_KEPT,
        Moment.RESULT_RECORDED,
        Moment.RESULT_TOLD,
        Moment.VISITED,
    }
)


@dataclass(frozen=True)
class Taker:
    """Who takes a level up; `oversees`: may do so without having been called."""

    id: str
    roles: tuple[str, ...] = ()
    oversees: bool = False


def acknowledge(clock: Clock, by: Taker, rota: SiteRota | None, *, now: datetime) -> tuple[Clock, Rung, list[Said]]:
    """Return the clock whose highest raised level `by` takes up, and that level; taking up what is taken changes nothing.

    Raises IllegalMove where nothing was raised or the clock has ended, Refused for who was not called and oversees nobody (ESC-16).
    """
    rung = clock.raised
    if rung is None or not clock.open:
        raise IllegalMove("acknowledge", clock.state)
    if not (by.oversees or called(clock, by, rota)):
        raise Refused("ESC-16", "您不在此上报链上", "you are not on this chain of escalation")
    if rung.taken:
        return clock, rung, []
    rung = _taken(rung, by.id, clock, now)
    taken = ready(clock.with_rung(rung))
    return taken, rung, [(EscalationAcknowledged(clock=taken.view(), level=rung.level, by=by.id), now)]


def _taken(rung: Rung, by: str, clock: Clock, now: datetime) -> Rung:
    acknowledged = (*rung.acknowledged, Acknowledged(by=by, at=now))
    rearms = len(acknowledged) <= clock.chain.again_times
    again_at = now + timedelta(seconds=clock.chain.again_after_s) if rearms else None
    return rung.model_copy(update={"acknowledged": acknowledged, "again_at": again_at})


def called(clock: Clock, by: Taker, rota: SiteRota | None) -> bool:
    """Say whether somebody was told of a level that was raised, or holds one of its roles (a department's role: in that department)."""
    raised = [rung for rung in clock.rungs if rung.raised_at]
    if any(by.id in rung.told for rung in raised):
        return True
    roles = {role for rung in raised for role in rung.roles}.intersection(by.roles)
    person = rota.person(by.id) if rota else None
    department = person.department if person else None
    return any(role not in OF_A_DEPARTMENT or clock.department in (None, department) for role in roles)


def moved_on_at(file: CaseFile, clock: Clock) -> datetime | None:
    """Return when the matter last moved on: the order, where the clock hangs on one, else anything of the case; a decision about the clock too."""
    happened = file.of(clock.order) if clock.order else file.happened
    moments = [one.at for one in happened if one.moment in PROGRESS]
    return max([*moments, *(ruling.at for ruling in file.rulings if ruling.clock == clock.id)], default=None)
