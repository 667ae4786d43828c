"""Every route declares exactly one permission, and lets in nobody without a good credential that holds it (reliability.md 4.4, row 56)."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import jwt
import pytest
from common.auth import ALL_SITES, AUDIENCE, ISSUER, PERMISSIONS, permissions_of
from common.timesource import machine_now
from common.topology import LISTENS
from console.domain.front import STREETS, route_paths
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from starlette.routing import compile_path

from tests.support.estate import OURS, PASSWORD, Estate, an_estate, problem
from tests.support.operations import BODIES, PROBES, Operation, Route, body_of, operations, routes, sent

pytestmark = pytest.mark.anyio

WITHOUT = {"public": "whoever signs in has no permission yet; assets of the pages", "owner's door": "the front address: the owner's door asks"}
SERVICES_ONLY = {"staff.read", "facts.read"}  #: held by services, by no person
UNUSED = {
    "escalation.oversee": "asked behind the door: who may take up a level without having been called (ESC-16)"
}  #: permission that no route asks for -> why it is named nevertheless
NOT_AT_THE_FRONT = ("/v1/contacts/", "/v1/staff/", "/v1/audit", "/v1/facts", "/v1/parked", "/v1/reconcile", "/v1/quiet")  #: by service
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
async def estate() -> AsyncIterator[Estate]:
    async with an_estate() as made:
        yield made


def every_route(estate: Estate) -> list[Route]:
    return [route for service in LISTENS for route in routes(service, estate.apps[service]) if route.path not in PROBES]


def every_operation(estate: Estate) -> list[Operation]:
    """Operations that ask for a permission; with parameters that exist."""
    found = [one for service in LISTENS for one in operations(service, estate.apps[service])]
    return [one for one in found if one.permission not in WITHOUT]


def address(operation: Operation, things: dict[str, str]) -> str:
    """The path, filled in with what there is."""
    number = things["order"] if operation.service == "dispatch" else things["case"]
    id_ = things["clock"] if operation.service == "sla" and operation.path.startswith("/v1/clocks") else things["parked"]
    filled = operation.path.format(**things | {"number": number, "id": id_, "ref": things["contact"], "key_id": things["key"]})
    required = {"/v1/notices": f"?case={things['case']}", "/v1/deliveries": f"?endpoint={things['endpoint']}", "/v1/sites/{site}/who": "?role=boss"}
    required |= {"/v1/majeure": f"?site={things['site']}"} if operation.method == "GET" else {}
    return filled + required.get(operation.path, "") + (f"?case={things['case']}" if operation.path == "/v1/clocks" else "")


def owner_at_the_front(path: str) -> str | None:
    """To whom the front address would bring a request of this path; None: it is closed there, or leads nowhere."""
    return next((street.owner for street in STREETS for template in route_paths(street) if compile_path(template)[0].match(path)), None)


# --- the tables ---------------------------------------------------------------------------------------------------------------


async def test_every_route_declares_exactly_one_permission(estate: Estate) -> None:
    assert {str(route): route.permissions for route in every_route(estate) if len(route.permissions) != 1} == {}


async def test_the_front_address_leads_to_every_door_that_is_for_people(estate: Estate) -> None:
    """decisions.md 3: one front address; what is not reached there is for services and operators, at the service itself."""
    found = [one for service in LISTENS if service != "console" for one in operations(service, estate.apps[service])]
    lost = {str(one) for one in found if not one.path.startswith(NOT_AT_THE_FRONT) and owner_at_the_front(one.path) != one.service}
    assert lost == set()
    assert {one.path for one in found if one.path.startswith(NOT_AT_THE_FRONT) and owner_at_the_front(one.path)} == set()


async def test_what_is_open_is_only_what_has_to_be(estate: Estate) -> None:
    opened = {str(route) for route in every_route(estate) if "public" in route.permissions}
    assert opened == {
        "console GET /assets/{digest}/{name}", "console GET /sign-in", "console POST /sign-in", "console POST /sign-out",
        "console POST /v1/session", "console DELETE /v1/session",
    }  # fmt: skip
    assert {route.service for route in every_route(estate) if "owner's door" in route.permissions} == {"console"}


async def test_the_table_of_roles_and_the_routes_name_the_same_permissions(estate: Estate) -> None:
    asked = set(chain.from_iterable(route.permissions for route in every_route(estate))) - set(WITHOUT)
    held = set(chain.from_iterable(PERMISSIONS.values()))
    assert asked - held == set(), "nobody may knock there"
    assert held - asked == set(UNUSED), "a permission that opens nothing"


def test_people_hold_no_permission_of_services() -> None:
    held = set(chain.from_iterable(granted for role, granted in PERMISSIONS.items() if role != "service"))
    assert held & SERVICES_ONLY == set()
    assert permissions_of(("service", "receptionist")) > permissions_of(("receptionist",))  # so a person's token must drop the role
    assert permissions_of(("no_such_role",)) == frozenset()


def test_rep02_engineering_may_take_a_report_itself_and_a_worker_or_a_contractor_may_not() -> None:
    assert {role for role in ("engineering_manager", "engineering_duty") if "case.report" in permissions_of((role,))} == {
        "engineering_manager", "engineering_duty",
    }  # fmt: skip
    assert "case.report" not in permissions_of(("repair_worker", "contractor"))


async def test_every_door_that_reads_a_body_has_one_here(estate: Estate) -> None:
    reading = {one.path for service in LISTENS for one in operations(service, estate.apps[service]) if one.body is not None}
    assert reading == set(BODIES)


# --- credentials --------------------------------------------------------------------------------------------------------------


def claims(**changed: Any) -> dict[str, Any]:
    now = machine_now()
    made = {"iss": ISSUER, "aud": AUDIENCE, "sub": "boss", "kind": "staff", "roles": ["administrator"], "sites": [ALL_SITES]}
    return {name: value for name, value in (made | {"iat": now, "nbf": now, "exp": now + HOUR} | changed).items() if value is not None}


def pem(private: Ed25519PrivateKey) -> str:
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def handmade(header: dict[str, Any], secret: bytes | None) -> str:
    """A token that no library would sign: `none`, or HS256 with the public key as its secret."""
    body = {name: int(value.timestamp()) if isinstance(value, datetime) else value for name, value in claims().items()}
    parts = [urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, body)]
    signature = hmac.new(secret, b".".join(parts), hashlib.sha256).digest() if secret else b""
    return b".".join([*parts, urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def bad_credentials(estate: Estate) -> dict[str, str | None]:
    """Everything that must not open a door, by what is wrong with it."""
    settings = estate.world.settings
    assert settings.token_private_key is not None
    own, public = settings.token_private_key.get_secret_value().replace("\\n", "\n"), settings.token_public_key.replace("\\n", "\n").encode()
    now, key = machine_now(), estate.keys[OURS]
    sign: Callable[..., str] = lambda **changed: jwt.encode(claims(**changed), own, algorithm="EdDSA")  # noqa: E731 - a word for one line
    good = sign()
    return {
        "none at all": None,
        "no word": "",
        "not a token": "abc",
        "two parts": "a.b",
        "signed by somebody else": jwt.encode(claims(), pem(Ed25519PrivateKey.generate()), algorithm="EdDSA"),
        "unknown key id, signed by somebody else": jwt.encode(
            claims(), pem(Ed25519PrivateKey.generate()), algorithm="EdDSA", headers={"kid": "../../etc/passwd", "jku": "https://example.com/keys"}
        ),
        "algorithm none": handmade({"alg": "none", "typ": "JWT"}, None),
        "algorithm None": handmade({"alg": "None", "typ": "JWT"}, None),
        "HS256 with the public key": handmade({"alg": "HS256", "typ": "JWT"}, public),
        "HS256 with the public key, trimmed": handmade({"alg": "HS256", "typ": "JWT"}, public.strip()),
        "expired": sign(exp=now - HOUR),
        "not yet valid": sign(nbf=now + HOUR),
        "issued in the future": sign(iat=now + HOUR, nbf=now + HOUR),
        "end in milliseconds of another age": sign(exp=int((now - HOUR).timestamp() / 1000)),
        "for somebody else": sign(aud="another"),
        "for nobody": sign(aud=None),
        "of another issuer": sign(iss="another"),
        "without issuer": sign(iss=None),
        "without end": sign(exp=None),
        "without begin": sign(nbf=None),
        "without subject": sign(sub=None),
        "roles are a number": sign(roles=5),
        "signature cut": good[:-4],
        "signature of another token": ".".join([*good.split(".")[:2], sign(sub="x").split(".")[2]]),
        "an API key with a wrong secret": key[:-4] + "0000",
        "an API key with an unknown id": "hy_" + "0" * 12 + "_" + key.split("_", 2)[2],
        "an API key without secret": "_".join(key.split("_", 2)[:2]),
        "an API key with an operator for an id": 'hy_{"$ne":null}_x',
    }


async def test_no_route_lets_in_a_bad_credential(estate: Estate) -> None:
    """At each door nothing and three bad credentials in turn; at the doors of each service all of them: 401, whatever the body."""
    let_in, things, tried = [], estate.things[OURS], set()
    bad, turn = bad_credentials(estate), 0
    for operation in every_operation(estate):
        names = [*bad][turn : turn + 3] or [*bad][:3]
        turn = (turn + 3) % len(bad)
        for wrong in {"none at all", *names}:
            tried.add((operation.service, wrong))
            let_in += await knocked(estate, operation, things, wrong, bad[wrong])
    for service in LISTENS:
        door = next(one for one in every_operation(estate) if one.service == service and one.body is not None)
        for wrong in (name for name in bad if (service, name) not in tried):
            let_in += await knocked(estate, door, things, wrong, bad[wrong])
    assert let_in == []
    assert len(bad) >= 25


async def knocked(estate: Estate, operation: Operation, things: dict[str, str], wrong: str, credential: str | None) -> list[str]:
    """What was let in: nothing is right."""
    answer = await estate.call(
        operation.service, operation.method, address(operation, things), by=credential, **sent(operation, body_of(operation, things))
    )
    refused = problem(answer) == (401, "unauthorized") and answer.headers["www-authenticate"] == "Bearer"
    return [] if refused else [f"{operation}: {wrong}: {answer.status_code}"]


async def test_other_schemes_are_no_credential(estate: Estate) -> None:
    for word in ("Basic YTpi", f"Token {estate.keys[OURS]}", f"bearer{estate.keys[OURS]}", "Bearer", estate.keys[OURS]):
        answer = await estate.call("intake", "GET", "/v1/cases", headers={"Authorization": word})
        assert problem(answer) == (401, "unauthorized"), word


async def test_an_api_key_ends_when_it_is_revoked_or_over_or_has_not_begun(estate: Estate) -> None:
    doors, soon = estate.world.doors, datetime(2099, 1, 1, tzinfo=UTC).isoformat()
    past = datetime(2026, 1, 1, tzinfo=UTC).isoformat()
    for limits in ({"expires_at": past}, {"not_before": soon}, {}):
        made = await doors.surely("intake", "POST", "/v1/keys", body={"name": "short", "sites": [OURS]} | limits)
        if not limits:
            assert (await estate.call("intake", "GET", "/v1/cases", by=made["key"])).status_code == 200
            await doors.surely("intake", "DELETE", f"/v1/keys/{made['id']}")
        assert problem(await estate.call("intake", "GET", "/v1/cases", by=made["key"])) == (401, "unauthorized"), limits


# --- roles --------------------------------------------------------------------------------------------------------------------


async def test_a_role_without_the_permission_is_refused_at_every_door(estate: Estate) -> None:
    """Every role that lacks it, the role of services in a person's token included."""
    things, wrong = estate.things[OURS], []
    tokens = {role: estate.staff(OURS, role=role) for role in PERMISSIONS}
    for operation in every_operation(estate):
        lacking = [role for role, held in PERMISSIONS.items() if operation.permission not in held]
        for role in {*lacking, "service"} if operation.permission in SERVICES_ONLY else lacking:
            answer = await estate.call(
                operation.service, operation.method, address(operation, things), by=tokens[role], **sent(operation, body_of(operation, things))
            )
            if problem(answer) != (403, "forbidden") or answer.json()["permission"] != operation.permission:
                wrong.append(f"{operation}: {role}: {answer.status_code}")
    assert wrong == []


async def test_a_role_with_the_permission_passes_the_door(estate: Estate) -> None:
    """One that holds it comes further than 401 and 403, but where the door says more than the permission does."""
    more = {"intake GET /v1/contacts/{ref}": "for services only", "sla PUT /v1/calendars/{calendar}/{year}": "moves every site's deadlines"}
    refused, things = set(), estate.things[OURS]
    for operation in every_operation(estate):
        role = next(role for role, held in PERMISSIONS.items() if operation.permission in held and role != "call_centre")
        service = operation.permission in SERVICES_ONLY
        by = estate.world.doors.system if service else estate.staff(OURS, role=role)
        answer = await estate.call(
            operation.service, operation.method, address(operation, things), by=by, key="k" * 8, **sent(operation, body_of(operation, things))
        )
        assert answer.status_code < 500, (operation, answer.text)
        if answer.status_code in {401, 403}:
            refused.add(str(operation))
    assert refused == set(more)


# --- pages --------------------------------------------------------------------------------------------------------------------


def pages(estate: Estate) -> list[tuple[str, str, str]]:
    """Method, address and permission of every page."""
    found = [route for route in every_route(estate) if route.service == "console" and not route.path.startswith(("/v1/", "/assets/"))]
    things = estate.things[OURS]
    ids = {True: things | {"number": things["order"], "move": "accept"}, False: things | {"number": things["case"]}}
    shown = [route for route in found if "public" not in route.permissions]
    return [(route.method, route.path.format(**ids[route.path.startswith("/work")]), route.permissions[0]) for route in shown]


async def test_pages_lead_who_is_not_signed_in_to_the_door(estate: Estate) -> None:
    assert len(pages(estate)) == 10
    for method, path, _ in pages(estate):
        for cookie in ("", "huiyin_session=guess", f"huiyin_session={estate.staff(OURS)}"):
            answer = await estate.call("console", method, path, headers={"Cookie": cookie} if cookie else {})
            assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/sign-in"), (path, cookie)


async def test_pages_refuse_a_role_without_the_permission(estate: Estate) -> None:
    """Who repairs sees no cases, who pays attaches nothing."""
    refused = set()
    for login, role in (("plumber", "repair_worker"), ("cashier", "finance")):
        account = {"login": login, "password": PASSWORD, "person": f"jn-{login}", "roles": [role], "sites": [OURS]}
        await estate.world.doors.surely("console", "POST", "/v1/accounts", body=account)
        signed = await estate.call("console", "POST", "/v1/session", json={"login": login, "password": PASSWORD})
        cookie = signed.headers["set-cookie"].split(";")[0]
        estate.world.doors.clients["console"].cookies.clear()
        for method, path, permission in pages(estate):
            if permission not in PERMISSIONS[role]:
                assert (await estate.call("console", method, path, headers={"Cookie": cookie})).status_code == 403, path
                refused.add(permission)
    assert refused == {"case.read", "timeline.read", "order.attach"}
