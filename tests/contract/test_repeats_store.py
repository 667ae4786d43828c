"""The repeat check on the fake and on real stores: reports at the same instant are told apart, and an outage has one first case (DEF-09)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from common.documents import Database
from common.memory import MemoryDocuments
from common.mongo import MongoDatabase

from tests.support.servers import Addresses
from tests.unit.intake.test_repeats import FAULTS, REPEAT, worked
from tests.unit.intake.world import World, a_world

pytestmark = pytest.mark.anyio
AT_ONCE = 12


@pytest.fixture(params=["memory", "motor", "pymongo"])
def ground(request: pytest.FixtureRequest) -> tuple[str, Addresses | None]:
    """Each kind of store; the servers are started only where one is real."""
    return request.param, None if request.param == "memory" else request.getfixturevalue("servers")


@pytest.fixture
async def world(ground: tuple[str, Addresses | None], namespace: str) -> AsyncIterator[World]:
    """Intake alone on a fresh database of each kind."""
    driver, servers = ground
    documents: Database = MongoDatabase(servers.mongo_url, f"{namespace}_intake", driver) if servers else MemoryDocuments()
    async with a_world(documents) as made:
        await made.hear_policy(4, faults=FAULTS, repeat=REPEAT)
        yield made
        if servers is not None:
            await documents.drop()  # type: ignore[attr-defined]


async def at_once(world: World, *units: str) -> list[dict[str, Any]]:
    """Report the same outage from these units at the same instant; return the cases."""
    answers = await asyncio.gather(*(world.report(f"k{n}", unit=unit, fault="no_water") for n, unit in enumerate(units)))
    assert [answer.status_code for answer in answers] == [201] * len(units)
    return [await world.case(answer.json()["number"]) for answer in answers]


async def test_reports_of_one_unit_at_once_are_told_apart(world: World) -> None:
    found = await at_once(world, *["8-0301"] * AT_ONCE)
    assert sorted(case["repeat_count"] for case in found) == list(range(1, AT_ONCE + 1))
    assert [case["incident"] for case in found] == [None] * AT_ONCE


async def test_neighbours_at_once_have_one_first_case_and_are_done_with_it(world: World) -> None:
    found = await at_once(world, *(f"8-03{n:02}" for n in range(AT_ONCE)))
    (first,) = [case["number"] for case in found if case["incident"] is None]
    assert {case["incident"] for case in found} == {None, first}
    assert set((await world.case(first))["linked"]) == {case["number"] for case in found} - {first}
    await worked(world, first)
    assert {(await world.case(case["number"]))["status"] for case in found} == {"return_visit_due"}
