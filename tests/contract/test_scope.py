"""A site out of scope looks exactly like a missing one: every door × method with an id, asked by the other site's key and staff (row 54).

Generated from the OpenAPI documents. `EXEMPT` lists the doors that know no site, each with its reason.
"""

import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pytest
from common.topology import LISTENS
from intake.domain import number

from tests.support.estate import NOBODYS, OURS, PASSWORD, START, THEIRS, Estate, an_estate, foreign_service_token, problem
from tests.support.operations import Json, Operation, Things, body_of, operations, sent

pytestmark = pytest.mark.anyio

AUDITED = {"intake": "cases", "dispatch": "orders"} | dict.fromkeys(("sla", "notify", "console"), "")  #: a collection that the chain tells of
EXEMPT = {
    "/v1/facts": "the fact log is for services, which see all sites",
    "/v1/quiet": "counts of the whole service, for who runs it",
    "/v1/reconcile": "counts of the whole service, for who runs it",
    "/v1/calendars/{calendar}/{year}": "a country's holidays are every site's: all read them, only who sees all sites publishes them",
    "/v1/calendars/{calendar}/moved": "lists only clocks of sites that the caller sees; the calendar is every site's",
    "/v1/session": "signing in and out",
    "/v1/audit": "lists only chains of sites that the caller sees",
}
QUERY_IDS = {"case": "case", "subject": "subject", "site": "site", "endpoint": "endpoint", "assignee": "assignee", "owner": "person"}
PLAIN = {
    "days",
    "state",
    "status",
    "approver",
    "awaits",
    "collector",
    "last",
    "begin",
    "kind",
    "urgency",
    "before",
    "after",
    "months",
    "limit",
    "open",
    "version",
    "role",
    "at",
    "fault",
    "department",
    "major",
    "size",
    "to_sign",
}  #: parameters that name nothing of a site
VARYING = {"content-length", "traceparent"}


@dataclass(frozen=True)
class Knock:
    """One operation with one id that is foreign, missing or our own."""

    operation: Operation
    path: str
    query: dict[str, str]
    body: Json | None

    async def by(self, estate: Estate, credential: str, *, through: str | None = None) -> httpx2.Response:
        """The answer; `through` another service's address."""
        service = through or self.operation.service
        return await estate.call(
            service, self.operation.method, self.path, by=credential, params=self.query, key=secrets.token_hex(8), **sent(self.operation, self.body)
        )


@pytest.fixture(scope="module")
async def estate() -> AsyncIterator[Estate]:
    async with an_estate() as made:
        made.things[NOBODYS] = missing(made.things[THEIRS])
        yield made


def missing(like: Things) -> Things:
    """Ids as well formed as these, of nothing."""
    case = number.compose(THEIRS, START, ZoneInfo("Asia/Shanghai"), number.draw(secrets.choice))
    made = {
        "site": NOBODYS,
        "case": case,
        "order": f"{case}-1",
        "clock": f"case:{case}:CLK_SURVEY:1",
        "parked": f"intake:case:{case}:98",
        "redriven": "x",
    }
    made |= {"attachment": "0" * 32, "photo": "0" * 32}
    made |= {"change": "ch-" + "0" * 32, "declaration": "mj-" + "0" * 32}
    made |= {
        "key": "0" * 12,
        "contractor": "qq-nobody",
        "fund": "nothing",
        "endpoint": "ep-" + "0" * 16,
        "contact": "c-" + "0" * 20,
        "person": "qq-nobody",
        "assignee": "qq-nobody",
    }
    return like | made | {"contractor": "qq-nobody", "fund": "nothing"}


def scoped(estate: Estate) -> list[Operation]:
    """Operations that name something of a site, in their path or as a parameter."""
    found = [one for service in LISTENS for one in operations(service, estate.apps[service]) if one.path not in EXEMPT]
    return [one for one in found if one.parameters("path") or set(one.parameters("query")) & set(QUERY_IDS)]


def filled(operation: Operation, things: Things) -> str:
    """The path about these things."""
    of_order, of_clock = operation.path.startswith(("/v1/work-orders", "/v1/settlements")), operation.path.startswith("/v1/clocks")
    parked = "redriven" if operation.path.endswith("redrive") else "parked"
    ids = {"number": things["order" if of_order else "case"], "id": things["clock" if of_clock else parked]}
    return operation.path.format(**things | ids | {"ref": things["contact"], "key_id": things["key"], "collection": AUDITED[operation.service]})


def asked(operation: Operation, things: Things) -> Iterator[dict[str, str]]:
    """Queries that name one thing each, with what the operation requires besides."""
    base = {"role": "site_manager"} if "role" in operation.parameters("query") else {}
    names = [name for name in operation.parameters("query") if name in QUERY_IDS]
    if operation.parameters("path") or not names:
        yield base
    for name in names:
        yield base | {name: f"case:{things['case']}" if name == "subject" else things[QUERY_IDS[name]]}


def knocks(operation: Operation, things: Things) -> Iterator[Knock]:
    for query in asked(operation, things):
        yield Knock(operation, filled(operation, things), query, body_of(operation, things))


def seen(answer: httpx2.Response) -> tuple[int, Any, dict[str, str]]:
    """All that a caller can tell two answers apart by."""
    body = answer.json() if answer.content else None
    if isinstance(body, dict):
        body.pop("trace_id", None)
    return answer.status_code, body, {name: value for name, value in answer.headers.items() if name not in VARYING}


async def test_every_parameter_is_known_to_this_test(estate: Estate) -> None:
    found = [one for service in LISTENS for one in operations(service, estate.apps[service]) if one.path not in EXEMPT]
    assert {name for one in found for name in one.parameters("query")} <= set(QUERY_IDS) | PLAIN
    assert {one.path for service in LISTENS for one in operations(service, estate.apps[service])} >= set(EXEMPT)


@pytest.mark.parametrize("address", ["own", "front"])
async def test_foreign_looks_like_missing_to_staff(estate: Estate, address: str) -> None:
    """To the administrator of our site, who may do everything there: 404 where the id is in the path, otherwise an answer as empty."""
    ours, differing, tried = estate.staff(OURS), [], 0
    for operation in scoped(estate):
        through = None if address == "own" else "console"
        for theirs, nobodys in zip(knocks(operation, estate.things[THEIRS]), knocks(operation, estate.things[NOBODYS]), strict=True):
            one, other = [await knock.by(estate, ours, through=through) for knock in (theirs, nobodys)]
            tried += 1
            in_path = bool(operation.parameters("path")) and operation.permission != "staff.read" and operation.path != "/v1/contacts/{ref}"
            if seen(one) != seen(other) or (in_path and one.status_code != 404) or estate.things[THEIRS]["case"] in one.text:
                differing.append(f"{operation} {theirs.query}: {one.status_code} {one.text[:120]} | {other.status_code} {other.text[:120]}")
    assert differing == []
    assert tried >= 50


async def test_foreign_looks_like_missing_to_a_call_centre(estate: Estate) -> None:
    """An API key opens doors of intake only; there it sees its own sites."""
    differing = []
    for operation in scoped(estate):
        for theirs, nobodys in zip(knocks(operation, estate.things[THEIRS]), knocks(operation, estate.things[NOBODYS]), strict=True):
            one, other = [await knock.by(estate, estate.keys[OURS]) for knock in (theirs, nobodys)]
            expected = {401} if operation.service != "intake" else {403} if "call_centre" not in roles_with(operation.permission) else {200, 404}
            if seen(one) != seen(other) or one.status_code not in expected or estate.things[THEIRS]["case"] in one.text:
                differing.append(f"{operation} {theirs.query}: {one.status_code} | {other.status_code}")
    assert differing == []


def roles_with(permission: str) -> set[str]:
    from common.auth import PERMISSIONS

    return {role for role, held in PERMISSIONS.items() if permission in held}


async def test_a_service_with_fewer_sites_sees_no_contact_of_others(estate: Estate) -> None:
    probe = foreign_service_token(estate, OURS)
    for service, path in (("intake", "/v1/contacts/{contact}"), ("dispatch", "/v1/staff/{assignee}/contact")):
        answers = [await estate.call(service, "GET", path.format(**estate.things[site]), by=probe) for site in (THEIRS, NOBODYS)]
        assert seen(answers[0]) == seen(answers[1])
        assert problem(answers[0]) == (404, "not-found")
        assert (await estate.call(service, "GET", path.format(**estate.things[OURS]), by=probe)).status_code == 200


async def test_a_foreign_id_in_a_body_looks_like_a_missing_one(estate: Estate) -> None:
    """A report for their site, a key for it, its callers, its slips, its accounts: each like one that does not exist."""
    key, boss = estate.keys[OURS], estate.staff(OURS)
    bodies: list[tuple[str, str, str, str, Any, int]] = [
        ("intake", "POST", "/v1/cases", key, lambda them: {"site": them["site"], "kind": "repair", "channel": "phone", "subject": "x"}, 404),
        ("intake", "POST", "/v1/keys", boss, lambda them: {"name": "x", "sites": [OURS, them["site"]]}, 404),
        ("intake", "POST", "/v1/cases/of-caller", boss, lambda them: {"site": them["site"], "phone": "13900000000"}, 404),
        ("dispatch", "POST", f"/v1/sites/{OURS}/slips", boss, lambda them: {"orders": [them["order"]]}, 422),
        ("console", "POST", "/v1/accounts", boss, lambda them: account(them["site"]), 403),
        ("console", "POST", "/v1/accounts", boss, lambda _them: account("*"), 403),
    ]
    for service, method, path, by, body, status in bodies:
        answers = [
            await estate.call(service, method, path, by=by, key=secrets.token_hex(8), json=body(estate.things[them])) for them in (THEIRS, NOBODYS)
        ]
        assert seen(answers[0]) == seen(answers[1]), path
        assert answers[0].status_code == status, (path, answers[0].text)


def account(site: str) -> Json:
    return {"login": "new-one", "password": PASSWORD, "person": "p-one", "roles": ["receptionist"], "sites": [site]}


async def test_lists_hold_nothing_of_another_site(estate: Estate) -> None:
    theirs = set(estate.things[THEIRS].values()) - set(estate.things[OURS].values())
    required = {"/v1/notices": {"case": estate.things[OURS]["case"]}, "/v1/deliveries": {"endpoint": estate.things[OURS]["endpoint"]}}
    required |= {"/v1/clocks": {"site": OURS}, "/v1/majeure": {"site": OURS}}
    required |= {"/v1/visits": {"site": OURS}, "/v1/open-letters": {"site": OURS}}
    lists = [one for service in LISTENS for one in operations(service, estate.apps[service]) if one.method == "GET" and not one.parameters("path")]
    shown = 0
    for operation in lists:
        if operation.permission == "facts.read":
            continue
        for credential in (estate.staff(OURS), estate.keys[OURS]) if operation.service == "intake" else (estate.staff(OURS),):
            answer = await estate.call(operation.service, "GET", operation.path, by=credential, params=required.get(operation.path, {}))
            assert answer.status_code in {200, 403}, (operation, answer.text)
            assert [thing for thing in theirs if thing in answer.text] == [], operation
            shown += any(thing in answer.text for thing in estate.things[OURS].values())
    assert shown >= 6


async def test_pages_show_nothing_of_another_site(estate: Estate) -> None:
    signed = await estate.call("console", "POST", "/v1/session", json={"login": estate.things[OURS]["login"], "password": PASSWORD})
    cookie = {"Cookie": signed.headers["set-cookie"].split(";")[0]}
    estate.world.doors.clients["console"].cookies.clear()
    for path in ("/cases/{case}", "/live/cases/{case}", "/cases?site={site}", "/live/cases?site={site}"):
        answers = [await estate.call("console", "GET", path.format(**estate.things[site]), headers=cookie) for site in (THEIRS, NOBODYS)]
        assert (answers[0].status_code, answers[0].text) == (answers[1].status_code, answers[1].text), path
        assert answers[0].status_code == 404
    page = await estate.call("console", "GET", "/cases", headers=cookie)
    assert estate.things[OURS]["case"] in page.text
    assert estate.things[THEIRS]["case"] not in page.text


async def test_the_right_ids_reach_what_the_wrong_ones_did_not(estate: Estate) -> None:
    """The same knocks about our own things are not 404 and not malformed: the tests above tried what they say. The last one, it changes things."""
    ours, wrong = estate.staff(OURS), []
    for operation in sorted(scoped(estate), key=lambda one: one.method in {"PUT", "DELETE"}):
        allowed = {403} if operation.permission == "staff.read" or operation.path == "/v1/contacts/{ref}" else {200, 201, 204, 409}
        for knock in knocks(operation, estate.things[OURS]):
            answer = await knock.by(estate, ours)
            if answer.status_code not in allowed and "fields-missing" not in answer.text:  # that is said after the case was found
                wrong.append(f"{operation} {knock.query}: {answer.status_code} {answer.text[:200]}")
    assert wrong == []
