"""Escalation from the POST to the people, in a world of all services: at once, passed on, taken up, raised again; read at public doors only."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from huiyin.sites import apply_site, inline_site
from huiyin.world.memory import memory_world
from huiyin.world.world import World

pytestmark = pytest.mark.anyio
ORIGIN = {"default": "example"}
PACK = {
    "pack": "lighthouse",
    "calendar": {"timezone": "UTC", "holidays": "NONE", "origin": ORIGIN},
    "faults": {"lamp_out": {"title": {"zh": "灯塔不亮", "en": "Lamp out"}, "department": "keepers", "urgency": "P2", "origin": ORIGIN}},
    "clocks": [
        {"id": "answer", "code": "CLK_REPLY", "stop": "replied", "duration": {"value": 1, "unit": "hour"}, "origin": ORIGIN},
    ],
    "escalation": {
        "recipients": {"L1": ["customer_service_supervisor"], "L2": ["site_manager"], "L3": ["general_manager"], "origin": ORIGIN},
        "at_once": [{"id": "major", "applies": {"major": True}, "roles": ["general_manager"], "origin": ORIGIN}],
    },
}
PEOPLE = [
    {"id": "lh-tom", "name": "Tom", "roles": ["receptionist"], "email": "tom@example.com"},
    {"id": "lh-kim", "name": "Kim", "roles": ["site_manager"], "email": "kim@example.com"},
    {"id": "lh-zoe", "name": "Zoe", "roles": ["general_manager"], "email": "zoe@example.com"},
]
SITE = {"site": "LH", "name": {"zh": "灯塔", "en": "Lighthouse"}, "base": "lighthouse", "people": PEOPLE}
REPORT = {"site": "LH", "kind": "complaint", "channel": "phone", "fault": "lamp_out", "subject": "the lamp is out", "unit": "rock-1"}


def at(hour: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-16T{hour}").replace(tzinfo=UTC)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with memory_world(at("10:00")) as made:
        await apply_site(made.doors, inline_site(SITE, [PACK], None))
        await made.settle()
        yield made


async def reported(world: World, **more: Any) -> str:
    body = REPORT | {"reporter": {"name": "Ann", "phone": "+86 000 0009 0001"}} | more
    number = str((await world.doors.surely("intake", "POST", "/v1/cases", body=body, key="report-1"))["number"])
    await world.settle()
    return number


async def staff_notices(world: World, case: str) -> list[tuple[str, str, str]]:
    found = await world.doors.surely("notify", "GET", "/v1/notices", case=case)
    rows = found["notices"] if isinstance(found, dict) else found
    told = [(row["template"], row["recipient"], row["status"]) for row in rows if not row["recipient"].startswith("owner:")]
    return sorted(row for row in told if row[0] in {"case_reported", "clock_level"})


async def test_esc_10_a_major_complaint_reaches_the_general_manager_at_once(world: World) -> None:
    case = await reported(world, major=True)
    assert await staff_notices(world, case) == [("case_reported", "person:lh-zoe", "sent")]
    timeline = await world.doors.surely("console", "GET", f"/v1/cases/{case}/timeline", locale="zh-CN")
    assert any(entry["text"].startswith("即时上报") for entry in timeline["entries"])


async def test_a_level_is_passed_on_taken_up_and_raised_again(world: World) -> None:
    """11:00 L1 has nobody: the site manager stands in, and the empty role can be seen. Taken up at 11:05, silent: at 11:35 the next person."""
    case = await reported(world)
    await world.advance_to(at("11:05"))
    passed = [("clock_level", "person:lh-kim", "sent"), ("clock_level", "role:customer_service_supervisor", "withheld")]
    assert await staff_notices(world, case) == passed
    [clock] = await world.doors.surely("sla", "GET", "/v1/clocks", case=case)
    path = f"/v1/clocks/{clock['id']}/acknowledge"
    kim = world.doors.staff("lh-kim", ("site_manager",), ("LH",))
    taken = await world.doors.surely("sla", "POST", path, bearer=kim, key="take-1")
    assert (taken["level"], taken["acknowledged_by"]) == ("L1", "lh-kim")
    assert await world.doors.surely("sla", "POST", path, bearer=kim, key="take-1") == taken
    await world.settle()
    await world.advance_to(at("11:40"))
    assert [row for row in await staff_notices(world, case) if row not in passed] == [("clock_level", "person:lh-zoe", "sent")]
    timeline = await world.doors.surely("console", "GET", f"/v1/cases/{case}/timeline", locale="en")
    texts = [entry["text"] for entry in timeline["entries"]]
    assert any(text.startswith("Escalation taken up") for text in texts)
    assert any(text.startswith("Escalated again") for text in texts)
    [clock] = await world.doors.surely("sla", "GET", "/v1/clocks", case=case)
    assert (clock["state"], clock["alarmed"]) == ("running", False)
    assert [level["again"][0]["persons"] for level in clock["levels"] if level["again"]] == [["lh-zoe"]]
