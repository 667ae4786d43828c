"""`huiyin scenario`: runs story files and says, part by part, whether the system keeps them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import typer

from huiyin import cli
from huiyin.exits import Ends
from huiyin.story.format import Story
from huiyin.story.judge import judge
from huiyin.story.load import cast_of, read_story, stories
from huiyin.story.observation import Observation
from huiyin.story.report import as_json, outcome_of, show
from huiyin.story.run import play
from huiyin.story.times import instant
from huiyin.story.verdict import Outcome, Verdict
from huiyin.world.memory import memory_world
from huiyin.world.stack import stack_world
from huiyin.world.world import World

app = typer.Typer(help="Stories as executable checks: given, when, then.", no_args_is_help=True)


class WorldName(StrEnum):
    """Where a story runs."""

    MEMORY = "memory"  #: all services in this process, milliseconds
    STACK = "stack"  #: service processes on real RabbitMQ and MongoDB


def world_of(name: WorldName, start: datetime) -> AbstractAsyncContextManager[World]:
    """Return a world of its own whose time stands at `start`."""
    return memory_world(start) if name is WorldName.MEMORY else stack_world(start)


async def observe(world: WorldName, name: str, story: Story, file: Path) -> Observation:
    """Play one story in a fresh world and return what was seen."""
    sites = cast_of(story, file)
    async with world_of(world, instant(story.given.time, story.given.zone)) as fresh:
        return await play(fresh, name, story, sites)


async def _run(files: Sequence[Path], world: WorldName) -> AsyncIterator[tuple[str, Story, list[Verdict], float]]:
    for file in files:
        for name, story in stories(read_story(file)):
            began = perf_counter()
            try:
                seen = await observe(world, name, story, file)
            except Ends as end:
                raise type(end)(f"{name}: {end}") from None
            yield name, story, judge(story, seen), perf_counter() - began


@app.command("run")
def run_files(
    files: Annotated[list[Path], typer.Argument(help="Story files (docs/scenarios.md).", exists=True, dir_okay=False, readable=True)],
    world: Annotated[WorldName, typer.Option(help="memory: in this process. stack: on real servers.")] = WorldName.MEMORY,
    strict: Annotated[bool, typer.Option("--strict", help="Fail also on what is not built yet.")] = False,  # noqa: FBT002 - a flag
    json_file: Annotated[Path | None, typer.Option("--json", metavar="OUT", help="Also write every expectation to this file.")] = None,
) -> None:
    """Run stories and print ✓ ✗ or … (not yet) for each part.

    Example: huiyin scenario run tests/scenarios/sc-10.yaml

    Example: huiyin scenario run my-procedure.yaml --world stack --strict --json result.json
    """
    outcome = cli.run(_all(files, world, json_file))
    bad = {Outcome.FAILED, Outcome.NOT_YET} if strict else {Outcome.FAILED}
    raise typer.Exit(1 if outcome & bad else 0)


async def _all(files: Sequence[Path], world: WorldName, json_file: Path | None) -> set[Outcome]:
    cli.writable(json_file)
    found: set[Outcome] = set()
    rows: list[dict[str, Any]] = []
    async for name, story, verdicts, took in _run(files, world):
        show(cli.out, name, story.title, verdicts, took)
        rows.append(as_json(name, story.title, world.value, verdicts, took))
        found |= {verdict.outcome for verdict in verdicts} or {outcome_of(verdicts)}
    if json_file:
        cli.save_json(json_file, rows)
    return found


@app.command("check")
def check_files(
    files: Annotated[list[Path], typer.Argument(help="Story files.", exists=True, dir_okay=False, readable=True)],
) -> None:
    """Read stories and their sites without running them: every wrong place is named with its line.

    Example: huiyin scenario check my-procedure.yaml
    """
    cli.run(_check(files))


async def _check(files: Sequence[Path]) -> None:
    for file in files:
        for name, story in stories(read_story(file)):
            cast_of(story, file)
            cli.out.print(f"{name}: {story.title}", markup=False)
