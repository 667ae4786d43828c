"""Intake behind its doors: numbers, keys, idempotency, scope, contacts, time, back-pressure, and facts from its neighbours."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from common.errors import Fate
from common.events.dispatch import WorkOrderAccepted, WorkOrderReturned
from common.states import OrderStatus
from common.timesource import machine_now
from intake.domain.number import read

from tests.unit.intake.build import HOUR, NOON
from tests.unit.intake.world import World, a_world

pytestmark = pytest.mark.anyio
REPORTER = {"name": "章北海", "phone": "138 0013 8000", "email": "zhang@example.com", "address": "东风路一号"}
DISSATISFIED = {"form": "phone", "satisfied": False, "attitude": "good", "quality": "bad"}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as made:
        yield made


def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("urn:huiyin:problem:")


def fields(answer: Any) -> list[str]:
    return [row["field"] for row in answer.json()["errors"]]


async def test_a_report_becomes_a_case_with_a_number(world: World) -> None:
    answer = await world.report(reporter=REPORTER)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert read(made["number"]) == made["number"]
    assert made["number"].startswith("AB-260316-")
    assert (made["status"], made["urgency"], made["policy"], made["owner"].split(":")[0]) == ("classified", "P3", 3, "key")
    assert (await world.said())[-2:] == ["case.registered", "case.classified"]


async def test_the_same_key_gives_the_same_answer_and_no_second_case(world: World) -> None:
    first, again = await world.report("k7"), await world.report("k7")
    assert (first.json(), again.status_code, again.headers["Idempotency-Replayed"]) == (again.json(), 201, "true")
    assert problem(await world.report("k7", subject="别的")) == (422, "idempotency-key-reused")
    assert await world.documents.count("cases") == 1
    assert problem(await world.report(key="")) == (400, "idempotency-key-missing")


async def test_def_15_the_same_event_of_a_call_centre_is_the_same_case(world: World) -> None:
    first, again = await world.report("k1", external_id="e-1"), await world.report("k2", external_id="e-1", subject="滴水!")
    assert (first.status_code, again.status_code, again.json()["again"]) == (201, 200, True)
    assert first.json()["number"] == again.json()["number"]
    other = await world.report("k3", external_id="e-1", by=world.staff())  # another caller's own id
    assert other.json()["number"] != first.json()["number"]
    assert await world.documents.count("cases") == 2


async def test_a_number_that_is_taken_is_drawn_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    letters = iter("0000" * 5 + "0000" * 4 + "0001")
    monkeypatch.setattr("secrets.choice", lambda _: next(letters))
    numbers = [(await world.report(key)).json()["number"] for key in ("k1", "k2")]
    assert [number[-5:-1] for number in numbers] == ["0000", "0001"]


async def test_an_unknown_site_looks_like_a_foreign_one(world: World) -> None:
    await world.hear_policy(site="ZZ")
    foreign, unknown = await world.report(site="ZZ"), await world.report(site="QQ")
    bodies = [answer.json() for answer in (foreign, unknown)]
    for body in bodies:
        body.pop("trace_id")
    assert bodies[0] == bodies[1]
    assert problem(foreign) == (404, "unknown-site")
    assert (await world.report(site="ZZ", by=world.admin)).status_code == 201


async def test_a_foreign_case_looks_like_a_missing_one(world: World) -> None:
    number = (await world.report()).json()["number"]
    stranger = world.staff(sites=("ZZ",))
    missing = "AB-260316-0000" + "0"
    bodies = []
    for method, path, body in (("GET", "", None), ("POST", "/respond", {}), ("POST", "/close", {})):
        for which in (number, missing):
            answer = await world.call(method, f"/v1/cases/{which}{path}", body, by=stranger)
            assert problem(answer) == (404, "not-found")
            bodies.append({name: value for name, value in answer.json().items() if name != "trace_id"})
    assert all(body == bodies[0] for body in bodies)
    assert (await world.call("GET", "/v1/cases", by=stranger)).json()["cases"] == []
    assert problem(await world.call("GET", "/v1/cases?site=AB", by=stranger)) == (404, "not-found")


async def test_a_number_is_read_however_it_is_typed(world: World) -> None:
    number = (await world.report()).json()["number"]
    assert (await world.case(f"%20{number.lower()}"))["number"] == number


async def test_contacts_are_sealed_and_only_shown_to_who_may(world: World) -> None:
    number = (await world.report(reporter=REPORTER)).json()["number"]
    (row,) = await world.documents.find("contacts")
    kept = repr(row) + repr(await world.documents.find("outbox")) + repr(await world.documents.find("requests"))
    for private in (*REPORTER.values(), "+8613800138000", "13800138000"):
        assert private not in kept
    shown = (await world.case(number))["contact"]
    assert (shown["name"], shown["phone"], shown["email"], shown["address"]) == ("章北海", "+8613800138000", "zhang@example.com", "东风路一号")
    assert (await world.case(number, by=world.key))["contact"] is None
    assert (await world.case(number, by=world.staff(roles=("finance",))))["contact"] is None


async def test_a_contact_by_reference_is_for_services(world: World) -> None:
    await world.report(reporter=REPORTER)
    ref = (await world.documents.find("contacts"))[0]["_id"]
    service = world.tokens.service("notify")
    found = (await world.call("GET", f"/v1/contacts/{ref}", by=service)).json()
    assert (found["ref"], found["email"], found["locale"]) == (ref, "zhang@example.com", "zh-CN")
    assert problem(await world.call("GET", f"/v1/contacts/{ref}", by=world.staff())) == (403, "forbidden")
    assert problem(await world.call("GET", f"/v1/contacts/{ref}", by=world.key)) == (403, "forbidden")
    assert problem(await world.call("GET", "/v1/contacts/c-00000000000000000000", by=service)) == (404, "not-found")


async def test_a_caller_is_found_by_the_number_they_call_from(world: World) -> None:
    first = (await world.report("k1", reporter=REPORTER)).json()["number"]
    await world.report("k2", reporter=REPORTER | {"phone": "13900139000"})
    path = "/v1/cases/of-caller"
    found = (await world.call("POST", path, {"site": "AB", "phone": "+86 138-0013-8000"}, by=world.staff())).json()["cases"]
    assert [case["number"] for case in found] == [first]
    assert fields(await world.call("POST", path, {"site": "AB", "phone": "nobody"}, by=world.staff())) == ["phone"]
    assert problem(await world.call("POST", path, {"site": "AB", "phone": "12345"}, by=world.key)) == (403, "forbidden")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"reporter": {"phone": "abc"}}, "reporter.phone"),
    ({"subject": None}, "subject"),
    ({"fault": "meteor"}, "fault"),
    ({"received_at": "2026-03-16T05:00:00Z"}, "received_at"),
    ({"received_at": "yesterday"}, "received_at"),
    ({"subject": "a\u202eb"}, "subject"),
    ({"unit": {"$ne": None}}, "unit"),
    ({"site": "*"}, "site"),
    ({"surprise": 1}, "surprise"),
]


async def test_what_is_wrong_is_named_and_nothing_is_stored(world: World) -> None:
    for body, field in WRONG:
        answer = await world.report(**body)
        assert (answer.status_code, fields(answer)) == (422, [field])
    for collection in ("cases", "contacts", "externals", "requests", "outbox"):
        assert await world.documents.count(collection) == 0


async def test_a_case_keeps_the_policy_it_was_received_under(world: World) -> None:
    old = (await world.report("k1")).json()
    await world.hear_policy(version=4, required={"fields": {"repair": ["unit"]}})
    assert problem(await world.report("k2")) == (422, "fields-missing")
    new = (await world.report("k3", unit="1-101")).json()
    assert (old["policy"], new["policy"]) == (3, 4)
    assert (await world.runtime.store.file(old["number"])).policy.version == 3


async def test_orders_come_in_and_the_call_back_becomes_due(world: World) -> None:
    number = (await world.report()).json()["number"]
    assert await world.hear_order(number) is Fate.DONE
    await world.hear_order(number, WorkOrderAccepted, status=OrderStatus.ACCEPTED)
    seen = await world.case(number)
    assert (seen["status"], seen["orders"][0]["status"]) == ("in_work", "accepted")
    assert problem(await world.move(number, "close")) == (409, "guard-refused")
    world.time.advance(HOUR)
    await world.hear_order(number, WorkOrderReturned, status=OrderStatus.RETURNED)
    assert (await world.said())[-2:] == ["case.work_done", "visit.due"]
    seen = await world.case(number)
    assert (seen["status"], seen["visits"][0]["state"], "visit" in seen["moves"]) == ("return_visit_due", "due", True)
    reopened = (await world.move(number, "visit", **DISSATISFIED)).json()
    assert (reopened["status"], (await world.said())[-2:]) == ("in_work", ["visit.recorded", "case.reopened"])


async def test_an_order_of_a_case_that_never_was_is_parked(world: World) -> None:
    number = (await world.report()).json()["number"]
    await world.documents.delete("cases", {"_id": number})
    fates = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(World, "state", lambda _self, _number: _a_state(number))
        fates.append(await world.hear_order(number))
    assert fates == [Fate.AGAIN]  # a bug gets three tries, then it is parked


async def _a_state(number: str) -> Any:
    from tests.unit.intake.build import classified

    return classified(id=number).state()


async def test_a_guard_says_its_id_in_both_languages(world: World) -> None:
    number = (await world.report()).json()["number"]
    english = await world.move(number, "close")
    chinese = await world.call("POST", f"/v1/cases/{number}/close", {}, by=world.staff(), locale="zh-CN")
    assert (english.json()["guard"], english.json()["type"]) == ("D6.2", chinese.json()["type"])
    assert english.json()["detail"] != chinese.json()["detail"]


async def test_a_move_happens_when_it_happened(world: World) -> None:
    number = (await world.report()).json()["number"]
    world.time.advance(HOUR)
    assert problem(await world.move(number, "respond", at=NOON + 2 * HOUR)) == (422, "time-in-future")
    assert problem(await world.move(number, "respond", at=NOON - HOUR)) == (422, "time-order")
    assert (await world.move(number, "respond", at=NOON + timedelta(minutes=2))).status_code == 200
    row = (await world.documents.find("outbox", {"kind": "case.responded"}))[0]
    assert f'"time":"{(NOON + timedelta(minutes=2)).isoformat().replace("+00:00", "Z")}"' in row["body"]


async def test_a_move_with_a_key_happens_once(world: World) -> None:
    number = (await world.report()).json()["number"]
    body = {"text": "换灯", "due_date": "2026-03-19", "approver": "boss"}
    answers = [await world.move(number, "promise", key="p1", **body) for _ in range(2)]
    assert [answer.json()["open_promises"] for answer in answers] == [1, 1]
    assert await world.documents.count("promises") == 1


async def test_facts_go_in_the_lane_of_the_case(world: World) -> None:
    await world.report(fault="burst")
    rows = await world.documents.find("outbox")
    assert {row["key"] for row in rows} == {"AB.urgent.case.registered", "AB.urgent.case.classified"}


async def test_back_pressure_lets_only_emergencies_in(world: World) -> None:
    await world.report("k1")
    stuck = (await world.documents.find("outbox"))[0]
    await world.documents.put(
        "outbox", stuck | {"sent_at": None, "made_at": machine_now() - timedelta(minutes=6), "lease_until": machine_now() + HOUR}
    )
    refused = await world.report("k2")
    assert (problem(refused), refused.headers["Retry-After"]) == ((503, "intake-degraded"), "60")
    assert (await world.report("k3", fault="burst")).status_code == 201
    assert (await world.report("k1")).status_code == 201  # the stored answer is still given
    assert await world.documents.count("cases") == 2


async def test_cases_are_listed_latest_received_first_page_by_page(world: World) -> None:
    numbers = []
    for n in range(5):
        world.time.advance(HOUR)
        numbers.append((await world.report(f"k{n}", fault="burst" if n == 0 else "drip")).json()["number"])
    first = (await world.call("GET", "/v1/cases?site=AB&limit=3", by=world.staff())).json()
    rest = (await world.call("GET", f"/v1/cases?limit=3&before={first['next']}", by=world.staff())).json()
    assert [case["number"] for case in first["cases"] + rest["cases"]] == numbers[::-1]
    assert rest["next"] is None
    urgent = (await world.call("GET", "/v1/cases?urgency=P1&status=classified&kind=repair", by=world.admin)).json()["cases"]
    assert [case["number"] for case in urgent] == numbers[:1]
    for bad in ("limit=0", "status[$ne]=closed", "status=open", "before=x", "surprise=1"):
        assert problem(await world.call("GET", f"/v1/cases?{bad}", by=world.staff())) == (422, "invalid")


async def test_keys_are_shown_once_and_end(world: World) -> None:
    listed = (await world.call("GET", "/v1/keys", by=world.admin)).json()["keys"]
    assert [(key["name"], "key" in key, "digest" in key) for key in listed] == [("city", False, False)]
    secret = world.key.split("_", 2)[2]
    assert secret not in repr(world.documents.__dict__)
    assert (await world.call("DELETE", f"/v1/keys/{listed[0]['id']}", by=world.admin)).status_code == 204
    assert problem(await world.report()) == (401, "unauthorized")
    assert problem(await world.call("DELETE", "/v1/keys/000000000000", by=world.admin)) == (404, "not-found")


async def test_what_a_key_may_be(world: World) -> None:
    for body in ({"scopes": ["service"]}, {"scopes": ["nothing"]}, {"sites": []}, {"sites": ["*"]}, {"name": ""}):
        assert problem(await world.call("POST", "/v1/keys", {"name": "x", "sites": ["AB"]} | body, by=world.admin))[0] == 422
    for limit in ({"expires_at": "2026-01-01T00:00:00Z"}, {"not_before": "2099-01-01T00:00:00Z"}):
        made = await world.call("POST", "/v1/keys", {"name": "x", "sites": ["AB"]} | limit, by=world.admin)
        assert made.status_code == 201
        assert problem(await world.report(by=made.json()["key"])) == (401, "unauthorized")  # by machine time, whatever the story's


async def test_an_administrator_of_one_site_gives_keys_of_that_site(world: World) -> None:
    local = world.staff("boss", ("administrator",), ("AB",))
    assert problem(await world.call("POST", "/v1/keys", {"name": "x", "sites": ["ZZ"]}, by=local)) == (404, "not-found")
    await world.call("POST", "/v1/keys", {"name": "far", "sites": ["ZZ"]}, by=world.admin)
    assert [key["name"] for key in (await world.call("GET", "/v1/keys", by=local)).json()["keys"]] == ["city"]


async def test_a_key_reports_and_reads_but_moves_nothing(world: World) -> None:
    number = (await world.report()).json()["number"]
    seen = await world.case(number, by=world.key)
    assert (seen["number"], seen["moves"]) == (number, [])
    assert problem(await world.move(number, "close", by=world.key)) == (403, "forbidden")
    assert problem(await world.call("GET", "/v1/keys", by=world.key)) == (403, "forbidden")


async def test_every_route_declares_a_permission(world: World) -> None:
    for method, path in (("GET", "/v1/cases"), ("POST", "/v1/cases"), ("GET", "/v1/keys"), ("GET", "/v1/contacts/c-00000000000000000000")):
        answer = await world.client.request(method, path, content=b"{}" if method == "POST" else None, headers={"Content-Type": "application/json"})
        assert answer.status_code in {401, 422}, (path, answer.text)
