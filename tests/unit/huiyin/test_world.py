"""Coming to rest: what still moves is named, and time passes through every instant at which there is work."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from common.settings import Settings
from common.topology import LISTENS, SAYS
from huiyin.exits import Failed
from huiyin.world.world import SERVICES, StillMoving, World

from tests.support.settings import settings

START = datetime(2026, 3, 13, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class _System:
    """Five services that are only their answer to /v1/quiet; `work` are instants at which sla has something to do."""

    system = "token"

    def __init__(self, *work: datetime) -> None:
        self.revision, self.now, self.work, self.done = 0, START, sorted(work), list[datetime]()
        self.more: dict[str, dict[str, Any]] = {}

    async def set(self, at: datetime) -> int:
        self.revision, self.now = self.revision + 1, at
        self.done += [due for due in self.work if due <= at]
        self.work = [due for due in self.work if due > at]
        return self.revision

    async def surely(self, service: str, _method: str, path: str, **_more: Any) -> Any:
        if path == "/v1/parked":
            return [{"id": "intake:case:X:1", "kind": "case.classified", "reason": "invalid", "detail": ""}]
        says = {prefix: 0 for prefix, owner in SAYS.items() if owner == service}
        quiet = {"revision": self.revision, "unsent": 0, "waiting": 0, "handling": 0, "parked": 0, "due": {}, "said": says, "next_at": None}
        quiet["heard"] = dict.fromkeys(LISTENS[service], 0)
        if service == "sla" and self.work:
            quiet["next_at"] = self.work[0].isoformat()
        return quiet | self.more.get(service, {})


def _world(system: _System) -> World:
    made: Settings = settings()
    return World(system, made, system, START, bound_s=0.05)  # type: ignore[arg-type]


def test_going_to_a_time_stops_at_every_instant_with_work() -> None:
    due = [START + MINUTE * 3, START + MINUTE * 7, START + MINUTE * 20]
    system = _System(*due)
    world = _world(system)
    asyncio.run(world.advance_to(START + MINUTE * 10))
    assert system.done == due[:2]
    assert (world.now, system.revision) == (START + MINUTE * 10, 3)


def test_work_at_the_very_instant_is_done() -> None:
    system = _System(START + MINUTE)
    asyncio.run(_world(system).advance_to(START + MINUTE))
    assert system.done == [START + MINUTE]


@pytest.mark.parametrize(
    ("service", "more", "said"),
    [
        ("intake", {"unsent": 2}, "intake unsent 2"),
        ("sla", {"waiting": 1}, "sla waiting 1"),
        ("notify", {"due": {"deliver_staff": 3}}, "notify deliver_staff has 3 due"),
        ("console", {"revision": 9}, "console is at time revision 9 of 0"),
        ("dispatch", {"heard": {"case": 0, "policy": 1}}, "dispatch heard 1 of 0 policy facts"),
        ("dispatch", {"handling": 1}, "dispatch handling 1"),
    ],
)
def test_what_still_moves_is_named(service: str, more: dict[str, Any], said: str) -> None:
    system = _System()
    system.more[service] = more
    with pytest.raises(StillMoving, match=said):
        asyncio.run(_world(system).settle())


def test_a_parked_fact_ends_the_story_at_once() -> None:
    system = _System()
    system.more["sla"] = {"parked": 1}
    with pytest.raises(StillMoving, match=r"sla parked intake:case:X:1 \(case.classified\): invalid"):
        asyncio.run(_world(system).settle())


def test_time_never_runs_back() -> None:
    with pytest.raises(Failed, match="cannot go back"):
        asyncio.run(_world(_System()).set_time(START - MINUTE))


def test_every_service_is_asked() -> None:
    assert set(SERVICES) == set(LISTENS)
