"""The auditor: recomputes what should have been raised, compares it with what was said, and alarms (ADR 0020).

A leased loop of every worker, one of them at a time. Not here: what is right (`domain.audit`), the rules that wake somebody (docs/alerts.yml).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from common.events.sla import ClockCancelled, ClockMet, EscalationRaised
from common.loop import Loop
from common.runtime import Runtime
from common.timesource import machine_now
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from uuid_utils.compat import uuid7

from sla.domain.audit import GRACE, LATE_AFTER, Finding, Place, Raised, doubled, early, lateness, missing, owed, owed_by_end, read
from sla.store import Store
from sla.store.audit import AUDIT, Walk

log = structlog.get_logger()
PERIOD = timedelta(seconds=15)
SILENCE = timedelta(seconds=30)  #: firing leaves a mark every five seconds
AT_ONCE, PAGES = 500, 10  #: a turn is bounded; where it ends the next one goes on
EXAMPLES, CHECKED = 20, 200  #: named in a report; looked at one by one in a page
A_MOMENT = timedelta(seconds=1)  #: a clock that was opened and ended in one breath owes nothing
AUDITOR = "auditor"  #: name of the metrics among the runtime's extra parts
LATENESS_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3600)
ENDS = frozenset({ClockMet.kind, ClockCancelled.kind})


class Alarms:
    """What the auditor shows to Prometheus; every kind of finding is there from the start, so that the first one is a rise."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Add them to a service's registry."""
        self.findings = Counter("huiyin_clock_findings", "Levels that the auditor found wrong", ["finding"], registry=registry)
        self.silent_s = Gauge(
            "huiyin_clock_firing_silent_seconds", "Time since any worker's firing loop turned, as the auditor saw it", registry=registry
        )
        self.lateness = Histogram(
            "huiyin_clock_lateness_seconds",
            "Time from when a level was due and known to when it was said, by the fact log",
            buckets=LATENESS_S,
            registry=registry,
        )
        for finding in Finding:
            self.findings.labels(finding=finding)


@dataclass
class Turn:
    """What one turn looked at and found."""

    looked: int = 0  #: clocks
    heard: int = 0  #: facts
    found: dict[Finding, list[Place]] = field(default_factory=lambda: {finding: [] for finding in Finding})
    late_s: list[float] = field(default_factory=list)
    silent_for: timedelta | None = None

    def note(self, finding: Finding, places: Iterable[Place]) -> None:
        """Note places where something is wrong."""
        self.found[finding] += [place for place in places if place not in self.found[finding]]

    @property
    def silent(self) -> bool:
        """Say whether nobody fires."""
        return self.silent_for is not None and self.silent_for > SILENCE

    @property
    def wrong(self) -> bool:
        """Say whether somebody has to know."""
        return self.silent or any(self.found.values())


async def audit(rt: Runtime[Store]) -> int:
    """Take a turn when no other worker did within the period; what is wrong becomes a metric, a log line and a report."""
    if await rt.store.audit.lead(AUDIT, PERIOD):
        await _tell(rt, await look(rt))
    return 0


async def look(rt: Runtime[Store]) -> Turn:
    """Compare from where the last turn ended, a bounded part; a turn looks only at what was past at the turn before it."""
    turn, now, store = Turn(), rt.now(), rt.store.audit
    walk = await store.walk()
    turn.silent_for = await store.silent_for()
    if walk.now:
        walk = await _among_clocks(rt, walk, min(walk.now, now - GRACE), turn)
    walk = await _in_the_log(rt, walk, now, turn)
    await store.keep_walk(walk.model_copy(update={"now": now}))
    return turn


async def _among_clocks(rt: Runtime[Store], walk: Walk, until: datetime, turn: Turn) -> Walk:
    """Walk on among the clocks that reached their first level: each level that is due must have been said, once."""
    for _ in range(PAGES):
        clocks = await rt.store.audit.reached(walk, until, limit=AT_ONCE)
        turn.looked += len(clocks)
        places = [place for clock in clocks for place in owed(clock, until)]
        turn.note(Finding.MISSING, await _unsaid(rt, places, machine_now() - GRACE))
        if len(clocks) < AT_ONCE:
            return walk.model_copy(update={"site": "", "first_at": None, "clock": ""})
        last = clocks[-1]
        walk = walk.model_copy(update={"site": last.site, "first_at": last.first_at, "clock": last.id})
    return walk


async def _unsaid(rt: Runtime[Store], places: Sequence[Place], known_by: datetime) -> list[Place]:
    """Return those of the places that nothing was said of, although their clocks' times had been known by then (machine time)."""
    store = rt.store.audit
    gone = missing(places, await store.said_of(list({place.clock for place in places}))) if places else []
    known = [place for place in gone[:CHECKED] if await store.known_at(place.clock, known_by) == await store.known_at(place.clock, machine_now())]
    return known + gone[CHECKED:]


async def _in_the_log(rt: Runtime[Store], walk: Walk, now: datetime, turn: Turn) -> Walk:
    """Read on in the fact log: what was raised was due, once and soon; a clock that ended had raised all that came before its end."""
    for _ in range(PAGES):
        rows = await rt.store.audit.heard_since(walk.order, limit=AT_ONCE)
        turn.heard += len(rows)
        raised = [read(row) for row in rows if row["kind"] == EscalationRaised.kind]
        turn.note(Finding.DOUBLE, doubled(await rt.store.audit.said_of(list({one.place.clock for one in raised}))))
        for one in raised:
            await _judge(rt, one, now, turn)
        for row in (row for row in rows if row["kind"] in ENDS):
            turn.note(Finding.MISSING, await _unsaid(rt, owed_by_end(row), row["made_at"] - A_MOMENT))
        walk = walk.model_copy(update={"order": rows[-1]["order"] if rows else walk.order})
        if len(rows) < AT_ONCE:
            break
    return walk


async def _judge(rt: Runtime[Store], one: Raised, now: datetime, turn: Turn) -> None:
    if early(one, now):
        turn.note(Finding.EARLY, [one.place])
    late = lateness(one, None)
    if late and late > LATE_AFTER:  # perhaps the clock, or its times, became known only then
        late = lateness(one, await rt.store.audit.known_at(one.place.clock, one.made_at))
    if late is not None:
        turn.late_s.append(late.total_seconds())
        turn.note(Finding.LATE, [one.place] if late > LATE_AFTER else ())


async def _tell(rt: Runtime[Store], turn: Turn) -> None:
    """Show a turn's findings to whoever watches."""
    alarms: Alarms | None = rt.parts.extra.get(AUDITOR)
    silent = turn.silent_for.total_seconds() if turn.silent_for else 0.0
    if alarms:
        alarms.silent_s.set(silent)
        _count(alarms, turn)
    if not turn.wrong:
        return
    counts = {str(finding): len(places) for finding, places in turn.found.items()}
    examples = {str(finding): [f"{one.clock}:{one.level}" for one in places[:EXAMPLES]] for finding, places in turn.found.items()}
    log.error("clock_audit_found", counts=counts, silent_s=round(silent))
    facts: dict[str, Any] = {"looked": turn.looked, "heard": turn.heard, "silent_s": silent, "counts": counts, "examples": examples}
    await rt.store.audit.report({"_id": str(uuid7()), "at": machine_now(), "now": rt.now(), **facts})


def _count(alarms: Alarms, turn: Turn) -> None:
    for finding, places in turn.found.items():
        alarms.findings.labels(finding=finding).inc(len(places))
    for late in turn.late_s:
        alarms.lateness.observe(late)


LOOP = Loop(AUDIT, audit, every=PERIOD / 3)
