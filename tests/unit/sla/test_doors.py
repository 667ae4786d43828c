"""The doors of sla as a caller meets them: scope, problems, clocks with all their levels, policies, calendars, who is called."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from common.auth import Tokens
from common.events import CaseClassified, CaseRegistered, Fact, WorkOrderArrived, WorkOrderIssued
from common.memory import Broker, MemoryBus, MemoryDocuments
from common.rota import SiteRota
from common.runtime import Parts
from common.states import PersonState
from common.timesource import FakeTime
from sla.handlers import SUBSCRIPTIONS
from sla.main import create_app

from tests.support.settings import settings
from tests.unit.sla.build import CASE, SITE, a_case, a_policy, a_rule, an_event, an_order, at

pytestmark = pytest.mark.anyio
POLICY = f"/v1/sites/{SITE}/policy"
CLOCK = f"case:{CASE}:CLK_KETTLE:1"


@dataclass
class Front:
    """A running sla and a way to knock."""

    client: httpx2.AsyncClient
    app: Any
    time: FakeTime

    async def knock(self, method: str, path: str, *roles: str, body: Any = None, sites: tuple[str, ...] = (SITE,), **params: Any) -> httpx2.Response:
        token = Tokens(settings()).issue("ann", kind="staff", roles=roles or ("administrator",), sites=sites, ttl=timedelta(minutes=5))
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
        return await self.client.request(method, path, json=body, params=params, headers=headers)

    async def hear(self, *facts: Fact) -> None:
        for fact in facts:
            event = an_event(fact, self.time.now())

            async def work(store: Any, event: Any = event) -> None:
                for handler in SUBSCRIPTIONS[type(event.fact)]:
                    await handler(event, store, self.time.now())

            await self.app.state.runtime.transact(work)


@pytest.fixture
async def front() -> AsyncIterator[Front]:
    """sla with one site and one running clock, at 10:00."""
    time = FakeTime(at("2026-03-16 10:00"))
    app = create_app(settings(), Parts(MemoryDocuments(), MemoryBus(Broker()), time))
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx2.AsyncClient(transport=transport, base_url="http://sla") as client:
        made = Front(client, app, time)
        put = await made.knock("PUT", POLICY, body=a_policy(a_rule(excusable=True)).model_dump(mode="json"))
        assert (put.status_code, put.json()) == (200, {"site": SITE, "version": 1})
        rota = SiteRota(people=(PersonState(id="boss-1", roles=("boss",)),)).published(SITE, 1)
        await made.hear(rota, CaseRegistered(case=a_case()), CaseClassified(case=a_case()), WorkOrderIssued(order=an_order(a_case()), case=a_case()))
        yield made


async def test_a_clock_shows_its_levels_its_rule_and_its_source(front: Front) -> None:
    clock = (await front.knock("GET", "/v1/clocks", "receptionist", case=CASE)).json()[0]
    assert (clock["id"], clock["state"], clock["verdict"], clock["late_s"]) == (CLOCK, "running", None, None)
    assert (clock["rule"], clock["rule_id"], clock["origin"], clock["policy"]) == (f"site:{SITE}", "kettle", {"site": SITE}, 1)
    assert [(level["level"], level["at"], level["raised_at"]) for level in clock["levels"]] == [
        ("warning", "2026-03-16T03:12:00Z", None), ("L1", "2026-03-16T03:30:00Z", None),
        ("L2", "2026-03-16T05:00:00Z", None), ("L3", "2026-03-16T06:30:00Z", None),
    ]  # fmt: skip
    assert (await front.knock("GET", f"/v1/clocks/{CLOCK}")).json() == clock


async def test_a_verdict_says_how_late_it_was(front: Front) -> None:
    front.time.set(at("2026-03-16 11:32"))
    await front.hear(WorkOrderArrived(order=an_order(a_case()), case=a_case(), excused=True))
    clock = (await front.knock("GET", f"/v1/clocks/{CLOCK}")).json()
    assert (clock["state"], clock["verdict"], clock["late_s"]) == ("excused", "excused", 120)
    assert (await front.knock("GET", "/v1/clocks", site=SITE, open="true")).json() == []
    assert len((await front.knock("GET", "/v1/clocks", subject=f"case:{CASE}", open="false")).json()) == 1


async def test_foreign_sites_look_like_missing_ones(front: Front) -> None:
    elsewhere: dict[str, Any] = {"sites": ("ZZ",)}
    assert (await front.knock("GET", "/v1/clocks", case=CASE, **elsewhere)).json() == []
    for path in (f"/v1/clocks/{CLOCK}", "/v1/clocks/none", POLICY):
        assert (await front.knock("GET", path, **elsewhere)).status_code == 404, path
    assert (await front.knock("GET", f"/v1/sites/{SITE}/who", role="boss", **elsewhere)).status_code == 404
    assert (await front.knock("GET", "/v1/clocks", site=SITE, **elsewhere)).status_code == 404


async def test_who_may_do_what(front: Front) -> None:
    assert (await front.knock("PUT", POLICY, "receptionist", body=a_policy().model_dump(mode="json"))).status_code == 403
    assert (await front.knock("PUT", "/v1/calendars/CN/2027", "site_manager", body={})).status_code == 403
    assert (await front.client.get("/v1/clocks", params={"case": CASE})).status_code == 401
    assert (await front.knock("GET", "/v1/clocks")).status_code == 422


async def test_the_same_policy_again_is_the_same_version(front: Front) -> None:
    same = a_policy(a_rule(excusable=True)).model_dump(mode="json")
    assert (await front.knock("PUT", POLICY, body=same)).json()["version"] == 1
    assert (await front.knock("PUT", POLICY, body=a_policy().model_dump(mode="json"))).json()["version"] == 2
    assert (await front.knock("GET", POLICY)).json()["version"] == 2
    assert (await front.knock("GET", POLICY, version=1)).json()["clocks"][0]["excusable"] is True
    assert (await front.knock("GET", POLICY, version=9)).status_code == 404


async def test_a_policy_that_cannot_be_kept_is_refused(front: Front) -> None:
    other = a_policy().model_dump(mode="json") | {"site": "ZZ"}
    assert (await front.knock("PUT", POLICY, body=other)).json()["errors"][0]["field"] == "site"
    wrong = await front.knock("PUT", POLICY, body={"site": SITE, "name": {"zh": "x", "en": "x"}, "colour": "red"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "colour")


async def test_who_would_be_called(front: Front) -> None:
    answer = await front.knock("GET", f"/v1/sites/{SITE}/who", "site_manager", role="boss", at="2026-03-16T03:00:00Z")
    assert answer.json() == {"site": SITE, "role": "boss", "at": "2026-03-16T03:00:00Z", "persons": ["boss-1"]}
    assert (await front.knock("GET", f"/v1/sites/{SITE}/who", role="nobody")).json()["persons"] == []
    assert (await front.knock("GET", f"/v1/sites/{SITE}/who", role="boss", at="2026-03-16T03:00:00")).status_code == 422


async def test_a_year_is_published_once(front: Front) -> None:
    body = {"off": ["2027-01-01", "2027-01-02"], "worked": ["2027-01-09"]}
    wanted = {"calendar": "CN", "year": 2027, "off": ["2027-01-01"], "worked": ["2027-01-09"], "revision": 1}
    assert (await front.knock("GET", "/v1/calendars/CN/2027")).status_code == 404
    for _ in range(2):
        assert (await front.knock("PUT", "/v1/calendars/CN/2027", sites=("*",), body=body)).json() == wanted
    assert (await front.knock("GET", "/v1/calendars/CN/2027")).json() == wanted
    assert (await front.knock("PUT", "/v1/calendars/CN/2027", body=body)).status_code == 403  # it moves the deadlines of every site
    other = await front.knock("PUT", "/v1/calendars/CN/2027", sites=("*",), body={"off": ["2028-01-01"]})
    assert (other.status_code, other.json()["errors"][0]["field"]) == (422, "off")


async def test_how_late_levels_are_raised_is_measured(front: Front) -> None:
    text = (await front.client.get("/metrics")).text
    assert "huiyin_clock_fire_lag_seconds_bucket" in text
