"""The public form of a fact: what a subscribed endpoint gets, byte for byte (Standard Webhooks payload: type, timestamp, data). Pure.

Thin on purpose: references of the case, its stage and its times. No unit, no reporter, no staff, no policy internals (NTF-22): who may
know more asks the case's door with its own key. A kind or field that is not listed here never leaves.
"""

import json
from typing import Any

from common.envelope import Event
from common.events import Fact
from pydantic import BaseModel

CASE = ("id", "site", "kind", "status", "channel", "received_at", "registered_at", "urgency", "category", "fault", "department", "open_promises")
ORDER = ("id", "case", "number", "status", "party", "department", "trade", "urgency", "issued_at", "appointment_at", "completed_at", "rework_of")
CLOCK = ("id", "code", "case", "order", "state", "strength", "start_at", "due_at", "stopped_at")
STATES: dict[str, tuple[str, ...]] = {"case": CASE, "order": ORDER, "clock": CLOCK}

PUBLIC: dict[str, tuple[str, ...]] = {
    "case.registered": ("case",),
    "case.classified": ("case",),
    "case.responded": ("case",),
    "case.plan_recorded": ("case", "days"),
    "case.progress_told": ("case", "forms"),
    "case.restored": ("case",),
    "case.replied": ("case", "form", "final", "answers", "next_at"),
    "case.result_recorded": ("case",),
    "case.result_told": ("case", "forms"),
    "case.work_done": ("case",),
    "case.closed": ("case", "outcome"),
    "case.reopened": ("case", "rework_of"),
    "promise.made": ("promise", "case", "due_at", "date_only", "made_at"),
    "promise.kept": ("promise", "case", "due_at", "date_only", "made_at", "kept_at"),
    "visit.due": ("visit", "case", "orders"),
    "visit.recorded": ("visit", "case", "form", "satisfied"),
    "visit.waived": ("visit", "case"),
    "work_order.issued": ("order",),
    "work_order.accepted": ("order",),
    "work_order.arrived": ("order", "excused"),
    "work_order.assessed": ("order", "outcome"),
    "work_order.contained": ("order",),
    "work_order.surveyed": ("order",),
    "work_order.classed": ("order",),
    "work_order.started": ("order",),
    "work_order.unfinished": ("order",),
    "work_order.chased": ("order",),
    "work_order.explained": ("order",),
    "work_order.signature_refused": ("order",),
    "work_order.completed": ("order",),
    "work_order.party_accepted": ("order", "party"),
    "work_order.rechecked": ("order",),
    "work_order.second_named": ("order",),
    "work_order.signed": ("order",),
    "work_order.returned": ("order",),
    "work_order.inspected": ("order",),
    "work_order.cancelled": ("order",),
    "work_order.offered": ("order", "until"),
    "work_order.assigned": ("order", "why"),
    "work_order.sent_back": ("order",),
    "work_order.unassigned": ("order", "why"),
    "clock.warned": ("clock",),
    "clock.breached": ("clock",),
    "clock.met": ("clock",),
    "escalation.raised": ("clock", "level"),
}  #: kind -> public fields of its data


def public_form(event: Event[Fact]) -> str:
    """Return the JSON text that is signed and sent. Raises KeyError for a kind that is not public."""
    data = {field: _value(event.fact, field) for field in PUBLIC[event.fact.kind]}
    body = {"type": event.fact.kind, "timestamp": event.at.isoformat(), "id": event.id, "site": event.site, "data": data}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _value(fact: Fact, field: str) -> Any:
    value = getattr(fact, field)
    if field in STATES and isinstance(value, BaseModel):
        return value.model_dump(mode="json", include=set(STATES[field]))
    return fact.model_dump(mode="json", include={field})[field]
