"""The sections of a pack that decide how a case goes: calendar, hours, faults, visits, orders, repeats (requirements.md C2).

Not here: clock rules and the ladder (`clock_rules`), money, rates and standing work (`policy_standing`), how sections become a policy (`policy`).
"""

from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from common.clock_rules import AnyOf, Applies, Channels, Duration, Kinds, Unit, Weekday, Words
from common.sourced import DayTime, Flag, Number, Section, Slug, Sourced, Title, Whole, minutes_of, refuse
from common.states import CaseKind, Channel, Urgency


class Calendar(Sourced):
    """Zone, holidays and the end of a working day (DEF-01, DEF-04, DEF-06)."""

    timezone: str = "Asia/Shanghai"
    holidays: str = Field(default="CN", pattern=r"^[A-Z0-9_-]{2,20}$")  #: id of the calendar of days off; NONE = Monday to Friday for ever
    close_of_business: DayTime | None = None  #: none = 24:00, and day clocks never move to a working day
    close_by_weekday: Mapping[Weekday, DayTime] = {}  #: where it differs on some weekdays
    off: tuple[date, ...] = ()  #: days on which this site does not work although its calendar does
    worked: tuple[date, ...] = ()  #: days on which it does although its calendar does not

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            return ZoneInfo(value).key
        except (KeyError, ValueError, OSError) as wrong:
            message = f"unknown time zone: {value}"
            raise ValueError(message) from wrong

    @model_validator(mode="after")
    def _one_or_the_other(self) -> Self:
        both = set(self.off) & set(self.worked)
        if both:
            refuse(f"同一天不可既休又班:{min(both)}", f"a day cannot be off and worked: {min(both)}")
        if self.close_by_weekday and not self.close_of_business:
            refuse("close_by_weekday 须与 close_of_business 同时给出", "close_by_weekday differs from close_of_business, which is not given")
        return self


class Span(Section):
    """Opening hours of one shift, local time; a span whose end is not after its start ends on the next day."""

    name: str = ""
    start: DayTime = Field(alias="from", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    end: DayTime = Field(alias="to")

    model_config = Section.model_config | {"validate_by_name": True, "validate_by_alias": True, "serialize_by_alias": True}


class Hours(Sourced):
    """Opening hours on every calendar day (DEF-21); none given = not declared, always open."""

    desk: tuple[Span, ...] = ()
    online: tuple[Span, ...] = ()
    office: tuple[Span, ...] = ()  #: on working days, in which office units count (ADR 0023); none given = the whole day
    breaks: tuple[Span, ...] = ()  #: meals; the desk stays manned (ACC-06)
    early_minutes: Whole | None = Field(default=None, ge=0, le=120)  #: so long before its shift the desk is on post (SHF-15)

    @field_validator("office")
    @classmethod
    def _apart(cls, value: tuple[Span, ...]) -> tuple[Span, ...]:
        """Time is counted once: spans follow one another, and only the last may reach into the next day, up to the first."""
        edges = [(minutes_of(span.start), minutes_of(span.end)) for span in value]
        edges = [(start, end if end > start else end + 1440) for start, end in edges]
        if any(before[1] > after[0] for before, after in pairwise(edges)) or (edges and edges[-1][1] > edges[0][0] + 1440):
            refuse("office 各时段须依次排列、互不重叠", "office spans must follow one another without overlap")
        return value


class ChannelSets(Sourced):
    """Which channels keep the online hours (DEF-03) and which are paper letters (DEF-25)."""

    online: Channels = (Channel.APP, Channel.OFFICIAL_ACCOUNT)
    letter: Channels = (Channel.LETTER,)


class NightRecipient(Sourced):
    """Who takes emergencies outside the hours (INT-05, INT-06)."""

    role: Slug
    outside: Literal["desk", "online"]


class Fault(Sourced):
    """One kind of fault or matter and what follows from it unless the report says otherwise."""

    title: Title
    category: Slug | None = None
    trade: Slug | None = None
    department: Slug | None = None  #: none = by the category (`routing`)
    urgency: Urgency | None = None
    classes: Words = ()  #: what clock rules and the repeat check ask for, e.g. water_electric, outage, lift_entrapment, noise, complex
    needs_repair: Flag = False  #: a complaint about it is also a repair


class Required(Sourced):
    """Fields without which a record of this kind is not registered (INT-09, INT-10), by their names at the door."""

    fields: Mapping[CaseKind, tuple[str, ...]] = {}
    anonymous_may_omit: tuple[str, ...] = ("unit", "reporter")
    units: Literal["any", "warn", "known"] = "any"  #: a unit that the register does not have: taken, taken with a warning, refused


class ReturnVisit(Sourced):
    """Who calls back and what counts as a visit (A8). Its deadline is the clock rule CLK_RETURN_VISIT."""

    role: Slug
    executors: Words = ()  #: others who may do it
    seriously_dissatisfied: Slug | None = None  #: who joins a second visit of such an owner (ESC-12)
    kinds: Kinds = (CaseKind.REPAIR, CaseKind.COMPLAINT)
    forms: Words = ("phone", "home", "letter", "open_letter")
    questions: Words = ()  #: each has to be answered (RVT-07)
    signature: Words = ("home",)  #: forms that need the owner's signature (RVT-11)
    waivers: Words = ("anonymous",)  #: grounds on which no visit is needed (RVT-17)
    checked_by: Words = ()  #: who checks and signs it (RVT-12)
    open_letter_units: Whole | None = Field(default=None, ge=2)  #: so many units with one problem: an open letter is suggested (DEF-20)


class Orders(Sourced):
    """How work orders go."""

    order_return: Literal["required", "on_signature"] = "on_signature"  #: whether the paper comes back as a step of its own
    signature_required: Flag = True  #: no return without the customer's signature (R15)
    others_may_accept: Flag = True  #: somebody else accepts when the duty person is absent (DSP-02)
    contractor_inspected: Flag = True  #: contractor's work is passed by engineering before anybody calls back (REP-22)
    instead_of_contractor: Literal["after_breach", "never"] = "after_breach"  #: own engineering may take over (R9)
    survey_by: Words = ()  #: parties of the joint survey (REP-08)
    accepted_by: Words = ()  #: who accepts the finished work beside the customer (REP-30)
    payers: Words = ()  #: who may have to pay: contractor_retention, company, owner (CLS-18, C-13)


class ResultForms(Sourced):
    """Forms in which the result reaches the owner; the first entry that applies counts (NTF-04, K14)."""

    applies: AnyOf = (Applies(),)
    all_of: Words = ()
    any_of: Words = ()


class Reply(Sourced):
    """What answers a reporter (DEF-19, DEF-25)."""

    letter_forms: Words = ("letter",)  #: forms that answer a letter
    interim_needs_next_time: Flag = True


class Plans(Sourced):
    """How a complaint is worked through, and where nothing is carried out before the owner agrees (CMP-23, CMP-27)."""

    steps: Words = ()  #: in this order, e.g. cause, plan, owner_confirmation
    owner_agrees: AnyOf = ()


class RepeatCheck(Sourced):
    """When the same problem counts as repeated, and what follows (DEF-09, C-15)."""

    reports: Whole | None = Field(default=None, ge=2)  #: reports by one unit that raise the flag (CLS-15)
    window_days: Whole = Field(default=30, ge=1)
    outages: Whole | None = Field(default=None, ge=2)  #: outages that need a root cause (CLS-16)
    outage_class: Slug = "outage"
    monthly_faults: Whole | None = Field(default=None, ge=2)  #: faults of one asset a month that the analysis marks (CLS-17)
    inform: Words = ()  #: roles told of a repeat (ESC-06)
    same_team: Flag = True  #: work that has to be done again goes to who did it, where they may be sent
    second_inspector: Flag = True  #: and somebody else looks at it too


class Pause(Sourced):
    """Reasons for which a clock may stand still: absent in every pack of the sources (SLA-37).

    Every pause ends: at its own end, or when the clock's budget (minutes or hours, all its pauses together) is used up.
    """

    reasons: Words = Field(min_length=1)
    budget: Duration

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.budget.unit not in {Unit.MINUTE, Unit.HOUR}:
            refuse("暂停额度须以分钟或小时计", "the budget of pauses is counted in minutes or hours")
        return self


class MajeureClass(Sourced):
    """Limits that force majeure may touch, and how far. Emergencies never are."""

    id: Slug
    title: Title
    applies: AnyOf
    largest_factor: Number = Field(default=1, ge=1, le=20)  #: a limit may become so many times longer while a window lasts
    may_stop: Flag = False  #: time may stand still while a window lasts

    @model_validator(mode="after")
    def _no_emergency(self) -> Self:
        if any(one.urgency is None or Urgency.P1 in one.urgency for one in self.applies):
            msg = f"class {self.id} of force majeure has to name its urgencies, and P1 is none of them"
            raise ValueError(msg)
        if self.largest_factor == 1 and not self.may_stop:
            msg = f"class {self.id} of force majeure permits nothing"
            raise ValueError(msg)
        return self


class Majeure(Sourced):
    """Force majeure 不可抗力: what a duty manager may declare. Absent: nothing."""

    reasons: Mapping[Slug, Title] = Field(min_length=1)  #: e.g. red rain warning, typhoon
    classes: tuple[MajeureClass, ...] = Field(min_length=1)
    longest_hours: Whole = Field(ge=1, le=720)  #: a window lasts at most so long
