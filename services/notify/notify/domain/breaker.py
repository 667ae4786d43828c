"""The breaker of one webhook endpoint: after some failures in a row it rests, then one message probes it. Pure.

Resting messages are postponed without a try counted, so a dead endpoint costs neither their schedules nor our connections.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

FAILURES = 5  # in a row, over all messages to the endpoint
REST = timedelta(minutes=5)  # business time, as all tries are (`schedule`)


class Gate(StrEnum):
    """What the breaker says to a message that is due."""

    CLOSED = "closed"  #: go
    RESTING = "resting"  #: not now
    PROBE = "probe"  #: the first one to take the probe may go


class Breaker(BaseModel):
    """Failures in a row, and until when the endpoint rests."""

    model_config = ConfigDict(frozen=True)
    failures: int = 0
    open_until: AwareDatetime | None = None


def gate(breaker: Breaker, now: datetime) -> Gate:
    """Return what a message due at `now` may do."""
    if breaker.open_until is None:
        return Gate.CLOSED
    return Gate.RESTING if now < breaker.open_until else Gate.PROBE


def resting(breaker: Breaker, now: datetime) -> Breaker:
    """Return the breaker resting again from `now`: taken by the probe, so that only one goes."""
    return breaker.model_copy(update={"open_until": now + REST})


def after(breaker: Breaker, now: datetime, *, ok: bool) -> Breaker:
    """Return the breaker after a try at `now`."""
    if ok:
        return Breaker()
    failures = breaker.failures + 1
    return Breaker(failures=failures, open_until=now + REST if failures >= FAILURES else breaker.open_until)
