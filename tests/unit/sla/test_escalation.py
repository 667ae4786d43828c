"""Who is told of a level: chains frozen on the case, gaps passed on upwards and named, level by level, at night (ESC-05 … ESC-17)."""

from datetime import timedelta

import pytest
from common.events.dispatch import WorkOrderArrived, WorkOrderCancelled, WorkOrderIssued
from common.events.intake import CaseClassified, CaseResponded, CaseWorkRequested
from common.rota import SiteRota
from common.states import ClockState, Level, PersonState
from hypothesis import given
from hypothesis import strategies as st
from sla.domain.escalation import Asked, Frozen, holders, reach

from tests.unit.sla.build import SITE, a_case, an_order, at, shown
from tests.unit.sla.chains import CHAIN, EVERYBODY, NIGHT, a_world, chained, person, the_clock, told
from tests.unit.sla.world import World, raised

pytestmark = pytest.mark.anyio


# --- the chain --------------------------------------------------------------------------------------------------------------------


async def test_esc_16_each_level_tells_its_own_persons() -> None:
    world = await a_world(chained(), *EVERYBODY)
    await world.until("2026-03-16 14:00")
    assert await told(world) == {"warning": ["desk-1"], "L1": ["sup-1"], "L2": ["man-1"], "L3": ["chief-1"]}
    clock = await the_clock(world)
    assert not clock.alarmed
    assert {rung.reached for rung in clock.rungs} == {None}


async def test_a_chain_is_frozen_and_persons_are_not() -> None:
    """A new version of the policy and a new rota: roles stay as the clock has them, persons are those of the moment of the level."""
    world = await a_world(chained(), *EVERYBODY)
    await world.publish(chained({level: ["chief"] for level in CHAIN}, version=2))
    await world.hear(SiteRota(people=(*EVERYBODY[:1], person("sup-2", "supervisor"), *EVERYBODY[2:])).published(SITE, 2))
    await world.hear(CaseResponded(case=a_case(owner=None), by="d"))
    await world.until("2026-03-16 11:30")
    assert await told(world) == {"warning": ["desk-1"], "L1": ["sup-2"]}
    assert {str(rung.level): list(rung.roles) for rung in (await the_clock(world)).rungs} == CHAIN


async def test_another_department_changes_neither_clock_nor_who_stays_responsible() -> None:
    """ESC-17: orders go from one department to the other and back, nobody's clock stops, the supervisor is told as well as the managers."""
    chain = CHAIN | {"L1": ["supervisor", "department_manager"]}
    managers = (person("eng-1", "department_manager", department="engineering"), person("sec-1", "department_manager", department="security"))
    world = await a_world(chained(chain), *EVERYBODY, *managers)
    before = await the_clock(world)
    case, moved = a_case(owner=None), a_case(owner=None, department="security")
    order = an_order(case)
    await world.hear(WorkOrderIssued(order=order, case=case), CaseWorkRequested(case=case, department="security"))
    await world.hear(WorkOrderCancelled(order=order, case=case), CaseClassified(case=moved, previous=case))
    clock = await the_clock(world)
    assert (clock.start_at, clock.due_at, clock.state) == (before.start_at, before.due_at, ClockState.RUNNING)
    await world.until("2026-03-16 11:00")
    assert (await told(world))["L1"] == ["sup-1", "sec-1"]


async def test_esc_05_special_cases_have_a_chain_of_their_own() -> None:
    special = [{"id": "cold", "applies": {"fault": "kettle_cold"}, "recipients": {"L1": ["chief"]}}]
    world = await a_world(chained(special=special), *EVERYBODY)
    await world.until("2026-03-16 11:30")
    assert (await told(world))["L1"] == ["chief-1"]
    assert (await the_clock(world)).chain.name == "cold"


# --- gaps -------------------------------------------------------------------------------------------------------------------------


async def test_a_level_that_nobody_fills_is_passed_on_at_once_and_named() -> None:
    """L1 has nobody, L2 has nobody: at the time of L1 head office is told; L2 comes at its own time all the same."""
    world = await a_world(chained(), person("desk-1", "desk"), person("chief-1", "chief"))
    await world.until("2026-03-16 11:00")
    [_, fact] = await world.facts("escalation.raised")
    assert (fact.data["level"], fact.data["persons"], fact.data["skipped"], fact.data["reached"]) == ("L1", ["chief-1"], ["supervisor"], "L3")
    assert fact.data["unfilled"] == [
        {"level": "L1", "role": "supervisor", "why": "not_held"},
        {"level": "L2", "role": "manager", "why": "not_held"},
    ]
    assert fact.data["nobody"] is False
    await world.until("2026-03-16 14:00")
    clock = await the_clock(world)
    assert raised(clock) == {level: f"2026-03-16 {hour}" for level, hour in zip(CHAIN, ("10:48", "11:00", "12:00", "13:00"), strict=True)}
    assert await told(world) == {"warning": ["desk-1"], "L1": ["chief-1"], "L2": ["chief-1"], "L3": ["chief-1"]}


@pytest.mark.parametrize(
    ("people", "why"),
    [
        ((person("x", "other"),), "not_held"),
        ((person("f", "department_manager", department="finance"),), "not_in_department"),
        ((person("e", "department_manager", department="engineering"),), "off_duty"),
    ],
)
async def test_the_reason_for_a_gap_is_named(people: tuple[PersonState, ...], why: str) -> None:
    world = await a_world(chained(CHAIN | {"L1": ["department_manager"]}))
    rota = {"shifts": [{"name": "night", "from": "22:00", "to": "06:00"}], "assignments": [{"shift": "night", "people": [people[0].id]}]}
    await world.hear(SiteRota.model_validate({"people": people} | rota).published(SITE, 2))
    await world.until("2026-03-16 11:00")
    fact = (await world.facts("escalation.raised"))[-1]
    assert next(row["why"] for row in fact.data["unfilled"] if row["level"] == "L1") == why


async def test_without_any_people_the_reason_is_that_none_are_published() -> None:
    world = World("2026-03-16 10:00")
    await world.publish(chained())
    await world.report(a_case(owner=None))
    await world.until("2026-03-16 11:00")
    fact = (await world.facts("escalation.raised"))[0]
    assert {row["role"]: row["why"] for row in fact.data["unfilled"]}["assignee"] == "not_assigned"
    assert {row["role"]: row["why"] for row in fact.data["unfilled"]}["chief"] == "no_rota"


async def test_nobody_at_all_is_an_alarm_until_somebody_is_told() -> None:
    """Fact, clock and count say so; the next rota that has somebody ends it, and the level is raised again to them, once."""
    world = await a_world(chained(), person("cook-1", "cook"))
    await world.until("2026-03-16 11:10")
    fact = (await world.facts("escalation.raised"))[-1]
    assert (fact.data["persons"], fact.data["nobody"], fact.data["clock"]["alarmed"]) == ([], True, True)
    assert await world.rt.store.watch.count_alarmed() == 1
    await world.hear(SiteRota(people=EVERYBODY).published(SITE, 2))
    await world.until("2026-03-16 11:11")
    assert await told(world, "escalation.repeated") == {"L1": ["sup-1"]}
    assert await world.rt.store.watch.count_alarmed() == 0
    assert not (await the_clock(world)).alarmed
    await world.hear(SiteRota(people=EVERYBODY[1:]).published(SITE, 3))
    await world.until("2026-03-16 11:50")
    assert len(await world.facts("escalation.repeated")) == 1


async def test_what_reached_nobody_is_raised_again_when_the_next_shift_begins() -> None:
    world = await a_world(chained({"L1": ["manager"]}))
    shifts = {"shifts": [{"name": "late", "from": "14:00", "to": "22:00"}], "assignments": [{"shift": "late", "people": ["man-1"]}]}
    await world.hear(SiteRota.model_validate({"people": [person("man-1", "manager")]} | shifts).published(SITE, 2))
    await world.until("2026-03-16 13:59")
    assert await told(world, "escalation.repeated") == {}
    await world.until("2026-03-16 14:00")
    [fact] = await world.facts("escalation.repeated")
    assert (fact.data["persons"], shown(fact.time), fact.data["number"]) == (["man-1"], "2026-03-16 14:00", 1)


async def test_an_alarm_ends_with_its_clock() -> None:
    world = await a_world(chained(), person("cook-1", "cook"))
    await world.until("2026-03-16 11:10")
    case = a_case(owner=None)
    await world.hear(WorkOrderIssued(order=an_order(case), case=case), WorkOrderArrived(order=an_order(case), case=case))
    assert await world.rt.store.watch.count_alarmed() == 0


async def test_esc_09_level_by_level_never_skips() -> None:
    """Nobody above is told before their time: L1 is raised at its time, to nobody, as an alarm; L2 at its own."""
    world = await a_world(chained(level_by_level=True), person("desk-1", "desk"), person("man-1", "manager"))
    await world.until("2026-03-16 11:30")
    fact = (await world.facts("escalation.raised"))[-1]
    assert (fact.data["level"], fact.data["persons"], fact.data["nobody"], fact.data["skipped"]) == ("L1", [], True, ["supervisor"])
    assert fact.data["unfilled"] == [{"level": "L1", "role": "supervisor", "why": "not_held"}]
    assert await world.rt.store.watch.count_alarmed() == 1
    await world.until("2026-03-16 12:00")
    assert (await told(world))["L2"] == ["man-1"]
    assert await world.rt.store.watch.count_alarmed() == 0


@pytest.mark.parametrize(
    ("start", "urgency", "reached"),
    [
        ("2026-03-16 18:00", "P1", "night"),  # L1 at 19:00:00: the desk is closed from that moment on
        ("2026-03-16 17:59", "P1", "L2"),  # L1 at 18:59: still open
        ("2026-03-17 08:00", "P1", "L2"),  # L1 at 09:00: open again
        ("2026-03-17 07:59", "P1", "night"),
        ("2026-03-16 22:00", "P3", "L2"),  # no emergency
    ],
)
async def test_esc_14_the_night_recipient_stands_in_for_emergencies_outside_the_packs_hours(start: str, urgency: str, reached: str) -> None:
    people = (person("desk-1", "desk"), person("man-1", "manager"), person("night-1", "night_boss"))
    policy = chained(sections={"night_recipient": NIGHT})
    world = await a_world(policy, *people, start=start, urgency=urgency)
    await world.until(shown(at(start) + timedelta(hours=1)) or "")
    fact = (await world.facts("escalation.raised"))[-1]
    assert (fact.data["level"], fact.data["reached"]) == ("L1", reached)
    assert fact.data["persons"] == ["night-1" if reached == "night" else "man-1"]


# --- any chain, any people --------------------------------------------------------------------------------------------------------

ROLES = ["a", "b", "c", "d"]


@st.composite
def questions(draw: st.DrawFn) -> tuple[Frozen, Level, Asked, frozenset[str]]:
    people = [person(f"p{n}", *draw(st.lists(st.sampled_from(ROLES), unique=True, max_size=2))) for n in range(draw(st.integers(0, 4)))]
    levels = {level: tuple(draw(st.lists(st.sampled_from([*ROLES, "assignee"]), unique=True, max_size=3))) for level in Level}
    chain = Frozen(levels=levels, by_level=draw(st.booleans()))
    night = draw(st.sampled_from([None, "d"]))
    told = frozenset(draw(st.lists(st.sampled_from([f"p{n}" for n in range(4)]), unique=True)))
    return chain, draw(st.sampled_from(list(Level))), Asked(at("2026-03-16 10:00"), SiteRota(people=tuple(people)), "UTC", night=night), told


@given(questions())
def test_a_level_reaches_the_nearest_step_that_has_somebody_new_and_names_every_empty_role_before_it(
    question: tuple[Frozen, Level, Asked, frozenset[str]],
) -> None:
    """Whatever chain and people there are: nobody only if nobody is left, never a step beyond the first that has somebody."""
    chain, level, asked, told = question
    order = list(Level)
    above = [] if chain.by_level else [("night", ("d",))] * bool(asked.night) + [(one, chain.at(one)) for one in order[order.index(level) + 1 :]]
    steps = [(level, chain.at(level)), *above]
    new = {str(step): [one for role in roles for one in holders(role, asked) if one not in told] for step, roles in steps}
    first = next((str(step) for step, _ in steps if new[str(step)]), None)
    called = reach(chain, level, asked, told=told)
    assert called.nobody is (first is None)
    assert set(called.persons) == set(new[first] if first else [])
    assert (called.reached or str(level)) == (first or str(level))
    seen = steps[: [str(step) for step, _ in steps].index(first) + 1] if first else steps
    assert [(row.level, row.role) for row in called.unfilled] == [(str(s), role) for s, roles in seen for role in roles if not holders(role, asked)]
