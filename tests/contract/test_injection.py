"""Operators of a database never become one: in queries, paths and headers over HTTP, and in every field of a fact (reliability.md 4.4, row 52).

Bodies over HTTP are in `test_bad_input` (every place gets operators there). The caller here sees all sites: what matches would be shown.
"""

import json
from collections.abc import AsyncIterator, Iterator
from copy import deepcopy
from typing import Any
from urllib.parse import quote

import pytest
from common.errors import Fate
from common.topology import LISTENS

from tests.support.estate import OURS, THEIRS, Estate, an_estate, problem
from tests.support.operations import Operation, body_of, operations

pytestmark = pytest.mark.anyio

VALUES = ('{"$ne":null}', '{"$gt":""}', "$ne", '{"$regex":".*"}', "'; return true; var a='", "*", ".*", "\u0000")
NAMES = ("{}[$ne]", "{}[$gt]", "{}[]", "{}.$ne", "$where", "$or", "__proto__")
FREE = {"/v1/facts": {"after", "prefix"}}  #: cursors: compared as text, by services only
OPERATORS: tuple[Any, ...] = ({"$ne": None}, {"$gt": ""}, {"$where": "sleep(1000)"}, [{"$regex": ".*"}])


@pytest.fixture(scope="module")
async def estate() -> AsyncIterator[Estate]:
    async with an_estate() as made:
        yield made


def every(estate: Estate) -> list[Operation]:
    return [one for service in LISTENS for one in operations(service, estate.apps[service])]


def credential(estate: Estate, operation: Operation) -> str:
    return estate.world.doors.system if operation.permission in {"facts.read", "staff.read"} else estate.staff("*")


def shown(estate: Estate, text: str) -> list[str]:
    """What of our things a text holds."""
    return [case for site in (OURS, THEIRS) if (case := estate.things[site]["case"]) in text]


async def test_no_query_parameter_takes_an_operator(estate: Estate) -> None:
    """Refused, or a text that nothing is called; an operator in a parameter's name is always refused."""
    wrong, tried = [], 0
    required = {"case": estate.things[OURS]["case"], "endpoint": estate.things[OURS]["endpoint"], "role": "site_manager", "site": OURS}
    for operation in every(estate):
        things = estate.things[OURS] | {"number": estate.things[OURS]["case"], "id": estate.things[OURS]["clock"]}
        path = operation.path.format(**things | {"ref": things["contact"], "key_id": things["key"]})
        by, names = credential(estate, operation), operation.parameters("query")
        if operation.permission in {"public", "key.manage"} or operation.method != "GET":
            continue
        needed = {row["name"]: required[row["name"]] for row in operation.document.get("parameters", ()) if row["in"] == "query" and row["required"]}
        for name in names or ["site"]:
            asked = [(name, value) for value in VALUES] if name in names else []
            asked += [(pattern.format(name), "x") for pattern in NAMES]
            for key, value in asked:
                answer = await estate.call(operation.service, "GET", path, by=by, params=needed | {key: value})
                tried += 1
                ours = name in names and key == name
                fine = answer.status_code in {404, 422} or (ours and answer.status_code == 200 and not shown(estate, answer.text))
                if not fine and name not in FREE.get(operation.path, ()):
                    wrong.append(f"{operation} {key}={value}: {answer.status_code} {answer.text[:120]}")
    assert wrong == [], "\n".join(wrong)
    assert tried > 300


async def test_no_path_takes_an_operator(estate: Estate) -> None:
    before, wrong = estate.documents(), []
    for operation in every(estate):
        for name in operation.parameters("path"):
            for value in (*VALUES, "[$ne]", "%24ne", "%2e%2e", "../../readyz", "a/../b"):
                things = estate.things[OURS] | {"number": estate.things[OURS]["case"], "id": estate.things[OURS]["clock"]}
                filled = things | {"ref": things["contact"], "key_id": things["key"]} | {name: quote(value, safe="")}
                body = body_of(operation, estate.things[OURS])
                answer = await estate.call(
                    operation.service, operation.method, operation.path.format(**filled), by=credential(estate, operation), json=body
                )
                if answer.status_code not in {403, 404, 422} or shown(estate, answer.text):
                    wrong.append(f"{operation} {name}={value}: {answer.status_code}")
    assert wrong == [], "\n".join(wrong)
    assert estate.documents() == before


async def test_no_header_takes_an_operator(estate: Estate) -> None:
    body = {"site": OURS, "kind": "repair", "channel": "phone", "fault": "water_leak", "subject": "x", "unit": "1-101"}
    numbers = set()
    for key in ('{"$ne":null}', "$ne", ".*", "*"):
        answer = await estate.call("intake", "POST", "/v1/cases", by=estate.keys[OURS], key=key, json=body)
        numbers.add(answer.json()["number"])
        assert (answer.status_code, "idempotency-replayed" in answer.headers) == (201, False)
    assert len(numbers) == 4
    await estate.rest()
    broken = await estate.call(
        "intake", "GET", "/v1/cases", by=estate.keys[OURS], headers={"traceparent": '{"$ne":null}', "Accept-Language": '{"$ne":1}'}
    )
    assert broken.status_code == 200
    assert problem(await estate.call("intake", "GET", "/v1/cases", by='{"$ne":null}')) == (401, "unauthorized")


# --- facts ----------------------------------------------------------------------------------------------------------------------


def said(estate: Estate) -> dict[str, dict[str, Any]]:
    """One fact of each kind that was said."""
    found = {}
    for service in LISTENS:
        for row in estate.documents()[service].get("outbox", {}).values():
            found[row["kind"]] = json.loads(row["body"])
    return found


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Places of everything that is no object and no list."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        if value:
            yield from leaves(value[0], (*path, 0))
    else:
        yield path


def changed(fact: dict[str, Any], path: tuple[str | int, ...], value: Any) -> bytes:
    made = deepcopy(fact)
    here = made
    for step in path[:-1]:
        here = here[step]  # type: ignore[index]
    here[path[-1]] = value  # type: ignore[index]
    return json.dumps(made).encode()


UNREAD = {("console", "rota.published", "rota"), ("console", "rota.published", "contractors")}  #: service, kind, part that it does not look into


async def test_no_field_of_a_fact_takes_an_operator(estate: Estate) -> None:
    """Every field of every kind, the envelope's too, at every service that listens: parked, sealed, nothing else changed."""
    kinds, let_in, tried = said(estate), [], 0
    assert {"case.registered", "case.classified", "work_order.issued", "clock.opened", "policy.published", "rota.published", "notice.sent"} <= set(
        kinds
    )
    for service, prefixes in LISTENS.items():
        before = estate.documents()[service]
        for kind in (kind for kind in kinds if kind.split(".")[0] in prefixes):
            fact = await _next(estate, service, kinds[kind])
            alike = {path[-2:]: path for path in leaves(fact)}  # a policy says `origin.quote` in a hundred sections of one shape
            places = [path for path in alike.values() if (service, kind, path[1] if len(path) > 1 else "") not in UNREAD]
            for turn, path in enumerate(places):
                await estate.runtime(service).documents.delete("parked", {"_id": fact["id"]})  # the last one: a fact is parked once
                parked = await estate.runtime(service).documents.count("parked")
                fate = await estate.runtime(service).worker.receive(changed(fact, path, OPERATORS[turn % len(OPERATORS)]), attempt=10_000)
                tried += 1
                if (fate, await estate.runtime(service).documents.count("parked")) != (Fate.DONE, parked + 1):
                    let_in.append(f"{service} {kind} {'.'.join(map(str, path))}: {fate}")
        after = estate.documents()[service]
        assert {name for name in after if name != "parked" and after[name] != before.get(name)} == set(), service
        assert not any("$" in repr(row["detail"]) for row in after["parked"].values())
    assert let_in == [], "\n".join(let_in)
    assert tried > 1000


async def _next(estate: Estate, service: str, fact: dict[str, Any]) -> dict[str, Any]:
    """The fact as the one that its stream waits for at this service, with news: it would be applied if it were let in."""
    stream = fact["id"].rsplit(":", 1)[0]
    row = await estate.runtime(service).documents.get("streams", stream)
    seq = (row["applied"] if row else 0) + 1
    newer = {"version": fact["data"]["version"] + 1} if "version" in fact["data"] else {}
    return fact | {"seq": seq, "id": f"{stream}:{seq}", "data": fact["data"] | newer}
