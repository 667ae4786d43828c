"""The guards of D1 and D6 that a repair meets in intake, at its doors: the problem's type, status and id, and nothing stored.

Those of the work order are in `tests/unit/dispatch/test_repair_guards.py`, R22 and D6.8 in `tests/unit/sla/test_doors.py`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from common.audit import ROWS
from common.events.dispatch import WorkOrderIssued, WorkOrderReturned
from common.states import OrderStatus, Party

from tests.unit.intake.world import World, a_world

pytestmark = pytest.mark.anyio
STORED = ("cases", "visits", "promises", "contacts", "outbox", ROWS)
CALLED = {"form": "phone", "satisfied": True, "attitude": "good", "quality": "good"}
DISSATISFIED = CALLED | {"satisfied": False, "quality": "bad"}
PROMISE = {"about": "outcome", "text": "换管", "due_date": "2026-03-20"}
Lay = Callable[[World], Awaitable[str]]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as made:
        yield made


async def reported(world: World, **body: Any) -> str:
    number: str = (await world.report(**body)).json()["number"]
    return number


async def unsorted(world: World) -> str:
    return await reported(world, fault=None)


async def issued(world: World) -> str:
    number = await reported(world)
    await world.hear_order(number, WorkOrderIssued)
    return number


async def returned(world: World) -> str:
    number = await issued(world)
    await world.hear_order(number, WorkOrderReturned, status=OrderStatus.RETURNED)
    return number


async def not_inspected(world: World) -> str:
    number = await reported(world)
    for kind, status in ((WorkOrderIssued, OrderStatus.ISSUED), (WorkOrderReturned, OrderStatus.RETURNED)):
        await world.hear_order(number, kind, status=status, party=Party.CONTRACTOR)
    return number


async def dissatisfied(world: World) -> str:
    number = await returned(world)
    assert (await world.move(number, "visit", **DISSATISFIED)).status_code == 200
    return number


@dataclass(frozen=True)
class Row:
    """A repair as it lies, what is tried with it, and the id that refuses."""

    rule: str  #: of D1 or D6
    lay: Lay
    move: str
    guard: str
    body: dict[str, Any] = field(default_factory=dict)


REFUSED = [
    Row("R2", unsorted, "request-work", "CLS-11", {"department": "cleaning"}),
    Row("R19", returned, "close", "D6.2"),
    Row("R19", issued, "visit", "RVT-26", CALLED),
    Row("R19", returned, "waive-visit", "RVT-17", {"outcome": "已修好"}),
    Row("R20", dissatisfied, "close", "D6.2"),
    Row("D6.2", issued, "close", "D6.2"),
    Row("D6.7", not_inspected, "visit", "RVT-26", CALLED),
    Row("D6.7", not_inspected, "close", "D6.2"),
    Row("D6.12", issued, "promise", "CMP-11", PROMISE),
]


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: f"{row.rule} {row.lay.__name__} {row.move}")
async def test_a_guard_refuses_by_its_id_and_stores_nothing(world: World, row: Row) -> None:
    number = await row.lay(world)
    before = await world.stored(*STORED)
    answer = await world.move(number, row.move, **row.body)
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (409, "urn:huiyin:problem:guard-refused"), answer.text
    assert row.guard in problem["guards"]
    assert await world.stored(*STORED) == before


async def test_r1_a_repair_without_its_mandatory_fields_is_not_registered(world: World) -> None:
    before = await world.stored(*STORED)
    answer = await world.report(subject=None)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:huiyin:problem:fields-missing"), answer.text
    assert [one["field"] for one in answer.json()["errors"]] == ["subject"]
    assert await world.stored(*STORED) == before


async def test_d6_16_a_priority_does_not_change_without_a_reason(world: World) -> None:
    number = await issued(world)
    before = await world.stored(*STORED)
    answer = await world.move(number, "classify", urgency="P1")
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (422, "urn:huiyin:problem:fields-missing"), answer.text
    assert [one["field"] for one in problem["errors"]] == ["why"]
    assert await world.stored(*STORED) == before
