"""Who has to know: the chain of a clock, frozen when it opens, and the persons behind its roles, looked for when a level is raised.

Pure. A level that nobody fills is passed on at once to the next one that somebody fills, and what was passed is kept, never dropped
(ADR 0025). Not here: when a level is reached (`deadlines`), raising it (`clock`), messages to people (notify).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from common import rota
from common.clock_rules import Chain
from common.coverage import Kind, Need, night_hours, spans
from common.policy import SitePolicy, is_open
from common.states import CaseState, Level, OrderState, OrderStatus, Unfilled, Urgency, WhyNobody
from pydantic import BaseModel, ConfigDict

from sla.domain.applies import About, applies
from sla.domain.case_file import CaseFile

DONE = frozenset({OrderStatus.RETURNED, OrderStatus.INSPECTED, OrderStatus.CANCELLED})
NIGHT = "night"  #: the step between a level and the next one, for an emergency outside the hours (ESC-14)
ORDINARY = "recipients"  #: name of the chain of cases that no special one is for
AHEAD = timedelta(days=28)
LEVELS = tuple(Level)


# --- the chain --------------------------------------------------------------------------------------------------------------------


class Frozen(BaseModel):
    """The chain of one clock as its policy had it: kept on the clock, so that no later pack changes it silently."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    name: str = ORDINARY  #: of the special chain, where one was chosen
    levels: dict[Level, tuple[str, ...]] = {}
    by_level: bool = False  #: no level may be skipped (ESC-09)
    again_after_s: int = 0
    again_times: int = 0

    def at(self, level: Level) -> tuple[str, ...]:
        """Return the roles of a level."""
        return self.levels.get(level, ())

    def above(self, level: Level) -> Iterator[tuple[Level, tuple[str, ...]]]:
        """Return the levels above with their roles, the next one first."""
        return ((higher, self.at(higher)) for higher in LEVELS[LEVELS.index(level) + 1 :] if self.at(higher))


def chain_of(policy: SitePolicy, about: About) -> Frozen:
    """Return the chain for a case or order: the first special one that applies, else the site's (ESC-05, ESC-16)."""
    rules = policy.escalation
    name, chain = next(((one.id, one.recipients) for one in rules.special if applies(one.applies, about)), (ORDINARY, rules.recipients))
    return frozen(chain, policy, name)


def frozen(chain: Chain, policy: SitePolicy, name: str = ORDINARY) -> Frozen:
    """Return a chain of a policy as a clock keeps it."""
    rules = policy.escalation
    return Frozen(
        name=name,
        levels={level: chain.at(level) for level in Level if chain.at(level)},
        by_level=rules.level_by_level,
        again_after_s=rules.again.after_minutes * 60,
        again_times=rules.again.times,
    )


# --- who is behind a role now -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Called:
    """The persons who are told. `skipped`: roles of the level that nobody fills; `unfilled`: all that was looked for in vain, and why."""

    persons: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    unfilled: tuple[Unfilled, ...] = ()
    reached: str | None = None  #: the level (or `night`) whose persons stand in, None: the level's own

    @property
    def nobody(self) -> bool:
        """Say whether there is nobody to tell: an alarm, not a silence."""
        return not self.persons


@dataclass(frozen=True)
class Asked:
    """Everything the question "who is it now" depends on, and when the matter last moved on."""

    at: datetime
    state: rota.SiteRota | None
    zone: str
    department: str | None = None
    assignees: tuple[str, ...] = ()
    owner: str | None = None
    night: str | None = None  #: who takes this emergency at this hour (ESC-14)
    moved_on_at: datetime | None = None


NOBODY = Asked(datetime.min.replace(tzinfo=UTC), None, "UTC")  #: for levels that are raised on paper only, and steps that raise none


def night_role(policy: SitePolicy, urgency: Urgency | None, at: datetime) -> str | None:
    """Return who takes an emergency at this moment, None within the pack's hours and for everything else (ESC-14)."""
    night, hours = policy.night_recipient, night_hours(policy)
    local = at.astimezone(policy.zone)
    outside = bool(hours) and not is_open(hours, local.hour * 60 + local.minute)
    return night.role if night and outside and urgency is Urgency.P1 else None


def assignees(file: CaseFile, order: str | None) -> tuple[str, ...]:
    """Return who works on it: who accepted the order, else who was given it; without open orders the first-contact owner."""
    own = [file.orders[order]] if order in file.orders else [one for one in file.orders.values() if one.status not in DONE]
    found = tuple(dict.fromkeys(person for one in own if (person := _worker(one))))
    return found or _owner(file.case)


def _worker(order: OrderState) -> str | None:
    return order.acceptor or order.assignee


def _owner(case: CaseState) -> tuple[str, ...]:
    """Return the first-contact owner; a call centre's key (`key:…`) only holds the case until staff has it, and nobody can tell a key."""
    return (case.owner,) if case.owner and ":" not in case.owner else ()


ROLES: dict[str, Callable[[Asked], tuple[str, ...]]] = {
    "assignee": lambda asked: asked.assignees,
    "owner": lambda asked: (asked.owner,) if asked.owner and ":" not in asked.owner else (),  # a key answers no telephone (ADR 0012)
}  #: roles that the case answers, not the rota


def holders(role: str, asked: Asked) -> tuple[str, ...]:
    """Return the persons who answer for one role now."""
    if role in ROLES:
        return ROLES[role](asked)
    department = asked.department if role in rota.OF_A_DEPARTMENT else None
    return rota.resolve(asked.state, role, asked.at, department=department, zone=asked.zone) if asked.state else ()


def why_nobody(role: str, asked: Asked) -> WhyNobody:
    """Return the reason for which nobody answers for a role."""
    if role in ROLES:
        return WhyNobody.NOT_ASSIGNED
    if asked.state is None:
        return WhyNobody.NO_ROTA
    known = asked.state.holders(role)
    if role in rota.OF_A_DEPARTMENT and asked.department and known:
        known = tuple(person for person in known if person.department == asked.department)
        return WhyNobody.OFF_DUTY if known else WhyNobody.NOT_IN_DEPARTMENT
    return WhyNobody.OFF_DUTY if known else WhyNobody.NOT_HELD


def call(roles: tuple[str, ...], asked: Asked, step: str = "") -> Called:
    """Return the persons who answer for these roles now, each once, in the order of the chain."""
    answers = {role: holders(role, asked) for role in roles}
    persons = tuple(dict.fromkeys(person for found in answers.values() for person in found))
    skipped = tuple(role for role, found in answers.items() if not found)
    return Called(persons, skipped, tuple(Unfilled(level=step, role=role, why=why_nobody(role, asked)) for role in skipped))


# --- climbing over gaps -----------------------------------------------------------------------------------------------------------


def reach(chain: Frozen, level: Level, asked: Asked, *, told: frozenset[str] = frozenset()) -> Called:
    """Return who is told of a level: its own persons, else the next step that has somebody who was not `told` yet."""
    own = call(chain.at(level), asked, level)
    unfilled = list(own.unfilled)
    for step, roles in _steps(chain, level, asked):
        found = own if step == level else call(roles, asked, step)
        unfilled += [] if found is own else found.unfilled
        persons = tuple(person for person in found.persons if person not in told)
        if persons:
            return Called(persons, own.skipped, tuple(unfilled), None if step == level else step)
    return Called((), own.skipped, tuple(unfilled))


def _steps(chain: Frozen, level: Level, asked: Asked) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield level, chain.at(level)
    if chain.by_level:  # ESC-09: nobody above is told before their time
        return
    if asked.night:
        yield NIGHT, (asked.night,)
    yield from chain.above(level)


def next_chance(chain: Frozen, level: Level, asked: Asked) -> datetime | None:
    """Return when the rota next has somebody for a level that reached nobody, None when not within the weeks that it knows."""
    roles = tuple(dict.fromkeys(role for _, some in _steps(chain, level, asked) for role in some if role not in ROLES))
    if not roles or asked.state is None:
        return None
    need = Need(kind=Kind.LEVEL, roles=roles, department=asked.department)
    empty = spans(asked.state, need, asked.at, asked.at + AHEAD, zone=asked.zone)
    return empty[0][1] if empty and asked.at < empty[0][1] < asked.at + AHEAD else None
