"""docs/walk.md is true: what it names exists, and the story it tells happens, each function called in its section and order.

The story is played in a world in memory through public doors; a profile hook writes down which functions of ours were called.
"""

import ast
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from common.events import FACTS
from devstack.paths import REPOSITORY, SERVICES
from huiyin.sites import apply_site, load_site
from huiyin.world.actors import Actors
from huiyin.world.memory import memory_world
from huiyin.world.world import World

ROOTS = {"common": REPOSITORY / "libs/common/common", **{name: REPOSITORY / f"services/{name}/{name}" for name in SERVICES}}
NAMED = re.compile(r"`([a-z_]+/[a-z_/]+\.py) : ([A-Za-z_.]+)`")
SITE, WORKER = "XZ", "xz-song"
REPORT: dict[str, Any] = {
    "site": SITE,
    "kind": "repair",
    "channel": "call_centre",
    "fault": "power_failure",
    "subject": "全屋停电",
    "unit": "3-0502",
    "reporter": {"name": "测试业主", "phone": "13900000000", "email": "owner@example.com"},
}


@dataclass(frozen=True)
class Named:
    """One function that the walk names."""

    file: Path
    name: str

    def __str__(self) -> str:
        return f"{self.file.relative_to(REPOSITORY)}:{self.name}"


@dataclass(frozen=True)
class Row:
    """One step; a letter behind its number means that it runs beside the others."""

    number: str
    functions: tuple[Named, ...]


@dataclass
class Section:
    """One part of the story."""

    title: str
    rows: list[Row] = field(default_factory=list)
    facts: frozenset[str] = frozenset()


def named(text: str) -> tuple[Named, ...]:
    found = NAMED.findall(text)
    return tuple(Named(ROOTS[path.split("/", 1)[0]] / path.split("/", 1)[1], name) for path, name in found)


def sections() -> list[Section]:
    """The document, read."""
    found: list[Section] = []
    for part in (REPOSITORY / "docs/walk.md").read_text(encoding="utf-8").split("\n## ")[1:]:
        title, _, text = part.partition("\n")
        rows = [Row(number, named(line)) for number, line in re.findall(r"^\| (\d+[a-z]?) (\|.+)$", text, re.MULTILINE)]
        said = frozenset(re.findall(r"`([a-z_.]+)`", text.split("\nFacts: ")[1]))
        found.append(Section(title.split(". ", 1)[1], rows, said))
    return found


WALK = sections()
EVERY = sorted({function for section in WALK for row in section.rows for function in row.functions}, key=str)


def defined(file: Path) -> set[str]:
    """Names of the functions, classes and methods of a file."""
    names: set[str] = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{one.name}" for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
    return names


@pytest.mark.parametrize("function", EVERY, ids=str)
def test_what_the_walk_names_exists(function: Named) -> None:
    assert function.file.exists()
    assert function.name in defined(function.file)


def test_every_step_names_a_function_and_every_fact_is_one() -> None:
    assert [(section.title, row.number) for section in WALK for row in section.rows if not row.functions] == []
    assert {fact for section in WALK for fact in section.facts} <= set(FACTS)


@dataclass
class Calls:
    """Which functions of ours were called, in the order of their first call; `Class` alone is a call of its methods, `f` of what it returns."""

    first: dict[tuple[str, str], int] = field(default_factory=dict)

    def note(self, frame: FrameType, event: str, _arg: object) -> None:
        """Be the profile hook."""
        if event == "call":
            self.first.setdefault((frame.f_code.co_filename, frame.f_code.co_qualname), len(self.first))

    def when(self, function: Named) -> int | None:
        """Return the place of its first call."""
        inside = (f"{function.name}.", function.name)
        places = [
            place for (file, name), place in self.first.items() if file == str(function.file) and (name == inside[1] or name.startswith(inside[0]))
        ]
        return min(places, default=None)


@contextmanager
def listening() -> Iterator[Calls]:
    """Write calls down."""
    calls, before = Calls(), sys.getprofile()
    sys.setprofile(calls.note)
    try:
        yield calls
    finally:
        sys.setprofile(before)


@dataclass
class Story:
    """The world, who acts in it, and the case."""

    world: World
    actors: Actors
    case: str = ""
    seen: int = 0

    def at(self, hour: int, minute: int = 0) -> datetime:
        """Return an hour of that Monday, local time."""
        return datetime(2026, 3, 16, hour, minute, tzinfo=ZoneInfo("Asia/Shanghai"))

    async def act(self, service: str, by: str, path: str, body: dict[str, Any], key: str | None = None) -> Any:
        """Knock at a door as somebody of the site."""
        bearer = await self.actors.bearer(by, SITE, self.world.now)
        answer = await self.world.doors.call(service, "POST", path, bearer=bearer, body=body, key=key)
        assert not answer.refused, answer.problem()
        return answer.body

    async def order(self, move: str, **body: Any) -> None:
        """Move the order."""
        await self.act("dispatch", WORKER, f"/v1/work-orders/{self.case}-1/{move}", body)

    async def timeline(self) -> list[Any]:
        """Return the entries that are new since the last look."""
        read = await self.world.doors.surely("console", "GET", f"/v1/cases/{self.case}/timeline", locale="en")
        new = read["entries"][self.seen :]
        self.seen = len(read["entries"])
        return list(new)

    async def clocks(self) -> dict[str, str]:
        """Return the state of each clock."""
        return {clock["code"]: clock["state"] for clock in await self.world.doors.surely("sla", "GET", "/v1/clocks", case=self.case)}


async def reports(story: Story) -> None:
    made = await story.act("intake", "call_centre", "/v1/cases", REPORT, key="walk-1")
    again = await story.act("intake", "call_centre", "/v1/cases", REPORT, key="walk-1")
    assert made["number"] == again["number"]
    assert (made["status"], made["urgency"], made["trade"]) == ("classified", "P1", "electrical")
    story.case = made["number"]
    await story.world.settle()
    order = await story.world.doors.surely("dispatch", "GET", f"/v1/work-orders/{story.case}-1")
    assert order["assignee"] == WORKER
    assert len(order["choice"]["considered"]) > 1
    assert await story.clocks() == {"CLK_RESPOND": "running", "CLK_ONSITE": "running", "CLK_SURVEY": "running", "CLK_PROGRESS": "running"}


async def responds(story: Story) -> None:
    await story.world.advance_to(story.at(10, 5))
    await story.act("intake", "receptionist", f"/v1/cases/{story.case}/respond", {})
    await story.order("accept")
    await story.world.settle()
    assert (await story.clocks())["CLK_RESPOND"] == "met"


async def fires(story: Story) -> None:
    await story.world.advance_to(story.at(12))
    assert (await story.clocks())["CLK_ONSITE"] == "running"


async def works(story: Story) -> None:
    await story.world.advance_to(story.at(12, 10))
    await story.order("arrive", plan_told=True)
    await story.order("assess", outcome="normal")
    await story.order("complete", record="更换空气开关")
    await story.order("sign")
    await story.act("intake", "receptionist", f"/v1/cases/{story.case}/restore", {})
    await story.world.settle()
    ended = {"CLK_RESPOND": "met", "CLK_ONSITE": "late", "CLK_SURVEY": "met"}
    seen = await story.clocks()
    assert seen.pop("CLK_PROGRESS") != "running", "power is back: no more updates"
    assert seen == ended | {"CLK_RETURN_VISIT": "running"}


async def calls_back(story: Story) -> None:
    await story.world.advance_to(story.at(15))
    closed = await story.act("intake", "receptionist", f"/v1/cases/{story.case}/visit", {"form": "phone", "satisfied": True})
    assert (closed["status"], closed["outcome"]) == ("closed", "visited")
    await story.world.settle()
    assert (await story.clocks())["CLK_RETURN_VISIT"] == "met"


async def asks(story: Story) -> None:
    whole = await story.world.doors.surely("console", "GET", f"/v1/cases/{story.case}/timeline", locale="en")
    assert [entry["at"] for entry in whole["entries"]] == sorted(entry["at"] for entry in whole["entries"])


ACTS: dict[str, Callable[[Story], Awaitable[None]]] = {
    "The call centre reports": reports,
    "The desk responds, the technician signs for the order": responds,
    "Nobody comes: the clock fires": fires,
    "The technician works": works,
    "Somebody calls back": calls_back,
    "Anybody asks what happened": asks,
}


@asynccontextmanager
async def opened() -> AsyncIterator[Story]:
    """A world on Monday at 10:00 with one site, ready to begin."""
    start = datetime(2026, 3, 16, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
    async with memory_world(start) as world:
        site = load_site(REPOSITORY / "packs" / "sites" / f"{SITE}.yaml")
        await apply_site(world.doors, site)
        await world.settle()
        story = Story(world, Actors(world.doors, [site]))
        await story.actors.bearer("call_centre", SITE, start)  # its key is there before the story begins
        yield story


def uncalled(section: Section, calls: Calls) -> list[str]:
    """Functions of a section that were not called, and steps that came before the one above them."""
    missing = [f"{row.number} {one}: not called" for row in section.rows for one in row.functions if calls.when(one) is None]
    firsts = [(row.number, calls.when(row.functions[0]) or 0) for row in section.rows if row.number.isdigit()]
    late = [f"{number}: called before step {above}" for (above, earlier), (number, later) in pairwise(firsts) if later < earlier]
    return missing + late


@pytest.mark.anyio
async def test_the_story_happens_as_it_is_told() -> None:
    assert [section.title for section in WALK] == list(ACTS)
    wrong = []
    async with opened() as story:
        for section in WALK:
            with listening() as calls:
                await ACTS[section.title](story)
            said = frozenset(entry["kind"] for entry in await story.timeline())
            wrong += [f"{section.title}: {line}" for line in uncalled(section, calls)]
            wrong += [f"{section.title}: {fact}" for fact in sorted(said ^ section.facts)]
    assert wrong == []
