"""The way out: one Protocol, one sender per channel. What a sender returns is a receipt; when to try again is `domain.schedule`'s matter.

An address lives for one call and is kept nowhere. Not here: SMS, IM and phone, which come with their providers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from notify.domain.notice import Channel, Notice, Receipt
from notify.domain.templates import Message


@dataclass(frozen=True)
class Mailbox:
    """Where a person is written to."""

    email: str = field(repr=False)


@dataclass(frozen=True)
class Hook:
    """Where an endpoint listens, and the secrets that sign for it, newest first."""

    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)


Contact = Mailbox | Hook


class Gateway(Protocol):
    """Sends one notice once. `notice.id` is the idempotency key the provider sees."""

    async def send(self, notice: Notice, contact: Contact, text: Message) -> Receipt:
        """Try once and return what came of it; never raises for anything a provider or a network does."""
        ...


class Switch:
    """Sends each notice through the sender of its channel."""

    def __init__(self, senders: Mapping[Channel, Gateway]) -> None:
        """`senders`: one per channel."""
        self._senders = senders

    async def send(self, notice: Notice, contact: Contact, text: Message) -> Receipt:
        """See Gateway."""
        return await self._senders[notice.channel].send(notice, contact, text)
