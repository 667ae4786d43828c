"""An attempt to make a move: everything that a guard and a decision may look at. Pure data; who loads it is `store`'s matter."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from common.policy import SitePolicy

from intake.domain.case import Act, Case
from intake.domain.commands import Timed
from intake.domain.letter import OpenLetter
from intake.domain.promise import Promise
from intake.domain.visit import Visit

C = TypeVar("C", bound=Timed)


@dataclass(frozen=True)
class File:
    """A case with what hangs on it."""

    case: Case
    policy: SitePolicy  #: the version the case was received under (DEF-18)
    promises: tuple[Promise, ...] = ()  #: oldest first
    visits: tuple[Visit, ...] = ()  #: oldest first
    incident: Case | None = None  #: first case of the incident that it belongs to, or is to be joined to
    letter: OpenLetter | None = None  #: that a visit refers to
    linked: tuple[Case, ...] = ()  #: later cases of the incident whose first case it is

    @property
    def open_promises(self) -> tuple[Promise, ...]:
        """Return those that are not kept yet."""
        return tuple(promise for promise in self.promises if promise.open)


@dataclass(frozen=True)
class Attempt(Generic[C]):
    """Somebody wants to make a move on a case."""

    file: File
    command: C
    act: Act

    @property
    def case(self) -> Case:
        """Return the case as it is."""
        return self.file.case

    @property
    def policy(self) -> SitePolicy:
        """Return the policy of the case."""
        return self.file.policy
