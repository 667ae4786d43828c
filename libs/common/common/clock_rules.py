"""Clock rules as data: who a rule is for, which moment starts and stops it, how long it runs, when its ladder is climbed.

Shapes: a duration (minutes to promised time), a weekly batch, the week after a batch, a repeating update, a daily time of day.
Not here: the arithmetic (sla/domain), which moment a fact is (sla/domain/moments), and the rest of a pack (`policy`).
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from common.clock_words import ChannelForm, Moment, Strength, Subject, Unit
from common.sourced import DayTime, Flag, Number, Origin, Section, Slug, Sourced, Whole, refuse
from common.states import CaseKind, Channel, Complexity, Level, Party, Urgency

__all__ = ["ChannelForm", "Moment", "Strength", "Subject", "Unit"]  # words that whoever reads rules needs too


def _several(value: Any) -> Any:
    """Let a file say one value where several are possible."""
    return value if isinstance(value, list | tuple) else (value,)


Kinds = Annotated[tuple[CaseKind, ...], BeforeValidator(_several, json_schema_input_type=CaseKind | tuple[CaseKind, ...])]
Urgencies = Annotated[tuple[Urgency, ...], BeforeValidator(_several, json_schema_input_type=Urgency | tuple[Urgency, ...])]
Moments = Annotated[tuple[Moment, ...], BeforeValidator(_several, json_schema_input_type=Moment | tuple[Moment, ...]), Field(min_length=1)]
Words = Annotated[tuple[Slug, ...], BeforeValidator(_several, json_schema_input_type=Slug | tuple[Slug, ...])]
Channels = Annotated[tuple[Channel, ...], BeforeValidator(_several, json_schema_input_type=Channel | tuple[Channel, ...])]
Complexities = Annotated[tuple[Complexity, ...], BeforeValidator(_several, json_schema_input_type=Complexity | tuple[Complexity, ...])]


class Applies(Section):
    """Conditions, all of which must hold; one that is not given does not matter."""

    kind: Kinds | None = None
    urgency: Urgencies | None = None
    fault: Words | None = None
    fault_class: Words | None = None  #: one of the fault's classes
    not_fault_class: Words | None = None  #: none of the fault's classes
    category: Words | None = None
    department: Words | None = None
    channel: Channels | None = None
    channel_form: ChannelForm | None = None
    party: Party | None = None  #: of the order; only for clocks of an order or a site-week
    complexity: Complexities | None = None  #: of the order, likewise; one that nobody surveyed yet counts as of a single trade
    needs_repair: Flag | None = None
    anonymous: Flag | None = None
    out_of_scope: Flag | None = None  #: false also while the scope is undecided
    appointment: Flag | None = None  #: a time was agreed
    expected: Flag | None = None  #: the reporter gave an expected resolution time
    major: Flag | None = None
    several_departments: Flag | None = None  #: more than one department is concerned
    repeated: Flag | None = None  #: another report of the same problem (DEF-09)


class Duration(Section):
    """An amount of time, or a date that the case, the order or the promise brings."""

    value: Whole | None = Field(default=None, ge=1, le=100_000)
    unit: Unit

    @model_validator(mode="after")
    def _value_where_counted(self) -> Self:
        counted = self.unit not in {Unit.SAME_DAY, Unit.APPOINTMENT, Unit.PROMISED, Unit.SET_BY_SITE}
        if counted is (self.value is None):
            zh, en = f"单位 {self.unit} {'须有' if counted else '没有'} value", f"a duration in {self.unit} {'needs' if counted else 'has no'} value"
            refuse(zh, en)
        return self


Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Batch(Section):
    """Once a week at a time of day; on the last working day of the week when that weekday is none (DEF-13)."""

    weekday: Weekday
    at: DayTime


class AfterBatch(Section):
    """From the batch that an order falls into until the last working day of the `weeks`-th week after that batch was due (DEF-13)."""

    code: str
    weeks: Whole = Field(default=1, ge=1, le=8)


class Repeat(Section):
    """An update every so often until something happened (CLK_PROGRESS): each update is a clock, from the last update (DEF-07)."""

    every: Whole = Field(ge=1, le=100_000)
    unit: Literal["minute", "hour"]
    until: Moments


AnyOf = Annotated[tuple[Applies, ...], BeforeValidator(_several, json_schema_input_type=Applies | tuple[Applies, ...])]


class Replaced(Section):
    """Moments that end a clock before its deadline without a verdict, because another clock takes its place (DEF-26)."""

    by: Moments
    applies: AnyOf = (Applies(),)  #: any of them


SHAPES = ("duration", "batch", "after_batch", "repeat", "daily_at")


class ClockRule(Sourced):
    """One limit of a procedure. Several rules may give the same code: the earliest deadline governs (DEF-17)."""

    id: Slug
    code: str = Field(pattern=r"^CLK_[A-Z_]{2,40}$")
    applies: AnyOf = (Applies(),)  #: any of them
    subject: Subject = Subject.CASE
    start: Moments = (Moment.RECEIVED,)  #: each time one of them happens
    stop: Moments  #: the first of them
    duration: Duration | None = None
    batch: Batch | None = None
    after_batch: AfterBatch | None = None
    repeat: Repeat | None = None
    daily_at: DayTime | None = None  #: an update before this time on every day, each a clock of its own (CLK_STAGE)
    until: Annotated[
        tuple[Moment, ...], BeforeValidator(_several, json_schema_input_type=Moment | tuple[Moment, ...])
    ] = ()  #: what ends daily updates; the closing always does
    replaced: Replaced | None = None
    shared: Flag = False  #: a work clock: cases of one incident have it together, on the first of them (DEF-09)
    strength: Strength = Strength.MUST
    excusable: Flag = False  #: a recorded special reason is allowed (SLA-38)
    defers: Literal["online", "none"] = "online"  #: whether an item from a closed online channel waits for the opening (DEF-03)
    extension: Literal["prior_customer_consent"] | None = None
    optional: Flag = False  #: of a limit that the site sets: without one there is no clock

    @model_validator(mode="after")
    def _one_shape(self) -> Self:
        given = [name for name in SHAPES if getattr(self, name) is not None]
        if len(given) != 1:
            zh = f"时限规则 {self.id} 须恰有其一:{', '.join(SHAPES)};现有:{', '.join(given) or '无'}"
            refuse(zh, f"clock rule {self.id} needs exactly one of {', '.join(SHAPES)}, has {', '.join(given) or 'none'}")
        if self.optional and self.duration is None:
            refuse(f"时限规则 {self.id}:只有 duration 可由项目设定", f"clock rule {self.id}: only a duration can be left to the site")
        return self

    @model_validator(mode="after")
    def _until_ends_daily_updates(self) -> Self:
        if bool(self.until) is not bool(self.daily_at):
            zh = f"时限规则 {self.id}:每日通报须有 until,其他规则不可有"
            refuse(zh, f"clock rule {self.id}: daily updates need `until`, and nothing else takes it")
        return self

    @model_validator(mode="after")
    def _party_only_where_known(self) -> Self:
        of_an_order = any(one.party or one.complexity for one in self.applies)
        if of_an_order and self.subject not in {Subject.ORDER, Subject.SITE_WEEK}:
            en = f"clock rule {self.id}: party and complexity can only be asked of clocks of an order or a site-week"
            refuse(f"时限规则 {self.id}:party 与 complexity 只能用于以工单或周为对象的时限", en)
        return self

    @property
    def unset(self) -> bool:
        """Say whether the site still has to set the limit."""
        return self.duration is not None and self.duration.unit is Unit.SET_BY_SITE

    @property
    def recurs(self) -> bool:
        """Say whether the rule gives a row of clocks, one for each update."""
        return self.repeat is not None or self.daily_at is not None

    @property
    def shape(self) -> str:
        """Return the name of the shape that is given."""
        return next(name for name in SHAPES if getattr(self, name) is not None)

    @property
    def rule(self) -> str:
        """Return the requirement that a clock of this rule keeps (DEF-17)."""
        return self.origin.rule if self.origin else self.id


class Elapsed(Section):
    """Ladder of minute and hour clocks, as parts of the duration."""

    warning: Number = Field(default=0.8, gt=0, lt=1)
    L2: Number = Field(default=2, gt=1)
    L3: Number = Field(default=3, gt=1)


class WorkingDays(Section):
    """Ladder of day and batch clocks: warning at a time of the due day, levels at close of business some working days after it."""

    warning: DayTime = "08:00"
    L2: Whole = Field(default=1, ge=1)
    L3: Whole = Field(default=2, ge=1)


class SameDay(WorkingDays):
    """Ladder of same-day clocks: the due day is the day that ends at that 24:00."""

    warning: DayTime = "20:00"


class Daily(Section):
    """Ladder of daily updates: warned some minutes before, levels at the same time some days after it."""

    warning: Whole = Field(default=60, ge=1, le=1440)
    L2: Whole = Field(default=1, ge=1)
    L3: Whole = Field(default=2, ge=1)


class Agreed(Section):
    """Ladder of appointments and promises, in minutes around the agreed time."""

    warning: Whole = Field(ge=1)
    L2: Whole = Field(ge=1)
    L3: Whole = Field(ge=1)


class Ladder(Sourced):
    """When each level is reached, for every kind of clock (DEF-08)."""

    elapsed: Elapsed = Elapsed()
    working_days: WorkingDays = WorkingDays()
    same_day: SameDay = SameDay()
    appointment: Agreed = Agreed(warning=30, L2=30, L3=60)
    promised: Agreed = Agreed(warning=120, L2=1440, L3=2880)
    promised_day_warning: DayTime = "08:00"  #: where only a date was promised
    daily: Daily = Daily()


class Chain(Sourced):
    """Roles told at each level. `assignee`, `owner` and `department_manager` are resolved from the case or order."""

    warning: Words = ()
    L1: Words = ()
    L2: Words = ()
    L3: Words = ()

    def at(self, level: Level) -> tuple[str, ...]:
        """Return the roles of one level."""
        return {Level.WARNING: self.warning, Level.L1: self.L1, Level.L2: self.L2, Level.L3: self.L3}[level]


class SpecialChain(Sourced):
    """Another chain for some cases, e.g. special complaints to the engineering manager or head office (ESC-05)."""

    id: Slug = "special"  #: name under which a clock keeps that it was chosen
    applies: AnyOf
    recipients: Chain


class AtOnce(Sourced):
    """Who has to know the moment something is so, whatever the clocks say: a major complaint, a repeated one (ESC-06, ESC-10, ESC-12)."""

    id: Slug
    applies: AnyOf
    after: Annotated[tuple[Moment, ...], BeforeValidator(_several)] = ()  #: each time one of them happens; none = once, when it first applies
    roles: Words = Field(min_length=1)


class Again(Sourced):
    """What follows when somebody acknowledged a level and nothing happened: it is raised again, to the next persons.

    In no source. Half an hour is longer than the step from one level to the next of the shortest clock (15 minutes), so that the level
    that comes anyway comes first; twice, because a third silence is not cured by a fourth message.
    """

    after_minutes: Whole = Field(default=30, ge=1, le=100_000)
    times: Whole = Field(default=2, ge=0, le=5)  #: 0 = never


class Escalation(Sourced):
    """Ladder and recipients (DEF-08, ESC-16). Warnings and levels go out at any hour (NTF-24)."""

    ladder: Ladder = Ladder()
    recipients: Chain = Chain()
    special: tuple[SpecialChain, ...] = ()  #: the first that applies replaces `recipients`
    at_once: tuple[AtOnce, ...] = ()
    level_by_level: Flag = False  #: no level may be skipped (ESC-09)
    again: Again = Again(origin=Origin(default="not-in-sources"))
