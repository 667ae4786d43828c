"""Every door of every service, read from its routes and its OpenAPI document, and a body that each one takes.

A door that is added appears in the tests of permissions, scope and bad input by itself; one that reads a body needs a line in `BODIES`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from tests.support.pictures import a_photo

Things = dict[str, str]
Json = dict[str, Any]
PROBES = frozenset({"/healthz", "/readyz", "/metrics", "/openapi.json"})
METHODS = frozenset({"GET", "POST", "PUT", "DELETE"})


@dataclass(frozen=True)
class Route:
    """One method of one path of one service, pages and front address included."""

    service: str
    method: str
    path: str
    permissions: tuple[str, ...]  #: as declared, by its dependencies and by itself

    def __str__(self) -> str:
        return f"{self.service} {self.method} {self.path}"


@dataclass(frozen=True)
class Operation(Route):
    """A route that is in the OpenAPI document."""

    document: Json
    components: Json

    @property
    def body(self) -> Json | None:
        """Schema of the body, None when it reads none."""
        json: Json | None = self._content.get("application/json", {}).get("schema")
        return json

    @property
    def takes_picture(self) -> bool:
        """Whether its body is a picture itself."""
        return "image/jpeg" in self._content

    @property
    def _content(self) -> Json:
        content: Json = self.document.get("requestBody", {}).get("content", {})
        return content

    @property
    def permission(self) -> str:
        """What it asks for."""
        return self.permissions[0]

    def parameters(self, place: str) -> list[str]:
        """Names of the parameters in `path` or `query`."""
        return [row["name"] for row in self.document.get("parameters", ()) if row["in"] == place]


def _declared(route: APIRoute) -> Iterator[str]:
    def calls(dependant: Dependant) -> Iterator[Any]:
        for one in dependant.dependencies:
            yield one.call
            yield from calls(one)

    for call in (route.endpoint, *calls(route.dependant)):
        if permission := getattr(call, "permission", None):
            yield str(permission)


def routes(service: str, app: FastAPI) -> list[Route]:
    """Everything that answers at this service."""
    found = []
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        permissions = tuple(dict.fromkeys(_declared(route))) if isinstance(route, APIRoute) else ()
        found += [Route(service, method, str(context.path), permissions) for method in sorted(context.methods or ())]
    return found


def operations(service: str, app: FastAPI) -> list[Operation]:
    """What the OpenAPI document of this service lists."""
    document = app.openapi()
    permissions = {(route.method, route.path.replace(":path}", "}")): route.permissions for route in routes(service, app)}
    return [
        Operation(service, method.upper(), path, permissions[method.upper(), path], one, document.get("components", {}))
        for path, item in document["paths"].items()
        for method, one in item.items()
    ]


def _report(things: Things) -> Json:
    return {
        "site": things["site"], "kind": "repair", "channel": "phone", "fault": things["fault"], "subject": "厨房水管", "unit": "1-101",
        "reporter": {"name": "测试业主", "phone": "13900000000", "email": "owner@example.com"},
    }  # fmt: skip


def _people(_things: Things) -> Json:
    return {"people": [{"id": "p-one", "name": "某人", "roles": ["receptionist"]}]}


def _account(things: Things) -> Json:
    return {"login": "someone", "password": "long enough", "person": "p-one", "roles": ["receptionist"], "sites": [things["site"]]}


Body = Callable[[Things], Json]


def _always(**body: Any) -> Body:
    return lambda _things: dict(body)


BODIES: dict[str, Body] = {
    "/v1/cases": _report,
    "/v1/cases/of-caller": lambda things: {"site": things["site"], "phone": "13900000000"},
    "/v1/cases/{number}/classify": _always(urgency="P2", why="老人独居"),
    "/v1/cases/{number}/respond": _always(),
    "/v1/cases/{number}/record-plan": _always(text="更换管段", days=2),
    "/v1/cases/{number}/tell-progress": _always(text="正在抢修", forms=["owners_group"]),
    "/v1/cases/{number}/restore": _always(),
    "/v1/cases/{number}/notify-departments": _always(departments=["engineering"], text="请查"),
    "/v1/cases/{number}/answer-department": _always(department="engineering", text="已查"),
    "/v1/cases/{number}/decide-measures": _always(text="增派保洁"),
    "/v1/cases/{number}/tell-test-result": _always(result="超标", plan="加装减振"),
    "/v1/cases/{number}/hold-tripartite": _always(parties=["1-101", "1-201"], company=True, text="达成一致"),
    "/v1/cases/{number}/report-result": _always(text="已处理"),
    "/v1/cases/{number}/link": lambda things: {"incident": things["case"], "reason": "同一路供水"},
    "/v1/cases/{number}/split": _always(reason="另有原因"),
    "/v1/cases/{number}/request-work": _always(department="engineering"),
    "/v1/cases/{number}/reply": _always(form="phone", text="已安排", final=False),
    "/v1/cases/{number}/promise": _always(text="换新", due_date="2026-03-20", approver="jn-cs-lead"),
    "/v1/cases/{number}/keep-promise": _always(),
    "/v1/cases/{number}/record-result": _always(text="已处理"),
    "/v1/cases/{number}/tell-result": _always(forms=["phone"]),
    "/v1/cases/{number}/visit": _always(form="phone", satisfied=True, attitude="good", efficiency="good", quality="good", effect="good"),
    "/v1/cases/{number}/check-visit": _always(opinion="属实"),
    "/v1/cases/{number}/sign-visit": _always(opinion="同意归档"),
    "/v1/open-letters": lambda things: {"site": things["site"], "text": "致各位业主", "cases": [things["case"], things["case"]]},
    "/v1/cases/{number}/waive-visit": _always(outcome="无人应答"),
    "/v1/cases/{number}/close": _always(),
    "/v1/cases/{number}/transfer": lambda things: {"to": things["person"], "reason": "换班"},
    "/v1/keys": lambda things: {"name": "a call centre", "sites": [things["site"]]},
    "/v1/work-orders/{number}/accept": _always(),
    "/v1/work-orders/{number}/arrive": _always(reason="堵车"),
    "/v1/work-orders/{number}/assess": _always(outcome="normal"),
    "/v1/work-orders/{number}/check": _always(checks=["stopped"]),
    "/v1/work-orders/{number}/survey": _always(responsible="company", in_warranty=False, trades=["plumbing"], estimate=10_000, signers=["a"]),
    "/v1/work-orders/{number}/class": _always(work_class="B"),
    "/v1/work-orders/{number}/start": _always(),
    "/v1/work-orders/{number}/leave": _always(reason="等配件"),
    "/v1/work-orders/{number}/complete": _always(record="已更换"),
    "/v1/work-orders/{number}/accept-work": _always(party="customer_service"),
    "/v1/work-orders/{number}/recheck": _always(result="good"),
    "/v1/work-orders/{number}/name-second": _always(reason="休假", to="jn-zheng"),
    "/v1/work-orders/{number}/refuse-sign": _always(reason="仍渗水"),
    "/v1/work-orders/{number}/take-over": _always(reason="维保单位未到场"),
    "/v1/work-orders/{number}/chase": _always(reason="电话催促"),
    "/v1/work-orders/{number}/explain": _always(reason="已向业主说明"),
    "/v1/work-orders/{number}/sign": _always(),
    "/v1/work-orders/{number}/return": _always(),
    "/v1/work-orders/{number}/inspect": _always(passed=True),
    "/v1/work-orders/{number}/cancel": _always(reason="重复"),
    "/v1/work-orders/{number}/excuse": _always(reason="材料未到"),
    "/v1/work-orders/{number}/transfer": _always(reason="换班", to="jn-zheng"),
    "/v1/work-orders/{number}/assign": _always(reason="就近", to="jn-zheng"),
    "/v1/work-orders/{number}/send-back": _always(reason="缺资质"),
    "/v1/work-orders/{number}/quote": _always(lines=[{"item": "tap_change", "quantity": 1}]),
    "/v1/work-orders/{number}/confirm-fee": _always(form="signature"),
    "/v1/work-orders/{number}/refuse-fee": _always(form="phone"),
    "/v1/work-orders/{number}/collect": _always(),
    "/v1/work-orders/{number}/take-money": _always(receipt="SJ-1"),
    "/v1/work-orders/{number}/file-receipt": _always(),
    "/v1/work-orders/{number}/ask-approval": _always(amount=50000),
    "/v1/work-orders/{number}/approve": _always(),
    "/v1/work-orders/{number}/decline": _always(reason="再报一次价"),
    "/v1/work-orders/{number}/settlement": _always(amount=50000),
    "/v1/settlements/{number}/correct": _always(amount=50000),
    "/v1/settlements/{number}/review": _always(),
    "/v1/settlements/{number}/confirm": _always(),
    "/v1/settlements/{number}/certify": _always(),
    "/v1/settlements/{number}/pay": _always(),
    "/v1/settlements/{number}/review-deduction": _always(),
    "/v1/settlements/{number}/deduct": _always(),
    "/v1/sites/{site}/fees": _always(items=[]),
    "/v1/sites/{site}/retention/{contractor}/hold": _always(amount=50000, receipt="PZ-1"),
    "/v1/sites/{site}/retention/{contractor}/opinion": _always(favourable=True),
    "/v1/sites/{site}/retention/{contractor}/release": _always(amount=50000, receipt="PZ-2"),
    "/v1/sites/{site}/funds/{fund}/fill": _always(amount=50000, receipt="PZ-3"),
    "/v1/sites/{site}/slips": _always(),
    "/v1/sites/{site}/units": _always(units=[{"unit": "3-0502", "building": "3", "floor": 5}]),
    "/v1/sites/{site}/people": _people,
    "/v1/sites/{site}/policy": lambda things: {"site": things["site"], "name": {"zh": "甲", "en": "A"}},
    "/v1/sites/{site}/policy/changes": lambda things: {"policy": {"site": things["site"], "name": {"zh": "甲", "en": "A"}}},
    "/v1/sites/{site}/changes/{change}/rollback": _always(),
    "/v1/clocks/{id}/extend": _always(to="2026-03-30", consent_at="2026-03-16T02:00:00Z", especially_complex=True, reason="多工种"),
    "/v1/clocks/{id}/pause": _always(reason="owner_away"),
    "/v1/clocks/{id}/resume": _always(),
    "/v1/clocks/{id}/excuse": _always(reason="材料未到"),
    "/v1/majeure": lambda things: {
        "sites": [things["site"]],
        "reason": "storm",
        "begin": "2026-03-16T02:00:00Z",
        "until": "2026-03-16T05:00:00Z",
        "classes": {"outdoor": 2.0},
    },
    "/v1/majeure/{declaration}/end": _always(),
    "/v1/majeure/{declaration}/undo": _always(),
    "/v1/calendars/{calendar}/{year}": _always(off=["2027-01-01"]),
    "/v1/sites/{site}/subscriptions": _always(endpoints=[{"url": "https://hooks.example.com/x", "kinds": ["*"]}]),
    "/v1/session": _always(login="nobody", password="no such password"),
    "/v1/accounts": _account,
    "/v1/parked/{id}/discard": _always(reason="试验消息"),
}  #: path -> a body that is right in its shape


def sent(operation: Operation, body: Json | None) -> Json:
    """What a client is given to send this body to a door, or a picture where the door takes one."""
    return {"content": a_photo(), "headers": {"Content-Type": "image/jpeg"}} if operation.takes_picture else {"json": body}


def body_of(operation: Operation, things: Things) -> Json | None:
    """A right body for a door, None where it reads none."""
    return BODIES[operation.path](things) if operation.body is not None else None
