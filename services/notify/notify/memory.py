"""The provider's side in memory: what it received, what it was told to do wrong, and a gateway that never leaves the process.

The real provider simulator (`huiyin.provider`: SMTP and HTTP servers) keeps the same record and obeys the same script, so a story reads
and disturbs both in the same way; one contract suite holds both gateways to the same promises (tests/contract/test_gateway.py).
"""

from collections.abc import Sequence
from datetime import timedelta

from common.timesource import machine_now
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from notify.domain.answers import LOST, TIMEOUT, of_http, of_smtp
from notify.domain.notice import Channel, Notice, Receipt
from notify.domain.templates import Message
from notify.gateway import Contact, Mailbox
from notify.gateway.webhook import signed

TAKEN = {Channel.EMAIL: 250, Channel.WEBHOOK: 204}


class Fault(BaseModel):
    """One line of the script: what happens to the next `times` messages that match."""

    model_config = ConfigDict(extra="forbid")
    channel: Channel
    times: int = Field(1, ge=1, le=100_000)
    reply: int | None = Field(None, ge=200, le=599, description="SMTP reply code or HTTP status instead of taking it")
    retry_after_s: int | None = Field(None, ge=0, le=86_400, description="webhook: Retry-After header")
    delay_s: float = Field(0, ge=0, le=600, description="time before the answer")
    drop: bool = Field(default=False, description="take it, then cut the connection without an answer")
    to: str = Field("", max_length=300, description="only messages whose address or path contains this")


class Received(BaseModel):
    """One message as the provider saw it, accepted or not."""

    n: int  #: counts from 1
    channel: Channel
    key: str  #: idempotency key: the notice's id
    to: str  #: mail address, or the path of the hook
    subject: str = ""
    body: str = ""
    headers: dict[str, str] = {}
    accepted: bool = True
    at: AwareDatetime  #: machine time


class Provider:
    """What was received, and the script of faults."""

    def __init__(self) -> None:
        """Begin empty and healthy."""
        self._received: list[Received] = []
        self._faults: list[Fault] = []
        self._count = 0

    def script(self, *faults: Fault) -> None:
        """Add faults; the first that matches a message is used, and used up after `times`."""
        self._faults.extend(fault.model_copy() for fault in faults)

    def clear(self) -> None:
        """Forget messages and faults; the numbering goes on."""
        self._received.clear()
        self._faults.clear()

    def received(self, channel: Channel | None = None, since: int = 0) -> list[Received]:
        """Return what came after number `since`, oldest first."""
        return [item for item in self._received if item.n > since and channel in (None, item.channel)]

    def fault(self, channel: Channel, to: str) -> Fault | None:
        """Return what goes wrong with this message, counting it."""
        for fault in self._faults:
            if fault.channel is channel and fault.to in to:
                fault.times -= 1
                if fault.times == 0:
                    self._faults.remove(fault)
                return fault
        return None

    def note(self, channel: Channel, key: str, to: str, *, accepted: bool, **content: object) -> Received:
        """Write one message down."""
        self._count += 1
        fields = {"n": self._count, "channel": channel, "key": key, "to": to, "accepted": accepted, "at": machine_now(), **content}
        self._received.append(Received.model_validate(fields))
        return self._received[-1]

    def keys(self, channel: Channel) -> Sequence[str]:
        """Return the keys of the messages taken on one channel, in order, repeats included."""
        return [item.key for item in self._received if item.channel is channel and item.accepted]


class MemoryGateway:
    """Hands every message to a provider in the same process."""

    def __init__(self, provider: Provider | None = None, *, timeout_s: float = 15.0) -> None:
        """`timeout_s`: a scripted delay of this length or more is a lost answer."""
        self.provider = provider or Provider()
        self._patience = timedelta(seconds=timeout_s)

    async def send(self, notice: Notice, contact: Contact, text: Message) -> Receipt:
        """See Gateway."""
        to = contact.email if isinstance(contact, Mailbox) else contact.url
        fault = self.provider.fault(notice.channel, to)
        code = fault.reply if fault and fault.reply else TAKEN[notice.channel]
        headers = {} if isinstance(contact, Mailbox) else signed(notice, text.body, contact.secrets)
        self.provider.note(notice.channel, notice.id, to, accepted=code < 300, subject=text.subject, body=text.body, headers=headers)
        if fault and fault.drop:
            return LOST
        if fault and timedelta(seconds=fault.delay_s) >= self._patience:
            return TIMEOUT
        after = str(fault.retry_after_s) if fault and fault.retry_after_s is not None else None
        return of_smtp(code) if notice.channel is Channel.EMAIL else of_http(code, after)
