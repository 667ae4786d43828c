"""What a row of the table is made of: what it may look at, whom it names, how a role becomes people. Pure. Not here: the rows (`table`, `money`)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from common.envelope import Event
from common.rota import SiteRota, resolve

from notify.domain.notice import Hold
from notify.domain.site import SiteView


@dataclass(frozen=True)
class Ground:
    """What a row may look at besides the fact. `now`: a fact that arrives late is told by the hours and the rota of its arrival."""

    site: SiteView
    now: datetime
    rota: SiteRota | None = None


@dataclass(frozen=True)
class Recipient:
    """A reference, and the role in which a member of staff is addressed."""

    ref: str
    role: str | None = None


Recipients = tuple[Recipient, ...]


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    template: str
    to: Callable[[Event[Any], Ground], Recipients]
    hold: Hold = Hold.NEVER
    when: Callable[[Event[Any], Ground], bool] = field(default=lambda _event, _ground: True)
    ends: Callable[[Any], str] | None = None  #: key of what makes it untrue, see ENDINGS
    roles: bool = False  #: needs the rota


@dataclass(frozen=True)
class Ending:
    """What a fact makes untrue: the key of the waiting notices, why they are withheld, and for which facts of the kind."""

    key: Callable[[Any], str]
    reason: str
    when: Callable[[Any], bool] = field(default=lambda _fact: True)


def first_level(ground: Ground, department: str | None, at: datetime | None = None) -> Recipients:
    """Return who is told when nobody can do what has to be done: the roles of the first level of the site's ladder."""
    return tuple(one for role in ground.site.alarm_roles for one in holders(ground, role, department, at))


def holders(ground: Ground, role: str, department: str | None = None, at: datetime | None = None) -> Recipients:
    """Return who answers for `role` at `at` (none = now); the role itself when nobody does."""
    narrow = department if role == "department_manager" else None
    persons = resolve(ground.rota, role, at or ground.now, department=narrow, zone=ground.site.zone) if ground.rota else ()
    return tuple(Recipient(f"person:{person}", role) for person in persons) or (Recipient(f"role:{role}", role),)
