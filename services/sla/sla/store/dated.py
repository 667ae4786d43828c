"""Clocks dated again by the hundred, document by document: what `Clock` does for one, without making one of each. A test holds both to the same.

Only running clocks of which no level was raised yet; whatever else there is goes the long way (`handlers.redating`). Not here: the dates.
"""

from datetime import datetime

from common.documents import Doc
from common.events.sla import ClockRedated
from common.outbox import Dumped
from common.states import ClockState, ClockView, Lane, Urgency

from sla.domain.ground import Dates
from sla.domain.redating import PUBLISHED

_VIEW = tuple(name for name in ClockView.model_fields if name not in {"id", "levels"})
_RUNG = ("level", "at", "roles", "persons", "raised_at")
FIELDS = (
    *_VIEW,
    *(f"rungs.{name}" for name in _RUNG),
    "history",
    "rule_id",
    "policy",
    "alone",
    "live",
    "revision",
    "first_at",
    "seqs",
    "trace",
    "calendar",
)


_RUNNING, _EMERGENCY = ClockState.RUNNING.value, Urgency.P1.value


def can_be_dated(doc: Doc) -> bool:
    """Say whether a clock goes the short way."""
    running = doc["state"] == _RUNNING and doc["stopped_at"] is None
    return bool(doc.get("alone")) and running and all(rung["raised_at"] is None for rung in doc["rungs"])


def changes(doc: Doc, found: Dates, now: datetime) -> Doc | None:
    """Return what changes of the stored clock by dotted path, perhaps nothing; None where it gets or loses a level."""
    rungs = doc["rungs"]
    if [level for level, _ in found.rungs] != [rung["level"] for rung in rungs]:
        return None
    times = [at for _, at in found.rungs]
    if found.due_at == doc["due_at"] and times == [rung["at"] for rung in rungs]:
        return {}
    first_at = times[0]  # the first in time
    fields: Doc = {"due_at": found.due_at, "next_at": first_at, "first_at": first_at}
    for place, at in enumerate(times):
        fields[f"rungs.{place}.at"] = at
    if found.due_at != doc["due_at"]:
        past = {name: doc[name] for name in ("rule_id", "policy", "start_at", "due_at")}
        fields["history"] = [*doc["history"], {"until": now, "why": PUBLISHED, **past}]
    return fields


def moved(doc: Doc, due_to: datetime | None) -> Doc:
    """Return what is noted of a clock that a publication moved, in the form of Moved; `doc`: as it was."""
    return {name: doc[name] for name in ("site", "case", "code")} | {"clock": doc["_id"], "due_from": doc["due_at"], "due_to": due_to}


def lane_of(doc: Doc) -> Lane:
    """Return the lane of a clock's facts."""
    return Lane.URGENT if doc["urgency"] == _EMERGENCY else Lane.NORMAL


def redated(doc: Doc, fields: Doc) -> Dumped:
    """Return what is said of a clock that was dated again: a ClockRedated without the fields that hold nothing."""
    rungs = enumerate(doc["rungs"])
    levels = [{"level": rung["level"], "at": fields[f"rungs.{n}.at"], "roles": rung["roles"], "persons": rung["persons"]} for n, rung in rungs]
    view = {name: doc[name] for name in _VIEW if doc[name] is not None}
    return Dumped(ClockRedated.kind, {"clock": view | {"id": doc["_id"], "due_at": fields["due_at"], "levels": levels}, "why": PUBLISHED})
