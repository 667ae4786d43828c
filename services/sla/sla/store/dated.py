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
_LEVEL = ("level", "at", "roles", "persons")  #: of a level that was not raised
FIELDS = (
    *_VIEW,
    *(f"rungs.{name}" for name in (*_LEVEL, "raised_at")),
    "history",
    "rule_id",
    "policy",
    "alone",
    "live",
    "revision",
    "seqs",
    "trace",
    "calendar",
)


_RUNNING, _EMERGENCY = ClockState.RUNNING.value, Urgency.P1.value


def can_be_dated(doc: Doc) -> bool:
    """Say whether a clock goes the short way."""
    running = doc["state"] == _RUNNING and doc["stopped_at"] is None
    return bool(doc.get("alone")) and running and all(rung["raised_at"] is None for rung in doc["rungs"])


def dated(doc: Doc, found: Dates, now: datetime) -> Doc | None:
    """Return the fields that change, perhaps none; None where the clock gets or loses a level. `rungs`: each with its new time."""
    levels, times = [level for level, _ in found.rungs], [at for _, at in found.rungs]
    if levels != [rung["level"] for rung in doc["rungs"]]:
        return None
    if found.due_at == doc["due_at"] and times == [rung["at"] for rung in doc["rungs"]]:
        return {}
    first_at = min(times)
    fields: Doc = {"due_at": found.due_at, "next_at": first_at, "first_at": first_at}
    fields["rungs"] = [rung | {"at": at} for rung, at in zip(doc["rungs"], times, strict=True)]
    if found.due_at != doc["due_at"]:
        past = {name: doc[name] for name in ("rule_id", "policy", "start_at", "due_at")}
        fields["history"] = [*doc["history"], {"until": now, "why": PUBLISHED, **past}]
    return fields


def written(fields: Doc) -> Doc:
    """Return the same as what is set on the stored clock: of a level its time alone."""
    times = {f"rungs.{place}.at": rung["at"] for place, rung in enumerate(fields["rungs"])}
    return {name: value for name, value in fields.items() if name != "rungs"} | times


def lane_of(doc: Doc) -> Lane:
    """Return the lane of a clock's facts."""
    return Lane.URGENT if doc["urgency"] == _EMERGENCY else Lane.NORMAL


def redated(doc: Doc, fields: Doc) -> Dumped:
    """Return what is said of a clock that was dated again: a ClockRedated without the fields that hold nothing."""
    levels = [{name: rung[name] for name in _LEVEL} for rung in fields["rungs"]]
    view = {name: doc[name] for name in _VIEW if doc[name] is not None}
    return Dumped(ClockRedated.kind, {"clock": view | {"id": doc["_id"], "due_at": fields["due_at"], "levels": levels}, "why": PUBLISHED})
