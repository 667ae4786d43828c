"""The deadline parts of the stories through handlers and loops: levels, persons, late facts, batches, calendars, in stepped time."""

from pathlib import Path
from typing import Any

import pytest
from common.errors import Missing
from common.events.dispatch import SlipsHandedOver, WorkOrderArrived, WorkOrderCompleted, WorkOrderIssued, WorkOrderReturned
from common.events.intake import CaseClassified, CaseClosed, CaseReplied, CaseResponded, PromiseKept, PromiseMade, VisitRecorded
from common.packs import read_site
from common.policy import SitePolicy
from common.states import CaseState, ClockState, Party, PersonState
from sla.handlers.commands import YearIn, put_year

from tests.unit.sla.build import a_case, a_policy, a_rule, an_order, at, shown
from tests.unit.sla.world import ADMIN, World, ladder, raised

pytestmark = pytest.mark.anyio
PACKS = Path(__file__).parents[3] / "packs"
STAFF = (
    PersonState(id="boss-1", roles=("boss",)),
    PersonState(id="eng-1", roles=("department_manager",), department="engineering"),
    PersonState(id="fin-1", roles=("department_manager",), department="finance"),
)


def a_site(code: str) -> SitePolicy:
    return read_site(PACKS / "sites" / f"{code}.yaml").policy


async def a_world(policy: SitePolicy, start: str = "2026-03-01 00:00") -> World:
    world = World(start)
    await world.publish(policy)
    await world.staff(policy.site, *STAFF)
    return world


def burst(site: str) -> CaseState:
    return a_case(id=f"{site}-1", site=site, fault="water_burst", urgency="P1", received_at=at("2026-03-14 23:40"))


async def test_a_burst_pipe_in_the_pack_with_a_weekly_batch() -> None:
    """SC-03: every clock of the table, met as told."""
    world = await a_world(a_site("JN"))
    case = burst("JN")
    order = an_order(case, issued_at=at("2026-03-14 23:41"))
    await world.until("2026-03-14 23:41")
    await world.report(case)
    await world.hear(WorkOrderIssued(order=order, case=case))
    await world.until("2026-03-14 23:51")
    await world.hear(WorkOrderArrived(order=order, case=case))
    await world.until("2026-03-15 00:50")
    await world.hear(WorkOrderCompleted(order=order, case=case))
    await world.until("2026-03-15 08:10")
    await world.hear(WorkOrderReturned(order=order, case=case))
    await world.until("2026-03-20 16:30")
    await world.hear(SlipsHandedOver(site="JN", week="2026-W12", handed_over_at=at("2026-03-20 16:30"), orders=(order.id,)))
    await world.until("2026-03-24 10:00")
    await world.hear(VisitRecorded(visit="v", case=case, form="phone", satisfied=True, by="d"))
    found = await world.clocks()
    assert {code: (str(clock.state), shown(clock.start_at), shown(clock.due_at)) for code, clock in found.items()} == {
        "CLK_ONSITE": ("met", "2026-03-14 23:40", "2026-03-14 23:55"),
        "CLK_WO_RETURN": ("met", "2026-03-15 00:00", "2026-03-16 00:00"),
        "CLK_SLIP_BATCH": ("met", "2026-03-16 00:00", "2026-03-20 17:00"),
        "CLK_RETURN_VISIT": ("met", "2026-03-20 16:30", "2026-03-27 20:00"),
    }
    assert raised(found["CLK_SLIP_BATCH"]) == {"warning": "2026-03-20 08:00"}
    assert await world.said("escalation") == [("escalation.raised", "CLK_SLIP_BATCH")]
    assert await world.said("clock.breached") == []


@pytest.mark.parametrize(("excused", "state"), [(False, ClockState.LATE), (True, ClockState.EXCUSED)])
async def test_a_late_arrival_and_its_excuse(*, excused: bool, state: ClockState) -> None:
    """SC-03 B and C: the level at 23:55 was raised and stays; the excuse changes the verdict only."""
    world = await a_world(a_site("JN"))
    case = burst("JN")
    order = an_order(case)
    await world.until("2026-03-14 23:41")
    await world.report(case)
    await world.hear(WorkOrderIssued(order=order, case=case))
    await world.until("2026-03-15 00:05")
    await world.hear(WorkOrderArrived(order=order, case=case, excused=excused))
    clock = (await world.clocks())["CLK_ONSITE"]
    assert clock.state is state
    assert raised(clock) == {"warning": "2026-03-14 23:52", "L1": "2026-03-14 23:55"}
    assert [kind for kind, code in await world.said("clock") if code == "CLK_ONSITE"] == [
        "clock.opened", "clock.warned", "clock.breached", "clock.met",
    ]  # fmt: skip


async def test_a_burst_pipe_and_an_enquiry_at_night_in_the_other_pack() -> None:
    """SC-02: the emergency starts at once, the enquiry at the opening."""
    world = await a_world(a_site("XZ"))
    case = burst("XZ")
    enquiry = a_case(id="XZ-2", site="XZ", kind="enquiry", channel="app", fault="enquiry", received_at=at("2026-03-14 23:45"))
    await world.until("2026-03-14 23:40")
    await world.report(case)
    await world.until("2026-03-14 23:46")
    await world.report(enquiry)
    await world.hear(CaseResponded(case=case, by="duty"))
    found = await world.clocks()
    assert {code: (shown(clock.start_at), shown(clock.due_at), str(clock.state)) for code, clock in found.items()} == {
        "CLK_RESPOND": ("2026-03-14 23:40", "2026-03-14 23:55", "met"),
        "CLK_ONSITE": ("2026-03-14 23:40", "2026-03-15 01:40", "running"),
        "CLK_SURVEY": ("2026-03-14 23:40", "2026-03-15 03:40", "running"),
        "CLK_REPLY": ("2026-03-15 07:00", "2026-03-15 08:00", "running"),
    }
    order = an_order(case)
    await world.until("2026-03-15 00:35")
    await world.hear(WorkOrderIssued(order=order, case=case), WorkOrderArrived(order=order, case=case, plan_told=True))
    found = await world.clocks()
    assert {found[code].state for code in ("CLK_ONSITE", "CLK_SURVEY")} == {ClockState.MET}


async def test_people_trapped_in_a_lift() -> None:
    """SC-01: complaint with a repair: the contractor's leg of 30 minutes, warned at 09:27, met at 09:29."""
    world = await a_world(a_site("XZ"))
    case = a_case(
        id="XZ-3", site="XZ", kind="complaint", fault="lift_entrapment", urgency="P1", needs_repair=True, received_at=at("2026-03-10 09:00")
    )
    own, firm = an_order(case), an_order(case, 2, party=Party.CONTRACTOR, assignee="lift-firm")
    await world.until("2026-03-10 09:02")
    await world.report(case)
    await world.hear(CaseResponded(case=case, by="d"), WorkOrderIssued(order=own, case=case))
    await world.until("2026-03-10 09:03")
    await world.hear(WorkOrderIssued(order=firm, case=case))
    await world.until("2026-03-10 09:06")
    await world.hear(WorkOrderArrived(order=own, case=case))
    await world.until("2026-03-10 09:29")
    await world.hear(WorkOrderArrived(order=firm, case=case))
    await world.until("2026-03-10 10:20")
    await world.hear(WorkOrderCompleted(order=own, case=case), WorkOrderCompleted(order=firm, case=case))
    found = await world.clocks()
    assert {code: str(clock.state) for code, clock in found.items()} == {
        "CLK_RESPOND": "met", "CLK_ONSITE": "met", "CLK_CONTRACTOR_ONSITE": "met", "CLK_RETURN_VISIT": "running",
    }  # fmt: skip
    assert raised(found["CLK_CONTRACTOR_ONSITE"]) == {"warning": "2026-03-10 09:27"}
    assert ladder(found["CLK_RETURN_VISIT"])["L1"] == "2026-03-12 10:20"


async def test_an_oral_complaint_on_a_friday_evening() -> None:
    """SC-10 B and C: the interim reply with a time answers and promises; without one the ladder runs through the weekend in silence."""
    world = await a_world(a_site("JN"))
    cases = [a_case(id=f"JN-{n}", site="JN", kind="complaint", fault="poor_cleaning", received_at=at("2026-03-13 18:30")) for n in "bc"]
    await world.until("2026-03-13 18:30")
    for case in cases:
        await world.report(case)
    await world.until("2026-03-16 10:00")
    interim = [CaseReplied(case=case, form="phone", final=False, answers=answers, by="d") for case, answers in zip(cases, (True, False), strict=True)]
    promise = PromiseMade(promise="p1", case=cases[0], due_at=at("2026-03-18 15:00"), made_at=at("2026-03-16 10:00"))
    await world.hear(*interim, promise)
    await world.until("2026-03-18 14:30")
    await world.hear(PromiseKept(**promise.model_dump(), kept_at=at("2026-03-18 14:30")))
    await world.until("2026-03-19 00:00")
    found = {clock.case or "" if clock.code == "CLK_REPLY" else clock.code: clock for clock in await _all(world)}
    assert (found["JN-b"].state, raised(found["JN-b"])) == (ClockState.MET, {"warning": "2026-03-16 08:00"})
    assert raised(found["JN-c"]) == {
        "warning": "2026-03-16 08:00", "L1": "2026-03-16 20:00", "L2": "2026-03-17 20:00", "L3": "2026-03-18 20:00",
    }  # fmt: skip
    assert (found["CLK_PROMISE"].state, raised(found["CLK_PROMISE"])) == (ClockState.MET, {"warning": "2026-03-18 13:00"})


async def _all(world: World) -> list[Any]:
    return await world.rt.store.search({}, limit=100)


async def test_each_level_calls_its_people_and_names_the_roles_nobody_fills() -> None:
    """The department's own manager, the assignee before an order is accepted, an empty role recorded as skipped."""
    world = await a_world(a_policy())
    case = a_case()
    await world.until("2026-03-16 10:00")
    await world.report(case)
    await world.hear(WorkOrderIssued(order=an_order(case), case=case))
    await world.until("2026-03-16 23:00")
    escalations = [(row.data["level"], row.data["persons"], row.data["skipped"]) for row in await world.facts("escalation.raised")]
    assert escalations == [
        ("warning", ["worker-1"], []),
        ("L1", ["boss-1", "eng-1"], []),
        ("L2", ["boss-1"], ["nobody_has_this"]),
        ("L3", ["boss-1"], []),
    ]
    clock = (await world.clocks())["CLK_KETTLE"]
    assert (clock.armed, clock.next_at, clock.live) == (False, None, True)


async def test_a_late_fact_is_judged_by_when_it_happened() -> None:
    """The arrival at 11:00 is entered at 12:00, after the breach of 11:30: met; what was raised stays on record."""
    world = await a_world(a_policy())
    case = a_case()
    await world.until("2026-03-16 10:00")
    await world.report(case)
    await world.hear(WorkOrderIssued(order=an_order(case), case=case))
    await world.until("2026-03-16 12:00")
    await world.hear(WorkOrderArrived(order=an_order(case), case=case), when="2026-03-16 11:00")
    clock = (await world.clocks())["CLK_KETTLE"]
    assert (clock.state, raised(clock)) == (ClockState.MET, {"warning": "2026-03-16 11:12", "L1": "2026-03-16 11:30"})
    await world.until("2026-03-17 12:00")
    assert len(await world.facts("escalation.raised")) == 2, "no level after the clock stopped"


@pytest.mark.parametrize("first", ["visit", "closing"])
async def test_a_return_visit_is_met_whichever_stream_tells_of_it_first(first: str) -> None:
    """The visit and the closing it brings happen at once and travel in two streams: nothing is cancelled in between."""
    visit = a_rule(id="visit", code="CLK_RETURN_VISIT", start="received", stop="visited")
    world = await a_world(a_policy(visit), start="2026-03-16 10:00")
    case = a_case()
    await world.report(case)
    await world.until("2026-03-16 10:30")
    facts = (VisitRecorded(visit="v", case=case, form="phone", satisfied=True, by="d"), CaseClosed(case=case, outcome="visited"))
    await world.hear(*(facts if first == "visit" else reversed(facts)))
    assert (await world.clocks())["CLK_RETURN_VISIT"].state is ClockState.MET
    assert await world.said("clock") == [("clock.opened", "CLK_RETURN_VISIT"), ("clock.met", "CLK_RETURN_VISIT")]


async def test_levels_already_past_at_the_opening_are_raised_at_once_and_once() -> None:
    """Reported at 18:00 for a receipt at 10:00: all four, each with its computed time (DEF-08)."""
    world = await a_world(a_policy())
    await world.until("2026-03-16 18:00")
    await world.report(a_case())
    await world.until("2026-03-16 19:00")
    clock = (await world.clocks())["CLK_KETTLE"]
    assert ladder(clock) == {"warning": "2026-03-16 11:12", "L1": "2026-03-16 11:30", "L2": "2026-03-16 13:00", "L3": "2026-03-16 14:30"}
    assert set(raised(clock).values()) == {"2026-03-16 18:00"}
    assert len(await world.facts("escalation.raised")) == 4


async def test_a_stop_that_outran_the_loop_still_leaves_its_levels() -> None:
    """The loop was away from 10:00 to 12:10; the arrival at 12:00 is late, and the levels before it are raised with it."""
    world = await a_world(a_policy())
    case = a_case()
    await world.until("2026-03-16 10:00")
    await world.report(case)
    world.time.set(at("2026-03-16 12:10"))
    await world.hear(WorkOrderIssued(order=an_order(case), case=case), when="2026-03-16 10:01")
    await world.hear(WorkOrderArrived(order=an_order(case), case=case), when="2026-03-16 12:00")
    clock = (await world.clocks())["CLK_KETTLE"]
    assert (clock.state, set(raised(clock))) == (ClockState.LATE, {"warning", "L1"})
    assert [kind for kind, _ in await world.said()] == [
        "clock.opened", "clock.warned", "escalation.raised", "clock.breached", "escalation.raised", "clock.met",
    ]  # fmt: skip


async def test_a_reclassification_moves_cancels_and_keeps_history() -> None:
    """P3 to P2: the old clock is cancelled as reclassified, the new one starts at the receipt; and back again."""
    rules = (
        a_rule(applies={"urgency": "P3"}),
        a_rule(id="quick", code="CLK_QUICK", applies={"urgency": "P2"}, duration={"value": 30, "unit": "minute"}),
    )
    world = await a_world(a_policy(*rules))
    case = a_case()
    await world.until("2026-03-16 10:00")
    await world.report(case)
    await world.until("2026-03-16 10:10")
    await world.hear(CaseClassified(case=a_case(urgency="P2"), previous=case))
    found = await world.clocks()
    assert (found["CLK_KETTLE"].state, found["CLK_KETTLE"].ended_by) == (ClockState.CANCELLED, "reclassified")
    assert shown(found["CLK_QUICK"].due_at) == "2026-03-16 10:30"
    await world.until("2026-03-16 10:20")
    await world.hear(CaseClassified(case=case))
    found = await world.clocks()
    assert (found["CLK_KETTLE"].state, shown(found["CLK_KETTLE"].due_at)) == (ClockState.RUNNING, "2026-03-16 11:30")
    assert [kind for kind, code in await world.said("clock") if code == "CLK_KETTLE"] == [
        "clock.opened", "clock.cancelled", "clock.redated",
    ]  # fmt: skip


async def test_what_held_before_a_reclassification_stays_on_the_clock() -> None:
    """CLS-20: the same code under another rule: recomputed from the receipt, the limit before it kept; levels that were raised stay."""
    slow = a_rule(applies={"urgency": "P3"}, duration={"value": 2, "unit": "hour"})
    quick = a_rule(id="quick", applies={"urgency": "P2"}, duration={"value": 30, "unit": "minute"})
    world = await a_world(a_policy(slow, quick))
    case = a_case()
    await world.until("2026-03-16 10:00")
    await world.report(case)
    await world.until("2026-03-16 10:20")
    await world.hear(CaseClassified(case=a_case(urgency="P2"), previous=case))
    clock = (await world.clocks())["CLK_KETTLE"]
    assert (shown(clock.due_at), clock.rule_id) == ("2026-03-16 10:30", "quick")
    assert [(shown(past.until), past.why, past.rule_id, shown(past.due_at)) for past in clock.history] == [
        ("2026-03-16 10:20", "case.classified", "kettle", "2026-03-16 12:00"),
    ]  # fmt: skip
    await world.until("2026-03-16 10:40")
    await world.hear(CaseClassified(case=case, previous=a_case(urgency="P2")))
    back = (await world.clocks())["CLK_KETTLE"]
    assert (shown(back.due_at), len(back.history), raised(back)["L1"]) == ("2026-03-16 12:00", 2, "2026-03-16 10:30")


async def test_publishing_a_year_dates_the_clocks_that_waited() -> None:
    """SLA-39: opened without a due time, nothing fires; the year comes and the clock is dated by an event, each of its case with it."""
    other = a_rule(id="other", code="CLK_OTHER", duration={"value": 2, "unit": "working_day"})
    world = await a_world(a_policy(a_rule(duration={"value": 1, "unit": "working_day"}), other), "2026-12-31 08:00")
    await world.report(a_case(received_at=at("2026-12-31 10:00")))
    clock = (await world.clocks())["CLK_KETTLE"]
    assert (clock.state, clock.due_at, clock.needs, clock.armed) == (ClockState.UNDATED, None, "CN:2027", False)
    assert shown(clock.estimate_at) == "2027-01-01 19:00", "a guess, marked as such"
    year = YearIn.model_validate({"off": ["2027-01-01"], "worked": ["2027-01-02"]})

    async def publish(store: Any) -> None:
        await put_year(year, "CN", 2027, store=store, by=ADMIN, now=world.time.now())

    await world.rt.transact(publish)
    await world.turn()
    clock = (await world.clocks())["CLK_KETTLE"]
    assert (clock.state, shown(clock.due_at), clock.needs) == (ClockState.RUNNING, "2027-01-02 19:00", None)
    assert [row.data["why"] for row in await world.facts("clock.redated")] == ["calendar_published"] * 2
    moved, _ = await world.rt.store.notes.moved_by("CN", 1)
    assert [(one.clock, one.due_from, shown(one.due_to)) for one in moved] == [
        (clock.id, None, "2027-01-02 19:00"), (clock.id.replace("KETTLE", "OTHER"), None, "2027-01-04 19:00"),
    ]  # fmt: skip
    assert (clock.history[0].why, clock.history[0].due_at) == ("calendar_published", None)
    assert await is_quiet(world)


async def is_quiet(world: World) -> bool:
    quiet = (await world.rt.quiet())["due"]
    return not any(quiet.values())


async def test_a_fact_about_an_unknown_case_waits_for_it() -> None:
    world = await a_world(a_policy())
    with pytest.raises(Missing) as waits:
        await world.hear(CaseResponded(case=a_case(), by="d"))
    assert waits.value.stream == f"intake:case:{a_case().id}"
    with pytest.raises(Missing) as order:
        await world.hear(SlipsHandedOver(site="QQ", week="2026-W12", handed_over_at=at("2026-03-20 16:30"), orders=("QQ-9-1",)))
    assert order.value.stream == "dispatch:work_order:QQ-9-1"


async def test_an_open_case_keeps_the_policy_it_was_received_under() -> None:
    """DEF-18: a newer version has 10 minutes; the running clock still has 90, also after its next fact."""
    world = await a_world(a_policy())
    await world.until("2026-03-16 10:00")
    await world.report(a_case())
    assert await world.publish(a_policy(a_rule(duration={"value": 10, "unit": "minute"}))) == 2
    await world.hear(WorkOrderIssued(order=an_order(a_case()), case=a_case()))
    assert shown((await world.clocks())["CLK_KETTLE"].due_at) == "2026-03-16 11:30"
