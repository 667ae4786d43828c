"""The door that explains a clock: every stretch that counted or not, the rule with its quote, the facts, the arithmetic in words.

Not here: the account (`domain.explain`) and its words (`domain.wording`).
"""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from common.doors import Door, permit
from common.errors import NotFound, Text
from common.problems import RESPONSES
from fastapi import APIRouter, Path
from pydantic import BaseModel

from sla.api.clocks import ClockOut
from sla.domain.clock import Past
from sla.domain.explain import Account
from sla.domain.holding import Held, Holding
from sla.domain.segments import Segment, Tally
from sla.domain.wording import gone, holder, limit, lines, segment
from sla.handlers.explaining import explained
from sla.store import Store
from sla.store.notes import Reason

router = APIRouter(tags=["clocks"], responses={code: RESPONSES[code] for code in (401, 403, 404, 422, 429, 503)})


class Words(BaseModel):
    """A sentence in both languages."""

    zh: str
    en: str

    @classmethod
    def of(cls, text: Text) -> "Words":
        """Return it as the door shows it."""
        return cls(zh=text.zh, en=text.en)


class SegmentOut(BaseModel):
    """A stretch of time: what of it counts (minutes or days), and why."""

    begin: datetime
    end: datetime
    amount: float
    counts: Tally
    why: str
    says: Words

    @classmethod
    def of(cls, one: Segment, zone: ZoneInfo) -> "SegmentOut":
        """Return it as the door shows it."""
        says = Words.of(segment(one, zone))
        return cls(begin=one.begin, end=one.end, amount=float(one.amount), counts=one.tally, why=str(one.why), says=says)


class HeldOut(BaseModel):
    """A stretch of time in which one party held the item."""

    begin: datetime
    end: datetime
    party: Holding
    of: str | None
    minutes: float
    says: Words

    @classmethod
    def of_(cls, one: Held) -> "HeldOut":
        """Return it as the door shows it."""
        minutes = one.length.total_seconds() / 60
        return cls(begin=one.begin, end=one.end, party=one.by.party, of=one.by.of, minutes=minutes, says=Words.of(holder(one.by)))


class ExplanationOut(BaseModel):
    """A clock and why it stands where it stands. `segments` add up to the limit and end at the deadline, `late` to the lateness."""

    clock: ClockOut
    lines: tuple[Words, ...]  #: the arithmetic in words, one step a line
    limit: Words | None = None
    segments: tuple[SegmentOut, ...] = ()
    minutes: float = 0  #: counted up to the deadline
    days: float = 0
    held: tuple[HeldOut, ...] = ()
    late: tuple[HeldOut, ...] = ()
    late_minutes: float = 0
    packs: tuple[str, ...] = ()
    calendar: str | None = None
    revision: int = 0  #: publications of that calendar that were taken into account
    history: tuple[Past, ...] = ()
    reasons: tuple[Reason, ...] = ()  #: why people decided about it, in their words

    @classmethod
    def of(cls, clock: ClockOut, found: Account) -> "ExplanationOut":
        """Return the account as the door shows it."""
        policy = found.planned.about.policy
        return cls(
            clock=clock,
            lines=tuple(map(Words.of, lines(found))),
            limit=Words.of(limit(found.planned.rule)),
            segments=tuple(SegmentOut.of(one, policy.zone) for one in found.segments),
            minutes=float(found.minutes),
            days=float(found.days),
            held=tuple(map(HeldOut.of_, found.held)),
            late=tuple(map(HeldOut.of_, found.late)),
            late_minutes=sum(one.length.total_seconds() for one in found.late) / 60,
            packs=policy.packs,
            calendar=found.clock.calendar,
            revision=found.clock.revision if found.clock.calendar else 0,
            history=found.clock.history,
        )


@router.get("/v1/clocks/{id}/explanation")
async def explanation(id: Annotated[str, Path(max_length=160)], door: Annotated[Door[Store], permit("clock.read")]) -> ExplanationOut:
    """Explain one clock, in zh-CN and en, by the code that computed it."""
    clock = await door.store.clock(id)
    if clock is None:
        raise NotFound
    door.see(clock.site)
    found = await explained(clock, door.store, door.now)
    shown = ClockOut.of(clock)
    told = ExplanationOut.of(shown, found) if found else ExplanationOut(clock=shown, lines=tuple(map(Words.of, gone(clock))), history=clock.history)
    return told.model_copy(update={"reasons": tuple(await door.store.notes.reasons(id))})
