"""Who has to know: the chain of a clock (roles, frozen when it opens) and the persons behind them (resolved when a level is raised).

Pure. An empty role is passed over at once and recorded. Not here: when a level is reached (`deadlines`), messages to people (notify).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from common import rota
from common.clock_rules import Chain
from common.policy import SitePolicy
from common.states import CaseState, OrderState, OrderStatus

from sla.domain.applies import About, applies
from sla.domain.case_file import CaseFile

DONE = frozenset({OrderStatus.RETURNED, OrderStatus.INSPECTED, OrderStatus.CANCELLED})


@dataclass(frozen=True)
class Called:
    """The persons behind some roles; `skipped` are the roles that nobody fills at this moment."""

    persons: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """Everything the question "who is it now" depends on."""

    at: datetime
    state: rota.SiteRota | None
    zone: str
    department: str | None = None
    assignees: tuple[str, ...] = ()
    owner: str | None = None


def chain_of(policy: SitePolicy, about: About) -> Chain:
    """Return the chain for a case or order: the first special one that applies, else the site's (ESC-16)."""
    special = (one.recipients for one in policy.escalation.special if applies(one.applies, about))
    return next(special, policy.escalation.recipients)


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


def _of_department(asked: Asked, role: str) -> tuple[str, ...]:
    return rota.resolve(asked.state, role, asked.at, department=asked.department, zone=asked.zone) if asked.state else ()


def _of_site(asked: Asked, role: str) -> tuple[str, ...]:
    return rota.resolve(asked.state, role, asked.at, zone=asked.zone) if asked.state else ()


ROLES: dict[str, Callable[[Asked, str], tuple[str, ...]]] = {
    "assignee": lambda asked, _role: asked.assignees,
    "owner": lambda asked, _role: (asked.owner,) if asked.owner else (),
    "department_manager": _of_department,
}  #: roles that are not simply looked up on the rota


def call(roles: tuple[str, ...], asked: Asked) -> Called:
    """Return the persons who answer for these roles now, each once, in the order of the chain."""
    answers = {role: ROLES.get(role, _of_site)(asked, role) for role in roles}
    persons = tuple(dict.fromkeys(person for found in answers.values() for person in found))
    return Called(persons, tuple(role for role, found in answers.items() if not found))
