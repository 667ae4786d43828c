"""One clock as it is stored: what was planned, what was raised, what is next; and the facts that each change says. Pure.

A level is raised once, while the clock is unmet; what was raised stays (DEF-08). Not here: which clocks there are (`plan`), whom a role
is today (`escalation`), what follows after an acknowledgement (`acknowledging`), claiming and saving (handlers, store).
"""

from datetime import datetime
from typing import Any

from common.documents import Aggregate
from common.events import Fact
from common.events.sla import ClockBreached, ClockCancelled, ClockMet, ClockOpened, ClockRedated, ClockWarned, EscalationRaised, EscalationRepeated
from common.states import ClockLevel, ClockState, ClockView, Lane, Level, Urgency
from pydantic import AwareDatetime, BaseModel, ConfigDict

from sla.domain.escalation import Asked, Called, Frozen, chain_of, next_chance, reach
from sla.domain.planned import Planned
from sla.domain.rungs import Repeated, Rung

OPEN = frozenset({ClockState.RUNNING, ClockState.UNDATED})
LEVELS = tuple(Level)
STOPPED = frozenset({ClockState.MET, ClockState.LATE, ClockState.EXCUSED})
Said = tuple[Fact, datetime]  #: a fact and the business time at which it happened


class Past(BaseModel):
    """What held for a clock before it was changed: a reclassification, an extension, a published calendar, another policy."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    until: AwareDatetime
    why: str
    rule_id: str
    policy: int
    start_at: AwareDatetime
    due_at: AwareDatetime | None = None


class Clock(Aggregate):
    """A clock. `armed` and `next_at` are what the firing loop looks for; `fence` and `lease_until` belong to whoever claimed it."""

    code: str
    subject: str
    number: int
    case: str | None = None
    order: str | None = None
    department: str | None = None
    urgency: Urgency | None = None
    state: ClockState
    strength: str
    excusable: bool = False
    rule: str  #: requirement of the rule
    rule_id: str  #: its id in the pack
    origin: dict[str, Any] | None = None
    policy: int
    trigger_at: AwareDatetime
    start_at: AwareDatetime
    due_at: AwareDatetime | None = None
    stopped_at: AwareDatetime | None = None
    ended_by: str | None = None  #: why it ended without its stop event
    rungs: tuple[Rung, ...] = ()
    chain: Frozen = Frozen()
    alarmed: bool = False  #: open, and the last level that was raised has reached nobody
    needs: str | None = None  #: `<calendar>:<year>` that is not published
    estimate_at: AwareDatetime | None = None  #: a guess at the due time until it is; nothing is judged by it
    extended_from: AwareDatetime | None = None  #: the deadline before the customer agreed to a later one (R22)
    recurs: bool = False  #: one of a row of updates: when it is due, the next one has to be there
    history: tuple[Past, ...] = ()  #: oldest first
    alone: bool = False  #: a published calendar can be applied to it without looking at its case
    calendar: str | None = None
    revision: int = 0  #: publications of that calendar that were taken into account
    live: bool = True  #: open, or ended before it could be judged: a calendar may still change it
    armed: bool = False
    next_at: AwareDatetime | None = None
    first_at: AwareDatetime | None = None  #: when its first level is due, raised or not: by this the auditor finds it
    trace: str = ""
    fence: int = 0
    lease_until: AwareDatetime | None = None
    claim: str | None = None

    @property
    def open(self) -> bool:
        """Say whether the clock still waits for its stop event."""
        return self.state in OPEN and self.stopped_at is None

    def due(self, now: datetime) -> bool:
        """Say whether it waits for a level whose time has come."""
        return self.armed and self.next_at is not None and self.next_at <= now

    @property
    def lane(self) -> Lane:
        """Return the lane of its facts."""
        return Lane.URGENT if self.urgency is Urgency.P1 else Lane.NORMAL

    @property
    def raised(self) -> Rung | None:
        """Return the highest level that was raised."""
        return max((rung for rung in self.rungs if rung.raised_at), key=lambda rung: LEVELS.index(rung.level), default=None)

    @property
    def unheard(self) -> bool:
        """Say whether the highest level that was raised has reached nobody, and nobody was told of a lower one since."""
        last = self.raised
        if last is None or last.raised_at is None or last.heard_at:
            return False
        return all(rung.heard_at is None or rung.heard_at <= last.raised_at for rung in self.rungs)

    @property
    def again_next(self) -> Rung | None:
        """Return the level to be raised again first: the highest one that was raised, or any while nobody has heard of the matter."""
        waiting = [rung for rung in self.rungs if rung.again_at]
        if not waiting:
            return None
        last, unheard = self.raised, self.unheard
        some = [rung for rung in waiting if rung is last or (unheard and rung.heard_at is None)]
        return min(some, key=lambda rung: (rung.again_at, -LEVELS.index(rung.level)), default=None)

    def with_rung(self, rung: Rung) -> "Clock":
        """Return the clock with one level replaced."""
        return self.model_copy(update={"rungs": tuple(rung if one.level is rung.level else one for one in self.rungs)})

    def view(self) -> ClockView:
        """Return the clock as other services may know it."""
        levels = [{name: getattr(rung, name) for name in _SHOWN_LEVEL} for rung in self.rungs]
        return ClockView.model_validate({name: getattr(self, name) for name in _SHOWN} | {"levels": levels})


_SHOWN_LEVEL = tuple(ClockLevel.model_fields)
_SHOWN = tuple(name for name in ClockView.model_fields if name != "levels")
CLAIMED = ("seqs", "fence", "lease_until", "claim")  #: what a new plan does not touch


def ready(clock: Clock) -> Clock:
    """Return the clock with what is next: the earliest level not yet raised, or raised and to be raised again, while it runs."""
    running = clock.state is ClockState.RUNNING
    waiting = [rung.at for rung in clock.rungs if rung.raised_at is None]
    waiting += [again.again_at] if (again := clock.again_next) and again.again_at else []
    next_at = min(waiting, default=None) if running else None
    alarmed = clock.open and clock.unheard
    first_at = min((rung.at for rung in clock.rungs), default=None)
    known = {"live": clock.state in OPEN, "alarmed": alarmed, "first_at": first_at}
    return clock.model_copy(update={"next_at": next_at, "armed": next_at is not None, **known})


def drawn(planned: Planned, old: Clock | None, *, calendar: str | None, revision: int, trace: str) -> Clock:
    """Return the clock as planned; levels that were raised stay as they were."""
    rule, about, end = planned.rule, planned.about, planned.end
    chain = _chain(planned, old)
    raised = {rung.level: rung for rung in old.rungs if rung.raised_at} if old else {}
    rungs = [raised.pop(level) if level in raised else Rung(level=level, at=at, roles=chain.at(level)) for level, at in planned.dates.rungs]
    fields: dict[str, Any] = {
        "id": planned.id,
        "site": about.policy.site,
        "code": planned.code,
        "subject": planned.subject,
        "number": planned.number,
        "case": about.case.id if not rule.batch else None,
        "order": about.order.id if about.order and not rule.batch else None,
        "department": (about.order.department if about.order else None) or about.case.department,
        "urgency": about.case.urgency if not rule.batch else None,
        "state": planned.state,
        "strength": str(rule.strength),
        "excusable": rule.excusable,
        "rule": rule.rule,
        "rule_id": rule.id,
        "origin": rule.origin.model_dump(exclude_defaults=True) if rule.origin else None,
        "policy": about.policy.version,
        "trigger_at": planned.trigger_at,
        "start_at": planned.dates.start_at,
        "due_at": planned.dates.due_at,
        "stopped_at": end.at if end else None,
        "ended_by": end.why if end and not end.stopped else None,
        "rungs": tuple(sorted([*rungs, *raised.values()], key=lambda rung: rung.at)),
        "chain": chain,
        "needs": planned.dates.needs,
        "estimate_at": planned.dates.estimate_at,
        "extended_from": planned.extended_from,
        "recurs": rule.recurs,
        "alone": planned.alone,
        "calendar": calendar,
        "revision": revision,
        "trace": old.trace if old and old.trace else trace,
    }
    kept = {name: getattr(old, name) for name in CLAIMED} if old else {}
    return ready(Clock(**fields, **kept))


def remembered(new: Clock, old: Clock | None, *, now: datetime, why: str) -> Clock:
    """Return the clock with what held before kept on it, where its rule or its dates changed (CLS-20)."""
    if old is None:
        return new
    held = ("rule_id", "policy", "start_at", "due_at")
    if all(getattr(new, name) == getattr(old, name) for name in held):
        return new.model_copy(update={"history": old.history})
    before = Past(until=now, why=why, **{name: getattr(old, name) for name in held})
    return new.model_copy(update={"history": (*old.history, before)})


def _chain(planned: Planned, old: Clock | None) -> Frozen:
    """Return the chain: the clock's own while it goes by the same version and the same chain of it, else as its policy says."""
    chosen = chain_of(planned.about.policy, planned.about)
    kept = old is not None and old.policy == planned.about.policy.version and old.chain.levels and old.chain.name == chosen.name
    return old.chain if old and kept else chosen


BOOKKEEPING = frozenset({*CLAIMED, "revision", "trace", "next_at", "armed", "live", "first_at", "alarmed", "alone", "chain"})


def differs(new: Clock, old: Clock) -> bool:
    """Say whether anything changed that somebody may want to know."""
    return any(getattr(new, name) != getattr(old, name) for name in Clock.model_fields if name not in BOOKKEEPING)


def settled(old: Clock, planned: Planned) -> bool:
    """Say whether the clock has ended and the plan ends it at the same moment: history is never judged anew by later rules.

    A special reason that was recorded afterwards is no rule: it excuses what stays late (SLA-38).
    """
    end = planned.end
    if old.state is ClockState.LATE and planned.state is ClockState.EXCUSED:
        return False
    return old.state not in OPEN and end is not None and old.stopped_at == end.at and (old.ended_by is None) is end.stopped


def overdue(old: Clock | None, planned: Planned) -> bool:
    """Say whether the clock ended after levels that nobody had raised yet: a stop that outran the firing loop."""
    end = planned.end
    return bool(old and old.open and end and any(rung.raised_at is None and rung.at < end.at for rung in old.rungs))


def said(new: Clock, old: Clock | None, *, now: datetime, why: str) -> list[Said]:
    """Return the facts of a change, each with the time it happened at."""
    view, changed = new.view(), old is None or differs(new, old)
    facts: list[Said] = []
    if old is None:
        facts.append((ClockOpened(clock=view), min(new.trigger_at, now)))
    elif new.open and changed:
        facts.append((ClockRedated(clock=view, why=why), now))
    if new.state in STOPPED and changed:
        facts.append((ClockMet(clock=view), new.stopped_at or now))
    if new.state is ClockState.CANCELLED and changed:
        facts.append((ClockCancelled(clock=view), new.stopped_at or now))
    return facts


def dropped(old: Clock, *, now: datetime, why: str) -> Clock:
    """Return the clock cancelled because no rule gives it any more."""
    return ready(old.model_copy(update={"state": ClockState.CANCELLED, "stopped_at": now, "ended_by": why}))


def climb(clock: Clock, *, before: datetime | None = None, now: datetime, resolve: Asked) -> tuple[Clock, list[Said]]:
    """Raise every level that is due at `now` (or strictly `before` the end of the clock) and was not raised, each once, lowest first.

    Then raise again what was acknowledged and did not move on. `resolve`: how the persons of this clock are found now.
    """
    facts: list[Said] = []
    for rung in clock.rungs:
        due = rung.at < before if before else rung.at <= now
        if rung.raised_at is not None or not due:
            continue
        told = _told(rung, clock.chain, resolve, now)
        clock = ready(clock.with_rung(told))
        facts += [(fact, now) for fact in _raised(clock, told)]
    clock = clock if facts else ready(clock)
    again = clock.again_next
    if before is None and clock.armed and again and again.again_at and again.again_at <= now:
        clock, repeated = _again(clock, again, now=now, resolve=resolve)
        facts += repeated
    return clock, facts


def _told(rung: Rung, chain: Frozen, resolve: Asked, now: datetime) -> Rung:
    called = reach(chain if chain.levels else Frozen(levels={rung.level: rung.roles}), rung.level, resolve)
    again_at = next_chance(chain, rung.level, resolve) if called.nobody else None
    return rung.model_copy(update={"raised_at": now, "again_at": again_at, **_found(called)})


def _found(called: Called) -> dict[str, Any]:
    return {"persons": called.persons, "skipped": called.skipped, "unfilled": called.unfilled, "reached": called.reached}


def _again(clock: Clock, rung: Rung, *, now: datetime, resolve: Asked) -> tuple[Clock, list[Said]]:
    """Raise a level again, to the next persons: nothing followed its acknowledgement, or it had reached nobody."""
    since = rung.acknowledged_at
    if since and resolve.moved_on_at and resolve.moved_on_at >= since:
        return ready(clock.with_rung(rung.model_copy(update={"again_at": None}))), []
    told_before = rung.told.union(one.by for one in rung.acknowledged)
    called = reach(clock.chain, rung.level, resolve, told=told_before)
    called = reach(clock.chain, rung.level, resolve) if called.nobody else called
    repeated = Repeated(at=now, **_found(called))
    again_at = next_chance(clock.chain, rung.level, resolve) if called.nobody else None
    told = rung.model_copy(update={"again": (*rung.again, repeated), "again_at": again_at})
    clock = ready(clock.with_rung(told))
    fact = EscalationRepeated(clock=clock.view(), level=rung.level, number=len(told.again), nobody=called.nobody, **_found(called))
    return clock, [(fact, now)]


def sought_again(clock: Clock, now: datetime) -> Clock:
    """Return a clock of which nobody has heard so that its levels are raised again at once."""
    if not clock.unheard:
        return clock
    rungs = tuple(rung.model_copy(update={"again_at": now}) if rung.raised_at and rung.heard_at is None else rung for rung in clock.rungs)
    return ready(clock.model_copy(update={"rungs": rungs}))


def released(clock: Clock) -> Clock:
    """Return the clock free to be claimed again."""
    return clock.model_copy(update={"lease_until": None, "claim": None})


MARKS: dict[Level, type[ClockWarned] | type[ClockBreached]] = {Level.WARNING: ClockWarned, Level.L1: ClockBreached}


def _raised(clock: Clock, rung: Rung) -> list[Fact]:
    view = clock.view()
    mark = MARKS.get(rung.level)
    found = {name: getattr(rung, name) for name in ("persons", "skipped", "reached", "unfilled")}
    escalation = EscalationRaised(clock=view, level=rung.level, roles=rung.roles, nobody=not rung.persons, **found)
    return [*([mark(clock=view)] if mark else []), escalation]
