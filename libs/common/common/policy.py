"""The policy of a site: one schema for everything that a written procedure decides (requirements.md C2).

A pack is a document of this schema without site and version; `resolve` lays a base pack, overlays and the site's own values over one
another. The resolved policy travels whole in `policy.published`, every service keeps its copy, and a case keeps the version it was
received under (DEF-18). Roles are plain codes; who holds them is the rota's matter. Not here: reading files (`packs`), arithmetic (sla).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from common.clock_rules import Applies, ClockRule, Escalation, Moment, Subject
from common.policy_sections import (
    Approval,
    Archive,
    Band,
    Bands,
    Calendar,
    ChannelSets,
    Collection,
    Fault,
    Hours,
    NightRecipient,
    Orders,
    Pause,
    Penalty,
    Rate,
    RepeatCheck,
    Reply,
    Required,
    ResultForms,
    Retention,
    ReturnVisit,
    Span,
    Task,
)
from common.sourced import Origin, Section, Slug, Title, Whole, minutes_of

__all__ = [
    "Applies",
    "Approval",
    "Archive",
    "Band",
    "Bands",
    "Calendar",
    "ChannelSets",
    "ClockRule",
    "Collection",
    "Escalation",
    "Fault",
    "Hours",
    "Moment",
    "NightRecipient",
    "Orders",
    "Origin",
    "Pack",
    "Pause",
    "Penalty",
    "Rate",
    "RepeatCheck",
    "Reply",
    "Required",
    "ResultForms",
    "Retention",
    "ReturnVisit",
    "SitePolicy",
    "Span",
    "Task",
    "is_open",
    "overlay",
    "resolve",
]


class Pack(Section):
    """Sections of a pack; a base has what its source says, overlays and sites say only what differs."""

    calendar: Calendar = Calendar()
    hours: Hours = Hours()
    channels: ChannelSets = ChannelSets()
    night_recipient: NightRecipient | None = None
    phone_rings: Whole | None = Field(default=None, ge=1)
    faults: Mapping[Slug, Fault] = {}
    routing: Mapping[Slug, Slug] = {}  #: category -> department (CLS-13)
    required: Required = Required()
    clocks: tuple[ClockRule, ...] = ()
    escalation: Escalation = Escalation()
    return_visit: ReturnVisit | None = None
    orders: Orders = Orders()
    result_forms: tuple[ResultForms, ...] = ()
    reply: Reply = Reply()
    repeat: RepeatCheck = RepeatCheck()
    approval: Approval | None = None
    collection: Collection | None = None
    warranty_route: Literal["contractor_first", "own_team_first"] | None = None
    rates: tuple[Rate, ...] = ()
    bands: Bands | None = None
    cadence: tuple[Task, ...] = ()
    patrols: tuple[Task, ...] = ()
    publishing: tuple[Task, ...] = ()
    documents: tuple[Task, ...] = ()
    surveys: tuple[Task, ...] = ()
    penalties: tuple[Penalty, ...] = ()
    archive: Archive | None = None
    retention: Retention | None = None
    pause: Pause | None = None
    origins: Mapping[str, Origin] = {}  #: of values that stand directly in a pack, e.g. warranty_route, routing

    @model_validator(mode="after")
    def _rules_fit(self) -> Self:
        ids = [rule.id for rule in self.clocks]
        codes = {rule.code for rule in self.clocks if rule.batch}
        for rule in self.clocks:
            if ids.count(rule.id) > 1:
                _refuse(f"clock rule {rule.id} is there twice")
            if rule.after_batch and rule.after_batch.code not in codes:
                _refuse(f"clock rule {rule.id} follows {rule.after_batch.code}, which no batch rule gives")
            if bool(rule.batch) is not (rule.subject is Subject.SITE_WEEK):
                _refuse(f"clock rule {rule.id}: a batch is a clock of a site_week, and nothing else is")
            if rule.subject is Subject.PROMISE and rule.start != (Moment.PROMISE_MADE,):
                _refuse(f"clock rule {rule.id}: the clock of a promise starts when it is made")
        return self


def _refuse(message: str) -> None:
    raise ValueError(message)


class SitePolicy(Pack):
    """The resolved policy of one site in one version."""

    site: str = Field(pattern=r"^[A-Z0-9]{2,8}$")
    name: Title
    version: Whole = Field(default=0, ge=0)  #: counted by sla when it is published
    packs: tuple[str, ...] = ()  #: base and overlays, `id@version`

    @property
    def zone(self) -> ZoneInfo:
        """Return the site's time zone."""
        return ZoneInfo(self.calendar.timezone)

    def fault(self, code: str | None) -> Fault | None:
        """Return the rule of a fault, or None."""
        return self.faults.get(code) if code else None

    def department_for(self, fault: str | None, category: str | None) -> str | None:
        """Return the department that a fault or category is routed to (CLS-13)."""
        known = self.fault(fault)
        if known and known.department:
            return known.department
        return self.routing.get(category or (known.category if known else None) or "")


def is_open(spans: Sequence[Span], minute: int) -> bool:
    """Say whether one of the spans covers `minute` of the local day: the start is open, the end is closed (DEF-03)."""
    for span in spans:
        start, end = minutes_of(span.start), minutes_of(span.end)
        if start <= minute < end or (end <= start and (minute >= start or minute < end)):
            return True
    return not spans


def resolve(parts: Sequence[Mapping[str, Any]]) -> SitePolicy:
    """Return the policy from raw sections, base first, site last (it brings `site` and `name`). Raises pydantic's ValidationError."""
    merged: Any = {}
    for part in parts:
        merged = overlay(merged, part)
    return SitePolicy.model_validate(merged)


def overlay(below: Any, above: Any) -> Any:
    """Return `above` laid over `below`: mappings key by key, lists of things with an id by id, `null` removes, all else replaces."""
    if isinstance(below, Mapping) and isinstance(above, Mapping):
        merged = {key: overlay(below.get(key), value) for key, value in above.items() if value is not None}
        return {key: value for key, value in below.items() if key not in above} | merged
    if _by_id(below) and _by_id(above):
        rows = {row["id"]: row for row in below}
        for row in above:
            rows[row["id"]] = overlay(rows.get(row["id"]), row)
        return [row for row in rows.values() if not row.get("removed")]
    return above


def _by_id(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(row, Mapping) and "id" in row for row in value)
