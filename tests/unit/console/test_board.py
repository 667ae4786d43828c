"""The board: rows folded from facts in any order of arrival, and the views of the list."""

import random
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from common.auth import ALL_SITES
from common.documents import Doc
from common.states import CaseStatus, Level, OrderState, OrderStatus, Party, Urgency
from console.domain.board import NEVER, with_case, with_order
from console.domain.filters import Filter
from console.domain.wording import Speech
from console.pages.show import Scene, case
from console.store import Store
from pydantic import ValidationError

from tests.unit.console import story
from tests.unit.console.world import feed, parts, running

pytestmark = pytest.mark.anyio
BOTH = ("JN", "XZ")


@pytest.fixture(scope="module")
async def store() -> AsyncIterator[Store]:
    """The store after a whole day, for reading."""
    async with running(parts(), story.day()) as app:
        yield app.state.runtime.store


async def test_the_next_due_clock_is_the_earliest_that_runs(store: Store) -> None:
    row = await store.row("JN-260314-7K3QX")
    assert (row.next.code if row.next else None) == "CLK_ONSITE"
    assert row.sort_at == story.NOW - timedelta(minutes=5)
    assert row.levels == [Level.WARNING, Level.L1, Level.L2]
    assert row.assignee == "jn-li"
    assert [clock.code for clock in row.clocks] == ["CLK_ONSITE", "CLK_RESPOND"]


async def test_a_closed_case_has_nothing_due(store: Store) -> None:
    row = await store.row("JN-260312-0ZTG8")
    assert (row.open, row.next, row.sort_at, row.levels) == (False, None, NEVER, [])
    assert row.closed_at == story.NOW - timedelta(days=2) + timedelta(hours=4, minutes=30)


async def test_a_clock_without_a_due_time_sorts_last_and_an_alarm_is_seen(store: Store) -> None:
    row = await store.row("XZ-260314-8HV5E")
    assert row.sort_at == NEVER
    assert [order.alarm for order in row.orders] == ["nobody_eligible"]


def test_a_case_is_in_work_as_soon_as_it_has_an_order() -> None:
    """Whichever stream is first: intake enters that state on the order's fact and says nothing of its own (decisions.md 5)."""
    case = story.CaseStory(story.Teller(), "JN-260314-7K3QX", received=story.NOW, urgency=Urgency.P2).case
    order = OrderState(
        id="o", site="JN", case=case.id, case_kind=case.kind, number=1, status=OrderStatus.ISSUED, urgency=Urgency.P2, party=Party.OWN,
        issued_at=story.NOW,
    )  # fmt: skip
    begun = with_order(with_case(None, case, story.NOW), order)
    assert begun.status is CaseStatus.IN_WORK
    assert with_case(begun, case, story.NOW).status is CaseStatus.IN_WORK, "a fact that was said before intake heard of the order"
    for later in (CaseStatus.RETURN_VISIT_DUE, CaseStatus.CLOSED):
        assert with_case(begun, case.model_copy(update={"status": later}), story.NOW).status is later


@pytest.mark.parametrize("seed", range(3))
async def test_any_order_of_arrival_gives_the_same_read_models(seed: int) -> None:
    async def everything(bodies: list[bytes]) -> list[list[Doc]]:
        async with running(parts(), bodies) as app:
            db = app.state.runtime.documents
            ignored = {"rev", "changed_at", "recorded_at"}
            tables = [await db.find(name, sort=[("_id", 1)]) for name in ("cases", "timeline", "sites", "crews")]
            assert await db.count("waiting") == await db.count("parked") == 0
            return [[{key: value for key, value in doc.items() if key not in ignored} for doc in docs] for docs in tables]

    bodies = story.day()
    mixed = bodies + bodies[::3]  # some twice
    random.Random(seed).shuffle(mixed)
    assert await everything(mixed) == await everything(bodies)


async def test_an_older_policy_never_replaces_a_newer() -> None:
    teller = story.Teller()
    teller.site("JN", version=4)
    teller.site("JN", version=3)
    async with running(parts(), teller.bodies) as app:
        site = await app.state.runtime.store.site("JN")
        assert (site.version, site.named("en"), site.zone) == (4, "Jinning Garden", "Asia/Shanghai")


VIEWS = [
    (Filter(), BOTH, 9),
    (Filter(), ("JN",), 5),
    (Filter(), (ALL_SITES,), 9),
    (Filter(), (), 0),
    (Filter(site="XZ"), BOTH, 4),
    (Filter(site="XZ"), ("JN",), 0),
    (Filter(kind="complaint"), BOTH, 2),
    (Filter(urgency="P1"), BOTH, 2),
    (Filter(status="closed"), BOTH, 1),
    (Filter(status="all"), BOTH, 10),
    (Filter(status="return_visit_due"), BOTH, 1),
    (Filter(q=" jn-260314"), BOTH, 3),
    (Filter(q="7k3qx"), BOTH, 1),
    (Filter(q="JN-260312-0ZTG8", status="all"), BOTH, 1),
    (Filter(q="$ne"), BOTH, 0),
]


@pytest.mark.parametrize(("wanted", "scope", "count"), VIEWS)
async def test_views(store: Store, wanted: Filter, scope: tuple[str, ...], count: int) -> None:
    rows = await store.board(wanted, scope)
    assert len(rows) == count == (await store.tally(wanted, scope, story.NOW))["cases"]
    assert [row.sort_at for row in rows] == sorted(row.sort_at for row in rows)


async def test_what_is_due_first_comes_first_and_late_ones_are_counted(store: Store) -> None:
    numbers = [row.id for row in await store.board(Filter(show=3), BOTH)]
    assert numbers == ["JN-260311-QB3XN", "JN-260314-7K3QX", "XZ-260314-9QW4T"]
    assert await store.tally(Filter(), BOTH, story.NOW) == {"cases": 9, "late": 2}
    assert (await store.tally(Filter(), BOTH, story.NOW + timedelta(minutes=30)))["late"] == 4


async def test_another_set_of_marks_means_a_change() -> None:
    bodies = story.day()
    async with running(parts(), bodies[:-1]) as app:
        rt = app.state.runtime
        before = await rt.store.latest()
        assert await rt.store.latest() == before
        await feed(rt, bodies[-1:])
        assert await rt.store.latest() != before


@pytest.mark.parametrize("given", [{"site": "jn"}, {"kind": "x"}, {"status": ""}, {"show": "9999"}, {"q": "x" * 41}])
def test_views_that_do_not_exist(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Filter.model_validate(given)


def test_the_url_is_the_state_and_says_only_what_was_asked() -> None:
    assert Filter().query() == {}
    assert Filter(site="JN", status=CaseStatus.CLOSED, q="7k").query(show=200) == {"site": "JN", "status": "closed", "q": "7k", "show": "200"}
    assert Filter.model_validate(Filter(urgency="P1").query()) == Filter(urgency="P1")


def test_a_row_and_its_page_know_a_repeat_and_its_incident() -> None:
    told = story.CaseStory(story.Teller(), "JN-260314-7K3QX", received=story.NOW, urgency=Urgency.P1, fault="power_outage")
    flags = {"repeat_of": "JN-260301-7K3QX", "repeat_count": 2, "root_cause_required": True, "incident": "JN-260314-2K3QX"}
    row = with_case(None, told.case.model_copy(update=flags), story.NOW)
    facts = dict(case(row, [], Scene(Speech("en"), None), story.NOW).facts)
    assert (facts["repeat"], facts["root_cause"], facts["incident"]) == ("JN-260301-7K3QX · 2", "needed before completion", "JN-260314-2K3QX")
    assert "frequent" not in facts
