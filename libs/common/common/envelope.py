"""How a fact travels: the CloudEvents envelope on the wire, and the typed event that a handler gets."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from common.events import FACTS, Fact
from common.states import Lane

F = TypeVar("F", bound=Fact)


@dataclass(frozen=True)
class Event(Generic[F]):
    """A fact with its envelope, as a handler gets it."""

    id: str  #: <source>:<prefix>:<subject>:<seq>, unique for ever
    source: str  #: the service that says it
    subject: str  #: id of the thing it is about
    seq: int  #: position in its stream, from 1, without gaps
    site: str
    lane: Lane
    at: datetime  #: business time it happened
    trace: str  #: W3C traceparent, from POST to notice
    fact: F

    @property
    def stream(self) -> str:
        """Return `<source>:<prefix>:<subject>`: the unit of order."""
        return self.id.rsplit(":", 1)[0]


class Envelope(BaseModel):
    """CloudEvents 1.0 in JSON; extension attributes are lower-case letters as the standard asks."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    specversion: str = "1.0"
    id: str = Field(min_length=1, max_length=200)
    source: str = Field(pattern=r"^/huiyin/[a-z]{2,20}$")
    type: str = Field(pattern=r"^huiyin\.[a-z_]+\.[a-z_]+\.v1$")
    subject: str = Field(min_length=1, max_length=120)
    time: AwareDatetime
    datacontenttype: str = "application/json"
    site: str = Field(pattern=r"^[A-Z0-9]{2,8}$")
    lane: Lane
    seq: int = Field(ge=1)
    traceparent: str = ""
    data: dict[str, Any]

    @property
    def kind(self) -> str:
        """Return the kind of the fact, e.g. `case.classified`."""
        return self.type.removeprefix("huiyin.").removesuffix(".v1")

    @property
    def stream(self) -> str:
        """Return `<source>:<prefix>:<subject>`."""
        return f"{self.source.rsplit('/', 1)[1]}:{self.kind.split('.', 1)[0]}:{self.subject}"

    def event(self) -> Event[Fact] | None:
        """Return the typed event, or None for a kind this version does not know. Raises ValidationError on a broken payload."""
        return self.typed

    @cached_property
    def typed(self) -> Event[Fact] | None:
        """Read the payload once, however often it is asked for."""
        known = FACTS.get(self.kind)
        if known is None:
            return None
        fact = known.model_validate(self.data)
        source = self.source.rsplit("/", 1)[1]
        return Event(self.id, source, self.subject, self.seq, self.site, self.lane, self.time, self.traceparent, fact)
