"""Changing a policy while cases are open (DEF-18, ADR 0021): keep, recompute, later; look first, take back, crash, facts meanwhile."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from common.errors import Refused
from common.events.dispatch import WorkOrderArrived, WorkOrderIssued
from common.events.intake import CaseClosed, CaseResponded
from common.states import CaseStatus
from common.timesource import machine_now
from sla.domain.changes import Stage
from sla.domain.compare import What
from sla.handlers.changing import apply_changes, visit

from tests.unit.sla.build import CASE, SITE, a_case, a_policy, a_rule, an_order, at, shown
from tests.unit.sla.changing import a_world, another, ask, carried_out, dues, kept, limits, states, take

pytestmark = pytest.mark.anyio
BEFORE = {"CLK_KETTLE": "2026-03-16 11:30", "CLK_LOOK": "2026-03-16 14:00"}
HALF = {"CLK_KETTLE": "2026-03-16 10:45", "CLK_LOOK": "2026-03-16 16:00"}


def halved() -> Any:
    """Kettles in half the time, looking in one and a half."""
    return limits(45, 360)


# --- what becomes of open cases -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("open_cases", "expected"),
    [("keep", BEFORE), ("recompute", HALF), ("later", {"CLK_KETTLE": "2026-03-16 11:30", "CLK_LOOK": "2026-03-16 16:00"})],
)
async def test_open_cases_go_where_it_was_said(open_cases: str, expected: dict[str, str]) -> None:
    """DEF-18: keep is the default; `later` never moves a deadline to an earlier time."""
    world = await a_world(limits())
    change = await carried_out(world, await ask(world, halved(), open_cases))
    assert await dues(world) == expected
    assert (change.stage, change.version_from, change.version_to) == (Stage.DONE, 1, 2)
    assert (await world.rt.store.head(SITE)).version == 2  # type: ignore[union-attr]
    await world.report(a_case(id="QQ-2", policy=2))
    assert await dues(world, "QQ-2") == HALF, "new cases go by the new version, whatever becomes of the open ones"


async def test_what_comes_later_goes_by_the_version_of_record() -> None:
    """A fact of a moved case asks the version that it was moved to, though it carries the one of its receipt."""
    order = a_rule(id="order", code="CLK_ORDER", subject="order", start="order_issued", stop="on_site")
    world = await a_world(a_policy(a_rule(), order))
    longer = order | {"duration": {"value": 5, "unit": "hour"}}
    await carried_out(world, await ask(world, a_policy(a_rule(), longer), "recompute"))
    await world.hear(WorkOrderIssued(order=an_order(a_case()), case=a_case()))
    assert (await dues(world))["CLK_ORDER"] == "2026-03-16 15:00"


async def test_later_holds_for_facts_that_come_later() -> None:
    """… and through two changes: no deadline below the one before, not even for a clock that starts afterwards."""
    order = a_rule(id="order", code="CLK_ORDER", subject="order", start="order_issued", stop="on_site")
    world = await a_world(a_policy(a_rule(), order))
    for minutes in (30, 60):
        shorter = order | {"duration": {"value": minutes, "unit": "minute"}}
        await carried_out(world, await ask(world, a_policy(a_rule(duration={"value": minutes * 4, "unit": "minute"}), shorter), "later"))
    assert (await world.rt.store.file(CASE)).moved == (1, 2, 3)
    await world.hear(WorkOrderIssued(order=an_order(a_case()), case=a_case()))
    assert await dues(world) == {"CLK_ORDER": "2026-03-16 11:30", "CLK_KETTLE": "2026-03-16 14:00"}


async def test_clocks_appear_and_vanish() -> None:
    world = await a_world(limits(look=None))
    change = await carried_out(world, await ask(world, a_policy(a_rule(id="look", code="CLK_LOOK", stop="responded")), "recompute"))
    assert await dues(world) == {"CLK_LOOK": "2026-03-16 11:30"}
    assert change.clocks == {"CLK_KETTLE": {"vanishes": 1}, "CLK_LOOK": {"appears": 1}}
    gone = (await world.clocks())["CLK_KETTLE"]
    assert (str(gone.state), gone.ended_by) == ("cancelled", "policy_changed")
    back = await carried_out(world, await ask(world, limits(look=None), "later"))
    assert back.clocks == {"CLK_LOOK": {"vanishes": 1}}, "`later` gives no clock that there was not"


async def test_every_clock_that_moves_says_why() -> None:
    world = await a_world(limits())
    await carried_out(world, await ask(world, halved(), "recompute"))
    said = await world.facts("clock.redated")
    assert {(fact.data["clock"]["code"], fact.data["why"]) for fact in said} == {("CLK_KETTLE", "policy_changed"), ("CLK_LOOK", "policy_changed")}


async def test_what_has_ended_is_not_judged_anew() -> None:
    """A clock that was met in 80 minutes stays met when 45 are asked for; a closed case is not looked at."""
    closed = a_case(id="QQ-9", status=CaseStatus.CLOSED)
    world = await a_world(limits(), a_case(), a_case(id="QQ-9"))
    world.time.set(at("2026-03-16 11:20"))
    await world.hear(WorkOrderIssued(order=an_order(a_case()), case=a_case()), WorkOrderArrived(order=an_order(a_case()), case=a_case()))
    await world.hear(CaseClosed(case=closed, outcome="visited"))
    change = await carried_out(world, await ask(world, halved(), "recompute"))
    assert (await states(world), change.looked) == ({"CLK_KETTLE": "met", "CLK_LOOK": "running"}, 1)


async def test_what_is_late_at_once_is_seen_first_and_raised_once() -> None:
    world = await a_world(limits())
    await world.until("2026-03-16 11:00")
    look = await carried_out(world, await ask(world, halved(), "recompute", preview=True))
    assert look.clocks == {"CLK_KETTLE": {"earlier": 1, "late_at_once": 1}, "CLK_LOOK": {"later": 1}}
    await carried_out(world, await ask(world, halved(), "recompute"))
    await world.turn()
    assert [code for kind, code in await world.said("clock.breached")] == ["CLK_KETTLE"]


# --- looking first --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("open_cases", ["recompute", "later"])
async def test_a_preview_says_what_will_happen_and_changes_nothing(open_cases: str) -> None:
    """The preview asks the same functions: case by case it equals what is done then."""
    world = await a_world(limits(), *(a_case(id=f"QQ-{number}") for number in range(3)))
    everything = ("files", "clocks", "heads", "policies", "weeks", "outbox")
    before = await kept(world, *everything)
    look = await carried_out(world, await ask(world, halved(), open_cases, preview=True))
    assert await kept(world, *everything) == before
    done = await carried_out(world, await ask(world, halved(), open_cases))
    assert (look.looked, look.changed, look.clocks) == (done.looked, done.changed, done.clocks) == (3, 3, done.clocks)
    pages = [await world.rt.store.changes.changed_cases(one.id, after="", limit=9) for one in (look, done)]
    assert [one.clocks for one in pages[0]] == [one.clocks for one in pages[1]]
    moved = pages[1][0].clocks[0]
    assert {key: moved[key] for key in ("code", "what", "state_from", "state_to")} in (
        {"code": "CLK_KETTLE", "what": What.EARLIER, "state_from": "running", "state_to": "running"},
        {"code": "CLK_LOOK", "what": What.LATER, "state_from": "running", "state_to": "running"},
    )


async def test_a_preview_without_a_policy_is_about_the_one_in_force() -> None:
    world = await a_world(limits())
    await world.publish(halved())
    look = await carried_out(world, await ask(world, None, "recompute", preview=True))
    assert (look.version_to, look.changed) == (2, 1)
    await carried_out(world, await ask(world, None, "recompute"))
    assert await dues(world) == HALF


# --- taking back ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("open_cases", ["recompute", "later"])
async def test_taken_back_everything_is_as_it_was(open_cases: str) -> None:
    world = await a_world(limits(), *(a_case(id=f"QQ-{number}") for number in range(3)))
    before = await kept(world, "files", "clocks")
    other = a_policy(a_rule(duration={"value": 300, "unit": "minute"}), a_rule(id="x", code="CLK_NEW"))
    change = await carried_out(world, await ask(world, other, open_cases))
    assert await kept(world, "files", "clocks") != before
    back = await carried_out(world, await take(world, change.id))
    after = await kept(world, "files", "clocks")
    new = {id_: row for id_, row in after["clocks"].items() if id_ not in before["clocks"]}
    assert {str(row["state"]) for row in new.values()} <= {"cancelled"}
    assert {id_: row for id_, row in after["clocks"].items() if id_ not in new} == before["clocks"]
    assert after["files"] == before["files"]
    assert (back.undoes, back.version_from, back.version_to) == (change.id, 2, 3)
    assert (await world.rt.store.changes.get(change.id, SITE)).undone_by == back.id
    assert (await world.rt.store.policy(SITE, 3)).clocks == (await world.rt.store.policy(SITE, 1)).clocks


async def test_facts_that_came_meanwhile_stay_when_a_change_is_taken_back() -> None:
    world = await a_world(limits())
    change = await carried_out(world, await ask(world, halved(), "recompute"))
    world.time.set(at("2026-03-16 10:20"))
    await world.hear(CaseResponded(case=a_case(), by="desk-1"))
    await carried_out(world, await take(world, change.id))
    found = await world.clocks()
    assert (str(found["CLK_LOOK"].state), shown(found["CLK_LOOK"].stopped_at)) == ("met", "2026-03-16 10:20")
    assert shown(found["CLK_KETTLE"].due_at) == "2026-03-16 11:30"


async def test_cases_received_meanwhile_go_back_too_unless_kept() -> None:
    for asked, expected in (({}, BEFORE), ({"open_cases": "keep"}, HALF)):
        world = await a_world(limits())
        change = await carried_out(world, await ask(world, halved(), "recompute"))
        await world.report(a_case(id="QQ-2", policy=2))
        await carried_out(world, await take(world, change.id, **asked))
        assert await dues(world, "QQ-2") == expected
        assert await dues(world) == BEFORE


async def test_what_cannot_be_taken_back_is_refused() -> None:
    world = await a_world(limits())
    first = await carried_out(world, await ask(world, halved(), "recompute"))
    look = await carried_out(world, await ask(world, limits(), "recompute", preview=True))
    second = await carried_out(world, await ask(world, limits(100), "recompute"))
    for id_ in (first.id, look.id):
        with pytest.raises(Refused, match=r"newest|before"):
            await take(world, id_)
    back = await carried_out(world, await take(world, second.id))
    with pytest.raises(Refused):
        await take(world, second.id)
    with pytest.raises(Refused):
        await take(world, back.id)


# --- whatever happens meanwhile ---------------------------------------------------------------------------------------------------


async def test_a_crash_in_the_middle_is_gone_on_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker dies between two cases of its second batch; another one takes over: every case once, every fact once, the counts right."""
    monkeypatch.setattr("sla.handlers.changing.BATCH", 4)
    world = await a_world(limits(), *(a_case(id=f"QQ-{number:02}") for number in range(10)))
    change = await ask(world, halved(), "recompute")
    assert await apply_changes(world.rt) == 4
    claimed = await world.rt.store.changes.claim(machine_now())
    assert claimed
    for number in (4, 5):  # and then it dies, with its lease
        await world.rt.transact(partial(visit, claimed, f"QQ-{number:02}", world.time.now()))
    await world.rt.store.changes.release(change.id)  # the lease ends
    done = await carried_out(another(world), change)
    assert (done.looked, done.changed, done.clocks["CLK_KETTLE"]) == (10, 10, {"earlier": 10})
    assert len(await world.facts("clock.redated")) == 20
    assert {(await world.rt.store.file(f"QQ-{number:02}")).moved for number in range(10)} == {(2,)}


async def test_whoever_lost_the_lease_does_not_move_the_cursor() -> None:
    world = await a_world(limits())
    await ask(world, halved(), "recompute")
    old = await world.rt.store.changes.claim(machine_now())
    assert old
    await world.rt.store.changes.release(old.id)
    new = await world.rt.store.changes.claim(machine_now())
    assert new
    assert not await world.rt.store.changes.advance(old.model_copy(update={"cursor": "far"}))
    assert await world.rt.store.changes.advance(new)


async def test_changes_of_a_site_follow_one_another() -> None:
    world = await a_world(limits())
    first, second = [await ask(world, limits(minutes), "recompute") for minutes in (50, 70)]
    claimed = await world.rt.store.changes.claim(machine_now())
    assert claimed
    assert claimed.id == first.id
    assert await another(world).rt.store.changes.claim(machine_now()) is None, "the second waits for the first"
    await world.rt.store.changes.release(first.id)
    await carried_out(world, second)
    assert (await dues(world))["CLK_KETTLE"] == "2026-03-16 11:10"


async def test_a_case_that_was_on_its_way_goes_where_the_others_went() -> None:
    """Received before the change, heard of after it was done; one received after it keeps what intake gave it."""
    world = await a_world(limits())
    world.time.set(at("2026-03-16 10:05"))
    await carried_out(world, await ask(world, halved(), "recompute"))
    await world.report(a_case(id="QQ-2", registered_at=at("2026-03-16 10:05")))
    await world.report(a_case(id="QQ-3", received_at=at("2026-03-16 10:06")))
    assert await dues(world, "QQ-2") == HALF
    assert (await dues(world, "QQ-3"))["CLK_KETTLE"] == "2026-03-16 11:36"


async def test_a_case_that_was_being_opened_is_found_by_the_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its transaction began before the change and ended behind its cursor: as if it had not read the steps of the head."""
    monkeypatch.setattr("sla.handlers.changing.SETTLE", timedelta(0))
    world = await a_world(limits())
    change = await ask(world, halved(), "recompute")
    await apply_changes(world.rt)
    while (await world.rt.store.changes.get(change.id, SITE)).stage is not Stage.DONE:
        await apply_changes(world.rt)
    await world.db.update("heads", {"_id": SITE}, {"steps": []})
    await world.report(a_case(id="QQ-2"))
    assert await dues(world, "QQ-2") == BEFORE
    done = await carried_out(world, change)
    assert await dues(world, "QQ-2") == HALF
    assert (done.looked, done.wake_at) == (2, None)


async def test_one_broken_case_holds_up_no_other_and_is_tried_again() -> None:
    """Its policy is gone: it is named and stays where it was; the second look finds it mended."""
    world = await a_world(limits(), *(a_case(id=f"QQ-{number}") for number in range(3)))
    await world.db.update("files", {"_id": "QQ-1"}, {"moved": [99, 1]})
    change = await ask(world, halved(), "later")
    while (await world.rt.store.changes.get(change.id, SITE)).stage is not Stage.DONE:
        await apply_changes(world.rt)
    done = await world.rt.store.changes.get(change.id, SITE)
    assert (done.looked, done.failed) == (2, ("QQ-1",))
    assert (await dues(world, "QQ-1"), (await dues(world, "QQ-2"))["CLK_LOOK"]) == (BEFORE, HALF["CLK_LOOK"])
    await world.db.update("files", {"_id": "QQ-1"}, {"moved": []})
    await world.db.update("changes", {"_id": change.id}, {"wake_at": machine_now()})
    mended = await carried_out(world, change)
    assert (mended.looked, mended.failed) == (3, ())
    assert (await dues(world, "QQ-1"))["CLK_LOOK"] == HALF["CLK_LOOK"]


async def test_a_fact_in_the_middle_of_a_change_loses_nothing() -> None:
    """The arrival is heard by the old version; then the change finds the clock ended and leaves it."""
    world = await a_world(limits(), a_case(), a_case(id="QQ-2"))
    change = await ask(world, halved(), "recompute")
    world.time.set(at("2026-03-16 10:50"))
    await world.hear(WorkOrderIssued(order=an_order(a_case()), case=a_case()), WorkOrderArrived(order=an_order(a_case()), case=a_case()))
    done = await carried_out(world, change)
    assert await states(world) == {"CLK_KETTLE": "met", "CLK_LOOK": "running"}
    assert done.clocks == {"CLK_KETTLE": {"earlier": 1, "late_at_once": 1}, "CLK_LOOK": {"later": 2}}
