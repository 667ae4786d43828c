"""What should have been raised, compared with what was said: the auditor's arithmetic (ADR 0020). Pure.

Asked are the times that were planned, the end of a clock, and the facts; never `armed`, `next_at` or `raised_at`, which the firing loop keeps
for itself. Not here: reading (store), alarms (`handlers.auditing`).
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from common.events.sla import ClockCancelled
from common.states import Level

from sla.domain.clock import Clock

GRACE = timedelta(seconds=30)  #: how long firing may take before a level counts as missing
LATE_AFTER = timedelta(seconds=60)  #: a level raised later than this after it could have been is an alarm (reliability.md 3.5)


class Finding(StrEnum):
    """What can be wrong with a firing."""

    MISSING = "missing"  #: due, the clock was running, and nothing was said
    EARLY = "early"  #: said before its time
    DOUBLE = "double"  #: said more than once
    LATE = "late"  #: said more than a minute after it was due and known


@dataclass(frozen=True)
class Place:
    """One level of one clock."""

    clock: str
    level: Level


@dataclass(frozen=True)
class Raised:
    """One `escalation.raised` as it lies in the fact log: business time it is of, its planned time, the machine's time it was written."""

    place: Place
    planned_at: datetime
    at: datetime
    made_at: datetime


def read(row: Mapping[str, Any]) -> Raised:
    """Return what a row of the fact log with `escalation.raised` says."""
    fact = json.loads(row["body"])
    clock, level = fact["data"]["clock"], Level(fact["data"]["level"])
    planned = next(one["at"] for one in clock["levels"] if one["level"] == level)
    at = datetime.fromisoformat
    return Raised(Place(clock["id"], level), at(planned), at(fact["time"]), row["made_at"])


def owed(clock: Clock, until: datetime) -> list[Place]:
    """Return the levels that must have been raised by `until`: due by then, and before the clock ended. At the instant of the end both are right."""
    end = clock.stopped_at
    due = (rung for rung in clock.rungs if rung.at <= until and (end is None or rung.at < end))
    return [Place(clock.id, rung.level) for rung in due]


def owed_by_end(row: Mapping[str, Any]) -> list[Place]:
    """Return the levels that must have been raised when a clock ended, by the row that says so.

    A clock that was cancelled may have been dropped as if it had never been, with what was due a moment before.
    """
    fact = json.loads(row["body"])
    view, spared = fact["data"]["clock"], GRACE if row["kind"] == ClockCancelled.kind else timedelta(0)
    end = datetime.fromisoformat(view["stopped_at"]) - spared if view.get("stopped_at") else None
    due = (one for one in view.get("levels", ()) if end and datetime.fromisoformat(one["at"]) < end)
    return [Place(view["id"], Level(one["level"])) for one in due]


def missing(places: Iterable[Place], said: Iterable[Raised]) -> list[Place]:
    """Return what is owed and was not said."""
    there = {one.place for one in said}
    return [place for place in places if place not in there]


def doubled(said: Iterable[Raised]) -> list[Place]:
    """Return what was said more than once."""
    return [place for place, times in Counter(one.place for one in said).items() if times > 1]


def early(said: Raised, now: datetime) -> bool:
    """Say whether it was said before its time: by its own time, or because that time has not come even for whoever reads it."""
    return said.at < said.planned_at or now < said.planned_at


def lateness(said: Raised, known_at: datetime | None) -> timedelta | None:
    """Return how long after it was due and known (`known_at`, None: long before) it was said; None where business time is not the machine's."""
    if abs(said.made_at - said.at) > LATE_AFTER:
        return None  # a story, a demo or a replay runs in a time of its own
    since = max(said.planned_at, known_at) if known_at else said.planned_at
    return max(said.made_at - since, timedelta(0))
