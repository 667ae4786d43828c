"""What somebody says they did to a work order: the input of every move. Pure. Not here: whether it may be done (`guards`, `moves`)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from common.states import PersonState, WorkClass
from pydantic import BaseModel, ConfigDict

from dispatch.domain.survey import Survey


class Outcome(StrEnum):
    """What the worker finds on site (R6, CLS-06)."""

    MAJOR = "major"  #: 重大事件: contained first (REP-14)
    CHARGEABLE = "chargeable"  #: 有偿维修: the owner confirms the fee first (REP-16)
    NORMAL = "normal"  #: 正常维修: starts at once (REP-17)
    GUIDED = "guided"  #: 非维修: the owner is shown the right use (REP-18)
    WARRANTY = "warranty"  #: 保修: the front desk opens an order for the contractor (REP-19)


class Check(StrEnum):
    """What has to be done about a major incident (REP-14, REP-15)."""

    STOPPED = "stopped"  #: 阻止事故延续、扩大
    LEADERS_NOTIFIED = "leaders_notified"  #: 通知主管领导及管业部
    EVIDENCE_KEPT = "evidence_kept"  #: 保存现场证据
    RESPONSIBLE_FOUND = "responsible_found"  #: 确认责任方
    RESPONSIBLE_RECORDED = "responsible_recorded"  #: 做好记录
    PROTECTIVE_REPAIR = "protective_repair"  #: 保护性维修
    LOSS_LIMITED = "loss_limited"  #: 尽量减少客户损失
    INSURER = "insurer"  #: 报保险公司, or why the company is not liable


CONTAINMENT = (Check.STOPPED, Check.LEADERS_NOTIFIED, Check.EVIDENCE_KEPT)  #: before any work (R7a)
FOLLOW_UP = tuple(check for check in Check if check not in CONTAINMENT)  #: before the completion (R14)


class Act(BaseModel):
    """What somebody says they did. `note` is free text: a reason, the completion record, the guidance given."""

    model_config = ConfigDict(frozen=True)
    at: datetime | None = None  #: when it happened; None = now
    note: str | None = None
    excuses: Literal["arrival", "return"] = "return"
    outcome: Outcome | None = None
    plan_told: bool = False
    root_cause: str | None = None
    passed: bool = True
    to: str | None = None  #: who gets the order
    checks: tuple[Check, ...] = ()
    photos: tuple[str, ...] = ()  #: references of attachments
    signature: str | None = None  #: reference of the drawn one; None where the customer signed on paper
    survey: Survey | None = None
    work_class: WorkClass | None = None
    replaced_by: str | None = None  #: the order that takes the place of this one
    party: str | None = None  #: for whom somebody accepts the finished work

    @property
    def attachments(self) -> tuple[str, ...]:
        """Return everything that is referred to."""
        return (*self.photos, self.signature) if self.signature else self.photos


@dataclass(frozen=True)
class Deed:
    """An act with who did it and when it is entered. `person`: how the site knows them, if it does; `outside`: a contractor.

    `target`: how the site knows whoever is to get the order, or to look at its work; `rechecks`: they may look at the work of others;
    `full`: who acts holds as many orders as the site allows.
    """

    act: Act
    by: str
    now: datetime
    person: PersonState | None = None
    outside: bool = False
    target: PersonState | None = None
    rechecks: bool = False
    full: bool = False

    @property
    def at(self) -> datetime:
        """Return when it happened."""
        return self.act.at or self.now
