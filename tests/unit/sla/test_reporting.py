"""What is reported at once, and gaps that are seen before somebody falls into them (ESC-06, ESC-10, ESC-12)."""

from datetime import timedelta
from typing import Any

import pytest
from common.events.intake import CaseClassified, CaseReopened, CaseResponded
from common.rota import SiteRota
from sla.handlers.commands import put_policy

from tests.unit.sla.build import SITE, a_case, at, shown
from tests.unit.sla.chains import EVERYBODY, a_world, chained, person
from tests.unit.sla.world import ADMIN, World

pytestmark = pytest.mark.anyio


# --- at once ----------------------------------------------------------------------------------------------------------------------

MAJOR = {"id": "major", "applies": {"kind": "complaint", "major": True}, "roles": ["manager", "chief"]}


async def reports(world: World) -> list[tuple[str, list[str], str | None]]:
    return [(row.data["rule"], row.data["persons"], shown(row.time)) for row in await world.facts("escalation.reported")]


async def test_esc_10_a_major_complaint_is_reported_at_classification_not_at_a_deadline() -> None:
    world = await a_world(chained(at_once=[MAJOR]), *EVERYBODY, kind="complaint", major=True)
    assert await reports(world) == [("major", ["man-1", "chief-1"], "2026-03-16 10:00")]


async def test_esc_10_what_becomes_major_later_is_reported_then_and_once() -> None:
    world = await a_world(chained(at_once=[MAJOR]), *EVERYBODY, kind="complaint")
    assert await reports(world) == []
    world.time.set(at("2026-03-16 10:20"))
    case = a_case(owner=None, kind="complaint", major=True)
    for _ in range(2):
        await world.hear(CaseClassified(case=case, previous=a_case(kind="complaint")))
    assert await reports(world) == [("major", ["man-1", "chief-1"], "2026-03-16 10:20")]


async def test_esc_06_a_repeat_is_told_to_whom_the_policy_names() -> None:
    world = await a_world(chained(sections={"repeat": {"inform": ["chief"]}}), *EVERYBODY, repeat_of="QQ-260301-BBBBB")
    assert await reports(world) == [("repeat", ["chief-1"], "2026-03-16 10:00")]


async def test_esc_12_each_dissatisfied_visit_is_reported_to_who_has_to_join_the_next() -> None:
    rule = {"id": "second_visit", "applies": {}, "after": "reopened", "roles": ["manager"]}
    world = await a_world(chained(at_once=[rule]), *EVERYBODY)
    assert await reports(world) == []
    for hour in ("10:20", "10:40"):
        world.time.set(at(f"2026-03-16 {hour}"))
        await world.hear(CaseReopened(case=a_case(owner=None)))
        await world.hear(CaseResponded(case=a_case(owner=None), by="d"))
    assert await reports(world) == [("second_visit", ["man-1"], f"2026-03-16 {hour}") for hour in ("10:20", "10:40")]


async def test_a_report_that_reaches_nobody_is_an_alarm_until_the_next_rota() -> None:
    world = await a_world(chained(at_once=[MAJOR]), person("desk-1", "desk"), kind="complaint", major=True)
    [fact] = await world.facts("escalation.reported")
    assert (fact.data["nobody"], fact.data["skipped"]) == (True, ["manager", "chief"])
    assert await world.rt.store.watch.count_alarmed() == 1
    await world.hear(SiteRota(people=EVERYBODY).published(SITE, 2))
    assert [persons for _, persons, _ in await reports(world)] == [[], ["man-1", "chief-1"]]
    assert await world.rt.store.watch.count_alarmed() == 0


# --- publishing -------------------------------------------------------------------------------------------------------------------


async def test_publishing_a_chain_with_a_gap_warns_and_counts_what_begins_soon() -> None:
    world = World("2026-03-16 10:00")
    await world.publish(chained())
    shifts = {"shifts": [{"name": "day", "from": "08:00", "to": "20:00"}], "assignments": [{"shift": "day", "people": ["sup-1", "fix-1"]}]}
    people = [*EVERYBODY, person("fix-1", "repair_worker"), person("fix-2", "repair_worker")]
    await world.hear(SiteRota.model_validate({"people": people} | shifts).published(SITE, 1))
    out = await world.rt.transact(lambda store: put_policy(chained(version=2), SITE, store=store, by=ADMIN, now=world.time.now()))
    warned = [(str(gap.kind), gap.roles, gap.where, shown(gap.start), shown(gap.end), gap.times) for gap in out.warnings]
    assert warned == [("level", ("supervisor",), ("L1",), "2026-03-16 20:00", "2026-03-17 08:00", 28)]
    assert await world.rt.store.watch.count(world.time.now(), world.time.now() + timedelta(hours=24)) == 1
    await world.hear(SiteRota(people=tuple(people)).published(SITE, 2))
    assert await world.rt.store.watch.count(world.time.now(), world.time.now() + timedelta(hours=24)) == 0


async def test_gaps_are_looked_for_again_as_time_goes_on() -> None:
    """On Friday evening the empty Monday is out of sight, on Sunday it is not, without anybody publishing anything."""
    world = World("2026-03-13 10:00")
    await world.publish(chained())
    shifts = {"shifts": [{"name": "all", "from": "08:00", "to": "08:00"}], "assignments": [{"shift": "all", "people": ["sup-1"]}]}
    empty = {"overrides": [{"date": "2026-03-16", "shift": "all", "people": []}]}
    people = [*EVERYBODY, person("fix-1", "repair_worker")]
    await world.hear(SiteRota.model_validate({"people": people} | shifts | empty).published(SITE, 1))

    def soon() -> Any:
        return world.rt.store.watch.count(world.time.now(), world.time.now() + timedelta(hours=24))

    assert await soon() == 0
    await world.until("2026-03-15 07:00")
    assert await soon() == 0
    await world.until("2026-03-15 08:30")
    assert await soon() == 1
