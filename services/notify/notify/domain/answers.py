"""What a provider's answer means for a notice: SMTP reply codes and HTTP status codes as receipts. Pure.

Reasons are static words with the number; a provider's own sentence is never kept, for it repeats addresses.
"""

from datetime import timedelta

from notify.domain.notice import Outcome, Receipt

GONE = 410
SENT = Receipt(Outcome.SENT)
TIMEOUT = Receipt(Outcome.UNKNOWN, "timeout")
LOST = Receipt(Outcome.UNKNOWN, "connection_lost")
NO_CONNECTION = Receipt(Outcome.AGAIN, "no_connection")


def of_smtp(code: int) -> Receipt:
    """Return what an SMTP reply means: 2xx taken, 4xx try later, 5xx never (RFC 5321 4.2.1)."""
    if 200 <= code < 300:
        return SENT
    return Receipt(Outcome.REFUSED if code >= 500 else Outcome.AGAIN, f"smtp_{code}")


def of_http(status: int, retry_after: str | None = None) -> Receipt:
    """Return what an HTTP status means: 2xx taken, 410 never again to this endpoint, everything else try later (Standard Webhooks 1.0.0)."""
    if 200 <= status < 300:
        return SENT
    if status == GONE:
        return Receipt(Outcome.REFUSED, f"http_{status}", gone=True)
    asked = timedelta(seconds=int(retry_after)) if retry_after and retry_after.isdecimal() and len(retry_after) < 7 else None
    return Receipt(Outcome.AGAIN, f"http_{status}", retry_after=asked)
