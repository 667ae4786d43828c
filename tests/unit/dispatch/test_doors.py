"""The doors of dispatch as a caller meets them: permissions, problems, what is shown to whom."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import httpx2
import pytest
from common.auth import Tokens
from common.documents import from_doc, to_doc
from common.envelope import Event
from common.events import Fact
from common.events.sla import PolicyPublished
from common.memory import Broker, MemoryBus, MemoryDocuments
from common.policy import resolve
from common.runtime import Parts
from common.states import Lane, OrderStatus, Party
from common.timesource import FakeTime
from dispatch.api.bodies import BODIES
from dispatch.domain.moves import MOVES
from dispatch.domain.order import Order
from dispatch.domain.survey import Survey
from dispatch.handlers import SUBSCRIPTIONS
from dispatch.main import create_app

from tests.support.settings import settings
from tests.unit.dispatch.build import MINUTE, NOON, PEOPLE, ROTA, a_case, an_order
from tests.unit.dispatch.world import a_policy, as_site, classified

pytestmark = pytest.mark.anyio
NUMBER = "JN-260316-AAAAA-1"
SHEET = {"responsible": "company", "in_warranty": True, "trades": ["plumbing"], "estimate": 1_00, "signers": ["customer_service"]}
CaseWorkRequested = next(fact for fact in SUBSCRIPTIONS if fact.kind == "case.work_requested")


@dataclass
class Front:
    """A running dispatch and a way to knock."""

    client: httpx2.AsyncClient
    app: Any
    tokens: Tokens

    async def knock(
        self,
        method: str,
        path: str,
        by: str = "ann",
        *roles: str,
        body: Any = None,
        sites: tuple[str, ...] = ("JN",),
        kind: Literal["staff", "service"] = "staff",
        headers: dict[str, str] | None = None,
    ) -> httpx2.Response:
        token = self.tokens.issue(by, kind=kind, roles=roles or ("repair_worker",), sites=sites, ttl=timedelta(minutes=5))
        return await self.client.request(method, path, json=body, headers={"Authorization": f"Bearer {token}", **(headers or {})})

    async def hear(self, fact: Fact) -> None:
        event = Event("x:1", "intake", "x", 1, "JN", Lane.NORMAL, NOON, "", fact)

        async def work(store: Any) -> None:
            for handler in SUBSCRIPTIONS[type(fact)]:
                await handler(event, store, NOON)

        await self.app.state.runtime.transact(work)


@pytest.fixture
async def front() -> AsyncIterator[Front]:
    """Dispatch with one site, one order, at 12:10."""
    chosen = settings()
    time = FakeTime(NOON + 10 * MINUTE)
    app = create_app(chosen, Parts(MemoryDocuments(), MemoryBus(Broker()), time))
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx2.AsyncClient(transport=transport, base_url="http://dispatch") as client:
        made = Front(client, app, Tokens(chosen))
        await made.hear(a_policy())
        put = await made.knock("PUT", "/v1/sites/JN/people", "root", "administrator", body=as_site().model_dump(mode="json"))
        assert put.status_code == 200, put.text
        await made.hear(classified())
        yield made


async def test_publishing_a_rota_with_a_gap_warns_and_a_whole_one_does_not(front: Front) -> None:
    """Repair duty: at night nobody but the owl, so without the owl there is a gap, every night; roles of the chain are looked at as well."""
    chain = {"escalation": {"recipients": {"L1": ["site_manager"]}}}
    policy = resolve([chain, {"site": "JN", "name": {"zh": "示例", "en": "Example"}}])
    await front.hear(PolicyPublished(site="JN", version=2, policy=policy.model_dump(mode="json")))
    boss = {"id": "chief", "roles": ["site_manager"]}
    for people, kinds in (([*PEOPLE, boss], set()), (PEOPLE, {("level", "site_manager")})):
        put = await front.knock("PUT", "/v1/sites/JN/people", "root", "administrator", body=as_site(people).model_dump(mode="json"))
        assert {(gap["kind"], *gap["roles"]) for gap in put.json()["warnings"]} == kinds
    by_day = ROTA | {"assignments": [{"shift": "day", "people": ["ann", "bob", "cid", "owl"]}]}
    body = as_site([*PEOPLE, boss], rota=by_day).model_dump(mode="json")
    [gap] = (await front.knock("PUT", "/v1/sites/JN/people", "root", "administrator", body=body)).json()["warnings"]
    assert (gap["kind"], gap["start"], gap["end"], gap["times"]) == ("duty", "2026-03-16T12:00:00Z", "2026-03-17T00:00:00Z", 28)


async def test_an_order_tells_where_it_stands_what_may_be_done_and_why_it_went_to_whom(front: Front) -> None:
    answer = (await front.knock("GET", f"/v1/work-orders/{NUMBER}")).json()
    assert (answer["status"], answer["assignee"], answer["unit"]) == ("issued", "ann", "3-0502")
    assert answer["moves"] == ["accept", "transfer", "send-back", "excuse"]  # a worker may neither cancel nor assign
    assert {one["id"]: one["why"] for one in answer["choice"]["considered"]}["owl"] == "shift"


async def test_a_move_answers_with_the_order_after_it(front: Front) -> None:
    answer = await front.knock("POST", f"/v1/work-orders/{NUMBER}/accept", body={"at": "2026-03-16T12:03:00+08:00"})
    assert (answer.status_code, answer.json()["status"], answer.json()["acceptor"]) == (200, "accepted", "ann")
    assert answer.json()["steps"][0]["at"] == "2026-03-16T04:03:00Z"


async def test_the_same_key_gives_the_same_answer(front: Front) -> None:
    first = await front.knock("POST", f"/v1/work-orders/{NUMBER}/accept", body={}, headers={"Idempotency-Key": "k1"})
    second = await front.knock("POST", f"/v1/work-orders/{NUMBER}/accept", body={}, headers={"Idempotency-Key": "k1"})
    assert (second.status_code, second.json()) == (200, first.json())
    assert second.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize(
    ("move", "body", "status", "slug"),
    [
        ("complete", {"record": "done"}, 409, "illegal-move"),
        ("complete", {}, 422, "invalid"),
        ("assess", {"outcome": "free"}, 422, "invalid"),
        ("accept", {"at": "2026-03-16T12:11:00+08:00"}, 422, "time-in-future"),
        ("accept", {"at": "2026-03-16T11:59:00+08:00"}, 422, "time-order"),
        ("accept", {"at": "2026-03-16T12:03:00"}, 422, "invalid"),
        ("accept", {"at": 1773633780}, 422, "invalid"),
        ("accept", {"at": "0001-01-01T00:00:00+14:00"}, 422, "invalid"),
        ("accept", {"at": None, "by": "bob"}, 422, "invalid"),
        ("excuse", {"reason": "   "}, 422, "invalid"),
        ("arrive", {"plan_told": "yes"}, 422, "invalid"),
        ("sign", {"result": "bad"}, 422, "invalid"),
        ("dance", {}, 404, "not-found"),
    ],
)
async def test_bad_moves_have_named_problems(front: Front, move: str, body: Any, status: int, slug: str) -> None:
    answer = await front.knock("POST", f"/v1/work-orders/{NUMBER}/{move}", body=body)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:huiyin:problem:{slug}")
    assert (await front.knock("GET", f"/v1/work-orders/{NUMBER}")).json()["steps"] == []


@pytest.mark.parametrize("name", sorted(BODIES))
async def test_each_move_asks_for_its_permission(front: Front, name: str) -> None:
    answer = await front.knock("POST", f"/v1/work-orders/{NUMBER}/{name}", "yan", "audit", body={})
    assert (answer.status_code, answer.json()["permission"]) == (403, MOVES[name].permission)
    assert (await front.client.post(f"/v1/work-orders/{NUMBER}/{name}", json={})).status_code == 401


async def test_a_refused_guard_names_itself_in_both_languages(front: Front) -> None:
    answers = [
        (await front.knock("POST", f"/v1/work-orders/{NUMBER}/accept", "mop", "cleaning", body={}, headers={"Accept-Language": locale})).json()
        for locale in ("zh-CN", "en")
    ]
    assert [answer["guard"] for answer in answers] == ["R4", "R4"]
    assert "工种" in answers[0]["detail"]
    assert "trade" in answers[1]["detail"]


async def test_a_foreign_sites_order_looks_like_a_missing_one(front: Front) -> None:
    for path in (f"/v1/work-orders/{NUMBER}", "/v1/sites/JN/people"):
        foreign = await front.knock("GET", path, "eve", "site_manager", sites=("XZ",))
        missing = await front.knock("GET", path.replace("JN", "QQ"), "eve", "site_manager", sites=("XZ",))
        same = [{key: value for key, value in answer.json().items() if key != "trace_id"} for answer in (foreign, missing)]
        assert (foreign.status_code, same[0]) == (404, same[1])


async def test_dsp13_a_contractor_sees_its_own_orders_and_no_reasons(front: Front) -> None:
    await front.hear(CaseWorkRequested(case=a_case(id="JN-260316-LLLLL"), party=Party.CONTRACTOR, contractor="lift-co"))
    listed = (await front.knock("GET", "/v1/work-orders", "lift-co", "contractor")).json()["orders"]
    assert [(order["id"], order["choice"]) for order in listed] == [("JN-260316-LLLLL-1", None)]
    assert (await front.knock("GET", f"/v1/work-orders/{NUMBER}", "lift-co", "contractor")).status_code == 404
    assert (await front.knock("GET", f"/v1/work-orders?case={NUMBER[:-2]}", "lift-co", "contractor")).json() == {"orders": []}
    assert (await front.knock("GET", "/v1/work-orders?assignee=ann", "lift-co", "contractor")).json()["orders"] == listed


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 1),
        ("?site=JN", 1),
        ("?case=JN-260316-AAAAA", 1),
        ("?assignee=ann", 1),
        ("?assignee=bob", 0),
        ("?status=issued", 1),
        ("?status=signed", 0),
    ],
)
async def test_orders_are_found_by_case_site_assignee_and_state(front: Front, query: str, count: int) -> None:
    assert len((await front.knock("GET", f"/v1/work-orders{query}")).json()["orders"]) == count
    assert (await front.knock("GET", f"/v1/work-orders{query}", sites=("XZ",))).status_code == (404 if "site" in query else 200)
    if "site" not in query:
        assert (await front.knock("GET", f"/v1/work-orders{query}", sites=("XZ",))).json() == {"orders": []}


@pytest.mark.parametrize(
    ("status", "party", "waits"),
    [
        (OrderStatus.RETURNED, Party.CONTRACTOR, "inspection"),
        (OrderStatus.SURVEYED, Party.OWN, "class"),
        (OrderStatus.SURVEYED, Party.CONTRACTOR, "class"),
    ],
)
async def test_r11_r18_what_an_order_waits_for_is_listed_until_it_is_done(front: Front, status: OrderStatus, party: Party, waits: str) -> None:
    """R18: what own people returned waits for nobody; the list is of the caller's sites, and a contractor's of its own orders (DSP-13)."""

    async def listed(what: str, *roles: str, by: str = "leader", sites: tuple[str, ...] = ("JN",)) -> list[str]:
        answer = await front.knock("GET", f"/v1/work-orders?awaits={what}", by, *roles, sites=sites)
        return [row["id"] for row in answer.json()["orders"] if row["awaits"] == what]

    documents = front.app.state.runtime.documents
    own = an_order(number=9, id=f"{NUMBER}9", status=OrderStatus.RETURNED, party=Party.OWN)
    issued = from_doc(Order, await documents.get("orders", NUMBER))
    for order in (issued.model_copy(update={"status": status, "party": party, "survey": Survey.model_validate(SHEET)}), own):
        await documents.put("orders", to_doc(order))
    other = {"inspection": "class", "class": "inspection"}[waits]
    assert (await listed(waits, "repair_team_leader"), await listed(other, "repair_team_leader")) == ([NUMBER], [])
    assert (await listed(waits, "repair_team_leader", sites=("XZ",)), await listed(waits, "contractor", by="roof-co")) == ([], [])
    move, body = {"inspection": ("inspect", {"passed": True}), "class": ("class", {"work_class": "A"})}[waits]
    done = await front.knock("POST", f"/v1/work-orders/{NUMBER}/{move}", "lead", "customer_service_supervisor", body=body)
    assert (done.status_code, done.json()["awaits"], await listed(waits, "repair_team_leader")) == (200, None, []), done.text


async def test_phones_are_for_those_who_manage_the_site_and_for_services(front: Front) -> None:
    seen = (await front.knock("GET", "/v1/sites/JN/people", "sup", "customer_service_supervisor")).json()
    managed = (await front.knock("GET", "/v1/sites/JN/people", "root", "administrator")).json()
    assert (seen["version"], seen["people"][1]["name"], seen["people"][1]["phone"]) == (1, "名字ann", None)
    assert managed["people"][1]["phone"] == "+86 000 0009 0001"
    contact = await front.knock("GET", "/v1/staff/ann/contact", "service:notify", "service", sites=("*",), kind="service")
    assert contact.json() == {
        "person": "ann", "site": "JN", "name": "名字ann", "phone": "+86 000 0009 0001", "email": "ann@example.com", "locale": "zh-CN",
    }  # fmt: skip
    firm = await front.knock("GET", "/v1/staff/contractor:lift-co/contact", "service:notify", "service", sites=("*",), kind="service")
    assert firm.json()["name"] == "某公司"
    for by, roles, path, status in (("root", "administrator", "ann", 403), ("service:notify", "service", "ghost", 404)):
        answer = await front.knock("GET", f"/v1/staff/{path}/contact", by, roles, sites=("*",), kind="service" if roles == "service" else "staff")
        assert answer.status_code == status


async def test_names_are_for_the_staff_of_the_site_and_come_without_phones(front: Front) -> None:
    """Whoever works with a site's orders or cases reads who its people are; a contractor does not, and no other site's (DSP-13)."""
    for by, role in (("ann", "repair_worker"), ("desk", "receptionist"), ("money", "finance")):
        answer = await front.knock("GET", "/v1/sites/JN/names", by, role)
        assert (answer.status_code, answer.json()["names"]["ann"], answer.json()["names"]["lift-co"]) == (200, "名字ann", "某公司")
        assert set(answer.json()) == {"site", "names"}
        assert "0009" not in answer.text
    refused = await front.knock("GET", "/v1/sites/JN/names", "lift-co", "contractor")
    assert (refused.status_code, "名字" in refused.text) == (403, False)
    foreign = await front.knock("GET", "/v1/sites/JN/names", sites=("XZ",))
    assert (foreign.status_code, "名字" in foreign.text) == (404, False)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"people": [{**PEOPLE[0], "name": "x", "phone": "call me"}]}, "people.0.phone"),
        ({"people": [{**PEOPLE[0], "name": "x", "email": "nobody"}]}, "people.0.email"),
        ({"people": [{"id": "a b", "name": "x", "roles": ["receptionist"]}]}, "people.0.id"),
        ({"rota": {"shifts": [{"name": "day", "from": "8", "to": "20:00"}]}}, "rota.shifts.0.from"),
        ({"rota": {"assignments": [{"shift": "noon", "people": []}]}}, "rota"),
        ({"extra": 1}, "extra"),
    ],
)
async def test_a_bad_site_file_names_its_field_and_changes_nothing(front: Front, changes: dict[str, Any], field: str) -> None:
    body = as_site().model_dump(mode="json") | changes
    answer = await front.knock("PUT", "/v1/sites/JN/people", "root", "administrator", body=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert "call me" not in answer.text
    assert (await front.knock("GET", "/v1/sites/JN/people", "root", "administrator")).json()["version"] == 1


async def test_slips_are_handed_over_at_the_door(front: Front) -> None:
    answer = await front.knock("POST", "/v1/sites/JN/slips", body={})
    assert answer.json() == {"site": "JN", "week": "2026-W12", "handed_over_at": "2026-03-16T04:10:00Z", "orders": [], "waiting": []}
    assert (await front.knock("POST", "/v1/sites/JN/slips", "desk", "receptionist", body={})).status_code == 403
    assert (await front.knock("POST", "/v1/sites/ZZ/slips", body={})).status_code == 404
    assert (await front.knock("POST", "/v1/sites/JN/slips", body={"week": "2026-W54"})).status_code == 422


async def test_the_document_of_the_doors_names_every_move(front: Front) -> None:
    paths = (await front.client.get("/openapi.json")).json()["paths"]
    assert {f"/v1/work-orders/{{number}}/{name}" for name in BODIES} <= set(paths)


async def test_dsp15_the_site_reads_how_its_contractors_come(front: Front) -> None:
    answer = await front.knock("GET", "/v1/sites/JN/contractors", "boss", "engineering_manager")
    assert [row["contractor"] for row in answer.json()["contractors"]] == ["lift-co", "roof-co", "other-lift-co"]
    assert (await front.knock("GET", "/v1/sites/JN/contractors", "lift-co", "contractor")).status_code == 403
    assert (await front.knock("GET", "/v1/sites/ZZ/contractors", "boss", "engineering_manager")).status_code == 404
