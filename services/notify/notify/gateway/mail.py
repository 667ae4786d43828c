"""E-mail by a real SMTP conversation. The Message-ID carries the notice's id, so every try of a notice is the same mail.

SMTP has no way to ask what became of a mail whose answer was lost; the written choice for this channel is: at least once, with the same
Message-ID (an owner who reads a line twice is better served than one who never hears).
"""

import asyncio
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime
from urllib.parse import quote, unquote

import aiosmtplib
from common.timesource import machine_now

from notify.domain.answers import LOST, NO_CONNECTION, SENT, TIMEOUT, of_smtp
from notify.domain.notice import Notice, Outcome, Receipt
from notify.domain.templates import Message
from notify.gateway import Contact, Mailbox
from notify.settings import MailServer

TIMEOUT_S = 15.0
BAD_ADDRESS = Receipt(Outcome.REFUSED, "bad_address")


def message_id(notice: str, sender: str) -> str:
    """Return the Message-ID of a notice: percent-encoding keeps it unique and within RFC 5322's characters."""
    return f"<{quote(notice, safe='')}@{sender.rsplit('@', 1)[-1]}>"


def notice_of(message_id: str) -> str:
    """Return the notice a Message-ID belongs to."""
    return unquote(message_id.strip().strip("<>").rsplit("@", 1)[0])


def letter(notice: Notice, to: str, text: Message, sender: str) -> EmailMessage:
    """Return the mail. Raises ValueError for an address that is none."""
    mail = EmailMessage(policy=WIRE)
    mail["From"], mail["To"], mail["Subject"] = sender, to, text.subject
    if len(mail["To"].addresses) != 1 or mail["To"].defects or not mail["To"].addresses[0].addr_spec.isascii():
        raise ValueError("not one mail address")
    mail["Date"] = format_datetime(machine_now())  # the reader's mailbox sorts by the real clock, whatever a story's time is
    mail["Message-ID"] = message_id(notice.id, sender)
    mail["Auto-Submitted"] = "auto-generated"  # no vacation replies (RFC 3834)
    if notice.trace:
        mail["Traceparent"] = notice.trace  # whoever is asked about a mail finds the request that caused it
    mail.set_content(text.body, cte="base64")  # passes servers without 8BITMIME
    return mail


class MailGateway:
    """Speaks to one mail server, one connection per notice."""

    def __init__(self, server: MailServer, *, timeout_s: float = TIMEOUT_S) -> None:
        """`timeout_s`: for the whole conversation."""
        self._server, self._timeout_s = server, timeout_s

    async def send(self, notice: Notice, contact: Contact, text: Message) -> Receipt:
        """See Gateway."""
        if not isinstance(contact, Mailbox):
            raise TypeError("a mail goes to a mailbox")
        try:
            mail = letter(notice, contact.email, text, self._server.sender)
        except ValueError:
            return BAD_ADDRESS
        return await _Conversation(self._server, mail).hold(self._timeout_s)


class _Conversation:
    """One mail, one connection; knows how far it got."""

    def __init__(self, server: MailServer, mail: EmailMessage) -> None:
        self._server, self._mail = server, mail
        self._said_all = False  # from here on a lost answer leaves the outcome unknown

    async def hold(self, timeout_s: float) -> Receipt:
        client = aiosmtplib.SMTP(
            hostname=self._server.host,
            port=self._server.port,
            username=self._server.user,
            password=self._server.password,
            use_tls=self._server.tls,
            start_tls=self._server.starttls,
            local_hostname="localhost",  # looking our own name up would block the loop
            timeout=timeout_s,
        )
        try:
            async with asyncio.timeout(timeout_s):
                await self._talk(client)
        except aiosmtplib.SMTPResponseException as error:
            return of_smtp(error.code)
        except TimeoutError:
            return TIMEOUT if self._said_all else NO_CONNECTION
        except (aiosmtplib.SMTPException, OSError):
            return LOST if self._said_all else NO_CONNECTION
        else:
            await _farewell(client)
            return SENT
        finally:
            client.close()

    async def _talk(self, client: aiosmtplib.SMTP) -> None:
        await client.connect()
        await client.mail(self._server.sender)
        await client.rcpt(self._mail["To"].addresses[0].addr_spec)
        self._said_all = True
        await client.data(bytes(self._mail))


async def _farewell(client: aiosmtplib.SMTP) -> None:
    """Say QUIT; the mail is taken, whatever becomes of it."""
    with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
        async with asyncio.timeout(1.0):
            await client.quit()
