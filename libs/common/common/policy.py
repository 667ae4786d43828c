"""The policy of a site: one schema for everything that a written procedure decides (requirements.md C2).

A pack is a document of this schema without site and version; `resolve` lays a base pack, overlays and the site's own values over one
another. The resolved policy travels whole in `policy.published`, every service keeps its copy, and a case keeps the version it was
received under (DEF-18). Roles are plain codes; who holds them is the rota's matter. Not here: reading files (`packs`), arithmetic (sla).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from common.clock_rules import Applies, AtOnce, ClockRule, Escalation, Moment, Subject
from common.layers import Raw, lay
from common.policy_sections import (
    Calendar,
    ChannelSets,
    Fault,
    Hours,
    Majeure,
    MajeureClass,
    NightRecipient,
    Orders,
    Pause,
    Plans,
    RepeatCheck,
    Reply,
    Required,
    ResultForms,
    ReturnVisit,
    Span,
)
from common.policy_standing import (
    Approval,
    Archive,
    Band,
    Bands,
    Collection,
    Conduct,
    Fund,
    Penalty,
    Rate,
    Renovation,
    Retention,
    SurveyRounds,
    Task,
)
from common.routing import Asking, Routed, RoutingRule, routed
from common.sourced import Origin, Section, Slug, Title, Whole, minutes_of, refuse

__all__ = [
    "Applies",
    "Approval",
    "Archive",
    "AtOnce",
    "Band",
    "Bands",
    "Calendar",
    "ChannelSets",
    "ClockRule",
    "Collection",
    "Conduct",
    "Escalation",
    "Fault",
    "Fund",
    "Hours",
    "Majeure",
    "MajeureClass",
    "Moment",
    "NightRecipient",
    "Orders",
    "Origin",
    "Pack",
    "Pause",
    "Penalty",
    "Plans",
    "Rate",
    "Renovation",
    "RepeatCheck",
    "Reply",
    "Required",
    "ResultForms",
    "Retention",
    "ReturnVisit",
    "RoutingRule",
    "SitePolicy",
    "Span",
    "SurveyRounds",
    "Task",
    "is_open",
    "lay",
    "resolve",
    "resolved",
]


REPEAT = "repeat"  #: name of the rule that the section on repeats makes


class Pack(Section):
    """Sections of a pack; a base has what its source says, overlays and sites say only what differs."""

    calendar: Calendar = Calendar()
    hours: Hours = Hours()
    channels: ChannelSets = ChannelSets()
    night_recipient: NightRecipient | None = None
    phone_rings: Whole | None = Field(default=None, ge=1)
    faults: Mapping[Slug, Fault] = {}
    routing: Mapping[Slug, Slug] = {}  #: category -> department (CLS-13)
    routing_rules: tuple[RoutingRule, ...] = ()  #: more than a category decides; the first that applies counts (ADR 0036)
    required: Required = Required()
    clocks: tuple[ClockRule, ...] = ()
    escalation: Escalation = Escalation()
    return_visit: ReturnVisit | None = None
    orders: Orders = Orders()
    result_forms: tuple[ResultForms, ...] = ()
    reply: Reply = Reply()
    plans: Plans | None = None
    repeat: RepeatCheck = RepeatCheck()
    approval: Approval | None = None
    working_funds: tuple[Fund, ...] = ()
    collection: Collection | None = None
    warranty_route: Literal["contractor_first", "own_team_first"] | None = None
    rates: tuple[Rate, ...] = ()
    bands: Bands | None = None
    cadence: tuple[Task, ...] = ()
    patrols: tuple[Task, ...] = ()
    publishing: tuple[Task, ...] = ()
    documents: tuple[Task, ...] = ()
    surveys: SurveyRounds | None = None
    penalties: tuple[Penalty, ...] = ()
    conduct: Conduct | None = None
    renovation: Renovation | None = None
    archive: Archive | None = None
    retention: Retention | None = None
    pause: Pause | None = None
    majeure: Majeure | None = None
    origins: Mapping[str, Origin] = {}  #: of values that stand directly in a pack, e.g. warranty_route, routing

    @model_validator(mode="after")
    def _rules_fit(self) -> Self:
        ids = [rule.id for rule in self.clocks]
        codes = {rule.code for rule in self.clocks if rule.batch}
        for rule in self.clocks:
            if ids.count(rule.id) > 1:
                refuse(f"时限规则 {rule.id} 重复", f"clock rule {rule.id} is there twice")
            if rule.after_batch and rule.after_batch.code not in codes:
                code = rule.after_batch.code
                refuse(f"时限规则 {rule.id} 接在 {code} 之后,但没有此批次", f"clock rule {rule.id} follows {code}, which no batch rule gives")
            if bool(rule.batch) is not (rule.subject is Subject.SITE_WEEK):
                en = f"clock rule {rule.id}: a batch is a clock of a site_week, and nothing else is"
                refuse(f"时限规则 {rule.id}:批次(batch)须以 site_week 为对象,且只有批次如此", en)
            if rule.subject is Subject.PROMISE and rule.start != (Moment.PROMISE_MADE,):
                en = f"clock rule {rule.id}: the clock of a promise starts when it is made"
                refuse(f"时限规则 {rule.id}:承诺的时限须自作出承诺 promise_made 起算", en)
        return self


class SitePolicy(Pack):
    """The resolved policy of one site in one version."""

    site: str = Field(pattern=r"^[A-Z0-9]{2,8}$")
    name: Title
    version: Whole = Field(default=0, ge=0)  #: counted by sla when it is published
    packs: tuple[str, ...] = ()  #: base and overlays, `id@version`

    @field_validator("clocks")
    @classmethod
    def _nothing_left_open(cls, value: tuple[ClockRule, ...]) -> tuple[ClockRule, ...]:
        """A limit that the source leaves to the site has one, or the site cannot go live (SLA-35)."""
        for rule in value:
            if rule.unset and not rule.optional:
                zh, en = f"须由项目设定时限:{rule.id}.duration", f"the site has to set a limit: clocks.{rule.id}.duration"
                raise PydanticCustomError("set_by_site", "{en}", {"zh": zh, "en": en})
        return tuple(rule for rule in value if not rule.unset)

    @property
    def zone(self) -> ZoneInfo:
        """Return the site's time zone."""
        return ZoneInfo(self.calendar.timezone)

    def fault(self, code: str | None) -> Fault | None:
        """Return the rule of a fault, or None."""
        return self.faults.get(code) if code else None

    @property
    def at_once(self) -> tuple[AtOnce, ...]:
        """Return who has to know of what the moment it is so; who is told of a repeat is said by its own section (ESC-06)."""
        roles = self.repeat.inform
        repeat = AtOnce(id=REPEAT, applies=(Applies(repeated=True),), roles=roles, origin=self.repeat.origin_of("inform")) if roles else None
        return (*self.escalation.at_once, *((repeat,) if repeat else ()))

    def routed(self, asking: Asking) -> Routed | None:
        """Return the department that a request is routed to, with the reason, or None (CLS-13)."""
        known = self.fault(asking.fault)
        category = asking.category or (known.category if known else None)
        there = replace(asking, category=category, site=frozenset({self.site, self.name.zh, self.name.en}))
        return routed(self.routing_rules, there, known.department if known else None, self.routing.get(category or ""))


def is_open(spans: Sequence[Span], minute: int) -> bool:
    """Say whether one of the spans covers `minute` of the local day: the start is open, the end is closed (DEF-03)."""
    for span in spans:
        start, end = minutes_of(span.start), minutes_of(span.end)
        if start <= minute < end or (end <= start and (minute >= start or minute < end)):
            return True
    return not spans


def resolve(parts: Sequence[Raw], own: Raw | None = None) -> SitePolicy:
    """Return the policy from raw sections, base first; the last part brings `site` and `name`, `own` is what the site's file says itself.

    Raises LayerError where a layer speaks of nothing, pydantic's ValidationError where a value is wrong.
    """
    return SitePolicy.model_validate(resolved(parts, own))


def resolved(parts: Sequence[Raw], own: Raw | None = None) -> dict[str, Any]:
    """Return the raw values of `resolve`, not yet validated."""
    *packs, identity = parts
    merged = dict(packs[0]) if packs else {}
    for part in packs[1:]:
        merged = lay(merged, part, Pack)
    return {**lay(merged, own or {}, Pack, {"site": str(identity.get("site", ""))}), **identity}
