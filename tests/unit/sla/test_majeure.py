"""Force majeure (ADR 0022): declared by who may, within what the policy permits; clocks follow, are taken back, and emergencies never move."""

from typing import Any

import pytest
from common.auth import PERMISSIONS, Caller
from common.errors import Invalid, NotFound, Refused, UnknownSite
from common.events.dispatch import WorkOrderArrived, WorkOrderIssued
from common.events.intake import CaseClosed
from common.policy import SitePolicy
from common.states import CaseStatus, Urgency
from pydantic import ValidationError
from sla.domain.changes import Stage
from sla.domain.holidays import unpublished
from sla.domain.what_if import Tally, Trial, tally
from sla.handlers.firing import fire_due
from sla.handlers.majeure import Declare, Declared, End, Undo, declare, end, undo
from sla.store import Store

from tests.unit.sla.build import CASE, SITE, a_case, an_order, at
from tests.unit.sla.changing import a_world, ask, carried_out, dues, kept, limits, states
from tests.unit.sla.world import ADMIN, World

pytestmark = pytest.mark.anyio
TITLE = {"zh": "户外", "en": "Outdoors"}
OUTDOOR = {"id": "outdoor", "title": TITLE, "applies": {"urgency": ["P2", "P3"]}, "largest_factor": 3.0, "may_stop": True}
INDOOR = {"id": "indoor", "title": TITLE, "applies": {"urgency": ["P3"], "fault": "lamp"}, "largest_factor": 2.0}
SECTION = {"reasons": {"red_rain": {"zh": "暴雨红色预警", "en": "Red rain warning"}}, "classes": [OUTDOOR, INDOOR], "longest_hours": 24}
BEFORE = {"CLK_KETTLE": "2026-03-16 11:30", "CLK_LOOK": "2026-03-16 14:00"}
STILL = {"CLK_KETTLE": "2026-03-16 12:30", "CLK_LOOK": "2026-03-16 15:00"}  # 60 minutes from 10:30 to 11:30 do not count


def exposed(**changes: Any) -> SitePolicy:
    """A policy that permits it."""
    return limits(majeure=SECTION | changes)


async def said(world: World, by: Caller = ADMIN, **changed: Any) -> Declared:
    """Declare that time stands still from 10:30 to 11:30, but for what is changed."""
    asked = {"sites": [SITE], "reason": "red_rain", "begin": at("2026-03-16 10:30"), "until": at("2026-03-16 11:30"), "classes": {"outdoor": None}}

    async def work(store: Store) -> Declared:
        return await declare(Declare.model_validate(asked | changed), store=store, by=by, now=world.time.now())

    return await world.rt.transact(work)


async def ended(world: World, name: str, move: Any = undo, asked: Any = None, by: Caller = ADMIN) -> Declared:
    """End it or take it back."""
    body = asked or {undo: Undo(), end: End()}[move]

    async def work(store: Store) -> Declared:
        made: Declared = await move(body, name, store=store, by=by, now=world.time.now())
        return made

    return await world.rt.transact(work)


async def done(world: World, made: Declared) -> Any:
    """The change of a declaration, carried out."""
    return await carried_out(world, made.changes[0])


# --- what becomes of clocks -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        ({"outdoor": None}, STILL),
        ({"outdoor": 2.0}, {"CLK_KETTLE": "2026-03-16 12:00", "CLK_LOOK": "2026-03-16 14:30"}),  # half of 60 minutes counts
        ({"indoor": 2.0}, BEFORE),  # the matter is of another class
    ],
)
async def test_clocks_of_named_classes_run_slower_or_stand_still(classes: dict[str, float | None], expected: dict[str, str]) -> None:
    world = await a_world(exposed())
    change = await done(world, await said(world, classes=classes))
    assert await dues(world) == expected
    assert (change.stage, change.changed) == (Stage.DONE, int(expected != BEFORE))
    assert {fact.data["why"] for fact in await world.facts("clock.redated")} <= {"majeure_declared"}


async def test_an_emergency_never_waits() -> None:
    world = await a_world(exposed(), a_case(urgency=Urgency.P1))
    await done(world, await said(world))
    assert await dues(world) == BEFORE
    for urgencies in ({"urgency": ["P1", "P2"]}, {}):
        with pytest.raises(ValidationError, match="P1 is none of them"):
            exposed(classes=[OUTDOOR | {"applies": urgencies}])


async def test_it_holds_for_what_comes_afterwards() -> None:
    """A case that is received while it lasts, and one that is received after it."""
    world = await a_world(exposed())
    await done(world, await said(world))
    world.time.set(at("2026-03-16 11:00"))
    await world.report(a_case(id="QQ-2", received_at=at("2026-03-16 11:00")))
    world.time.set(at("2026-03-16 12:00"))
    await world.report(a_case(id="QQ-3", received_at=at("2026-03-16 12:00")))
    assert (await dues(world, "QQ-2"))["CLK_KETTLE"] == "2026-03-16 13:00"  # 90 minutes from 11:30
    assert (await dues(world, "QQ-3"))["CLK_KETTLE"] == "2026-03-16 13:30"


async def test_levels_fire_when_the_window_is_over() -> None:
    world = await a_world(exposed())
    await done(world, await said(world))
    await world.until("2026-03-16 12:11")
    assert await world.said("clock.warned") == []
    await world.until("2026-03-16 12:12")
    assert await world.said("clock.warned") == [("clock.warned", "CLK_KETTLE")]


async def test_what_ended_inside_it_is_judged_anew_and_back() -> None:
    """Declared afterwards: the arrival at 12:10 was late, then in time, then late again; the closed case too."""
    closed = a_case(id="QQ-2", status=CaseStatus.CLOSED)
    world = await a_world(exposed(), a_case(), a_case(id="QQ-2"))
    await world.until("2026-03-16 12:10")
    for case in (a_case(), a_case(id="QQ-2")):
        await world.hear(WorkOrderIssued(order=an_order(case), case=case), WorkOrderArrived(order=an_order(case), case=case))
    await world.hear(CaseClosed(case=closed, outcome="visited"))
    before = await kept(world, "clocks")
    made = await said(world)
    change = await done(world, made)
    assert [(await states(world, case))["CLK_KETTLE"] for case in (CASE, "QQ-2")] == ["met", "met"]
    assert change.clocks["CLK_KETTLE"] == {"judged": 2}
    await done(world, await ended(world, made.declarations[0].declaration))
    assert [(await states(world, case))["CLK_KETTLE"] for case in (CASE, "QQ-2")] == ["late", "late"]
    assert await kept(world, "clocks") == before


async def test_a_later_policy_does_not_come_in_by_the_window() -> None:
    """A clock that ended under version 1 is judged anew by version 1, though the case has gone on to version 2."""
    world = await a_world(exposed())
    await world.until("2026-03-16 11:00")
    await world.hear(WorkOrderIssued(order=an_order(a_case()), case=a_case()), WorkOrderArrived(order=an_order(a_case()), case=a_case()))
    await carried_out(world, await ask(world, limits(15, majeure=SECTION), "recompute"))
    await done(world, await said(world))
    assert (await states(world))["CLK_KETTLE"] == "met"


# --- looking first, ending, taking back -------------------------------------------------------------------------------------------


async def test_a_preview_says_what_will_happen_and_changes_nothing() -> None:
    world = await a_world(exposed(), *(a_case(id=f"QQ-{number}") for number in range(3)))
    everything = ("files", "clocks", "heads", "windows", "outbox")
    before = await kept(world, *everything)
    look = await done(world, await said(world, preview=True))
    assert await kept(world, *everything) == before
    did = await done(world, await said(world))
    assert (look.clocks, look.changed) == (did.clocks, did.changed) == ({"CLK_KETTLE": {"later": 3}, "CLK_LOOK": {"later": 3}}, 3)


@pytest.mark.parametrize("move", [undo, end])
async def test_looking_at_its_end_changes_nothing_either(move: Any) -> None:
    world = await a_world(exposed())
    made = await said(world)
    await done(world, made)
    world.time.set(at("2026-03-16 11:00"))
    before = await kept(world, "files", "clocks", "windows")
    asked = {undo: Undo(preview=True), end: End(preview=True)}[move]
    look = await done(world, await ended(world, made.declarations[0].declaration, move, asked))
    assert look.clocks == {"CLK_KETTLE": {"earlier": 1}, "CLK_LOOK": {"earlier": 1}}
    assert await kept(world, "files", "clocks", "windows") == before


async def test_taken_back_it_has_never_been() -> None:
    world = await a_world(exposed(), *(a_case(id=f"QQ-{number}") for number in range(3)))
    before = await kept(world, "files", "clocks")
    made = await said(world)
    await done(world, made)
    back = await done(world, await ended(world, made.declarations[0].declaration))
    assert await kept(world, "files", "clocks") == before
    assert (back.kind, back.changed) == ("majeure_undone", 3)
    held = (await world.rt.store.changes.declarations(SITE, limit=9))[0]
    assert (held.undone_by, held.holding()) == (ADMIN.id, ())


async def test_ended_early_what_is_over_stays() -> None:
    """At 11:00 half an hour has not counted; from then on it does."""
    world = await a_world(exposed())
    made = await said(world)
    await done(world, made)
    world.time.set(at("2026-03-16 11:00"))
    change = await done(world, await ended(world, made.declarations[0].declaration, end))
    assert await dues(world) == {"CLK_KETTLE": "2026-03-16 12:00", "CLK_LOOK": "2026-03-16 14:30"}
    assert change.clocks == {"CLK_KETTLE": {"earlier": 1}, "CLK_LOOK": {"earlier": 1}}


async def test_a_fact_that_comes_first_hides_nothing_of_the_change() -> None:
    """The window holds for every plan at once; the change still says what the clocks were before it."""
    world = await a_world(exposed())
    made = await said(world)
    await world.hear(WorkOrderIssued(order=an_order(a_case()), case=a_case()))
    assert await dues(world) == STILL
    change = await done(world, made)
    assert change.clocks == {"CLK_KETTLE": {"later": 1}, "CLK_LOOK": {"later": 1}}


async def test_nobody_is_called_before_the_change_has_come_to_the_case() -> None:
    """The warning was due at 11:12; the declaration holds, though its change has looked at no case yet."""
    world = await a_world(exposed())
    made = await said(world)
    world.time.set(at("2026-03-16 11:12"))
    assert await fire_due(world.rt) == 1
    assert await world.said("clock.warned") == []
    assert await dues(world) == STILL
    change = await done(world, made)
    assert change.clocks == {"CLK_KETTLE": {"later": 1}, "CLK_LOOK": {"later": 1}}
    await world.until("2026-03-16 12:12")
    assert await world.said("clock.warned") == [("clock.warned", "CLK_KETTLE")]


async def test_windows_add_up_without_counting_twice() -> None:
    world = await a_world(exposed())
    await done(world, await said(world))
    await done(world, await said(world, begin=at("2026-03-16 11:00"), until=at("2026-03-16 12:00")))
    assert (await dues(world))["CLK_KETTLE"] == "2026-03-16 13:00"  # 10:30 to 12:00 stands still


async def test_the_past_is_tried_with_its_windows() -> None:
    """What-if on a day with a storm says what that day was like."""
    world = await a_world(exposed())
    await done(world, await said(world))
    await world.until("2026-03-16 13:00")
    rows: Tally = {}
    file, days = await world.rt.store.file(CASE), unpublished("CN")
    windows = await world.rt.store.windows(SITE, file.case.received_at)
    tally((rows,), file, (Trial(exposed(), days, windows=windows),), world.time.now())
    assert (rows[SITE, "code", "CLK_KETTLE"]["breached"], rows[SITE, "code", "CLK_LOOK"]["warned"]) == (1, 0)
    assert [code for _, code in await world.said("clock.breached")] == ["CLK_KETTLE"]
    assert await world.said("clock.warned") == [("clock.warned", "CLK_KETTLE")]


# --- what is refused --------------------------------------------------------------------------------------------------------------


async def test_without_a_section_nothing_can_be_declared() -> None:
    """SLA-37: no source knows it."""
    world = await a_world(limits())
    with pytest.raises(Refused, match="knows no force majeure"):
        await said(world)
    with pytest.raises(UnknownSite):
        await said(world, sites=["ZZ"])


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"reason": "football"}, "reason"),
        ({"classes": {"lobby": None}}, "classes.lobby"),
        ({"classes": {"indoor": None}}, "classes.indoor"),
        ({"classes": {"outdoor": 3.5}}, "classes.outdoor"),
        ({"until": at("2026-03-17 10:31")}, "until"),
        ({"until": at("2026-03-16 10:30")}, "until"),
        ({"begin": at("2026-03-15 09:00"), "until": at("2026-03-15 12:00")}, "begin"),
    ],
)
async def test_what_the_policy_does_not_permit_is_named(changed: dict[str, Any], field: str) -> None:
    world = await a_world(exposed())
    with pytest.raises(Invalid) as refused:
        await said(world, **changed)
    assert refused.value.facts["errors"][0]["field"] == field
    assert await world.rt.store.changes.declarations(SITE, limit=9) == []


async def test_nothing_is_declared_anywhere_if_one_site_refuses() -> None:
    world = await a_world(exposed())
    with pytest.raises(UnknownSite):
        await said(world, sites=[SITE, "ZZ"])
    assert await world.rt.store.changes.declarations(SITE, limit=9) == []


async def test_what_is_over_cannot_be_ended_and_nothing_is_taken_back_twice() -> None:
    world = await a_world(exposed())
    made = await said(world)
    name = made.declarations[0].declaration
    world.time.set(at("2026-03-16 11:30"))
    with pytest.raises(Refused):
        await ended(world, name, end)
    await ended(world, name)
    with pytest.raises(Refused):
        await ended(world, name)
    for who in (Caller("bob", "staff", ("duty_manager",), ("ZZ",)), ADMIN):
        with pytest.raises(NotFound):
            await ended(world, name if who is not ADMIN else "mj-none", by=who)


def test_a_duty_manager_may_and_a_desk_may_not() -> None:
    """Part F: who leads a site or a shift."""
    may = {role for role, held in PERMISSIONS.items() if "majeure.declare" in held}
    leads = {"duty_manager", "site_manager", "deputy_site_manager", "project_manager"}
    assert may == leads | {"deputy_general_manager", "general_manager", "administrator"}
