"""When a notice may leave and when it is tried again. Pure; every time is business time.

Tries follow business time, not the machine's, for three reasons. A stepped world stays exact: the same story gives the same tries at the
same times, and a step is complete when nothing more is due at its instant. A scaled world shrinks the pauses with everything else. And
a pause means "the provider's people need time", which is the world's time. Faults of our own side (the keeper of a contact is away,
a process dies) never use up a try: the lease ends by machine time and the notice is claimed again.

No jitter: a tick sends a bounded batch, and a resting endpoint is probed with one message (`breaker`), so there is no herd to spread.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from notify.domain.notice import Channel, Hold

PAUSES: dict[Channel, tuple[timedelta, ...]] = {
    # A relay that is away comes back within minutes or hours; RFC 5321 4.5.4.1 asks for days of patience, a property desk for less.
    Channel.EMAIL: (
        timedelta(seconds=5),
        timedelta(seconds=30),
        timedelta(minutes=2),
        timedelta(minutes=10),
        timedelta(minutes=30),
        timedelta(hours=2),
        timedelta(hours=6),
        timedelta(hours=12),
    ),
    # The schedule of the Standard Webhooks specification 1.0.0, "Deliverability and reliability": ten tries in 75 h 35 min 5 s.
    Channel.WEBHOOK: (
        timedelta(seconds=5),
        timedelta(minutes=5),
        timedelta(minutes=30),
        timedelta(hours=2),
        timedelta(hours=5),
        timedelta(hours=10),
        timedelta(hours=14),
        timedelta(hours=20),
        timedelta(hours=24),
    ),
}
DAY = 24 * 60
LONGEST_ASKED = timedelta(hours=24)  # a provider's Retry-After is obeyed up to here


class Window(BaseModel):
    """Minutes after local midnight, `start` included, `end` excluded (DEF-03); an end not later than the start is on the next day."""

    model_config = ConfigDict(frozen=True)
    start: int
    end: int


class Hours(BaseModel):
    """When a site speaks to owners. No windows = at any time. Every calendar day is open (DEF-21)."""

    model_config = ConfigDict(frozen=True)
    zone: str
    windows: tuple[Window, ...] = ()


def next_try(channel: Channel, *, failed: int, now: datetime, asked: timedelta | None = None) -> datetime | None:
    """Return when to try again after the `failed`-th failure in a row (from 1), or None when the schedule is used up."""
    pauses = PAUSES[channel]
    if failed > len(pauses):
        return None
    return now + max(pauses[failed - 1], min(asked or timedelta(0), LONGEST_ASKED))


def opening(hours: Hours, at: datetime) -> datetime:
    """Return `at` if the desk is open then, else the next opening (both aware)."""
    if not hours.windows:
        return at
    zone = ZoneInfo(hours.zone)
    spans = _spans(hours.windows, at.astimezone(zone), zone)
    if any(start <= at < end for start, end in spans):
        return at
    return min(start for start, _ in spans if start > at).astimezone(at.tzinfo)


def is_open(hours: Hours, at: datetime) -> bool:
    """Say whether the desk is open at `at`; a site without hours always is."""
    return opening(hours, at) == at


def not_before(hours: Hours, hold: Hold, at: datetime) -> datetime:
    """Return the earliest instant from `at` on at which a notice may leave (NTF-24)."""
    return at if hold is Hold.NEVER else opening(hours, at)


def _spans(windows: Sequence[Window], local: datetime, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """Return the windows that begin yesterday (they may pass midnight), today or tomorrow."""
    spans = []
    for days in (-1, 0, 1):
        day = local.date() + timedelta(days=days)
        for window in windows:
            end = window.end if window.end > window.start else window.end + DAY
            spans.append((_instant(day, window.start, zone), _instant(day, end, zone)))
    return spans


def _instant(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """Return the wall-clock time `minutes` after the midnight that begins `day`, as UTC: local sums would miss a change of clocks."""
    local = datetime.combine(day + timedelta(days=minutes // DAY), time(minutes % DAY // 60, minutes % 60), zone)
    return local.astimezone(UTC)
