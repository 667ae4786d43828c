"""What may be asked of a case: the bodies of the doors, checked for shape and bounds. `at` is when it happened, not when it was typed in.

Not here: whether the case allows it (`guards`), and who may ask (each route's permission).
"""

from typing import Annotated, Literal, Self

from common.states import CaseKind, Channel, Party, Urgency
from pydantic import Field, StrictBool, StrictInt, model_validator
from pydantic_core import PydanticCustomError

from intake.domain.text import Body, Code, Day, Instant, Line, Place, Ref, Site, Text

EMAIL = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+$"
Nature = Literal["solution", "venting", "expectation"]
Answer = Literal["good", "fair", "bad"]
Locale = Literal["zh-CN", "en"]


class Reporter(Body):
    """Who reports: the only personal data there is; it goes into the contact store and nowhere else."""

    name: Line | None = None
    phone: Annotated[Line, Field(max_length=60)] | None = Field(None, description="any writing, with extension; hotlines are fine")
    email: Annotated[Line, Field(pattern=EMAIL, max_length=200)] | None = None
    address: Line | None = None
    locale: Locale = "zh-CN"

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not (self.name or self.phone or self.email):
            raise PydanticCustomError("nobody", "needs a name, a phone number or an e-mail address")
        return self


class Report(Body):
    """A request as it comes in. What the site's policy derives from `fault` need not be given."""

    site: Site
    kind: CaseKind
    channel: Channel
    subject: Line | None = None
    description: Text | None = None
    unit: Place | None = None
    asset: Place | None = None
    area: Place | None = None
    reporter: Reporter | None = None
    anonymous: StrictBool = False
    received_at: Instant | None = Field(None, description="when it was received; default now")
    expected: Line | None = Field(None, description="expected resolution, in words")
    expected_at: Instant | None = None
    appointment_at: Instant | None = None
    external_id: Annotated[Line, Field(max_length=100)] | None = Field(None, description="the caller's own id: the same id makes one case")
    read_back_confirmed: StrictBool = False
    fault: Code | None = Field(None, description="a fault of the site's policy")
    category: Code | None = None
    urgency: Urgency | None = None
    department: Code | None = None
    trade: Code | None = None
    needs_repair: StrictBool | None = None
    warranty: StrictBool | None = Field(None, description="known to be within the warranty: the contractor is called first where the policy says so")
    major: StrictBool = False
    nature: Nature | None = None
    brought_up_in: Ref | None = Field(None, description="number of the case in whose return visit this came up; asks for `reply_at`")
    reply_at: Instant | None = Field(None, description="when an answer was promised at once")


class Timed(Body):
    """Anything that happened at some time."""

    at: Instant | None = Field(None, description="when it happened; default now, never in the future")


class Classify(Timed):
    """Set or change type and urgency; what is not given stays, or follows from the fault."""

    kind: CaseKind | None = Field(None, description="another kind, as long as nothing was classified")
    fault: Code | None = None
    category: Code | None = None
    urgency: Urgency | None = None
    department: Code | None = None
    trade: Code | None = None
    needs_repair: StrictBool | None = None
    warranty: StrictBool | None = Field(None, description="known to be within the warranty: the contractor is called first where the policy says so")
    major: StrictBool | None = None
    nature: Nature | None = None
    in_scope: StrictBool | None = None
    scope_reason: Text | None = None
    why: Text | None = Field(None, description="reason of a change; needed where the urgency changes (D6.16)")


class Respond(Timed):
    """The response starts and the department is contacted."""

    department: Code | None = None


class RecordPlan(Timed):
    """How the work will go, and on how many days: one of several days asks for an update every day."""

    text: Text
    days: Annotated[StrictInt, Field(ge=1, le=366)] = 1


class TellProgress(Timed):
    """The owners concerned were told how it goes."""

    forms: Annotated[tuple[Literal["owners_group", "phone", "message", "face_to_face", "notice_board"], ...], Field(min_length=1, max_length=5)]
    text: Text


class Restore(Timed):
    """Water, power or whatever had failed is there again."""


class NotifyDepartments(Timed):
    """Every department that is concerned gets a notice of its own."""

    departments: Annotated[tuple[Code, ...], Field(min_length=1, max_length=20)]
    text: Text | None = None


class AnswerDepartment(Timed):
    """A department reports back to customer service."""

    department: Code
    text: Text


class DecideMeasures(Timed):
    """The corrective measures are decided."""

    text: Text


class TellTestResult(Timed):
    """The owner was told the result of the test and the corrective plan."""

    result: Text
    plan: Text


class HoldTripartite(Timed):
    """Both parties and the property company talked."""

    parties: Annotated[tuple[Ref, ...], Field(min_length=1, max_length=10)] = Field(description="units or references of those who were there")
    company: StrictBool
    text: Text


class ReportResult(Timed):
    """The site's office tells the department above it how the case stands."""

    text: Text


class Link(Timed):
    """It has the same cause as another case that is still worked on."""

    incident: Ref = Field(description="number of the first case of the incident")
    reason: Text


class Split(Timed):
    """It has a cause of its own after all."""

    reason: Text


class RequestWork(Timed):
    """Ask a department or a contractor to work on it."""

    party: Party = Party.OWN
    department: Code | None = None
    trade: Code | None = None
    contractor: Ref | None = None


class Reply(Timed):
    """Answer the reporter; an interim reply may name the time of the next one (DEF-19)."""

    form: Literal["phone", "letter", "visit", "message"]
    text: Text
    final: StrictBool
    next_at: Instant | None = None
    next_date: Day | None = None

    @model_validator(mode="after")
    def _one_next_time(self) -> Self:
        if self.next_at and self.next_date:
            raise PydanticCustomError("next_at_or_next_date", "takes next_at or next_date, not both")
        if self.final and (self.next_at or self.next_date):
            raise PydanticCustomError("final_has_no_next", "a final reply has no next time")
        return self


class MakePromise(Timed):
    """Promise something by a time, or by the end of a day."""

    text: Text
    about: Literal["outcome", "reply"] = "outcome"
    due_at: Instant | None = None
    due_date: Day | None = None
    approver: Ref | None = Field(None, description="who allowed to promise an outcome (CMP-11)")

    @model_validator(mode="after")
    def _one_due_time(self) -> Self:
        if bool(self.due_at) is bool(self.due_date):
            raise PydanticCustomError("due_at_or_due_date", "takes either due_at or due_date")
        return self


class KeepPromise(Timed):
    """A promise was kept."""

    promise: Annotated[StrictInt, Field(ge=1, le=10_000)] | None = Field(None, description="its number in the case; not needed when one is open")


class RecordResult(Timed):
    """The result of the handling, or the reason for not handling it."""

    text: Text
    cause: Text | None = None
    corrective: Text | None = None
    preventive: Text | None = None
    declined: StrictBool = False
    approver: Ref | None = None


class TellResult(Timed):
    """The owner was told the result in these forms."""

    forms: Annotated[tuple[Literal["written", "face_to_face", "phone", "letter"], ...], Field(min_length=1, max_length=4)]


class RecordVisit(Timed):
    """Somebody called back, or tried to."""

    form: Literal["phone", "home", "letter", "open_letter"]
    answered: StrictBool = True
    satisfied: StrictBool | None = None
    attitude: Answer | None = None
    efficiency: Answer | None = None
    quality: Answer | None = None
    effect: Answer | None = None
    methods: Annotated[tuple[Literal["talk", "look", "check"], ...], Field(max_length=3)] = ()
    signature: StrictBool = False
    seriously: StrictBool = Field(default=False, description="seriously dissatisfied: the next visit is joined by the role that the policy names")
    joined: Ref | None = Field(None, description="who of that role joined this visit")
    letter: Ref | None = Field(None, description="the open letter, for form open_letter")
    note: Text | None = None

    @model_validator(mode="after")
    def _nobody_is_both(self) -> Self:
        if self.seriously and self.satisfied:
            raise PydanticCustomError("satisfied_or_not", "nobody is satisfied and seriously dissatisfied")
        return self


class CheckVisit(Timed):
    """The record of a visit is checked: of the latest one, unless it is named."""

    visit: Annotated[StrictInt, Field(ge=1, le=10_000)] | None = None
    opinion: Text | None = None


class SignVisit(Timed):
    """A checked visit is signed with an opinion."""

    visit: Annotated[StrictInt, Field(ge=1, le=10_000)] | None = None
    opinion: Text


class WaiveVisit(Timed):
    """Nobody can be visited: the outcome is written on the case instead."""

    outcome: Text | None = None


class Close(Timed):
    """End the case."""

    explanation: Text | None = Field(None, description="what the reporter of something out of scope was told")


class TransferOwner(Timed):
    """Another person becomes first-contact owner."""

    to: Ref
    reason: Text
