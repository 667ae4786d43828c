"""The levels of a clock: when each is due and whom it is for; once raised who was told, who took it up, whether it was raised again. Pure."""

from datetime import datetime

from common.states import Level, Unfilled
from pydantic import AwareDatetime, BaseModel, ConfigDict


class Repeated(BaseModel):
    """A level raised again: when, to whom, whose persons stood in."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: AwareDatetime
    persons: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    reached: str | None = None
    unfilled: tuple[Unfilled, ...] = ()


class Acknowledged(BaseModel):
    """Somebody took a level up: who, when."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    by: str
    at: AwareDatetime


class Rung(BaseModel):
    """One level: when it is due and whom it is for; once raised: when and who was told."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    level: Level
    at: AwareDatetime
    roles: tuple[str, ...] = ()
    raised_at: AwareDatetime | None = None
    persons: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    reached: str | None = None
    unfilled: tuple[Unfilled, ...] = ()
    acknowledged: tuple[Acknowledged, ...] = ()
    again_at: AwareDatetime | None = None  #: when it is raised again unless the matter moves on
    again: tuple[Repeated, ...] = ()

    @property
    def acknowledged_at(self) -> datetime | None:
        """Return when somebody last took it up."""
        return self.acknowledged[-1].at if self.acknowledged else None

    @property
    def acknowledged_by(self) -> str | None:
        """Return who last took it up."""
        return self.acknowledged[-1].by if self.acknowledged else None

    @property
    def taken(self) -> bool:
        """Say whether somebody took it up since it was last raised."""
        last = self.again[-1].at if self.again else self.raised_at
        return self.acknowledged_at is not None and last is not None and self.acknowledged_at >= last

    @property
    def told(self) -> frozenset[str]:
        """Return everybody who was told of this level."""
        return frozenset(self.persons).union(*(one.persons for one in self.again))

    @property
    def heard_at(self) -> datetime | None:
        """Return when somebody last was told of it or took it up."""
        told = [at for at, persons in ((self.raised_at, self.persons), *((one.at, one.persons) for one in self.again)) if at and persons]
        return max([*told, *(one.at for one in self.acknowledged)], default=None)
