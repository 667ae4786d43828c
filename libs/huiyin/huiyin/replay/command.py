"""`huiyin replay`: posts a file of real requests through the HTTP doors of a world of its own, business time stepped along the file."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from huiyin import cli
from huiyin.exits import BadInput
from huiyin.replay.cast import cast
from huiyin.replay.engine import summed
from huiyin.replay.engine_only import judge_all, write
from huiyin.replay.feed import Feeder, first
from huiyin.replay.rows import Request, read_requests
from huiyin.replay.steps import Step, steps
from huiyin.replay.tally import Found, Tally, find, tally, write_verdicts
from huiyin.scenario import WorldName
from huiyin.sites import Site, apply_site, packs_folder
from huiyin.world.memory import memory_world
from huiyin.world.stack import stack_world
from huiyin.world.world import World

CHUNK = 250
PACK = "With --engine-only: a folder with packs and sites/. Its rules find the deadlines, the targets of the file stay hidden."
Counts = tuple[dict[str, int], bool]  #: by name, and whether they agree
SHOWN_BAD = 10


def replay(  # noqa: PLR0913, PLR0917 - options of one command
    file: Annotated[Path, typer.Argument(help="CSV or CSV.gz with the columns of real service requests.", exists=True, dir_okay=False)],
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many requests.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write request_id,case_number,due_at,closed_at,verdict here.")] = None,
    world: Annotated[WorldName, typer.Option(help="stack: real servers. memory: this process, a few hundred rows at most.")] = WorldName.STACK,
    chunk: Annotated[int, typer.Option(min=1, max=10_000, help="How many things may happen until everything has to come to rest.")] = CHUNK,
    engine_only: Annotated[bool, typer.Option("--engine-only", help="Only the clock engine, in this process: the whole file in seconds.")] = False,  # noqa: FBT002
    pack: Annotated[Path | None, typer.Option(help=PACK, exists=True, file_okay=False)] = None,
    json: cli.AsJson = False,  # noqa: FBT002 - a flag
) -> None:
    """Replay real requests in a world of its own beside the running one, and compare what was accepted with what arrived.

    Exit code 1 when accepted, stored, dispatched and clocked differ or something was parked; 4 when rows of the file could not be used.

    Example: huiyin replay service_requests.csv.gz --limit 500 --out verdicts.csv

    Example: huiyin replay service_requests.csv.gz --engine-only --out verdicts.csv
    """
    if pack and not engine_only:
        raise typer.BadParameter("--pack goes with --engine-only")
    read = read_requests(file, limit)
    for line, reason in read.bad[:SHOWN_BAD]:
        cli.err.print(f"line {line}: {reason}", markup=False)
    counts, agrees = cli.run(_judge(read.requests, pack, out) if engine_only else _replay(read.requests, world, chunk, out))
    if json:
        cli.show_json(counts | {"agrees": agrees, "bad_rows": len(read.bad)})
    else:
        cli.show_table(("count", ""), list(counts.items()))
    if not agrees:
        raise typer.Exit(1)
    if read.bad:
        cli.err.print(f"huiyin: {len(read.bad)} rows could not be used", markup=False)
        raise typer.Exit(BadInput.code)


async def _judge(requests: Sequence[Request], pack: Path | None, out: Path | None) -> Counts:
    cli.writable(out)
    found = judge_all(requests, pack)
    if out:
        write(out, found)
        cli.err.print(f"verdicts: {out}", markup=False)
    return asdict(summed(found)), True


async def _replay(requests: Sequence[Request], world: WorldName, chunk: int, out: Path | None) -> Counts:
    cli.writable(out)
    if not requests:
        raise BadInput("no request in the file")
    sites = cast((one.site for one in requests), packs_folder())
    async with _world(world, requests) as fresh:
        counts, found = await replay_in(fresh, requests, sites, chunk)
    if out:
        write_verdicts(out, found)
        cli.err.print(f"verdicts: {out}", markup=False)
    return asdict(counts), counts.agrees


def _world(name: WorldName, requests: Sequence[Request]) -> AbstractAsyncContextManager[World]:
    start = requests[0].created
    return memory_world(start) if name is WorldName.MEMORY else stack_world(start, prefix="replay")


async def replay_in(world: World, requests: Sequence[Request], sites: dict[str, Site], chunk: int = CHUNK) -> tuple[Tally, list[Found]]:
    """Replay in an open world. Raises Failed when a door refuses or something does not come to rest."""
    planned = list(steps(requests, chunk))
    for site in sites.values():
        await apply_site(world.doors, site)
    with cli.progress() as bar:
        task = bar.add_task("replaying", total=sum(step.size for step in planned))
        try:
            async with asyncio.TaskGroup() as group:
                feeder = Feeder(world.doors, sites, group, lambda: bar.advance(task))
                await feeder.start()
                await world.settle()
                await _feed(world, feeder, planned, chunk, lambda step: bar.update(task, description=f"replaying {step.at:%Y-%m-%d}"))
        except BaseExceptionGroup as group_failed:
            raise first(group_failed) from None
        bar.update(task, description="comparing")
        found = await find(world.doors, requests, feeder.cases)
        return await tally(world.doors, requests, found, [site.id for site in sites.values()]), found


async def _feed(world: World, feeder: Feeder, planned: Sequence[Step], chunk: int, tell: Callable[[Step], None]) -> None:
    """Enter step after step; come to rest each time that `chunk` things have happened."""
    since = 0
    for step in planned:
        tell(step)
        await world.set_time(max(step.at, world.now))
        await feeder.send(step)
        since += step.size
        if since >= chunk or step is planned[-1]:
            await feeder.rest()
            await world.settle()
            since = 0
