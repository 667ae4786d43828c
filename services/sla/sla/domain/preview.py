"""Who would be called, level by level, at one moment: the same functions as when a level is raised, asked before. Pure.

Persons are references. Not here: their names (dispatch), when a level is reached (`deadlines`).
"""

from collections.abc import Iterable
from datetime import datetime

from common import rota
from common.policy import SitePolicy
from common.routing import Asking
from common.states import CaseKind, CaseState, CaseStatus, Channel, Level, Urgency, WhyNobody
from pydantic import AwareDatetime, BaseModel

from sla.domain.applies import About, applies
from sla.domain.escalation import NIGHT, ROLES, Asked, Called, Frozen, call, chain_of, holders, night_role, reach, why_nobody

WHOEVER = "*"  #: stands for the assignee or owner that a case which does not exist yet will have


class OnCall(BaseModel):
    """A person and the shift they are in; none = never works in shifts, can be reached at any time."""

    id: str
    shift: str | None


class RoleNow(BaseModel):
    """Who fills a role; without anybody the reason."""

    role: str
    persons: tuple[OnCall, ...]
    why: WhyNobody | None = None
    of_case: bool = False  #: the case decides, once there is one


class StepNow(BaseModel):
    """One step: a level, the night recipient, a report at once."""

    step: str
    roles: tuple[RoleNow, ...]
    persons: tuple[str, ...]  #: who is told, those who stand in included
    reached: str | None = None  #: the step whose persons stand in
    nobody: bool = False
    applies: bool = True  #: whether it is for this case at this moment


class Preview(BaseModel):
    """Everything at one moment."""

    site: str
    policy: int
    at: AwareDatetime
    case: str | None = None
    chain: str
    level_by_level: bool
    levels: tuple[StepNow, ...]
    night: StepNow | None
    at_once: tuple[StepNow, ...]
    duty: tuple[OnCall, ...]  #: who can carry out a repair now


def imagined(policy: SitePolicy, at: datetime, **given: object) -> CaseState:
    """Return a case that does not exist: what the policy says of its fault, with what is given laid over it."""
    fault = policy.fault(str(given.get("fault") or ""))
    base = {"urgency": fault.urgency if fault else None, "category": fault.category if fault else None, "trade": fault.trade if fault else None}
    said = {name: value for name, value in given.items() if value is not None}
    routed = policy.routed(Asking(CaseKind(str(given.get("kind") or CaseKind.REPAIR)), str(given.get("fault") or ""), channel=Channel.PHONE))
    fixed = {"id": "preview", "site": policy.site, "status": CaseStatus.CLASSIFIED, "channel": Channel.PHONE, "policy": policy.version}
    times = {"received_at": at, "registered_at": at}
    usual = {"kind": CaseKind.REPAIR, "department": routed.department if routed else None, "owner": WHOEVER}
    return CaseState.model_validate(usual | base | said | fixed | times)


def imagined_asked(case: CaseState, policy: SitePolicy, state: rota.SiteRota | None, at: datetime) -> Asked:
    """Return the question about a case that does not exist: somebody will work on it."""
    night = night_role(policy, case.urgency, at)
    return Asked(at, state, policy.calendar.timezone, case.department, (WHOEVER,), WHOEVER, night)


def preview(policy: SitePolicy, case: CaseState, asked: Asked, chain: Frozen | None = None) -> Preview:
    """Return who would be called; `chain`: the frozen one of a clock, else the one that a clock opened now would get."""
    about = About(case, policy)
    chosen = chain or chain_of(policy, about)
    levels = [_step(level, chosen.at(level), asked, reach(chosen, level, asked)) for level in Level if chosen.at(level)]
    at_once = [_step(rule.id, rule.roles, asked, call(rule.roles, asked), applying=applies(rule.applies, about)) for rule in policy.at_once]
    return Preview(
        site=policy.site,
        policy=policy.version,
        at=asked.at,
        case=case.id if case.id != "preview" else None,
        chain=chosen.name,
        level_by_level=chosen.by_level,
        levels=tuple(levels),
        night=_night(policy, asked),
        at_once=tuple(at_once),
        duty=_on_duty(asked),
    )


def _night(policy: SitePolicy, asked: Asked) -> StepNow | None:
    recipient = policy.night_recipient
    if recipient is None:
        return None
    now = night_role(policy, Urgency.P1, asked.at) is not None
    return _step(NIGHT, (recipient.role,), asked, call((recipient.role,), asked), applying=now)


def _step(step: str, roles: Iterable[str], asked: Asked, called: Called, *, applying: bool = True) -> StepNow:
    persons = tuple(person for person in called.persons if person != WHOEVER)
    found = tuple(_role(role, asked) for role in roles)
    return StepNow(step=step, roles=found, persons=persons, reached=called.reached, nobody=called.nobody, applies=applying)


def _role(role: str, asked: Asked) -> RoleNow:
    found = holders(role, asked)
    persons = tuple(_on_call(person, asked) for person in found if person != WHOEVER)
    return RoleNow(role=role, persons=persons, why=None if found else why_nobody(role, asked), of_case=role in ROLES)


def _on_call(person: str, asked: Asked) -> OnCall:
    shifts = rota.in_shift(asked.state, asked.at, zone=asked.zone) if asked.state else {}
    return OnCall(id=person, shift=shifts.get(person))


def _on_duty(asked: Asked) -> tuple[OnCall, ...]:
    if asked.state is None:
        return ()
    present = rota.in_shift(asked.state, asked.at, zone=asked.zone)
    able = (person for person in asked.state.people if rota.REPAIRERS.intersection(person.roles))
    return tuple(_on_call(one.id, asked) for one in able if one.id in present or one.id not in asked.state.with_shifts())
