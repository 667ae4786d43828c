"""The first day of a site through public doors (docs/first-day.md): its file, units from Excel, a repair that is grabbed and goes through."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from devstack.paths import REPOSITORY
from huiyin.sheets import reading, register
from huiyin.sheets.bringing import bring
from huiyin.sites import apply_site, load_site
from huiyin.world.memory import memory_world
from huiyin.world.world import World

from tests.unit.huiyin.test_sheets import a_book

pytestmark = pytest.mark.anyio
START = datetime(2026, 3, 16, 2, tzinfo=UTC)  # Monday 10:00 in China
CREW = ("xz-song", "xz-tang", "xz-deng", "xz-cao")
ASSIGNING = {"offer_minutes": {"P2": 5, "P3": 5}, "accept_minutes": {"P2": 10, "P3": 10}}


@dataclass
class Office:
    """A site with units, its people, and one repair."""

    world: World
    order: str = ""
    case: str = ""

    async def knock(self, by: str, service: str, method: str, path: str, body: Any = None) -> Any:
        role = "engineering_manager" if by == "xz-liang" else "repair_worker"
        bearer = self.world.doors.staff(by, (role,), ("XZ",))
        return await self.world.doors.call(service, method, path, bearer=bearer, body=body)

    async def do(self, move: str, by: str, status: int = 200, **body: Any) -> Any:
        answer = await self.knock(by, "dispatch", "POST", f"/v1/work-orders/{self.order}/{move}", body)
        assert answer.status == status, answer.problem()
        await self.world.settle()
        return answer.body

    async def clocks(self) -> dict[str, tuple[Any, Any]]:
        """Start and due time of every clock of the case."""
        shown = await self.world.doors.surely("sla", "GET", "/v1/clocks", case=self.case)
        return {clock["id"]: (clock["start_at"], clock["due_at"]) for clock in shown}

    async def shown(self) -> Any:
        return await self.world.doors.surely("dispatch", "GET", f"/v1/work-orders/{self.order}")

    async def told(self, template: str) -> set[str]:
        notices = await self.world.doors.surely("notify", "GET", "/v1/notices", case=self.case)
        return {notice["recipient"] for notice in notices["notices"] if notice["template"] == template}

    async def later(self, minutes: int) -> None:
        await self.world.set_time(self.world.now + timedelta(minutes=minutes))
        await self.world.settle()


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    site = load_site(REPOSITORY / "packs" / "sites" / "XZ.yaml")
    rota = {**site.staff["rota"], "assigning": ASSIGNING, "assignments": [{"shift": "duty_day", "people": list(CREW)}], "overrides": []}
    site = replace(site, staff={**site.staff, "rota": rota}, subscriptions=())
    async with memory_world(START) as world:
        await apply_site(world.doors, site)
        await world.settle()
        await bring(world.doors, "XZ", register.found(reading.read(a_book(tmp_path / "units.xlsx"))))
        report = {"site": "XZ", "kind": "repair", "channel": "phone", "fault": "blocked_pipe", "unit": "1-0101", "subject": "厨房堵了"}
        reporter = {"name": "示例业主", "phone": "+86 000 0009 0001", "email": "owner@example.com"}
        made = await world.doors.surely("intake", "POST", "/v1/cases", body=report | {"reporter": reporter}, key="first")
        await world.settle()
        (order,) = (await world.doors.surely("dispatch", "GET", "/v1/work-orders", case=made["number"]))["orders"]
        yield Office(world, order["id"], made["number"])


async def test_a_repair_goes_through_on_the_first_day(office: Office) -> None:
    offered = (await office.shown())["offered"]
    assert await office.told("work_offered") == {f"person:{one}" for one in offered}
    assert len(offered) > 1
    first, second = offered[:2]
    await office.do("accept", second)
    lost = await office.do("accept", first, status=409)
    assert lost["type"].endswith("order-taken")
    await office.do("arrive", second)
    await office.do("assess", second, outcome="normal")
    await office.do("complete", second, record="疏通管道")
    done = await office.do("sign", second)
    assert (done["status"], done["assignee"]) == ("returned", second)


async def test_no_clock_of_the_case_begins_anew_after_three_transfers_and_a_return(office: Office) -> None:
    """DSP-02, DSP-03, features.md 4 number 5: the case's clocks start and end when they did."""
    before = await office.clocks()
    assert before
    await office.do("accept", CREW[1])
    for giver, taker in ((CREW[1], CREW[0]), (CREW[0], CREW[2]), (CREW[2], "xz-liang")):
        await office.later(2)
        await office.do("transfer", giver, to=taker, reason="交接班")
        assert await office.clocks() == before
    refused = await office.do("send-back", "xz-liang", status=409, reason="忙")
    assert refused["guard"] == "DSP-03"
    await office.later(1)
    await office.do("assign", "xz-liang", to=CREW[1], reason="指定")
    assert await office.clocks() == before
    hands = [step["to"] for step in (await office.shown())["steps"] if step["move"] in {"transfer", "assign"}]
    assert hands == [CREW[0], CREW[2], "xz-liang", CREW[1]]


async def test_who_does_not_accept_is_passed_over_and_nobody_left_is_told_to_the_first_level(office: Office) -> None:
    before = await office.clocks()
    offered = (await office.shown())["offered"]
    await office.later(5)
    held = [(await office.shown())["assignee"]]
    for _ in offered[1:]:
        await office.later(10)
        held.append((await office.shown())["assignee"])
    assert sorted(held) == sorted(offered)
    await office.later(10)
    shown = await office.shown()
    assert (shown["assignee"], shown["alarm"]) == (None, "nobody_eligible")
    assert await office.told("nobody_eligible")
    assert {clock: times for clock, times in (await office.clocks()).items() if clock in before} == before
