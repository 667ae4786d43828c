"""The format of a story file: what docs/scenarios.md explains and docs/scenario.schema.json is generated from.

A story says on which sites it happens, who does what when, and what has to be true. Every line under `then`, and every step, is one
expectation of one part. Not here: reading files and merging variants (`load`), doing the steps (`run`), deciding (`judge`).
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

from common.states import Level
from pydantic import BaseModel, ConfigDict, Field, model_validator

from huiyin.story.verbs import VERBS

Instant = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d{2}-\d{2} (([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?|24:00)$",
        description="local time of the story, `YYYY-MM-DD HH:MM[:SS]`; `24:00` is the end of the day",
        examples=["2026-03-13 18:30"],
    ),
]
MaybeInstant = Annotated[Instant | Literal["-"], Field(description="an instant, or `-` where the clock has none")]
Alias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="a name that this story gives to a case")]
Ref = Annotated[
    str,
    Field(
        pattern=r"^([a-z][a-z0-9_]{0,39}(/\d{1,2})?|[A-Z0-9]{2,8})$",
        description="what is meant: a case by its alias (`pipe`), its n-th work order (`pipe/1`), or a site (`AB`)",
    ),
]
Needs = Annotated[
    int | Literal["later"] | None,
    Field(description="issue that has to be built first: the line prints *not yet* and counts as not passed"),
]
RULE = r"^(\d{1,6}m|\d{1,4}h|\d{1,3}(wd|cd)@([01]\d|2[0-4]):[0-5]\d|appt|promise|same_day|batch(\+\d{1,2}week)?|daily@([01]\d|2[0-4]):[0-5]\d)$"
RESULT = r"^(running|cancelled|calendar_missing|(met|late|excused) \d{4}-\d{2}-\d{2} \d{2}:\d{2}(:\d{2})?)$"


class PartName(StrEnum):
    """Parts of a story that pass or fail on their own (decisions.md 4)."""

    DEADLINES = "deadlines"
    MOVES = "moves"
    REFUSALS = "refusals"
    NOTICES = "notices"
    RECORDS = "records"


class Line(BaseModel):
    """Anything in a story: unknown keys are refused, so that a misspelt expectation cannot pass unnoticed."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Expectation(Line):
    """One line that has to be true."""

    id: str | None = Field(None, description="name of the line, so that a variant can replace or drop it")
    needs: Needs = None


class Refusal(Line):
    """The step has to be refused like this."""

    type: str = Field(description="slug of the problem, e.g. `guard-refused`, `illegal-move`, `fields-missing`")
    guard: str | None = Field(None, description="id of the guard that refuses, e.g. `K15`")
    status: int | None = Field(None, ge=400, le=599, description="HTTP status")


class Step(Expectation):
    """Somebody does something at a business time. It is an expectation too: it has to be accepted, or refused as said."""

    at: Instant
    by: str = Field(
        description="a role of the site (`receptionist`), a person's id, `call_centre` (an API key), or `operator` (all sites)",
        examples=["call_centre"],
    )
    do: str = Field(
        pattern=r"^[a-z][a-z-]{1,39}$",
        description="a verb of docs/scenarios.md; one that is not built yet only together with `needs`",
        examples=[*sorted(VERBS)],
    )
    of: Ref | None = Field(None, description="the case or order it is done to")
    site: str | None = Field(None, pattern=r"^[A-Z0-9]{2,8}$", description="site of the step; needed only where several sites take part")
    with_: dict[str, Any] = Field(
        default_factory=dict, alias="with", description="body of the request; local times inside are understood as the story's"
    )
    as_: Alias | None = Field(None, alias="as", description="from now on the new case is called so")
    happened: Instant | None = Field(None, description="when it really happened, if it is recorded later")
    refused: Refusal | None = None
    note: str = Field("", description="what the source says, for the reader")

    @model_validator(mode="after")
    def _verb_is_known(self) -> "Step":
        verb = VERBS.get(self.do)
        if verb is None and self.needs is not None:
            return self
        if verb is None:
            msg = f"unknown verb {self.do!r}; known: {', '.join(sorted(VERBS))}"
            raise ValueError(msg)
        if verb.on != "site" and self.of is None:
            msg = f"{self.do} needs `of`"
            raise ValueError(msg)
        if (verb.makes_case is False) and self.as_:
            msg = f"{self.do} makes no case, `as` has no meaning"
            raise ValueError(msg)
        return self


class Deadline(Expectation):
    """One row of a deadline table: a clock, its times and its end."""

    clock: str = Field(pattern=r"^CLK_[A-Z_]{2,40}$")
    of: Ref
    nth: int = Field(1, ge=1, description="which clock of this code, counted from the earliest start")
    rule: str = Field(
        pattern=RULE, description="`15m`, `2h`, `1wd@20:00`, `7cd@18:00`, `appt`, `promise`, `same_day`, `batch`, `batch+1week`, `daily@17:00`"
    )
    req: str | None = Field(None, description="requirement that the clock's rule comes from, e.g. `SLA-05`")
    start: Instant
    warning: MaybeInstant
    l1: MaybeInstant
    l2: MaybeInstant
    l3: MaybeInstant
    result: str = Field(
        pattern=RESULT, description="`met <instant>`, `late <instant>`, `excused <instant>`, `running`, `cancelled`, `calendar_missing`"
    )
    raised: tuple[Level, ...] = Field((), description="levels really raised, each at exactly the time of its column; no other may be")


class NoClock(Expectation):
    """A clock of this code must not exist."""

    no_clock: str = Field(pattern=r"^CLK_[A-Z_]{2,40}$")
    of: Ref


class Status(Expectation):
    """A case or an order is in a state, at the end or at an instant."""

    of: Ref
    status: str
    at: Instant | None = None


class Raised(Expectation):
    """A level was raised to exactly these roles and persons."""

    raised: Level
    clock: str = Field(pattern=r"^CLK_[A-Z_]{2,40}$")
    of: Ref
    nth: int = Field(1, ge=1)
    at: Instant
    roles: tuple[str, ...] = Field(min_length=1)
    persons: tuple[str, ...] = Field((), description="ids of the people who were told; checked where given")


class Notice(Expectation):
    """A message left: its template, to whom, when it was due to leave."""

    template: str
    of: Ref
    to: str = Field(description="`owner`, `person:<id>`, or a role of the site that this person holds")
    at: Instant
    channel: str | None = None
    status: str = "sent"


class Silence(Expectation):
    """Nothing of this kind left or was raised from `from` (included) to `to` (excluded)."""

    of: Ref
    from_: Instant = Field(alias="from")
    to: Instant
    what: tuple[Literal["warning", "L1", "L2", "L3", "notice"], ...] = Field(("warning", "L1", "L2", "L3"), min_length=1)


class Record(Expectation):
    """A field of what a user can read has a value. Exactly one of `is`, `has`, `count`."""

    of: Ref
    where: Literal["case", "order", "timeline", "settlement", "books"] = Field(
        "case", description="the document: the case, the order, the case's timeline, the order's settlement, or the books of a site (`of`)"
    )
    path: str = Field("", description="dotted path; a number picks an element, `*` all of them", examples=["visits.0.satisfied"])
    at: Instant | None = Field(None, description="read at this instant; without it at the end of the story")
    is_: Any = Field(None, alias="is")
    has: Any = Field(None, description="the list or text contains this")
    count: int | None = Field(None, ge=0, description="the list has so many elements")

    @model_validator(mode="after")
    def _one_question(self) -> "Record":
        if len(self.model_fields_set & {"is_", "has", "count"}) != 1:
            msg = "a record needs exactly one of is, has, count"
            raise ValueError(msg)
        return self


class Then(Line):
    """What has to be true, by part. Refusals stand at their steps."""

    deadlines: tuple[Deadline | NoClock, ...] = ()
    moves: tuple[Status, ...] = ()
    notices: tuple[Raised | Notice | Silence, ...] = ()
    records: tuple[Record, ...] = ()


class Variant(Line):
    """The same story with a difference: lines with the same `id` are replaced, `without` is dropped, everything else is added."""

    title: str = ""
    without: tuple[str, ...] = ()
    when: tuple[Step, ...] = ()
    until: Instant | None = None
    then: Then = Then()


class Given(Line):
    """The world before the first step."""

    time: Instant
    zone: str = Field("Asia/Shanghai", description="zone of every local time of the story (DEF-01)")


class Story(Line):
    """A whole story file."""

    scenario: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,39}$")
    title: str
    source: str = Field("", description="where the procedure is written down")
    requirements: tuple[str, ...] = ()
    packs: tuple[dict[str, Any], ...] = Field((), description="packs that exist only in this story")
    sites: tuple[str | dict[str, Any], ...] = Field(
        min_length=1, description="site ids (`packs/sites/<id>.yaml`), paths of site files, or whole sites"
    )
    given: Given
    when: tuple[Step, ...] = ()
    until: Instant | None = Field(None, description="go on until then after the last step, so that late levels can be seen")
    then: Then = Then()
    variants: dict[str, Variant] = {}
    base: bool = Field(default=True, description="false: only the variants are stories, the base is what they share")
