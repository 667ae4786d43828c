"""A seeded owner – name, phone numbers, e-mail, address – in valid, invalid and crashing requests and messages: nothing of it comes out again.

0 hits in facts, in problems, in metrics, in what is parked or waits, in any other service's store, and in what is logged, before the
allow-list and the mask of `common.logs` get to it. Crashes are made by stored documents that are malformed, as a bad restore leaves them.
Not here: logs of real processes under faults (`tests/faults`), bodies in general (`test_bad_input`).
"""

import json
import logging
from collections.abc import AsyncIterator, MutableMapping
from typing import Any

import httpx2
import pytest
import structlog
from common import inbox
from huiyin.world.world import SERVICES
from structlog.testing import capture_logs

from tests.support.estate import FAULT, OURS, Estate, an_estate

pytestmark = pytest.mark.anyio
NAME, PHONE, EMAIL, ADDRESS = "欧阳试甲", "13712345678", "ouyang.seed@example.net", "幸福路99号7栋302"
SEEDS = (NAME, PHONE, EMAIL, "ouyang.seed", ADDRESS, "幸福路")
REPORTER = {"name": NAME, "phone": PHONE, "email": EMAIL, "address": ADDRESS}
REPORT = {"site": OURS, "kind": "repair", "channel": "phone", "fault": FAULT, "subject": "厨房水管", "unit": "1-101"}
CALLERS = {"name": NAME, "phone": PHONE, "email": EMAIL, "address": ADDRESS}


@pytest.fixture(scope="module")
async def estate() -> AsyncIterator[Estate]:
    async with an_estate() as made:
        yield made


@pytest.fixture(autouse=True)
def logged(caplog: pytest.LogCaptureFixture) -> Any:
    """Every log event of the test, whole; libraries' too."""
    caplog.set_level(logging.DEBUG)
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as events:
        yield events


def hits(what: object) -> list[str]:
    """Seeds in anything, however it is written."""
    text = what if isinstance(what, str) else json.dumps(what, ensure_ascii=False, default=repr)
    return [seed for seed in SEEDS if seed in text or json.dumps(seed)[1:-1] in text]


async def nobody_is_named(estate: Estate, logged: list[MutableMapping[str, Any]], caplog: pytest.LogCaptureFixture) -> None:
    """0 hits in everything but the case itself."""
    assert hits([dict(event) for event in logged]) == []
    assert hits("\n".join(f"{record.getMessage()} {record.exc_info}" for record in caplog.records if not record.name.startswith("httpx"))) == []
    for service, stored in estate.documents().items():
        own = {"cases"} if service == "intake" else set()  # the case keeps the caller's own words; contacts are sealed
        assert {name: hits(rows) for name, rows in stored.items() if name not in own and hits(rows)} == {}, service
        metrics = await estate.call(service, "GET", "/metrics")
        assert (metrics.status_code, hits(metrics.text)) == (200, [])
        for path in ("/v1/facts", "/v1/parked", "/v1/quiet"):
            shown = await estate.call(service, "GET", path, by=estate.world.doors.system if path == "/v1/facts" else estate.staff("*"))
            assert (shown.status_code, hits(shown.text)) == (200, []), (service, path)


async def post(estate: Estate, key: str, body: Any = None, **more: Any) -> httpx2.Response:
    sent = {"json": body} if body is not None else more
    return await estate.call("intake", "POST", "/v1/cases", by=estate.keys[OURS], key=key, **sent)


async def test_a_valid_request_names_nobody_elsewhere(estate: Estate, logged: Any, caplog: pytest.LogCaptureFixture) -> None:
    answer = await post(estate, "valid", REPORT | {"reporter": REPORTER, "description": f"请致电{NAME} {PHONE},{ADDRESS}"})
    assert answer.status_code == 201, answer.text
    await estate.rest()
    again = await post(estate, "valid", REPORT | {"reporter": REPORTER})
    assert (again.status_code, hits(again.text)) == (422, [])
    contact = await estate.call("intake", "GET", f"/v1/cases/{answer.json()['number']}", by=estate.staff(OURS))
    assert contact.json()["contact"]["name"] == NAME, "the seed is there, where it belongs"
    mails = estate.world.provider.received() if estate.world.provider else []
    assert any(mail.to == EMAIL for mail in mails), "and was used"
    await nobody_is_named(estate, logged, caplog)


async def test_no_refusal_repeats_the_caller(estate: Estate, logged: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Seeds in every field of the body, as names of fields, in paths, queries and headers, in bodies that are no JSON."""
    wrong: list[httpx2.Response] = []
    for seed in CALLERS.values():
        for name in (*REPORT, "reporter", "external_id", "received_at", "locale", "major", seed):
            if name in {"subject", "unit", "external_id"}:  # the caller's own words: too long is what is wrong with them
                wrong.append(await post(estate, "invalid", REPORT | {name: seed * 60}))
            else:
                wrong.append(await post(estate, "invalid", REPORT | {name: seed}))
        for name in (*REPORTER, "locale", seed):
            reporter = {"phone": "12", "email": seed + "@", name: [seed]}
            wrong.append(await post(estate, "invalid", REPORT | {"reporter": reporter}))
        for content in (f'{{"name": "{seed}"', f'"{seed}"', f'{{"{seed}": 1, "{seed}": 2}}', f'{{"a": NaN, "b": "{seed}"}}'):
            said = {"Content-Type": "application/json"}
            wrong.append(await post(estate, "invalid", content=content.encode(), headers=said))
        wrong.append(await post(estate, "invalid", content=seed.encode(), headers={"Content-Type": "text/plain"}))
        boss, latin = estate.staff(OURS), seed.encode()
        for service in SERVICES:
            wrong.append(await estate.call(service, "GET", f"/v1/{seed}", by=boss))
            wrong.append(await estate.call(service, "GET", "/v1/parked", by=boss, params={seed: seed}))
            wrong.append(await estate.call(service, "GET", "/v1/parked", by=boss, params={"limit": seed}))
            wrong.append(await estate.call(service, "GET", "/v1/parked", headers={b"Authorization": b"Bearer " + latin}))
        wrong.append(await estate.call("intake", "GET", f"/v1/cases/{seed}", by=boss))
        wrong.append(await estate.call("console", "GET", f"/v1/cases/{seed}/timeline", by=boss))
        wrong.append(await estate.call("console", "POST", "/v1/session", json={"login": seed, "password": seed * 20}))
        wrong.append(await post(estate, "invalid", REPORT | {"site": "QQ"}, headers={b"traceparent": latin}))
    assert {answer.status_code for answer in wrong} <= {400, 401, 404, 405, 413, 415, 422}
    assert len(wrong) > 150
    assert [(answer.status_code, answer.text) for answer in wrong if hits(answer.text) or hits(str(answer.headers))] == []
    await nobody_is_named(estate, logged, caplog)


async def test_no_crash_tells_what_it_was_working_on(estate: Estate, logged: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Stored cases, contacts and orders that cannot be read, full of seeds: an exception would quote them."""
    number = await estate.report(OURS, "crash", reporter=REPORTER)
    intake, dispatch = estate.runtime("intake").documents, estate.runtime("dispatch").documents
    case = await intake.get("cases", number)
    assert case
    contact = await intake.get("contacts", case["contact"])
    order = (await dispatch.find("orders", {"case": number}))[0]
    assert contact
    boss, moved = estate.staff(OURS), f"/v1/cases/{number}/respond"
    await intake.put("contacts", contact | {"sealed": {name: {"k": NAME, "v": text} for name, text in CALLERS.items()}})
    crashed = [await estate.call("intake", "GET", f"/v1/cases/{number}", by=boss)]
    await intake.put("cases", case | {"status": CALLERS, "received_at": PHONE})
    crashed += [await estate.call("intake", "GET", f"/v1/cases/{number}", by=boss)]
    crashed += [await estate.call("intake", "POST", moved, by=boss, json={}, key="crash")]
    await dispatch.put("orders", order | {"status": NAME, "assignee": CALLERS})
    crashed += [await estate.call("dispatch", "GET", f"/v1/work-orders/{order['_id']}", by=boss)]
    crashed += [await estate.call("dispatch", "POST", f"/v1/work-orders/{order['_id']}/accept", by=boss, json={}, key="crash")]
    assert [answer.status_code for answer in crashed] == [500] * 5
    assert [answer.text for answer in crashed if hits(answer.text) or hits(str(answer.headers))] == []
    assert sum(event["event"] == "request_failed" for event in logged) == 5
    await intake.put("cases", case)
    await dispatch.put("orders", order)
    await intake.put("contacts", contact)
    await nobody_is_named(estate, logged, caplog)


async def test_no_message_that_fails_tells_what_it_held(estate: Estate, logged: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Messages that nobody can read, or whose handler meets a malformed document: parked sealed, in every service, and said without content."""
    seeded = json.dumps(CALLERS | {"specversion": "1.0"}, ensure_ascii=False).encode()
    for service in SERVICES:
        for body in (seeded, seeded + b"}", seeded[:-3], json.dumps({NAME: PHONE}).encode(), f"{NAME} {PHONE}".encode("gb18030")):
            await estate.runtime(service).worker.receive(body)
    number = await estate.report(OURS, "parked", reporter=REPORTER)
    intake, dispatch = estate.runtime("intake"), estate.runtime("dispatch")
    case = await intake.documents.get("cases", number)
    order = (await dispatch.documents.find("orders", {"case": number}))[0]
    assert case
    await intake.documents.put("cases", case | {"kind": CALLERS})
    worker = estate.staff(OURS, role="repair_worker", person=order["assignee"])
    told = await estate.call("dispatch", "POST", f"/v1/work-orders/{order['_id']}/accept", by=worker, json={}, key="parked")
    assert told.status_code == 200, told.text
    row = (await dispatch.documents.find("outbox", {"stream": f"dispatch:work_order:{order['_id']}"}, sort=[("seq", -1)]))[0]
    await intake.worker.receive(row["body"].encode(), attempt=inbox.TRIES[inbox.Fate.PARK])
    parked = await intake.documents.get("parked", row["_id"])
    assert parked
    assert parked["reason"] == "ValidationError"
    await intake.documents.put("cases", case)
    await nobody_is_named(estate, logged, caplog)
