"""Facts that notify says: what became of a notice. See `common.events` for what a fact is."""

from pydantic import AwareDatetime

from common.events.fact import Fact


class NoticeFact(Fact):
    """Base: one notice to one recipient over one channel."""

    notice: str
    case: str | None = None
    template: str
    channel: str
    recipient: str  #: reference: owner:<ref>, person:<id> or endpoint:<id>


class NoticeSent(NoticeFact):
    """The provider took it."""

    kind = "notice.sent"
    sent_at: AwareDatetime


class NoticeFailed(NoticeFact):
    """The provider refused it for good, or every try failed."""

    kind = "notice.failed"
    reason: str


class NoticeWithheld(NoticeFact):
    """It was no longer true, or nobody could be reached, when it should have been sent."""

    kind = "notice.withheld"
    reason: str
