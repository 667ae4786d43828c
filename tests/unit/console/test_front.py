"""The front address: each door goes to its owner as it came, service-only doors stay shut, an owner that is down is a problem document."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from common.timesource import FakeTime
from console.domain.front import OWN, STREETS, is_plain, route_paths

from tests.unit.console import story
from tests.unit.console.world import PORTS, Peers, browser, parts, running

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def front(**headers: str) -> AsyncIterator[tuple[httpx2.AsyncClient, Peers]]:
    """A client at the front address, and what stands behind it."""
    peers = Peers()
    async with running(parts(FakeTime(story.NOW), peers), account=False) as app, browser(app, login=None, **headers) as client:
        yield client, peers


OWNERS = [
    ("POST", "/v1/cases", "intake"),
    ("GET", "/v1/cases?site=JN&status=closed", "intake"),
    ("GET", "/v1/cases/JN-260314-7K3QX", "intake"),
    ("POST", "/v1/cases/JN-260314-7K3QX/tell-result", "intake"),
    ("DELETE", "/v1/keys/abc", "intake"),
    ("GET", "/v1/work-orders?case=JN-260314-7K3QX", "dispatch"),
    ("POST", "/v1/work-orders/JN-260314-7K3QX-1/accept", "dispatch"),
    ("PUT", "/v1/sites/JN/people", "dispatch"),
    ("PUT", "/v1/sites/JN/units", "intake"),
    ("GET", "/v1/sites/JN/contractors", "dispatch"),
    ("POST", "/v1/sites/JN/slips", "dispatch"),
    ("GET", "/v1/clocks/case:JN-260314-7K3QX:CLK_ONSITE:1", "sla"),
    ("PUT", "/v1/calendars/CN/2026", "sla"),
    ("PUT", "/v1/sites/JN/policy", "sla"),
    ("GET", "/v1/sites/JN/who?role=duty_manager&at=2026-03-14T17:00:00%2B08:00", "sla"),
    ("GET", "/v1/notices?case=JN-260314-7K3QX", "notify"),
    ("GET", "/v1/deliveries?endpoint=e", "notify"),
    ("PUT", "/v1/sites/JN/subscriptions", "notify"),
]


@pytest.mark.parametrize(("method", "path", "owner"), OWNERS)
async def test_each_door_goes_to_its_owner(method: str, path: str, owner: str) -> None:
    async with front() as (client, peers):
        answer = await client.request(method, path)
    assert answer.json() == {"owner": owner}
    assert str(peers.came[0].url).split("/", 3)[3] == path.removeprefix("/")
    assert peers.came[0].method == method


CLOSED = [
    "/v1/contacts/r-1",
    "/v1/contacts/r-1/more",
    "/v1/staff/jn-li/contact",
    "/v1/cases/../contacts/r-1",
    "/v1/cases/%2e%2e/contacts/r-1",
    "/v1/cases/..%2Fcontacts%2Fr-1",
    "/v1/cases//x",
    "/v1/sites/JN/other",
    "/v1/unknown",
    "/v2/cases",
]


@pytest.mark.parametrize("path", CLOSED)
async def test_doors_that_are_nobodys_from_outside(path: str) -> None:
    async with front(Authorization="Bearer service") as (client, peers):
        answer = await client.get(httpx2.URL("http://console.test", raw_path=path.encode()))
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:huiyin:problem:not-found")
    assert peers.came == []


@pytest.mark.parametrize("path", ["/v1/facts", "/v1/quiet", "/v1/parked", "/v1/reconcile", "/v1/cases/JN-260314-7K3QX/timeline"])
async def test_consoles_own_doors_are_not_passed_on(path: str) -> None:
    async with front() as (client, peers):
        assert (await client.get(path)).status_code == 401
    assert peers.came == []


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_consoles_own_door_has_one_method(method: str) -> None:
    async with front() as (client, peers):
        answer = await client.request(method, "/v1/cases/JN-260314-7K3QX/timeline")
    assert (answer.status_code, answer.headers["allow"], peers.came) == (405, "GET", [])


async def test_body_and_headers_cross_and_cookies_do_not() -> None:
    sent = {"Authorization": "Bearer t", "Idempotency-Key": "k-1", "Accept-Language": "en", "Cookie": "huiyin_session=s", "X-Other": "x"}
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with front() as (client, peers):
        peers.status, peers.headers = 201, peers.headers | {"idempotency-replayed": "true"}
        answer = await client.post("/v1/cases", json={"site": "JN", "subject": "漏水"}, headers=sent | {"traceparent": trace})
    came = peers.came[0].headers
    assert {name: came[name] for name in ("authorization", "idempotency-key", "accept-language", "traceparent", "content-type")} == {
        "authorization": "Bearer t",
        "idempotency-key": "k-1",
        "accept-language": "en",
        "traceparent": trace,
        "content-type": "application/json",
    }
    assert not {"cookie", "x-other"} & set(came)
    assert peers.bodies == ['{"site":"JN","subject":"漏水"}'.encode()]
    assert (answer.status_code, answer.headers["location"], answer.headers["idempotency-replayed"]) == (201, "/v1/cases/X", "true")
    assert not {"set-cookie", "server"} & set(answer.headers)
    assert answer.headers.get_list("traceparent") == [trace]


@pytest.mark.parametrize(
    ("method", "failure", "slug"),
    [
        ("GET", httpx2.ConnectError("refused"), "peer-away"),
        ("POST", httpx2.ConnectError("refused"), "peer-away"),
        ("GET", httpx2.ReadTimeout("slow"), "peer-away"),
        ("POST", httpx2.ReadTimeout("slow"), "outcome-unknown"),
        ("POST", httpx2.RemoteProtocolError("gone"), "outcome-unknown"),
    ],
)
async def test_an_owner_that_is_down(method: str, failure: Exception, slug: str) -> None:
    async with front() as (client, peers):
        peers.failure = failure
        answer = await client.request(method, "/v1/cases", headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert answer.json()["type"] == f"urn:huiyin:problem:{slug}"
    assert answer.json()["peer"] == "intake"
    assert "Retry-After" in answer.headers


async def test_problems_of_the_owner_pass_through() -> None:
    async with front() as (client, peers):
        peers.status, peers.headers = 422, {"content-type": "application/problem+json", "content-language": "en"}
        answer = await client.post("/v1/cases", json={})
    assert (answer.status_code, answer.headers["content-type"], answer.headers["content-language"]) == (422, "application/problem+json", "en")


async def test_a_body_over_the_limit_stops_here() -> None:
    async with front() as (client, peers):
        answer = await client.post("/v1/cases", content=b"x" * 70_000)
    assert (answer.status_code, peers.came) == (413, [])


def test_the_table_closes_before_it_opens() -> None:
    owners = [street.owner for street in STREETS]
    assert None not in owners[owners.index("intake") :]
    assert set(owners) == {None, OWN, *PORTS.values()}
    paths = [path for street in STREETS for path in route_paths(street)]
    assert len(paths) == len(set(paths))


@pytest.mark.parametrize("path", ["/v1/a/b", "/v1/case:x-1", "/v1/%E4%B8%AD"])
def test_plain_paths(path: str) -> None:
    assert is_plain(path)
