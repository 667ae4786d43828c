"""Changes of a site's policy as the command line sees them: begun, watched to their end with a bar, shown as tables. Not here: the verbs."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from huiyin import cli
from huiyin.doors import Doors
from huiyin.timeline import when

PAUSE_S = 0.1
PAGE = 500
SHOWN_CASES = 20
WHAT = {
    "appears": "新增 new",
    "vanishes": "取消 gone",
    "earlier": "提前 earlier",
    "later": "推后 later",
    "judged": "改判 judged anew",
    "adjusted": "其他 other",
    "late_at_once": "立即超时 late at once",
}  #: what happens to clocks -> column


async def begin(doors: Doors, path: str, body: Mapping[str, Any]) -> Any:
    """Ask for a change and return it. Raises Failed. Asked again after a lost answer it is the same change."""
    return await doors.surely("sla", "POST", path, body=body, key=uuid4().hex)


async def watch(doors: Doors, changes: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the changes as they ended; a bar shows how far they are."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=cli.err) as bar:
        return [await _watch(doors, dict(change), bar) for change in changes]


async def _watch(doors: Doors, change: dict[str, Any], bar: Progress) -> dict[str, Any]:
    doing = "looking at" if change["preview"] else "changing"
    task = bar.add_task(f"{doing} {change['site']}", total=change["total"])
    while change["stage"] != "done":
        await asyncio.sleep(PAUSE_S)
        change = await doors.surely("sla", "GET", f"/v1/sites/{change['site']}/changes/{change['id']}")
        bar.update(task, total=change["total"], completed=min(change["looked"], change["total"] or 0))
    bar.update(task, total=change["looked"], completed=change["looked"])
    return change


async def cases_of(doors: Doors, change: Mapping[str, Any], limit: int | None = None) -> list[dict[str, Any]]:
    """Return what became of the cases of a change, at most `limit`."""
    found: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None and (limit is None or len(found) < limit):
        page = await doors.surely("sla", "GET", f"/v1/sites/{change['site']}/changes/{change['id']}/cases", after=after, limit=PAGE)
        found += page["cases"]
        after = page["next"]
    return found[:limit]


async def tell(doors: Doors, begun: Iterable[Mapping[str, Any]], *, json: bool) -> None:
    """Watch changes to their end, and show what became of the clocks: all cases as JSON, the first ones as a table."""
    ended = await watch(doors, begun)
    cases = [await cases_of(doors, one, None if json else SHOWN_CASES) for one in ended]
    if json:
        cli.show_json([change | {"cases": rows} for change, rows in zip(ended, cases, strict=True)])
        return
    for change, rows in zip(ended, cases, strict=True):
        show(change, rows, await zone_of(doors, change["site"]) if rows else "UTC")


async def zone_of(doors: Doors, site: str) -> str:
    """Return the time zone of a site."""
    return str((await doors.surely("sla", "GET", f"/v1/sites/{site}/policy"))["calendar"]["timezone"])


def show(change: Mapping[str, Any], cases: list[dict[str, Any]], zone: str) -> None:
    """Print what became of the clocks by code, and of the first cases."""
    versions = f": version {change['version_from'] or '–'} → {change['version_to'] or 'draft'}, open cases: {change['open_cases']}"
    cli.out.print(f"{change['site']} {change['kind']} {change['id']}{'' if change['window'] else versions}", markup=False)
    cli.out.print(f"{change['looked']} cases looked at, clocks change in {change['changed']}", markup=False)
    if change["failed"]:
        cli.err.print(f"could not be changed: {', '.join(change['failed'])}", markup=False, soft_wrap=True)
    if not change["clocks"]:
        return
    rows = [[code, *(counts.get(what, "") for what in WHAT)] for code, counts in sorted(change["clocks"].items())]
    cli.show_table(("clock", *WHAT.values()), rows)
    moved = [_row(case, clock, zone) for case in cases[:SHOWN_CASES] for clock in case["clocks"]]
    cli.show_table(("case", "clock", "", "due before", "due now", "state"), moved)
    if change["changed"] > SHOWN_CASES:
        cli.err.print(f"the first {SHOWN_CASES} of {change['changed']} cases; --json shows all", markup=False)


def _row(case: Mapping[str, Any], clock: Mapping[str, Any], zone: str) -> list[str]:
    late = " !" if clock["late_at_once"] else ""
    states = f"{clock['state_from'] or '–'} → {clock['state_to'] or '–'}"
    return [case["case"] or case["week"], clock["code"], clock["what"] + late, when(clock["due_from"], zone), when(clock["due_to"], zone), states]
