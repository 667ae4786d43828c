"""Builders for dispatch's tests: a case, a rota, an order, a deed. What a test does not say does not matter to it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from common.auth import permissions_of
from common.rota import SiteRota
from common.states import CaseKind, CaseState, CaseStatus, Channel, OrderStatus, Party, PersonState, Urgency
from dispatch.domain.acts import Act, Deed
from dispatch.domain.matching import Choice
from dispatch.domain.order import Order, Returns, Rules

NOON = datetime(2026, 3, 16, 4, 0, tzinfo=UTC)  # Monday 12:00 in China
MINUTE = timedelta(minutes=1)

PEOPLE: list[dict[str, Any]] = [
    {"id": "desk", "roles": ["receptionist"], "department": "customer_service"},
    {"id": "ann", "roles": ["repair_worker"], "department": "engineering", "trades": ["plumbing"]},
    {"id": "bob", "roles": ["repair_worker"], "department": "engineering", "trades": ["plumbing", "electrical"]},
    {"id": "cid", "roles": ["repair_worker"], "department": "engineering", "trades": ["plumbing"]},
    {"id": "owl", "roles": ["repair_worker"], "department": "engineering", "trades": ["plumbing"]},
    {"id": "boss", "roles": ["engineering_manager", "department_manager"], "department": "engineering"},
    {"id": "mop", "roles": ["cleaning"], "department": "cleaning", "trades": ["cleaning"]},
]
ROTA: dict[str, Any] = {
    "shifts": [{"name": "day", "from": "08:00", "to": "20:00"}, {"name": "night", "from": "20:00", "to": "08:00"}],
    "assignments": [{"shift": "day", "people": ["desk", "ann", "bob", "cid", "mop"]}, {"shift": "night", "people": ["owl"]}],
}
FIRMS: list[dict[str, Any]] = [
    {"id": "lift-co", "trades": ["lift"], "assets": ["lift-*"]},
    {"id": "roof-co", "trades": ["roof"]},
    {"id": "other-lift-co", "trades": ["lift"], "assets": ["lift-9"]},
]


def a_rota(**changes: Any) -> SiteRota:
    return SiteRota.model_validate({"people": PEOPLE, "contractors": FIRMS} | ROTA | changes)


def a_case(**changes: Any) -> CaseState:
    base = CaseState(
        id="JN-260316-AAAAA",
        site="JN",
        kind=CaseKind.REPAIR,
        status=CaseStatus.CLASSIFIED,
        channel=Channel.PHONE,
        received_at=NOON,
        registered_at=NOON,
        policy=1,
        urgency=Urgency.P2,
        department="engineering",
        trade="plumbing",
        unit="3-0502",
    )
    return base.model_copy(update=changes)


def a_person(id: str) -> PersonState | None:
    return a_rota().person(id)


def an_order(**changes: Any) -> Order:
    party = changes.get("party", Party.OWN)
    firm = party is Party.CONTRACTOR
    base = Order(
        id="JN-260316-AAAAA-1",
        site="JN",
        case="JN-260316-AAAAA",
        case_kind=CaseKind.REPAIR,
        number=1,
        policy=1,
        department=None if firm else "engineering",
        trade="lift" if firm else "plumbing",
        assignee="lift-co" if firm else "ann",
        issued_at=NOON,
        moved_at=NOON,
        choice=Choice(party=party, at=NOON, chosen="lift-co" if firm else "ann"),
    )
    return base.model_copy(update=changes)


def an_order_in(status: OrderStatus, **changes: Any) -> Order:
    """An order in that state; only a contractor's order can wait for inspection."""
    if status is OrderStatus.RETURNED:
        changes = {"party": Party.CONTRACTOR} | changes
    return an_order(status=status, **changes)


def signed_back() -> Rules:
    """Rules of a site where the customer's signature returns the order."""
    return Rules(returns=Returns.ON_SIGNATURE)


def a_deed(by: str = "ann", *, now: datetime = NOON + 10 * MINUTE, outside: bool = False, **act: Any) -> Deed:
    target = a_person(act.get("to", ""))
    rechecks = target is not None and "order.recheck" in permissions_of(target.roles)
    return Deed(Act.model_validate(act), by=by, now=now, person=a_person(by), outside=outside, target=target, rechecks=rechecks)
