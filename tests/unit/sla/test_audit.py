"""The auditor finds what is missing, early, double or late, and nobody who fires; it says nothing of what is right (ADR 0020)."""

from datetime import timedelta
from typing import Any

import pytest
from common.documents import Doc
from common.events.dispatch import WorkOrderArrived, WorkOrderIssued
from common.events.intake import CaseClosed
from common.memory import MemoryDocuments
from sla.domain.audit import Finding, Place
from sla.handlers.auditing import AUDITOR, SILENCE, Alarms, audit, look
from sla.handlers.firing import fire_due

from tests.unit.sla.build import a_case, a_policy, an_order, at
from tests.unit.sla.world import World

pytestmark = pytest.mark.anyio
OLD = timedelta(minutes=10)  #: longer ago than any grace, in machine time


async def a_world() -> World:
    """One clock: received 10:00, warning 11:12, due 11:30."""
    world = World("2026-03-16 10:00")
    await world.publish(a_policy())
    case = a_case()
    await world.report(case)
    await world.hear(WorkOrderIssued(order=an_order(case), case=case))
    return world


async def aged(world: World) -> None:
    """Everything in the fact log was written ten minutes earlier than it says: the auditor looks only at what is settled."""
    for row in await world.db.find("outbox", {"aged": {"$exists": False}}):
        await world.db.put("outbox", row | {"made_at": row["made_at"] - OLD, "aged": True})


async def found(world: World, *, turns: int = 2) -> dict[Finding, list[Place]]:
    """What the last of some turns found, an hour of business time later: a turn looks at what was past at the turn before."""
    await aged(world)
    world.time.advance(timedelta(hours=1))
    for _ in range(turns):
        turn = await look(world.rt)
    return {finding: places for finding, places in turn.found.items() if places}


CLOCK = "case:QQ-260316-AAAAA:CLK_KETTLE:1"


async def levels_of(world: World) -> list[Doc]:
    return await world.db.find("outbox", {"kind": "escalation.raised"}, sort=[("seq", 1)])


async def test_what_is_right_is_silent() -> None:
    world = await a_world()
    await world.until("2026-03-16 11:31")
    assert await found(world) == {}
    turn = await look(world.rt)
    assert (turn.looked, turn.wrong) == (1, False)


async def test_a_level_that_nobody_raised_is_missing_whatever_the_clock_says_of_itself() -> None:
    """The firing loop's own marks are wrong: neither armed nor due. The plan of the clock and the fact log tell."""
    world = await a_world()
    await world.db.update("clocks", {"_id": CLOCK}, {"armed": False, "next_at": None})
    await world.until("2026-03-16 11:31")
    assert {str(place.level) for place in (await found(world))[Finding.MISSING]} == {"warning", "L1"}


async def test_a_clock_that_says_it_raised_a_level_is_not_believed() -> None:
    world = await a_world()
    await world.until("2026-03-16 11:20")
    await world.db.delete("outbox", {"kind": "escalation.raised"})
    missing = (await found(world))[Finding.MISSING]
    assert Place(CLOCK, missing[0].level) in missing


async def test_a_turn_looks_only_at_what_was_past_at_the_turn_before() -> None:
    """Time may step by hours: what became due in between is in work, not missing."""
    world = await a_world()
    await aged(world)
    await look(world.rt)
    world.time.set(at("2026-03-16 12:00"))
    assert (await look(world.rt)).found[Finding.MISSING] == []
    assert len((await look(world.rt)).found[Finding.MISSING]) == 2


async def test_a_clock_known_for_a_moment_only_is_given_time() -> None:
    """It was opened with levels already past, and the firing loop is just coming."""
    world = World("2026-03-16 15:00")
    await world.publish(a_policy())
    await world.report(a_case())
    for _ in range(2):
        world.time.advance(timedelta(minutes=1))
        turn = await look(world.rt)
    assert turn.looked == 1
    assert turn.found[Finding.MISSING] == []


@pytest.mark.parametrize("what", ["stopped", "closed"])
async def test_a_clock_that_ended_owes_only_what_came_before(what: str) -> None:
    world = await a_world()
    await world.until("2026-03-16 11:20")
    for row in await world.db.find("outbox", {"kind": "clock.opened"}):
        await world.db.put("outbox", row | {"made_at": row["made_at"] - OLD})  # known long before its end
    case = a_case()
    fact = WorkOrderArrived(order=an_order(case), case=case) if what == "stopped" else CaseClosed(case=case, outcome="visited")
    await world.hear(fact)
    assert await found(world, turns=1) == {}
    await world.db.delete("walks", {})
    await world.db.delete("outbox", {"kind": "escalation.raised"})
    assert [str(place.level) for place in (await found(world, turns=1))[Finding.MISSING]] == ["warning"]


async def test_a_level_said_before_its_time_is_early() -> None:
    world = await a_world()
    await world.until("2026-03-16 11:13")
    row = (await levels_of(world))[0]
    body: str = row["body"]
    moved = body.replace('"time":"2026-03-16T03:12:00Z"', '"time":"2026-03-16T03:11:59Z"')
    assert moved != body
    await world.db.put("outbox", row | {"body": moved, "order": "ffffffff"})
    assert [str(place.level) for place in (await found(world, turns=1))[Finding.EARLY]] == ["warning"]


async def test_a_level_whose_time_has_not_come_for_the_reader_is_early() -> None:
    """Whoever raised it had a clock that is an hour ahead: by its own time all was right."""
    world = await a_world()
    ahead = World("2026-03-16 10:00", world.db)
    await ahead.until("2026-03-16 11:13")
    await aged(world)
    assert [str(place.level) for place in (await look(world.rt)).found[Finding.EARLY]] == ["warning"]


async def test_a_level_said_twice_is_double() -> None:
    world = await a_world()
    await world.until("2026-03-16 11:13")
    row = (await levels_of(world))[0]
    again = row | {"_id": f"{row['_id']}0", "seq": 10, "order": "ffffffff"}
    again.pop("once")
    await world.db.insert("outbox", again)
    assert [str(place.level) for place in (await found(world, turns=1))[Finding.DOUBLE]] == ["warning"]


async def test_lateness_counts_from_when_it_was_due_and_known() -> None:
    """Business time is the machine's here: raised two minutes after its time is late, unless its times were only known then."""
    world = await a_world()
    await world.until("2026-03-16 11:13")
    due = at("2026-03-16 11:12")
    row = (await levels_of(world))[0]
    raised = row["body"].replace('"time":"2026-03-16T03:12:00Z"', '"time":"2026-03-16T03:14:00Z"')
    await world.db.put("outbox", row | {"body": raised, "made_at": due + timedelta(minutes=2)})
    for known, late in ((due - OLD, ["warning"]), (due + timedelta(seconds=90), [])):
        await world.db.delete("walks", {})
        for opened in await world.db.find("outbox", {"kind": "clock.opened"}):
            await world.db.put("outbox", opened | {"made_at": known})
        turn = await look(world.rt)
        assert [str(place.level) for place in turn.found[Finding.LATE]] == late
        assert turn.late_s == [120.0 if late else 30.0]


async def test_nobody_who_fires_is_noticed_and_shown() -> None:
    """The mark of the firing loop is older than half a minute: an alarm, a log line and a report that says so."""
    world = await a_world()
    alarms = world.rt.parts.extra[AUDITOR] = Alarms(world.rt.metrics.registry)
    await fire_due(world.rt)
    await audit(world.rt)
    assert await world.rt.store.audit.last_report() is None
    row: Any = await world.db.get("jobs", "fire_due")
    await world.db.put("jobs", row | {"lease_until": row["lease_until"] - SILENCE - timedelta(seconds=10)})
    await world.db.update("jobs", {"_id": "audit"}, {"lease_until": None})
    await audit(world.rt)
    report = await world.rt.store.audit.last_report()
    assert report
    assert 30 < report["silent_s"] < 60
    assert alarms.silent_s._value.get() == pytest.approx(report["silent_s"])  # noqa: SLF001 - the library shows it in text only


async def test_two_workers_take_one_turn_a_period() -> None:
    world = await a_world()
    other = World("2026-03-16 10:00", world.db)
    leads = [await one.rt.store.audit.lead("audit", timedelta(seconds=15)) for one in (world, other, world)]
    assert leads == [True, False, False]


async def test_a_long_walk_goes_on_where_it_ended() -> None:
    """Clocks whose first levels are due at the same instant are told apart by their ids: none is passed over, none looked at twice."""
    world = World("2026-03-16 10:00")
    await world.publish(a_policy())
    for number in range(7):
        await world.report(a_case(id=f"QQ-{number}"))
    walk, seen = await world.rt.store.audit.walk(), list[str]()
    while clocks := await world.rt.store.audit.reached(walk, at("2026-03-16 11:12"), limit=3):
        seen += [clock.id for clock in clocks]
        walk = walk.model_copy(update={"site": clocks[-1].site, "first_at": clocks[-1].first_at, "clock": clocks[-1].id})
        assert len(seen) <= 7
    assert seen == sorted(set(seen))
    assert len(seen) == 7
    assert isinstance(world.db, MemoryDocuments)
