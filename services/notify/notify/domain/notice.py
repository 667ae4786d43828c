"""A notice: one message to one recipient over one channel, its states and what a provider's answer makes of them. Pure.

pending → sending → sent | failed | unknown | withheld. The id is `<event id>:<channel>:<recipient>`: unique for ever, and the
idempotency key that the provider sees at every try. Not here: who is told what (`table`), when to try again (`schedule`), wording (`templates`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from common.documents import Aggregate
from common.events.notify import NoticeFact, NoticeFailed, NoticeSent, NoticeWithheld
from common.states import Lane
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, computed_field


class Status(StrEnum):
    """Stages of a notice (reliability.md 3.6)."""

    PENDING = "pending"  #: composed and saved; nothing has left
    SENDING = "sending"  #: claimed: a try is in flight, or its process died
    UNKNOWN = "unknown"  #: the provider may have it: tried again with the same key
    SENT = "sent"  #: the provider took it
    FAILED = "failed"  #: refused for good, or every try failed
    WITHHELD = "withheld"  #: no longer true, or nobody could be reached


OPEN = (Status.PENDING, Status.SENDING, Status.UNKNOWN)


class Channel(StrEnum):
    """Ways out. SMS, IM and phone come with their gateways."""

    EMAIL = "email"
    WEBHOOK = "webhook"


class Audience(StrEnum):
    """Kinds of recipients; each has a loop of its own, so that one keeper of contacts that is away stops nobody else."""

    OWNER = "owner"  #: contacts are intake's
    STAFF = "staff"  #: contacts are dispatch's
    MACHINE = "machine"  #: endpoints


class Hold(StrEnum):
    """Whether a notice waits for the desk's hours (NTF-24)."""

    NEVER = "never"  #: staff warnings, levels and orders, and everything for machines
    UNLESS_URGENT = "unless_urgent"  #: owner messages that go at once for an emergency
    ALWAYS = "always"  #: never before the desk opens: owner messages that can wait, and calls to be made


class Outcome(StrEnum):
    """What one try came to."""

    SENT = "sent"  #: accepted
    AGAIN = "again"  #: surely not accepted, worth another try
    UNKNOWN = "unknown"  #: the answer was lost after everything had been said
    REFUSED = "refused"  #: never again


@dataclass(frozen=True)
class Receipt:
    """The provider's answer. `reason` is a short static word such as `http_500`: providers' sentences repeat addresses."""

    outcome: Outcome
    reason: str = ""
    retry_after: timedelta | None = None  #: the provider asked for a longer pause
    gone: bool = False  #: the endpoint wants no more messages (HTTP 410)


class Try(BaseModel):
    """One line of the delivery ledger; `at` is business time."""

    model_config = ConfigDict(frozen=True)
    at: AwareDatetime
    outcome: Outcome
    reason: str = ""


class Notice(Aggregate):
    """One notice. Holds references only: the address is fetched at the moment of sending and forgotten."""

    event: str
    trace: str = ""
    lane: Lane
    at: AwareDatetime  #: business time of the fact
    case: str | None = None
    channel: Channel
    audience: Audience
    recipient: str  #: owner:<ref>, person:<id>, endpoint:<id>, or role:<role> that nobody fills
    role: str | None = None  #: the role in which a person was addressed
    receiver: str | None = None  #: person whose name the acknowledgement shows (INT-15)
    template: str
    locale: str = "zh-CN"
    params: dict[str, Any] = Field(default={})
    body: str | None = None  #: webhook: the exact text that is signed and sent
    hold: Hold = Hold.NEVER
    ends: str | None = None  #: what would make it untrue, e.g. clock:<id>
    moot: str | None = None  #: why it is untrue by now
    status: Status = Status.PENDING
    due_at: AwareDatetime  #: business time of the next try
    tries: tuple[Try, ...] = ()
    sent_at: AwareDatetime | None = None
    reason: str | None = None
    fence: int = 0  #: counts claims; who finishes must hold the last
    lease_until: AwareDatetime | None = None  #: machine time

    @computed_field  # type: ignore[prop-decorator]  # stored, because a partial index only knows equality
    @property
    def open(self) -> bool:
        """Say whether it may still leave."""
        return self.status in OPEN

    @property
    def ref(self) -> str:
        """Return the recipient without its kind."""
        return self.recipient.split(":", 1)[1]


AUDIENCES = {"owner": Audience.OWNER, "person": Audience.STAFF, "role": Audience.STAFF, "endpoint": Audience.MACHINE}  #: by recipient


def name(event: str, channel: Channel, recipient: str) -> str:
    """Return the id of the notice about `event`."""
    return f"{event}:{channel}:{recipient}"


Result = tuple[Notice, tuple[NoticeFact, ...]]


def withheld(notice: Notice, reason: str) -> Result:
    """Return the notice kept back, and the fact of it."""
    changed = notice.model_copy(update={"status": Status.WITHHELD, "reason": reason, "lease_until": None})
    return changed, (NoticeWithheld(**_about(notice), reason=reason),)


def postponed(notice: Notice, until: datetime) -> Result:
    """Return the notice waiting until `until` without a try counted: the endpoint rests."""
    return notice.model_copy(update={"status": Status.PENDING, "due_at": until, "lease_until": None}), ()


def tried(notice: Notice, receipt: Receipt, *, now: datetime, again_at: datetime | None) -> Result:
    """Return the notice after one try at `now`; `again_at` is when the schedule allows the next one, None when it is used up."""
    line = Try(at=now, outcome=receipt.outcome, reason=receipt.reason)
    changed = notice.model_copy(update={"tries": (*notice.tries, line), "lease_until": None, "reason": receipt.reason or None})
    if receipt.outcome is Outcome.SENT:
        return changed.model_copy(update={"status": Status.SENT, "sent_at": now}), (NoticeSent(**_about(notice), sent_at=now),)
    if receipt.outcome is Outcome.REFUSED or again_at is None:
        return changed.model_copy(update={"status": Status.FAILED}), (NoticeFailed(**_about(notice), reason=receipt.reason),)
    waiting = Status.UNKNOWN if receipt.outcome is Outcome.UNKNOWN else Status.PENDING
    return changed.model_copy(update={"status": waiting, "due_at": again_at}), ()


def _about(notice: Notice) -> dict[str, Any]:
    return {
        "notice": notice.id,
        "case": notice.case,
        "template": notice.template,
        "channel": notice.channel.value,
        "recipient": notice.recipient,
    }
