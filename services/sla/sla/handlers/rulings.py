"""What sla does when people decide about a clock: extend it with the customer's consent, pause it, end the pause, record a special reason.

Each decision goes into the case's file, and the clocks follow from it like from any fact. Not here: what follows (`domain`).
"""

from datetime import datetime
from typing import Annotated

from common.auth import Caller
from common.entered import Day, Instant, Text
from common.errors import NotFound, Refused
from common.policy import SitePolicy
from common.states import ClockState, Complexity, Urgency
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from sla.domain.calendar import DAY
from sla.domain.case_file import CaseFile, surveyed_complexity
from sla.domain.clock import Clock
from sla.domain.gaps import budget_left
from sla.domain.opening import close_of_business
from sla.domain.planned import Planned
from sla.domain.rulings import Ruling, RulingKind
from sla.handlers.following import follow_case, ground_of, plan_case
from sla.store import Store

COMPLEX, SPECIAL = "especially_complex", "special_reason"
STRICT = ConfigDict(extra="forbid", frozen=True)


class Extend(BaseModel):
    """A later day, to which the customer consented before the deadline (R22)."""

    model_config = STRICT
    to: Day
    consent_at: Instant
    especially_complex: StrictBool | None = None  #: who asks says so; what was surveyed is known without it, and outweighs it
    reason: Text


class Pause(BaseModel):
    """A reason that the site's policy knows; it ends at `until`, or when the clock's budget is used up."""

    model_config = STRICT
    reason: Annotated[str, Field(strict=True, pattern=r"^[a-z][a-z0-9_-]{0,59}$")]
    until: Instant | None = None


class Resume(BaseModel):
    """The pause ends now."""

    model_config = STRICT


class Excuse(BaseModel):
    """A special reason of being late; late it stays (SLA-38)."""

    model_config = STRICT
    reason: Text


class _Ground(BaseModel):
    """A clock with its case and what its rule says now."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    clock: Clock
    file: CaseFile
    planned: Planned
    policy: SitePolicy


async def extend(asked: Extend, id_: str, *, store: Store, by: Caller, now: datetime) -> Clock:
    """Put the close of business of another day in place of the deadline (DEF-26). Raises NotFound, Refused."""
    ground = await _ground(id_, store, now)
    due_at, stated_by = ground.planned.dates.due_at, _called_complex(asked, ground, by)
    if due_at is None or asked.consent_at >= due_at or asked.consent_at > now:
        raise Refused("R22", "须在到期前取得客户同意", "the customer's consent has to be earlier than the deadline")
    if close_of_business(ground.policy, asked.to) <= due_at:
        raise Refused("R22", "新日期须晚于原到期", "the new day has to be later than the deadline")
    ruled = Ruling(kind=RulingKind.EXTENSION, clock=id_, at=now, by=by.id, reason=COMPLEX, to=asked.to, consent_at=asked.consent_at)
    ruling = ruled.model_copy(update={"stated_by": stated_by})
    await store.notes.reason(ruling, ground.clock.site, asked.reason, now)
    return await _ruled(ground, ruling, store, now, "extended")


def _called_complex(asked: Extend, ground: _Ground, by: Caller) -> str | None:
    """Return who calls the repair especially complex: None where its survey does, which outweighs any word (CLS-07). Raises Refused."""
    surveyed, told = surveyed_complexity(ground.file, ground.clock.order), asked.especially_complex
    fits = told is not False and Complexity.ESPECIALLY_COMPLEX in surveyed if surveyed else told is True
    if ground.planned.rule.extension is None or not fits:
        raise Refused("R22", "此时限不可延期", "this limit may only be extended for an especially complex repair, where the policy allows it")
    return None if surveyed else by.id


async def pause(asked: Pause, id_: str, *, store: Store, by: Caller, now: datetime) -> Clock:
    """Let a clock stand still for a reason that the policy knows. Raises NotFound, Refused."""
    ground = await _ground(id_, store, now)
    row = ground.file.ruled(RulingKind.PAUSE, id_.rpartition(":")[0])
    known = ground.policy.pause.reasons if ground.policy.pause else ()
    if asked.reason not in known:
        raise Refused("SLA-37", "本项目无此暂停理由", "the site's policy knows no such pause", reasons=list(known))
    due_at, urgent = ground.planned.dates.due_at, ground.file.case.urgency is Urgency.P1
    if urgent or ground.clock.state is not ClockState.RUNNING or due_at is None or due_at <= now:
        raise Refused("SLA-37", "紧急事项或已到期的时限不可暂停", "neither an emergency nor what is due already can be paused")
    if any(_runs(one, now) for one in row) or budget_left(ground.planned.about, row, now) <= 0 * DAY:
        raise Refused("SLA-37", "已在暂停或暂停额度已用完", "it is paused already, or its budget is used up")
    until = asked.until if asked.until and asked.until > now else None
    ruling = Ruling(kind=RulingKind.PAUSE, clock=id_, at=now, by=by.id, reason=asked.reason, until=until)
    return await _ruled(ground, ruling, store, now, "paused")


def _runs(one: Ruling, now: datetime) -> bool:
    return one.until is None or one.until > now


async def resume(asked: Resume, id_: str, *, store: Store, by: Caller, now: datetime) -> Clock:  # noqa: ARG001 - every command is asked alike
    """End the pause of a clock now. Raises NotFound, Refused."""
    ground = await _ground(id_, store, now)
    running = [one for one in ground.file.ruled(RulingKind.PAUSE, id_.rpartition(":")[0]) if _runs(one, now)]
    if not running:
        raise Refused("SLA-37", "未在暂停", "it is not paused")
    rulings = tuple(one.model_copy(update={"until": now}) if one in running else one for one in ground.file.rulings)
    return await _kept(ground.file.model_copy(update={"rulings": rulings}), ground, store, now, "resumed")


async def excuse(asked: Excuse, id_: str, *, store: Store, by: Caller, now: datetime) -> Clock:
    """Record the special reason of being late; the rate counts it as late all the same (SLA-38). Raises NotFound, Refused."""
    ground = await _ground(id_, store, now)
    if not ground.planned.rule.excusable:
        raise Refused("SLA-38", "此时限不接受特殊原因", "this limit takes no special reason")
    ruling = Ruling(kind=RulingKind.EXCUSE, clock=id_, at=now, by=by.id, reason=SPECIAL)
    await store.notes.reason(ruling, ground.clock.site, asked.reason, now)
    return await _ruled(ground, ruling, store, now, "excused")


async def _ground(id_: str, store: Store, now: datetime) -> _Ground:
    clock = await store.clock(id_)
    if clock is None or clock.case is None:
        raise NotFound
    file = await store.file(clock.case)
    ground = await ground_of(file, store)
    planned = next((one for one in await plan_case(ground, file, store, now) if one.id == id_), None)
    if planned is None:
        raise Refused("CLS-20", "此时限已不适用", "no rule asks for this clock any more")
    return _Ground(clock=clock, file=file, planned=planned, policy=ground.policy)


async def _ruled(ground: _Ground, ruling: Ruling, store: Store, now: datetime, why: str) -> Clock:
    return await _kept(ground.file.model_copy(update={"rulings": (*ground.file.rulings, ruling)}), ground, store, now, why)


async def _kept(file: CaseFile, ground: _Ground, store: Store, now: datetime, why: str) -> Clock:
    await store.keep_file(file)
    await follow_case(file, store, now, why=why)
    return await store.clock(ground.clock.id) or ground.clock
