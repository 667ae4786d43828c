"""Routing rules as data: which department a request goes to, by what is known when it comes, and why in words (CLS-13, ADR 0036). Pure.

A rule is what a history or a person says: `{id: r007, when: {fault: graffiti, channel: app}, department: cleaning, seen: 99, right: 97}`.
The first rule of the list that applies counts. Not here: how rules are found in a history (`huiyin.routing`), who gets the work (dispatch).
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from common.clock_rules import Channels, Kinds, Words
from common.errors import Text
from common.sourced import Section, Slug, Sourced, Whole, refuse
from common.states import CaseKind, Channel

Line = Annotated[str, Field(min_length=1, max_length=200)]
Lines = Annotated[
    tuple[Line, ...],
    BeforeValidator(lambda value: value if isinstance(value, list | tuple) else (value,), json_schema_input_type=Line | tuple[Line, ...]),
    Field(min_length=1),
]


class Reported(Protocol):
    """What a report and a case both say of themselves."""

    @property
    def channel(self) -> Channel: ...  # noqa: D102
    @property
    def area(self) -> str | None: ...  # noqa: D102
    @property
    def subject(self) -> str | None: ...  # noqa: D102


@dataclass(frozen=True)
class Asking:
    """What is known of a request when it is routed; nothing that becomes known later."""

    kind: CaseKind | None = None
    fault: str | None = None
    category: str | None = None
    channel: Channel | None = None
    area: str | None = None
    subject: str | None = None  #: in the words of the reporter or the desk
    site: frozenset[str] = frozenset()  #: code and names

    @classmethod
    def of(cls, about: Reported, kind: CaseKind, fault: str | None, category: str | None) -> Self:
        """Return what a report or a case asks, classified as given."""
        return cls(kind, fault, category, about.channel, about.area, about.subject)


class When(Section):
    """Conditions, all of which must hold; one that is not given does not matter; of several values one is enough."""

    kind: Kinds | None = None
    fault: Words | None = None
    category: Words | None = None
    channel: Channels | None = None
    site: Lines | None = None  #: code or name: a pack serves many sites
    area: Lines | None = None
    words: Lines | None = None  #: stands in the subject; Latin words as whole words, in any case

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            refuse("when 须至少有一个条件", "when needs at least one condition")
        return self

    def holds(self, asking: Asking) -> bool:
        """Say whether every condition holds."""
        return all(HOLDS[name](asking, value) for name, value in self if value is not None)


def _says(subject: str | None, phrases: Iterable[str]) -> bool:
    text = f" {plain(subject or '')} "
    return any((f" {plain(one)} " if one.isascii() else plain(one)) in text for one in phrases)


def plain(text: str) -> str:
    """Return the text in lower case, words apart by one space, without punctuation."""
    return re.sub(r"[\W_]+", " ", text.lower()).strip()


HOLDS: dict[str, Callable[[Asking, Any], bool]] = {
    "kind": lambda asking, wanted: asking.kind in wanted,
    "fault": lambda asking, wanted: asking.fault in wanted,
    "category": lambda asking, wanted: asking.category in wanted,
    "channel": lambda asking, wanted: asking.channel in wanted,
    "site": lambda asking, wanted: not asking.site.isdisjoint(wanted),
    "area": lambda asking, wanted: asking.area in wanted,
    "words": lambda asking, wanted: _says(asking.subject, wanted),
}  #: name of a condition -> whether it holds
NAMES = {
    "kind": Text("类别", "kind"),
    "fault": Text("故障", "fault"),
    "category": Text("分类", "category"),
    "channel": Text("渠道", "channel"),
    "site": Text("项目", "site"),
    "area": Text("区域", "area"),
    "words": Text("主题含", "subject says"),
}


class Routed(BaseModel):
    """Where a request goes and why: kept with the case."""

    model_config = ConfigDict(frozen=True)
    department: str
    rule: str | None = None  #: id of the rule; none = the fault's own department, or its category's
    why: Text


class RoutingRule(Sourced):
    """One rule, and how often it was right in the history it was found in."""

    id: Slug
    when: When
    department: Slug
    seen: Whole | None = Field(default=None, ge=1)  #: requests of the history that it is for
    right: Whole | None = Field(default=None, ge=0)  #: of these, those that the history sent to this department

    @model_validator(mode="after")
    def _counts_fit(self) -> Self:
        if (self.seen is None) is not (self.right is None) or (self.right or 0) > (self.seen or 0):
            refuse("seen 与 right 须同时给出,且 right 不大于 seen", "seen and right go together, and right is not more than seen")
        return self

    def routed(self) -> Routed:
        """Return where it sends a request, with the reason."""
        shown = {name: [str(one) for one in value] for name, value in self.when if value is not None}
        zh = "、".join(f"{NAMES[name].zh} {'/'.join(values)}" for name, values in shown.items())
        en = ", ".join(f"{NAMES[name].en} {' or '.join(values)}" for name, values in shown.items())
        counted = Text(f":历史 {self.seen} 件中 {self.right} 件", f": {self.right} of {self.seen} in the history") if self.seen else Text("", "")
        why = Text(f"派往规则 {self.id}({zh}){counted.zh}", f"routing rule {self.id} ({en}){counted.en}")
        return Routed(department=self.department, rule=self.id, why=why)


def ruled(rules: Iterable[RoutingRule], asking: Asking) -> Routed | None:
    """Return what the first rule that applies says, or None."""
    return next((rule.routed() for rule in rules if rule.when.holds(asking)), None)


def routed(rules: Iterable[RoutingRule], asking: Asking, own: str | None, shared: str | None) -> Routed | None:
    """Return where a request goes. `own`: the department of its fault; `shared`: that of its category.

    What speaks of the fault goes before what does not: rules that name it, its own department, other rules, the category.
    """
    rules = tuple(rules)
    return (
        ruled((rule for rule in rules if rule.when.fault), asking)
        or _standing(own, Text(f"故障 {asking.fault} 的责任部门", f"the department of the fault {asking.fault}"))
        or ruled((rule for rule in rules if not rule.when.fault), asking)
        or _standing(shared, Text(f"分类 {asking.category} 的责任部门", f"the department of the category {asking.category}"))
    )


def _standing(department: str | None, why: Text) -> Routed | None:
    return Routed(department=department, why=why) if department else None
