"""Taking a level up: recorded, stops nothing, and without progress the level is raised again, bounded."""

import pytest
from common.events.dispatch import WorkOrderIssued
from common.events.intake import CaseResponded
from common.rota import SiteRota
from common.states import Level
from sla.domain.acknowledging import PROGRESS, moved_on_at
from sla.domain.rulings import Ruling, RulingKind

from tests.unit.sla.build import CASE, SITE, a_case, a_policy, an_order, at, shown
from tests.unit.sla.chains import EVERYBODY, a_world, chained, person, take_up, the_clock, told

pytestmark = pytest.mark.anyio


# --- taking up --------------------------------------------------------------------------------------------------------------------


async def test_taking_up_is_recorded_and_stops_nothing() -> None:
    world = await a_world(chained(), *EVERYBODY)
    await world.until("2026-03-16 11:05")
    before = await the_clock(world)
    await take_up(world, "sup-1")
    clock = await the_clock(world)
    rung = clock.raised
    assert rung is not None
    assert (rung.level, rung.acknowledged_by, shown(rung.acknowledged_at), shown(rung.again_at)) == (
        Level.L1, "sup-1", "2026-03-16 11:05", "2026-03-16 11:35",
    )  # fmt: skip
    assert (clock.state, clock.due_at, clock.stopped_at) == (before.state, before.due_at, None)
    [fact] = await world.facts("escalation.acknowledged")
    assert (fact.data["level"], fact.data["by"]) == ("L1", "sup-1")
    await world.until("2026-03-16 13:00")
    assert await told(world) == {"warning": ["desk-1"], "L1": ["sup-1"], "L2": ["man-1"], "L3": ["chief-1"]}


async def test_without_progress_the_level_is_raised_again_to_the_next_persons() -> None:
    """Taken up at 11:05, nothing follows: at 11:35 L1 goes to the manager as well, with its number; L2 comes at 12:00 all the same."""
    world = await a_world(chained(), *EVERYBODY)
    await world.until("2026-03-16 11:05")
    await take_up(world, "sup-1")
    await world.until("2026-03-16 11:34")
    assert await world.facts("escalation.repeated") == []
    await world.until("2026-03-16 11:40")
    [fact] = await world.facts("escalation.repeated")
    assert (fact.data["level"], fact.data["number"], fact.data["persons"], fact.data["reached"]) == ("L1", 1, ["man-1"], "L2")
    assert shown(fact.time) == "2026-03-16 11:35"
    await world.until("2026-03-16 12:00")
    assert (await told(world))["L2"] == ["man-1"]
    assert len(await world.facts("escalation.repeated")) == 1


async def test_a_colleague_of_the_next_shift_is_the_next_person_before_anybody_above() -> None:
    world = await a_world(chained(), *EVERYBODY)
    await world.until("2026-03-16 11:05")
    await take_up(world, "sup-1")
    await world.hear(SiteRota(people=(*EVERYBODY, person("sup-2", "supervisor"))).published(SITE, 2))
    await world.until("2026-03-16 11:40")
    assert await told(world, "escalation.repeated") == {"L1": ["sup-2"]}


async def test_esc_09_level_by_level_raises_again_to_the_same_persons() -> None:
    world = await a_world(chained(level_by_level=True), *EVERYBODY)
    await world.until("2026-03-16 11:05")
    await take_up(world, "sup-1")
    await world.until("2026-03-16 11:40")
    assert await told(world, "escalation.repeated") == {"L1": ["sup-1"]}


@pytest.mark.parametrize("kind", ["responded", "issued"])
async def test_with_progress_nothing_is_raised_again(kind: str) -> None:
    world = await a_world(chained(), *EVERYBODY)
    await world.until("2026-03-16 11:05")
    await take_up(world, "sup-1")
    await world.until("2026-03-16 11:20")
    case = a_case(owner=None)
    await world.hear({"responded": CaseResponded(case=case, by="d"), "issued": WorkOrderIssued(order=an_order(case), case=case)}[kind])
    await world.until("2026-03-16 11:59")
    assert await world.facts("escalation.repeated") == []
    await world.until("2026-03-16 12:00")
    assert (await told(world))["L2"] == ["man-1"]


async def test_progress_before_the_level_was_taken_up_is_none() -> None:
    world = await a_world(chained(), *EVERYBODY)
    await world.until("2026-03-16 11:01")
    await world.hear(CaseResponded(case=a_case(owner=None), by="d"))
    await world.until("2026-03-16 11:05")
    await take_up(world, "sup-1")
    await world.until("2026-03-16 11:40")
    assert len(await world.facts("escalation.repeated")) == 1


async def test_raising_again_is_bounded() -> None:
    """At the last level: taken up again and again, raised again as often as the pack says, and no more."""
    world = await a_world(chained(again={"after_minutes": 10, "times": 2}), *EVERYBODY)
    await world.until("2026-03-16 13:01")
    for minute in (1, 15, 30, 45):
        await world.until(f"2026-03-16 13:{minute:02}")
        await take_up(world, "chief-1")
    await world.until("2026-03-16 20:00")
    assert [row.data["number"] for row in await world.facts("escalation.repeated")] == [1, 2]
    assert len((await the_clock(world)).rungs[-1].again) == 2


async def test_taking_up_what_is_taken_says_nothing_again() -> None:
    world = await a_world(chained(), *EVERYBODY)
    await world.until("2026-03-16 11:05")
    for who in ("sup-1", "sup-1", "man-1"):
        await take_up(world, who)
    assert len(await world.facts("escalation.acknowledged")) == 1


async def test_a_pack_may_forbid_raising_again() -> None:
    world = await a_world(chained(again={"times": 0}), *EVERYBODY)
    await world.until("2026-03-16 11:05")
    await take_up(world, "sup-1")
    assert (await the_clock(world)).rungs[1].again_at is None
    await world.until("2026-03-16 11:59")
    assert await world.facts("escalation.repeated") == []


def test_the_default_of_raising_again_is_marked_as_one() -> None:
    again = a_policy().escalation.again
    assert again.origin is not None
    assert (again.after_minutes, again.times, again.origin.default) == (30, 2, "not-in-sources")


def test_receiving_and_sending_back_are_no_progress() -> None:
    assert {str(moment) for moment in PROGRESS} & {"received", "classified", "reopened", "order_cancelled", "promise_made", "closed"} == set()


async def test_a_decision_about_the_clock_is_progress() -> None:
    """Whoever pauses or extends it has dealt with it; a decision about another clock of the case says nothing."""
    world = await a_world(chained(), *EVERYBODY)
    await world.until("2026-03-16 11:05")
    clock, file = await the_clock(world), await world.rt.store.file(CASE)
    ruling = Ruling(kind=RulingKind.PAUSE, clock=clock.id, at=at("2026-03-16 11:20"), by="sup-1", reason="owner_away")
    assert moved_on_at(file, clock) is None
    assert moved_on_at(file.model_copy(update={"rulings": (ruling,)}), clock) == ruling.at
    other = ruling.model_copy(update={"clock": f"case:{CASE}:CLK_OTHER:1"})
    assert moved_on_at(file.model_copy(update={"rulings": (other,)}), clock) is None
