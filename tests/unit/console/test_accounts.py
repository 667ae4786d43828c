"""Accounts, signing in and out: nothing is said about what was wrong, tries are counted, sessions end, nobody gives away what they do not hold."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from common.auth import Tokens
from common.errors import Conflict, Invalid
from console import handlers
from console.api.accounts import COOKIE
from console.domain import account
from console.domain.account import IDLE, LONGEST, AccountIn, begin, is_over, renewed
from fastapi import FastAPI
from pydantic import ValidationError

from tests.support.settings import settings
from tests.unit.console import story
from tests.unit.console.world import LOGIN, OPERATOR, PASSWORD, add_account, browser, parts, running

pytestmark = pytest.mark.anyio
AT = datetime(2026, 3, 14, tzinfo=UTC)


@pytest.fixture
async def app() -> AsyncIterator[FastAPI]:
    """Console with one account."""
    async with running(parts()) as app:
        yield app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A client that is not signed in."""
    async with browser(app, login=None) as client:
        yield client


def body(**given: object) -> dict[str, object]:
    """Return a new account as JSON."""
    fields = {"login": "li", "password": "long enough 1", "person": "jn-li", "roles": ["receptionist"], "sites": ["JN"]}
    return fields | given


def bearer(*roles: str, sites: tuple[str, ...] = ("*",)) -> dict[str, str]:
    """Return the header of a staff token."""
    token = Tokens(settings()).issue("someone", kind="staff", roles=roles, sites=sites, ttl=timedelta(minutes=5))
    return {"Authorization": f"Bearer {token}"}


# --- sign in ------------------------------------------------------------------------------------------------------------------


async def test_a_session_brings_a_token_that_every_service_accepts(app: FastAPI, client: httpx2.AsyncClient) -> None:
    answer = await client.post("/v1/session", json={"login": LOGIN, "password": PASSWORD})
    assert answer.status_code == 200
    caller = app.state.runtime.tokens.check(answer.json()["token"])
    assert (caller.id, caller.kind, caller.roles, caller.sites) == ("jn-chen", "staff", ("customer_service_supervisor",), ("JN", "XZ"))
    assert answer.json()["expires_in"] == 900
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("login", "password"), [(LOGIN, "wrong"), ("nobody", PASSWORD), ("nobody", "x"), ("$gt", "x"), ("CHEN", PASSWORD)])
async def test_wrong_is_wrong_whatever_was_wrong(client: httpx2.AsyncClient, login: str, password: str) -> None:
    answer = await client.post("/v1/session", json={"login": login, "password": password})
    assert answer.status_code == 401
    assert answer.json()["detail"] == "账号或密码不正确"
    assert COOKIE not in client.cookies
    assert password not in answer.text.replace("x", "") or len(password) == 1


@pytest.mark.parametrize("sent", [{}, {"login": LOGIN}, {"login": LOGIN, "password": PASSWORD, "more": 1}, {"login": 1, "password": []}, []])
async def test_a_body_that_is_no_sign_in(client: httpx2.AsyncClient, sent: object) -> None:
    answer = await client.post("/v1/session", json=sent)
    assert answer.status_code == 422
    assert PASSWORD not in answer.text


async def test_an_account_that_was_closed_neither_signs_in_nor_stays(app: FastAPI) -> None:
    async with browser(app) as client:
        assert (await client.get("/cases")).status_code == 200
        await app.state.runtime.documents.update("accounts", {"_id": LOGIN}, {"active": False})
        assert (await client.get("/cases")).status_code == 303
        assert (await client.post("/v1/session", json={"login": LOGIN, "password": PASSWORD})).status_code == 401


async def test_too_many_tries(app: FastAPI, client: httpx2.AsyncClient) -> None:
    statuses = [(await client.post("/v1/session", json={"login": LOGIN, "password": "no"})).status_code for _ in range(21)]
    assert statuses == [401] * 20 + [429]
    refused = await client.post("/v1/session", json={"login": LOGIN, "password": PASSWORD})
    assert (refused.status_code, "Retry-After" in refused.headers) == (429, True)
    page = await client.post("/sign-in", data={"login": LOGIN, "password": PASSWORD})
    assert (page.status_code, "尝试次数过多" in page.text) == (429, True)
    await add_account(app.state.runtime, "other")
    assert (await client.post("/v1/session", json={"login": "other", "password": PASSWORD})).status_code == 200


async def test_signing_out_ends_the_session_itself(app: FastAPI) -> None:
    async with browser(app) as client:
        token = client.cookies[COOKIE]
        assert (await client.post("/sign-out")).headers["location"] == "/sign-in"
        client.cookies.set(COOKIE, token, domain="console.test")
        assert (await client.get("/cases")).status_code == 303
        assert await app.state.runtime.documents.count("sessions") == 0
        assert (await client.request("DELETE", "/v1/session")).status_code == 204


FOREIGN = [{"Origin": "https://evil.test"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/v1/session"])
async def test_a_form_of_another_site_is_refused(client: httpx2.AsyncClient, path: str, headers: dict[str, str]) -> None:
    given = {"login": LOGIN, "password": PASSWORD}
    sent = {"json": given} if path.startswith("/v1/") else {"data": given}
    answer = await client.post(path, headers=headers, **sent)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_our_own_form_is_not(client: httpx2.AsyncClient) -> None:
    ours = {"Origin": "http://console.test", "Sec-Fetch-Site": "same-origin"}
    assert (await client.post("/sign-in", data={"login": f" {LOGIN.upper()} ", "password": PASSWORD}, headers=ours)).status_code == 303


def test_a_session_ends_when_nobody_uses_it_and_at_the_end_of_a_shift() -> None:
    session = begin("d", LOGIN, AT)
    assert not is_over(session, AT + IDLE - timedelta(seconds=1))
    assert is_over(session, AT + IDLE)
    assert renewed(session, AT + timedelta(seconds=30)) is None
    now = AT
    while not is_over(session, now):
        now += timedelta(minutes=30)
        session = renewed(session, now) or session
    assert now == AT + LONGEST


async def test_a_session_that_is_over_is_refused_and_swept(app: FastAPI) -> None:
    async with browser(app) as client:
        await app.state.runtime.documents.update("sessions", {}, {"ends_at": AT})
        assert (await client.get("/cases")).status_code == 303
        await client.post("/sign-in", data={"login": LOGIN, "password": PASSWORD})
    assert await app.state.runtime.documents.count("sessions") == 1


async def test_the_store_holds_neither_password_nor_token(app: FastAPI) -> None:
    async with browser(app) as client:
        token = client.cookies[COOKIE]
    kept = str([await app.state.runtime.documents.find(name) for name in ("accounts", "sessions", "requests")])
    assert PASSWORD not in kept
    assert token not in kept
    assert "$argon2id$" in kept


# --- accounts -----------------------------------------------------------------------------------------------------------------


async def test_an_administrator_creates_an_account_that_signs_in(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/v1/accounts", json=body(), headers=bearer("administrator"))
    assert (answer.status_code, answer.json()) == (
        201,
        {"login": "li", "person": "jn-li", "roles": ["receptionist"], "sites": ["JN"], "locale": None},
    )
    assert (await client.post("/v1/session", json={"login": "li", "password": "long enough 1"})).status_code == 200


REFUSED = [
    (("receptionist",), ("*",), {}, 403, "forbidden"),
    (("administrator",), ("JN",), {"sites": ["XZ"]}, 403, "forbidden"),
    (("administrator",), ("JN",), {"sites": ["*"]}, 403, "forbidden"),
    (("administrator",), ("*",), {"login": LOGIN}, 409, "conflict"),
    (("administrator",), ("*",), {"roles": ["king"]}, 422, "invalid"),
    (("administrator",), ("*",), {"roles": ["call_centre"]}, 422, "invalid"),
    (("administrator",), ("*",), {"roles": ["service"]}, 403, "forbidden"),
    (("administrator",), ("*",), {"login": "li@example.com"}, 422, "invalid"),
    (("administrator",), ("*",), {"password": "short"}, 422, "invalid"),
    (("administrator",), ("*",), {"sites": ["jn"]}, 422, "invalid"),
    (("administrator",), ("*",), {"sites": []}, 422, "invalid"),
    (("administrator",), ("*",), {"person": "李 望舒"}, 422, "invalid"),
]


@pytest.mark.parametrize(("roles", "sites", "given", "status", "slug"), REFUSED)
async def test_accounts_that_are_not_created(
    app: FastAPI, client: httpx2.AsyncClient, roles: tuple[str, ...], sites: tuple[str, ...], given: dict[str, object], status: int, slug: str
) -> None:
    answer = await client.post("/v1/accounts", json=body(**given), headers=bearer(*roles, sites=sites))
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:huiyin:problem:{slug}")
    assert "long enough" not in answer.text
    assert await app.state.runtime.documents.count("accounts") == 1


async def test_the_handler_refuses_by_itself(app: FastAPI) -> None:
    store = app.state.runtime.store
    with pytest.raises(Conflict):
        await handlers.create_account(AccountIn.model_validate(body(login=LOGIN)), "h", store=store, by=OPERATOR, now=story.NOW)
    with pytest.raises(Invalid):
        await handlers.create_account(AccountIn.model_validate(body(roles=["x"])), "h", store=store, by=OPERATOR, now=story.NOW)


def test_the_schema_of_a_sign_in_never_repeats_what_came() -> None:
    with pytest.raises(ValidationError) as caught:
        account.AccountIn.model_validate(body(password="secret"))
    assert "secret" not in str(caught.value)
