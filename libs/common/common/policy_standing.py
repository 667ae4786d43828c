"""The sections of a pack beside the single case: money and approvals, rates, reports, standing work, documents, penalties (requirements.md C2).

The schema holds them all; several are read by later work only. Amounts are whole fen (1/100 yuan), shares are percent.
Not here: sections that decide how a case goes (`policy_sections`).
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from common.clock_rules import Duration, Strength, Weekday, Words
from common.sourced import DayTime, Flag, Number, Slug, Sourced, Title, Whole, refuse

Money = Annotated[Whole, Field(ge=0, le=100_000_000_00)]  #: whole fen
Percent = Annotated[Number, Field(ge=0, le=100)]


class Band(Sourced):
    """Amounts up to `up_to` fen (included; none = no upper bound) need these roles, one after the other."""

    up_to: Money | None = None
    roles: Words


class Approval(Sourced):
    """Approval, survey and settlement of work that the company pays (FEE-04 … FEE-16)."""

    bands: tuple[Band, ...] = ()
    renewed_when_dearer: Flag = True  #: a higher estimate needs a new approval (FEE-07)
    contractor_signs_above: Money | None = None  #: up to this amount (included) the contractor need not come to the survey (FEE-16)
    reviewer: Slug | None = None  #: reviews final accounts below the audit threshold (FEE-09)
    audit_from: Money | None = None  #: this amount and more goes to audit (DEF-10)
    auditor: Slug | None = None
    contractor_confirms: Flag = False  #: the contractor confirms every settlement of warranty work (FEE-11)
    certifier: Slug | None = None  #: certifies a settlement before it is paid (FEE-12)
    retention_pays: Flag = False  #: warranty work is deducted from the contractor's retention money (FEE-14)

    @field_validator("bands")
    @classmethod
    def _rising(cls, value: tuple[Band, ...]) -> tuple[Band, ...]:
        bounds = [band.up_to for band in value]
        if any(low is None or (high is not None and high <= low) for low, high in pairwise(bounds)):
            refuse("各档金额须递增,只有最后一档无上限", "bands rise, and only the last has no upper bound")
        return value


class Fund(Sourced):
    """A working fund (FEE-17, FEE-18)."""

    id: Slug
    title: Title
    amount: Money


class Collection(Sourced):
    """Money collected on site and fee collection."""

    large_amount: Money | None = None  #: from here finance collects (DEF-11)


class Rate(Sourced):
    """A rate that reports compare with a floor and a target, in percent of unrounded values (DEF-14)."""

    id: Slug
    title: Title | None = None
    target: Percent | None = None
    floor: Percent | None = None


class Bands(Sourced):
    """Red, yellow, green: a value that is exactly the bound reaches it (DEF-14)."""

    green: Percent
    yellow: Percent

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.yellow >= self.green:
            refuse("yellow 须低于 green", "yellow has to lie below green")
        return self


EVERY = r"^(\d+ (minute|hour|day|month)s?|day|week|month|quarter|half_year|year|on_event|regularly)$"


class Task(Sourced):
    """Something planned at an interval: a patrol, a report, a publication, a document, a test."""

    id: Slug
    title: Title
    every: str = Field(pattern=EVERY, description="`2 hours`, `15 days`, day … year, on_event, or regularly: the source gives no number (C-26)")
    times: Whole = Field(default=1, ge=1, le=100)  #: how often in each interval
    weekdays: tuple[Weekday, ...] = ()
    day: Whole | None = Field(default=None, ge=1, le=31)  #: of the month
    by: DayTime | None = None
    within: Duration | None = None  #: of the event
    ahead: Duration | None = None  #: so long before the event at the latest
    lasts: Duration | None = None  #: so long it takes, e.g. a flood test
    role: Slug | None = None  #: who does it
    persons: Whole | None = Field(default=None, ge=1, le=100)  #: how many at least
    to: Words = ()  #: roles or parties that get it
    only: Slug | None = None  #: a condition, e.g. first_year_after_handover
    strength: Strength = Strength.MUST


class SurveyRounds(Sourced):
    """Rounds of visits to customers with a satisfaction survey (B14)."""

    every: str | None = Field(default=None, pattern=EVERY)
    occupancy_from: Percent | None = None  #: the first round starts when so many have moved in (SUR-01)
    first_share: Percent | None = None  #: of the households that the first round reaches at least (SUR-02)
    sample_from: Percent | None = None  #: later rounds may take a sample of so many customers … (SUR-04)
    sample_to: Percent | None = None  #: … up to so many
    least_share: Percent | None = None  #: and never fewer of all households
    spot_checks: Whole | None = Field(default=None, ge=1, le=100)  #: a year (SUR-08)
    revisited: Percent | None = None  #: of the seriously dissatisfied that are visited again (SUR-09)
    role: Slug | None = None
    revisit_with: Slug | None = None  #: who joins the second visit
    strength: Strength = Strength.MUST

    @model_validator(mode="after")
    def _sample_in_order(self) -> Self:
        if self.sample_from is not None and self.sample_to is not None and self.sample_from > self.sample_to:
            refuse("sample_from 须低于 sample_to", "sample_from has to lie below sample_to")
        return self


class Penalty(Sourced):
    """A consequence that the source names; entries are only ever proposed, pay is never touched (DEF-16)."""

    id: Slug
    trigger: Slug
    responsible: Words = ()
    amount: tuple[Money, ...] = Field(default=(), max_length=2)  #: one amount, or lowest and highest
    joint: Words = ()  #: superiors who answer too
    joint_amount: Money | None = None
    consequences: Words = ()  #: e.g. grade_c, pay_cut, dismissal, service_bonus
    decided_by: Slug | None = None
    per: Literal["case", "time", "period"] = "case"


class Conduct(Sourced):
    """Acts that staff are forbidden (CND-01)."""

    prohibited: Mapping[Slug, Title] = {}


class Measure(Sourced):
    """What a site may do about a violation; some need somebody's approval (REN-04, REN-05)."""

    id: Slug
    title: Title
    approver: Slug | None = None


class Renovation(Sourced):
    """Papers, violations and measures of renovation works (B9)."""

    papers: Mapping[Slug, Title] = {}
    violations: Mapping[Annotated[str, Field(pattern=r"^\d{2}$")], Title] = {}
    measures: tuple[Measure, ...] = ()


class Archive(Sourced):
    """Who may see and borrow files."""

    approver_role: Slug | None = None
    loans_registered: Flag = False  #: borrowing and return are signed for (ARC-03)
    remind_when_due: Flag = False  #: the borrower is reminded when the time is over (ARC-04)


class Retention(Sourced):
    """How long things are kept."""

    records_days: Whole | None = Field(default=None, ge=1)
    contacts_days: Whole | None = Field(default=None, ge=1)
    video_days: Whole | None = Field(default=None, ge=1)
