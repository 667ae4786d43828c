"""What comes in at the doors of the moves of an order: one body for each move of the table.

Not here: routes (`orders`), rules, what goes out (`shapes`). Free text (reasons, records) is shown to staff and never becomes part of a fact.
"""

from typing import Annotated, Literal

from common.album import AttachmentId, Photos
from common.money import Fen
from common.states import WorkClass
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from dispatch.domain.acts import Act, Check, Outcome
from dispatch.domain.survey import Survey
from dispatch.domain.words import Code, Instant, Text


class MoveIn(BaseModel):
    """Every move may say when it happened; never in the future, never before the move before it."""

    model_config = ConfigDict(extra="forbid")
    at: Instant | None = None

    def act(self) -> Act:
        """Return it as the domain knows it."""
        return Act(at=self.at)


class AcceptIn(MoveIn):
    """接单. Who accepts is the caller (DSP-02)."""


class ArriveIn(MoveIn):
    """到场. A reason excuses a late arrival and stays on record (SLA-38)."""

    reason: Text | None = None
    plan_told: StrictBool = False
    photos: Photos = ()

    def act(self) -> Act:
        """See MoveIn."""
        return Act(at=self.at, note=self.reason, plan_told=self.plan_told, photos=self.photos)


class AssessIn(MoveIn):
    """现场确认 (R6): `guidance` is what the owner was shown where nothing has to be repaired."""

    outcome: Outcome
    guidance: Text | None = None
    plan_told: StrictBool = False
    photos: Photos = ()

    def act(self) -> Act:
        """See MoveIn."""
        return Act(at=self.at, outcome=self.outcome, note=self.guidance, plan_told=self.plan_told, photos=self.photos)


class CheckIn(MoveIn):
    """重大事件事项 (REP-14, REP-15): what was done, with photos of the evidence."""

    checks: Annotated[tuple[Check, ...], Field(min_length=1, max_length=len(Check))]
    photos: Photos = ()
    note: Text | None = None

    def act(self) -> Act:
        """See MoveIn."""
        return Act(at=self.at, checks=self.checks, photos=self.photos, note=self.note)


class RemarkIn(MoveIn):
    """A move that may be remarked upon."""

    remark: Text | None = None

    def act(self) -> Act:
        """See MoveIn."""
        return Act(at=self.at, note=self.remark)


class SurveyIn(MoveIn):
    """《现场勘察会签表》 (R10, REP-08): responsible party, trades, estimate, and the parties that signed."""

    responsible: Code
    in_warranty: StrictBool
    trades: Annotated[tuple[Code, ...], Field(min_length=1, max_length=20)]
    estimate: Fen
    signers: Annotated[tuple[Code, ...], Field(min_length=1, max_length=20)]
    especially_complex: StrictBool = False
    borne_by: Literal["company", "owner"] = "company"
    remark: Text | None = None

    def act(self) -> Act:
        """See MoveIn."""
        sheet = Survey.model_validate(self.model_dump(exclude={"at", "remark"}) | {"note": self.remark})
        return Act(at=self.at, survey=sheet, note=self.remark)


class ClassIn(MoveIn):
    """定类 (R11): who bears the cost of the surveyed work."""

    work_class: WorkClass

    def act(self) -> Act:
        """See MoveIn."""
        return Act(at=self.at, work_class=self.work_class)


class ReasonIn(MoveIn):
    """A move that never goes without its reason (D6, 16)."""

    reason: Text

    def act(self) -> Act:
        """See MoveIn."""
        return Act(at=self.at, note=self.reason)


class AcceptWorkIn(MoveIn):
    """验收 (REP-30): for which party the work is accepted."""

    party: Code

    def act(self) -> Act:
        """See MoveIn."""
        return Act(at=self.at, party=self.party)


class RecheckIn(MoveIn):
    """复检 (DEF-09): the second inspector saw the work and found it good."""

    result: Literal["good"]
    remark: Text | None = None
    photos: Photos = ()

    def act(self) -> Act:
        """See MoveIn."""
        return Act(at=self.at, note=self.remark, photos=self.photos)


class CompleteIn(MoveIn):
    """完成: the completion record (REP-20)."""

    record: Text
    root_cause: Text | None = None
    photos: Photos = ()

    def act(self) -> Act:
        """See MoveIn."""
        return Act(at=self.at, note=self.record, root_cause=self.root_cause, photos=self.photos)


class SignIn(MoveIn):
    """客户签字确认合格 (R15). Without a signature the customer signed on paper."""

    result: Literal["good"] = "good"
    signature: AttachmentId | None = None

    def act(self) -> Act:
        """See MoveIn."""
        return Act(at=self.at, signature=self.signature)


class ReturnIn(MoveIn):
    """返单. A reason excuses a late return (REP-24)."""

    reason: Text | None = None

    def act(self) -> Act:
        """See MoveIn."""
        return Act(at=self.at, note=self.reason)


class InspectIn(MoveIn):
    """查验 (R18). What did not pass is issued to the contractor again."""

    passed: StrictBool
    remark: Text | None = None

    def act(self) -> Act:
        """See MoveIn."""
        return Act(at=self.at, passed=self.passed, note=self.remark)


class TransferIn(ReasonIn):
    """转单, 指派 or 指定复检人: to somebody of the site; no clock begins anew."""

    to: Code

    def act(self) -> Act:
        """See MoveIn."""
        return Act(at=self.at, note=self.reason, to=self.to)


class ExcuseIn(MoveIn):
    """登记特殊原因: a special reason, recorded before the late arrival or the late return (SLA-38)."""

    reason: Text
    what: Literal["arrival", "return"] = "return"

    def act(self) -> Act:
        """See MoveIn."""
        return Act(at=self.at, note=self.reason, excuses=self.what)


BODIES: dict[str, type[MoveIn]] = {
    "accept": AcceptIn,
    "arrive": ArriveIn,
    "assess": AssessIn,
    "check": CheckIn,
    "survey": SurveyIn,
    "class": ClassIn,
    "start": RemarkIn,
    "leave": ReasonIn,
    "complete": CompleteIn,
    "accept-work": AcceptWorkIn,
    "recheck": RecheckIn,
    "name-second": TransferIn,
    "sign": SignIn,
    "refuse-sign": ReasonIn,
    "return": ReturnIn,
    "inspect": InspectIn,
    "cancel": ReasonIn,
    "take-over": ReasonIn,
    "chase": ReasonIn,
    "explain": ReasonIn,
    "transfer": TransferIn,
    "send-back": ReasonIn,
    "assign": TransferIn,
    "excuse": ExcuseIn,
}  #: one body for each move of the table that has a door
