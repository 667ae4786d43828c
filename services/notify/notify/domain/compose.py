"""From a fact to its notices: reads the table, never decides. Pure.

Not here: the table itself (`table`), the wording (`templates`), the addresses (fetched when a notice leaves).
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from common.envelope import Event
from common.events import Fact
from common.events.notify import NoticeFact
from common.states import Urgency

from notify.domain.endpoint import Endpoint
from notify.domain.money import next_role
from notify.domain.notice import AUDIENCES, Audience, Channel, Hold, Notice, Result, name, withheld
from notify.domain.public import PUBLIC, public_form
from notify.domain.row import Ground, Recipient, Row
from notify.domain.schedule import not_before
from notify.domain.table import TABLE
from notify.domain.templates import TEMPLATES

NOBODY = "nobody_in_role"


def _case(fact: Any) -> Any:
    return getattr(fact, "case", None)


def case_of(fact: Fact) -> str | None:
    """Return the number of the case a fact belongs to."""
    case = _case(fact)
    clock = getattr(fact, "clock", None)
    found = clock.case if clock else getattr(case, "id", None)
    return str(found) if found else None


def urgency_of(fact: Fact) -> Urgency | None:
    """Return how urgent the matter of a fact is."""
    for part in ("case", "order", "clock"):
        urgency: Urgency | None = getattr(getattr(fact, part, None), "urgency", None)
        if urgency:
            return urgency
    return None


def _money(fact: Any) -> Any:
    """Return the part of a fact that carries an amount and its currency: an approval, a settlement, or the fact itself."""
    return getattr(fact, "approval", None) or getattr(fact, "settlement", None) or fact


def _order_id(fact: Any) -> str:
    """Return the order that a fact is about; a settlement bears the id of its order."""
    money = _money(fact)
    return str(fact.order.id if money is fact else getattr(money, "order", None) or money.id)


VALUES: Mapping[str, Callable[[Any], Any]] = {
    "number": case_of,
    "kind": lambda fact: fact.case.kind,
    "fault": lambda fact: fact.case.fault,
    "urgency": urgency_of,
    "unit": lambda fact: fact.case.unit,
    "department": lambda fact: fact.order.department if hasattr(fact, "order") else fact.case.department,
    "received_at": lambda fact: fact.case.received_at,
    "final": lambda fact: fact.final,
    "next_at": lambda fact: fact.next_at,
    "order": _order_id,
    "issued_at": lambda fact: fact.order.issued_at,
    "completed_at": lambda fact: fact.order.completed_at,
    "appointment_at": lambda fact: fact.order.appointment_at or fact.case.appointment_at,
    "code": lambda fact: fact.clock.code,
    "clock_subject": lambda fact: fact.clock.case or fact.clock.subject,
    "clock_order": lambda fact: fact.clock.order,
    "due_at": lambda fact: fact.clock.due_at,
    "level": lambda fact: fact.level,
    "amount": lambda fact: _money(fact).amount,
    "currency": lambda fact: _money(fact).currency,
    "step": lambda fact: fact.settlement.next_move,
    "post": lambda fact: next_role(fact.approval) if hasattr(fact, "approval") else fact.settlement.next_roles[0],
    "visit_repair": lambda fact: bool(fact.orders),
}  #: variable of a template -> how it is read from a fact


def compose(event: Event[Any], ground: Ground) -> tuple[Result, ...]:
    """Return the notices that the table names for `event`, pending; those for roles that nobody fills are withheld at once.

    Nobody is told the same fact twice, whatever roles they hold.
    """
    made: dict[str, Result] = {}
    for row in TABLE.get(type(event.fact), ()):
        if row.when(event, ground):
            for recipient in row.to(event, ground):
                notice = _notice(event, row, recipient, ground)
                made.setdefault(notice.id, _unreachable(notice) if recipient.ref.startswith("role:") else (notice, ()))
    return tuple(made.values())


def publish(event: Event[Fact], endpoints: Iterable[Endpoint], now: datetime) -> tuple[Result, ...]:
    """Return one notice for each endpoint, with the public form of the fact. Endpoints that did not ask for its kind are not given here."""
    if event.fact.kind not in PUBLIC:
        return ()
    body = public_form(event)
    return tuple((_hook(event, endpoint, body, now), ()) for endpoint in endpoints)


def _unreachable(notice: Notice) -> tuple[Notice, tuple[NoticeFact, ...]]:
    return withheld(notice, NOBODY)


def _notice(event: Event[Any], row: Row, recipient: Recipient, ground: Ground) -> Notice:
    fact = event.fact
    case = _case(fact)
    at_once = row.hold is Hold.UNLESS_URGENT and urgency_of(fact) is Urgency.P1
    hold = Hold.NEVER if at_once else row.hold
    return Notice(
        id=name(event.id, Channel.EMAIL, recipient.ref),
        site=event.site,
        event=event.id,
        trace=event.trace,
        lane=event.lane,
        at=event.at,
        case=case_of(fact),
        channel=Channel.EMAIL,
        audience=AUDIENCES[recipient.ref.split(":", 1)[0]],
        recipient=recipient.ref,
        role=recipient.role,
        receiver=getattr(case, "owner", None) if "receiver" in TEMPLATES[row.template].late else None,
        template=row.template,
        locale=getattr(case, "locale", "zh-CN") if recipient.ref.startswith("owner:") else "zh-CN",
        params={variable: VALUES[variable](fact) for variable in TEMPLATES[row.template].needs},
        hold=hold,
        ends=row.ends(fact) if row.ends else None,
        due_at=not_before(ground.site.speaking, hold, ground.now),
    )


def _hook(event: Event[Fact], endpoint: Endpoint, body: str, now: datetime) -> Notice:
    return Notice(
        id=name(event.id, Channel.WEBHOOK, endpoint.ref),
        site=event.site,
        event=event.id,
        trace=event.trace,
        lane=event.lane,
        at=event.at,
        case=case_of(event.fact),
        channel=Channel.WEBHOOK,
        audience=Audience.MACHINE,
        recipient=endpoint.ref,
        template=event.fact.kind,
        body=body,
        due_at=now,
    )
