"""Webhooks as the Standard Webhooks specification asks: the sent bytes are the signed bytes, the id stays, the timestamp is new at every try.

An answer that was lost is tried again with the same id: at least once, the receiver tells repeats by `webhook-id`.
"""

import httpx2
from common.timesource import machine_now
from standardwebhooks import Webhook

from notify.domain.answers import LOST, NO_CONNECTION, TIMEOUT, of_http
from notify.domain.notice import Notice, Outcome, Receipt
from notify.domain.templates import Message
from notify.gateway import Contact, Hook
from notify.gateway.egress import Egress, Forbidden

TIMEOUT_S = 15.0  # the specification's lower bound for a receiver's time to answer
AGENT = "Huiyin-Webhooks/1"


def signed(notice: Notice, body: str, secrets: tuple[str, ...]) -> dict[str, str]:
    """Return the headers of one try. The timestamp is the machine's: receivers refuse one that is 5 min from their own clock."""
    at = machine_now()
    signatures = [Webhook(secret).sign(notice.id, at, body) for secret in secrets]
    headers = {
        "webhook-id": notice.id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
        "content-type": "application/json",
        "user-agent": AGENT,
    }
    return headers | ({"traceparent": notice.trace} if notice.trace else {})


class WebhookGateway:
    """Posts signed facts."""

    def __init__(self, egress: Egress) -> None:
        """Take the guarded way out."""
        self._egress = egress

    async def send(self, notice: Notice, contact: Contact, text: Message) -> Receipt:
        """See Gateway. `text.body` is the exact text to sign."""
        if not isinstance(contact, Hook):
            raise TypeError("a webhook goes to an endpoint")
        try:
            answer = await self._egress.post(contact.url, text.body.encode(), signed(notice, text.body, contact.secrets))
        except Forbidden as verdict:
            return Receipt(Outcome.REFUSED, verdict.reason)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol):
            return NO_CONNECTION
        except (httpx2.TimeoutException, TimeoutError):
            return TIMEOUT
        except httpx2.HTTPError:
            return LOST
        except OSError:
            return NO_CONNECTION  # no such name
        return of_http(answer.status_code, answer.headers.get("retry-after"))
