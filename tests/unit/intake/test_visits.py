"""Return visits whole (D5): work items, checks and signatures, serious dissatisfaction, new matters and open letters (A8)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from common.audit import ROWS
from common.errors import Fate
from common.events.dispatch import WorkOrderCancelled, WorkOrderCleared, WorkOrderIssued, WorkOrderPaid, WorkOrderReturned
from common.states import OrderStatus
from httpx2 import Response

from tests.unit.intake.build import HOUR, POLICY
from tests.unit.intake.world import World, a_world

pytestmark = pytest.mark.anyio
SECTION = POLICY["return_visit"] | {
    "forms": ["phone", "home", "letter", "open_letter"],
    "checked_by": ["customer_service_officer", "site_manager"],
    "seriously_dissatisfied": "customer_service_manager",
    "open_letter_units": 2,
}
GOOD = {"form": "phone", "satisfied": True, "attitude": "good", "quality": "good"}
BAD = GOOD | {"satisfied": False, "quality": "bad"}
STORED = ("cases", "visits", "promises", "letters", "outbox", ROWS)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as made:
        await made.hear_policy(4, return_visit=SECTION)
        yield made


async def due(world: World, unit: str = "3-0502", **body: Any) -> str:
    """Return the number of a repair whose work is done."""
    answer = await world.report(f"k{await world.documents.count('cases')}", unit=unit, **body)
    assert answer.status_code == 201, answer.text
    number: str = answer.json()["number"]
    for kind, status in ((WorkOrderIssued, OrderStatus.ISSUED), (WorkOrderReturned, OrderStatus.RETURNED)):
        assert await world.hear_order(number, kind, status=status) is Fate.DONE
    return number


async def stored(world: World) -> list[Any]:
    return await world.stored(*STORED)


async def refused(world: World, answer: Response, guard: str, before: list[Any]) -> None:
    """The refusal names its guard, and nothing was stored."""
    assert (answer.status_code, answer.json()["type"], answer.json()["guard"]) == (409, "urn:huiyin:problem:guard-refused", guard), answer.text
    assert await stored(world) == before


def officer(world: World) -> str:
    return world.staff("officer", ("customer_service_officer",))


def head(world: World) -> str:
    return world.staff("head", ("site_manager",))


# --- the work items -----------------------------------------------------------------------------------------------------------


async def test_due_visits_are_listed_with_role_and_case_due_the_longest_first(world: World) -> None:
    first = await due(world, "1-101")
    world.time.advance(HOUR)
    second = await due(world, "2-202", fault="burst")
    listed = (await world.call("GET", "/v1/visits?site=AB", by=world.staff())).json()["visits"]
    assert [(one["case"]["number"], one["visit"]["role"], one["visit"]["state"], one["open_letter"]) for one in listed] == [
        (first, "visitor", "due", False),
        (second, "visitor", "due", False),
    ]
    await world.move(first, "visit", **GOOD)
    listed = (await world.call("GET", "/v1/visits?site=AB", by=world.staff())).json()["visits"]
    assert [one["case"]["number"] for one in listed] == [second]
    assert (await world.call("GET", "/v1/visits?site=CD", by=world.staff())).status_code == 404


async def test_rvt11_a_phone_visit_is_marked_as_one_and_methods_are_kept(world: World) -> None:
    number = await due(world)
    await world.move(number, "visit", form="home", answered=False)
    await world.move(number, "visit", **GOOD, methods=["talk", "look"])
    (visit,) = (await world.case(number))["visits"]
    assert (visit["form"], visit["methods"], visit["tried"], visit["state"]) == ("phone", ["talk", "look"], 1, "done")


# --- check and sign-off -------------------------------------------------------------------------------------------------------


async def test_rvt12_the_officer_checks_and_the_head_signs_with_an_opinion(world: World) -> None:
    number = await due(world)
    await world.move(number, "visit", **GOOD)
    assert (await world.case(number))["status"] == "closed"
    assert (await world.move(number, "check-visit", by=officer(world), opinion="属实")).status_code == 200
    waiting = (await world.call("GET", "/v1/visits?site=AB&state=done&to_sign=true", by=head(world))).json()["visits"]
    assert [one["case"]["number"] for one in waiting] == [number]
    assert (await world.move(number, "sign-visit", by=head(world), opinion="同意归档")).status_code == 200
    (visit,) = (await world.case(number))["visits"]
    assert (visit["checked"]["by"], visit["signed"]["by"], visit["signed"]["opinion"]) == ("officer", "head", "同意归档")
    assert (await world.said())[-2:] == ["visit.checked", "visit.signed"]
    waiting = (await world.call("GET", "/v1/visits?site=AB&state=done&to_sign=true", by=head(world))).json()["visits"]
    assert waiting == []


async def test_rvt12_what_is_refused_stores_nothing(world: World) -> None:
    number = await due(world)
    check = {"opinion": "属实"}
    await refused(world, await world.move(number, "check-visit", by=officer(world), **check), "RVT-12", await stored(world))  # none was made
    await world.move(number, "visit", by=officer(world), **GOOD)
    before = await stored(world)
    await refused(world, await world.move(number, "check-visit", by=officer(world), **check), "RVT-12", before)  # their own
    await refused(world, await world.move(number, "check-visit", by=head(world), **check), "RVT-12", before)  # another role
    await refused(world, await world.move(number, "sign-visit", by=head(world), **check), "RVT-12", before)  # not checked yet
    other = world.staff("other", ("customer_service_officer",))
    assert (await world.move(number, "check-visit", by=other, **check)).status_code == 200
    before = await stored(world)
    await refused(world, await world.move(number, "check-visit", by=other, **check), "RVT-12", before)  # twice
    manager = world.staff("duty", ("duty_manager",))
    await refused(world, await world.move(number, "sign-visit", by=manager, **check), "RVT-12", before)
    for own in ("officer", "other"):  # who made it, who checked it, though they are head now
        await refused(world, await world.move(number, "sign-visit", by=world.staff(own, ("site_manager",)), **check), "RVT-12", before)
    assert (await world.move(number, "sign-visit", by=head(world), **check)).status_code == 200


async def test_rvt10_only_the_roles_that_the_pack_names_call_back(world: World) -> None:
    number = await due(world)
    before = await stored(world)
    for role in ("building_steward", "site_manager", "duty_manager", "customer_service_manager"):  # all may by their permissions
        refusal = await world.move(number, "visit", by=world.staff("other", (role,)), **GOOD)
        await refused(world, refusal, "RVT-10", before)
        assert refusal.json()["roles"] == ["visitor", "receptionist", "customer_service_officer"]
    assert (await world.move(number, "visit", by=world.staff("officer", ("site_manager", "customer_service_officer")), **GOOD)).status_code == 200


async def test_rvt12_where_the_pack_asks_for_no_check_there_is_none(world: World) -> None:
    await world.hear_policy(5)
    number = await due(world)
    await world.move(number, "visit", **GOOD)
    await refused(world, await world.move(number, "check-visit", by=officer(world)), "RVT-12", await stored(world))


# --- money --------------------------------------------------------------------------------------------------------------------


async def test_d6_6_a_repair_is_not_archived_before_money_and_receipt_whether_by_a_visit_or_by_hand(world: World) -> None:
    number = await due(world)
    paid = {"status": OrderStatus.RETURNED, "chargeable": True}
    said = {"amount": 180_00, "currency": "CNY"}
    await world.hear_order(number, WorkOrderPaid, adds=said, **paid)
    await refused(world, await world.move(number, "close"), "D6.6", await stored(world))
    assert (await world.move(number, "visit", **GOOD)).status_code == 200
    assert (await world.case(number))["status"] == "return_visit_due"
    await refused(world, await world.move(number, "close"), "D6.6", await stored(world))
    await world.hear_order(number, WorkOrderCleared, adds=said, cleared=True, **paid)
    assert (await world.move(number, "close")).status_code == 200
    assert (await world.case(number))["status"] == "closed"


async def test_r7b_an_owner_who_refused_the_fee_is_called_and_owes_nothing(world: World) -> None:
    answer = await world.report("refused", unit="3-0502")
    number = answer.json()["number"]
    await world.hear_order(number, WorkOrderIssued, status=OrderStatus.FEE_PENDING, chargeable=True)
    await world.hear_order(number, WorkOrderCancelled, status=OrderStatus.FEE_REFUSED)
    assert (await world.move(number, "visit", **GOOD)).status_code == 200
    assert (await world.case(number))["status"] == "closed"


# --- dissatisfied -------------------------------------------------------------------------------------------------------------


async def test_r20_a_dissatisfied_visit_reopens_counts_and_never_closes(world: World) -> None:
    number = await due(world)
    assert (await world.move(number, "visit", **BAD)).status_code == 200
    case = await world.case(number)
    assert (case["status"], case["rework_count"], case["visits"][0]["satisfied"]) == ("in_work", 1, False)
    await refused(world, await world.move(number, "close"), "D6.2", await stored(world))
    await refused(world, await world.move(number, "visit", **GOOD), "RVT-26", await stored(world))


async def test_esc12_who_was_seriously_dissatisfied_is_visited_again_with_the_manager(world: World) -> None:
    number = await due(world)
    assert (await world.move(number, "visit", **BAD, seriously=True)).status_code == 200
    redone = {"id": f"{number}-2", "number": 2, "rework_of": f"{number}-1"}
    await world.hear_order(number, WorkOrderIssued, **redone)
    await world.hear_order(number, WorkOrderReturned, status=OrderStatus.RETURNED, **redone)
    (_, second) = (await world.case(number))["visits"]
    assert (second["state"], second["joins"]) == ("due", "customer_service_manager")
    await refused(world, await world.move(number, "visit", **GOOD), "ESC-12", await stored(world))
    assert (await world.move(number, "visit", form="phone", answered=False)).status_code == 200  # an attempt is no visit
    assert (await world.move(number, "visit", **GOOD, joined="manager")).status_code == 200
    assert (await world.case(number))["status"] == "closed"
    assert (await world.move(await due(world), "visit", **GOOD, seriously=True)).status_code == 422


# --- new matters --------------------------------------------------------------------------------------------------------------


async def test_rvt13_a_new_matter_is_a_case_of_its_own_with_its_reply_time(world: World) -> None:
    """K19: the old case does not absorb it."""
    number = await due(world)
    new = {"kind": "complaint", "unit": "3-0502", "expected": "修好", "subject": "楼梯灯不亮", "brought_up_in": number}
    lacking = await world.report("n1", by=world.staff(), **new)
    assert (lacking.status_code, lacking.json()["errors"][0]["field"]) == (422, "reply_at")
    answer = await world.report("n2", by=world.staff(), **new, reply_at=world.time.now() + 4 * HOUR)
    made = await world.case(answer.json()["number"])
    assert (made["brought_up_in"], [one["about"] for one in made["promises"]], made["open_promises"]) == (number, ["reply"], 1)
    assert (await world.state(made["number"])).brought_up_in == number
    assert (await world.said())[-1] == "promise.made"
    assert (await world.case(number))["status"] == "return_visit_due"
    past = await world.report("n4", by=world.staff(), **new, reply_at=world.time.now())
    assert (past.status_code, past.json()["errors"][0]["field"]) == (422, "reply_at")
    strange = await world.report("n3", by=world.staff(), **new | {"brought_up_in": "AB-260316-XXXXX"}, reply_at=world.time.now() + HOUR)
    assert (strange.status_code, strange.json()["errors"][0]["field"]) == (422, "brought_up_in")


# --- open letters -------------------------------------------------------------------------------------------------------------


async def test_rvt14_an_open_letter_answers_several_owners_and_is_kept(world: World) -> None:
    cases = [await due(world, "1-101"), await due(world, "2-202")]
    supervisor = world.staff("boss", ("customer_service_supervisor",))
    listed = (await world.call("GET", "/v1/visits?site=AB", by=supervisor)).json()["visits"]
    assert [one["open_letter"] for one in listed] == [True, True]  # DEF-20: suggested, a person decides
    kept = await world.call("POST", "/v1/open-letters", {"site": "AB", "text": "致各位业主", "cases": cases}, by=supervisor)
    assert kept.status_code == 201, kept.text
    visit = GOOD | {"form": "open_letter", "letter": kept.json()["id"]}
    for number in cases:
        assert (await world.move(number, "visit", **visit)).status_code == 200
    assert [(await world.case(number))["visits"][0]["letter"] for number in cases] == [kept.json()["id"]] * 2
    (archived,) = (await world.call("GET", "/v1/open-letters?site=AB", by=world.staff())).json()["letters"]
    assert (archived["text"], archived["cases"]) == ("致各位业主", cases)


async def test_rvt14_what_is_refused_stores_nothing(world: World) -> None:
    one, same, other = await due(world, "1-101"), await due(world, "1-101"), await due(world, "2-202")
    supervisor, before = world.staff("boss", ("customer_service_supervisor",)), await stored(world)
    letter = {"site": "AB", "text": "致各位业主"}
    alone = await world.call("POST", "/v1/open-letters", letter | {"cases": [one, same]}, by=supervisor)
    await refused(world, alone, "RVT-14", before)
    kept = await world.call("POST", "/v1/open-letters", letter | {"cases": [one, other]}, by=supervisor)
    before = await stored(world)
    for name in (None, "ol-none", kept.json()["id"]):
        await refused(world, await world.move(same, "visit", **GOOD | {"form": "open_letter", "letter": name}), "RVT-14", before)
    unknown = await world.call("POST", "/v1/open-letters", letter | {"cases": [one, "AB-260316-XXXXX"]}, by=supervisor)
    assert unknown.status_code == 404
