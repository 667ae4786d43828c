"""What would have become of recorded cases: the same engine, only read."""

from collections import Counter
from datetime import timedelta

import pytest
from common.events.dispatch import WorkOrderArrived, WorkOrderIssued
from common.events.intake import CaseClassified, CaseRegistered, CaseResponded
from hypothesis import given
from hypothesis import strategies as some
from sla.domain.case_file import CaseFile, heard, opened
from sla.domain.holidays import unpublished
from sla.domain.plan import plan
from sla.domain.what_if import Tally, Trial, outcomes, scaled, tally

from tests.unit.sla.build import SITE, a_case, an_event, an_order, at, shown
from tests.unit.sla.changing import a_world, limits
from tests.unit.sla.world import World

DAYS = unpublished("CN")
MARKS = {"warning": "warned", "L1": "breached", "L2": "L2", "L3": "L3"}


def a_file(arrived: str | None = None, number: int = 1) -> CaseFile:
    """A case received at 10:00 whose kettle was seen to at `arrived`."""
    case = a_case(id=f"QQ-{number}")
    order = an_order(case)
    file = opened(case)
    facts = [(CaseRegistered(case=case), case.received_at), (CaseClassified(case=case), case.received_at)]
    if arrived:
        facts += [(WorkOrderIssued(order=order, case=case), case.received_at), (WorkOrderArrived(order=order, case=case), at(arrived))]  # type: ignore[list-item]
    for seq, (fact, when) in enumerate(facts, 1):
        file = heard(file, an_event(fact, when, seq))
    return file


def marks(arrived: str | None, scale: float = 1, as_of: str = "2026-03-16 18:00") -> set[str]:
    found = dict(outcomes(plan(a_file(arrived), limits(look=None), DAYS), scale, at(as_of)))
    return set(found["CLK_KETTLE"]) - {"clocks"}


@pytest.mark.parametrize(
    ("arrived", "scale", "expected"),
    [
        ("2026-03-16 11:11", 1, {"met"}),
        ("2026-03-16 11:12", 1, {"met"}),  # DEF-02: at the very instant of the warning it is not warned
        ("2026-03-16 11:13", 1, {"warned", "met"}),
        ("2026-03-16 11:30", 1, {"warned", "met"}),
        ("2026-03-16 11:31", 1, {"warned", "breached", "late"}),
        ("2026-03-16 11:11", 0.5, {"warned", "breached", "late"}),
        ("2026-03-16 11:31", 0.5, {"warned", "breached", "L2", "late"}),
        ("2026-03-16 11:31", 2, {"met"}),
        (None, 1, {"warned", "breached", "L2", "L3", "open"}),
    ],
)
def test_a_clock_is_counted_by_its_levels_and_its_end(arrived: str | None, scale: float, expected: set[str]) -> None:
    assert marks(arrived, scale) == expected


def test_what_is_open_is_counted_as_things_stand() -> None:
    assert marks(None, as_of="2026-03-16 11:20") == {"warned", "open"}
    assert marks(None, as_of="2026-03-16 11:00") == {"open"}


@given(scale=some.floats(0.01, 10))
def test_a_scaled_clock_keeps_its_shape(scale: float) -> None:
    """Start and order of levels stay; deadline and levels lie at `scale` of their way, to a millisecond."""
    for clock in plan(a_file(), limits(), DAYS):
        tried = scaled(clock, scale)
        assert tried.dates.start_at == clock.dates.start_at
        assert [level for level, _ in tried.dates.rungs] == [level for level, _ in clock.dates.rungs]
        for (_, moved), (_, before) in zip(tried.dates.rungs, clock.dates.rungs, strict=True):
            exact = (before - clock.dates.start_at) * scale
            assert abs((moved - clock.dates.start_at) - exact) <= timedelta(milliseconds=1)


def test_counts_by_site_and_class() -> None:
    rows: Tally = {}
    tried: Tally = {}
    files = [a_file("2026-03-16 11:00", 1), a_file("2026-03-16 11:40", 2)]
    for file in files:
        tally((rows, tried), file, (Trial(limits(look=None), DAYS), Trial(limits(45, None), DAYS)), at("2026-03-17 10:00"))
    classes = [("", ""), ("fault", "kettle_cold"), ("category", ""), ("urgency", "P3"), ("kind", "repair"), ("code", "CLK_KETTLE")]
    counted = {key: (counts["met"], counts["late"]) for key, counts in rows.items()}
    assert counted == {(SITE, *one): (1, 1) for one in classes}
    assert (tried[SITE, "", ""]["met"], tried[SITE, "", ""]["late"], tried[SITE, "", ""]["L2"]) == (0, 2, 1)


@pytest.mark.anyio
async def test_it_says_what_the_running_system_did() -> None:
    """A day is lived through, then asked about: warned, breached, raised, met and late are the same numbers."""
    cases = [a_case(id=f"QQ-{number}") for number in range(6)]
    world = await a_world(limits(), *cases)
    for number, case in enumerate(cases[:5]):
        await world.until(f"2026-03-16 1{1 + number}:20")
        order = an_order(case)
        await world.hear(CaseResponded(case=case, by="desk-1"), WorkOrderIssued(order=order, case=case), WorkOrderArrived(order=order, case=case))
    await world.until("2026-03-16 20:00")
    rows: Tally = {}
    for case in cases:
        file = await world.rt.store.file(case.id)
        tally((rows,), file, (Trial(limits(), DAYS),), world.time.now())
    assert {name: count for name, count in rows[SITE, "", ""].items() if name != "clocks"} == await lived(world)
    assert shown((await world.rt.store.file("QQ-0")).case.received_at) == "2026-03-16 10:00"


async def lived(world: World) -> Counter[str]:
    """The same counts from the clocks as they are stored."""
    found: Counter[str] = Counter()
    for clock in await world.rt.store.search({}, limit=100):
        found.update(MARKS[rung.level] for rung in clock.rungs if rung.raised_at)
        found[{"running": "open"}.get(str(clock.state), str(clock.state))] += 1
    return found
