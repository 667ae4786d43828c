"""What somebody says they did to a work order: the input of every move. Pure. Not here: whether it may be done (`guards`, `moves`)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from common.states import PersonState
from pydantic import BaseModel, ConfigDict


class Outcome(StrEnum):
    """What the worker finds on site (R6)."""

    NORMAL = "normal"  #: 正常维修: starts at once (REP-17)
    GUIDED = "guided"  #: 非维修: the owner is shown the right use (REP-18)


class Act(BaseModel):
    """What somebody says they did. `note` is free text: a reason, the completion record, the guidance given."""

    model_config = ConfigDict(frozen=True)
    at: datetime | None = None  #: when it happened; None = now
    note: str | None = None
    excuses: Literal["arrival", "return"] = "return"
    outcome: Outcome | None = None
    plan_told: bool = False
    root_cause: str | None = None
    passed: bool = True
    to: str | None = None  #: who gets the order


@dataclass(frozen=True)
class Deed:
    """An act with who did it and when it is entered. `person`: how the site knows them, if it does; `outside`: a contractor.

    `target`: how the site knows whoever is to get the order; `full`: who acts holds as many orders as the site allows.
    """

    act: Act
    by: str
    now: datetime
    person: PersonState | None = None
    outside: bool = False
    target: PersonState | None = None
    full: bool = False

    @property
    def at(self) -> datetime:
        """Return when it happened."""
        return self.act.at or self.now
