"""What a run of a story left to see: answers of the doors and what a user can read, nothing else. Judging needs only this.

It survives a round trip through JSON, so a run can be judged elsewhere, later, or against other expectations.
"""

from typing import Any

from common.states import ClockLevel, ClockState
from pydantic import AwareDatetime, BaseModel, ConfigDict


class Seen(BaseModel):
    """Part of an observation."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StepSeen(Seen):
    """How a door answered one step. `status` is None for a step that was not tried (its feature is not built, or its case is missing)."""

    status: int | None
    type: str | None = None  #: slug of the problem
    guard: str | None = None
    detail: str = ""


class CaseSeen(Seen):
    """A case that the story gave a name to."""

    number: str
    site: str
    orders: tuple[str, ...] = ()


class NoticeSeen(Seen):
    """A message to somebody."""

    template: str
    recipient: str
    role: str | None = None
    channel: str
    status: str
    at: AwareDatetime


class Snapshot(Seen):
    """What the doors showed at one instant, by alias."""

    at: AwareDatetime
    case: dict[str, dict[str, Any]] = {}
    order: dict[str, list[dict[str, Any]]] = {}
    timeline: dict[str, list[dict[str, Any]]] = {}
    settlement: dict[str, list[dict[str, Any]]] = {}  #: those that there are, by the number of their order
    books: dict[str, dict[str, Any]] = {}  #: site -> account -> fen, and whether all of them balance


class ClockSeen(BaseModel):
    """A clock as sla's door shows it."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    id: str
    site: str
    code: str
    case: str | None
    order: str | None
    state: ClockState
    start_at: AwareDatetime
    due_at: AwareDatetime | None
    stopped_at: AwareDatetime | None
    levels: tuple[ClockLevel, ...]
    rule: str  #: requirement
    rule_id: str


class RuleSeen(Seen):
    """A clock rule of a site's published policy, as the story writes it, with where it comes from."""

    id: str
    rule: str
    origin: str


class SiteSeen(Seen):
    """What a site publishes about itself."""

    rules: tuple[RuleSeen, ...] = ()
    roles: dict[str, tuple[str, ...]] = {}  #: person -> roles


class Observation(Seen):
    """Everything that was seen."""

    name: str
    zone: str
    began: AwareDatetime
    ended: AwareDatetime
    steps: tuple[StepSeen, ...]
    cases: dict[str, CaseSeen] = {}
    sites: dict[str, SiteSeen] = {}
    clocks: tuple[ClockSeen, ...] = ()
    notices: dict[str, tuple[NoticeSeen, ...]] = {}
    snapshots: tuple[Snapshot, ...]  #: in time order; the last is the end
    audit: tuple[str, ...] = ()  #: what does not fit in the audit chains of its sites: nothing, whatever the story did
