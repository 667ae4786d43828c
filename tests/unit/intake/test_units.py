"""The register of units: brought in many at once, people sealed, nothing personal said, and what a report of an unknown unit meets."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from intake.domain.unit import MOST

from tests.unit.intake.world import World, a_world

pytestmark = pytest.mark.anyio
CHEN = {"name": "陈业主", "phone": "138 0000 0001", "email": "chen@example.com"}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as made:
        yield made


def units(*codes: str, **more: Any) -> dict[str, Any]:
    return {"units": [{"unit": code, "building": "3", "floor": 5, **more} for code in codes]}


async def put(world: World, body: dict[str, Any], by: str | None = None, key: str | None = None) -> Any:
    return await world.call("PUT", "/v1/sites/AB/units", body, by=by or world.admin, key=key)


async def test_units_are_added_and_replaced_and_the_same_again_says_nothing(world: World) -> None:
    first = await put(world, units("3-0501", "3-0502"))
    assert (first.status_code, first.json()) == (200, {"site": "AB", "added": 2, "replaced": 0})
    said = await world.documents.count("outbox", {"prefix": "unit"})
    again = await put(world, units("3-0502", "3-0503"))
    assert again.json() == {"site": "AB", "added": 1, "replaced": 1}
    assert (said, await world.documents.count("outbox", {"prefix": "unit"})) == (2, 3)
    listed = (await world.call("GET", "/v1/sites/AB/units?limit=2", by=world.staff())).json()
    assert ([row["unit"] for row in listed["units"]], listed["next"]) == (["3-0501", "3-0502"], "3-0502")
    rest = (await world.call("GET", "/v1/sites/AB/units?after=3-0502", by=world.staff())).json()
    assert ([row["unit"] for row in rest["units"]], rest["next"]) == (["3-0503"], None)


async def test_people_of_a_unit_are_sealed_and_nobody_says_their_names(world: World) -> None:
    assert (await put(world, units("3-0502", people=[CHEN]))).status_code == 200
    stored = json.dumps([await world.documents.find(name) for name in ("units", "contacts", "outbox", "requests")], default=str, ensure_ascii=False)
    assert [word for word in ("陈业主", "13800000001", "138 0000 0001", "chen@example.com") if word in stored] == []
    (contact,) = await world.documents.find("contacts")
    assert contact["phone_index"]
    shown = (await world.call("GET", "/v1/sites/AB/units", by=world.staff())).text
    assert ("陈业主" in shown, json.loads(shown)["units"][0]["people"]) == (False, 1)


async def test_who_left_a_unit_is_forgotten(world: World) -> None:
    await put(world, units("3-0502", people=[CHEN, CHEN | {"name": "陈太太", "relation": "family"}]))
    await put(world, units("3-0502", people=[CHEN]))
    assert await world.documents.count("contacts") == 1
    await put(world, units("3-0502"))
    assert await world.documents.count("contacts") == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"units": []}, "units"),
        (units(*(f"1-{n:04d}" for n in range(MOST + 1))), "units"),
        (units("3-0502", "3-0502"), "body"),
        (units("-1"), "units.0.unit"),
        (units("3-0502", people=[CHEN | {"phone": "12"}]), "units.0.people.0.phone"),
        (units("3-0502", people=[CHEN | {"email": "nobody"}]), "units.0.people.0.email"),
        (units("3-0502", rooms=3), "units.0.rooms"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_kept(world: World, body: dict[str, Any], field: str) -> None:
    answer = await put(world, body)
    assert answer.status_code == 422
    assert field in {error["field"] for error in answer.json()["errors"]} | {"body"}
    assert "陈业主" not in answer.text
    assert await world.documents.count("units") == 0


async def test_only_who_manages_the_site_brings_units_in(world: World) -> None:
    assert (await put(world, units("3-0502"), by=world.staff())).status_code == 403
    elsewhere = world.staff("admin", ("administrator",), ("ZZ",))
    assert (await put(world, units("3-0502"), by=elsewhere)).status_code == 404


@pytest.mark.parametrize(("choice", "status", "known"), [("any", 201, None), ("warn", 201, False), ("known", 422, None)])
async def test_a_unit_that_nobody_registered_is_taken_warned_of_or_refused_as_the_site_says(
    world: World,
    choice: str,
    status: int,
    known: bool | None,  # noqa: FBT001
) -> None:
    await world.hear_policy(4, required={"units": choice})
    answer = await world.report(unit="9-0901")
    assert answer.status_code == status
    assert answer.json().get("unit_known") is known
    await put(world, units("9-0901"))
    answer = await world.report(key="k2", unit="9-0901")
    assert (answer.status_code, answer.json()["unit_known"]) == (201, None if choice == "any" else True)
