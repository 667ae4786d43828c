"""`huiyin pack what-if`: recorded facts or a file of real requests under a draft policy, beside the present one. Not here: judging (sla's domain).

It runs in this process, not in the services: a look at the past must not delay the clocks of today.
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from sla.domain.what_if import BY_CODE, COUNTED, GROUPS, Row, Tally, tally

from huiyin import cli
from huiyin.doors import open_doors
from huiyin.exits import BadInput
from huiyin.past import Past, of_file, of_system
from huiyin.sites import load_site

SHOWN = ("warned", "breached", "L2", "L3", "met", "late", "open")  #: columns of the tables; --json has all
SHOWN_CLASSES = 40
BY = (*GROUPS, BY_CODE)
Drafts = Annotated[list[Path] | None, typer.Argument(help="Site files of the draft.", metavar="DRAFT…", exists=True, dir_okay=False)]
History = Annotated[Path | None, typer.Option(help="A CSV or CSV.gz of real requests; without it the facts that were recorded.", exists=True)]
Scale = Annotated[
    float, typer.Option(min=0.01, max=100, help="Every deadline and level of the draft at so much of its way from the start; 0.5 halves.")
]
Pack = Annotated[Path | None, typer.Option(help="With --history: a folder whose rules are the present; else the rows' targets are.", file_okay=False)]


def what_if(  # noqa: PLR0913, PLR0917 - options of one command
    draft: Drafts = None,
    history: History = None,
    months: Annotated[int, typer.Option(min=1, max=120, help="How much of the recorded past, in months of 30 days.")] = 3,
    site: Annotated[list[str] | None, typer.Option(help="Only these sites; without it those of the drafts.")] = None,
    scale: Scale = 1.0,
    by: Annotated[str, typer.Option(help=f"Classes of the second table: {', '.join(BY)}.")] = "category",
    pack: Pack = None,
    json: cli.AsJson = False,  # noqa: FBT002 - a flag
) -> None:
    """Show what would have been warned, breached, raised, met and late under a draft, beside the present policy, by site and class.

    Example: huiyin pack what-if packs/sites/AB.yaml --months 6

    Example: huiyin pack what-if --history service_requests.csv.gz --scale 0.5
    """
    if by not in BY:
        raise typer.BadParameter(f"--by is one of {', '.join(BY)}")
    past = cli.run(_past(draft or [], history, months, site or [], scale, pack))
    present, tried = compared(past, set(site or ()))
    if json:
        cli.show_json({"as_of": past.as_of, "cases": past.total, "rows": rows(present, tried, past.names)})
        return
    _show(present, tried, past, by)


async def _past(drafts: list[Path], history: Path | None, months: int, sites: list[str], scale: float, pack: Path | None) -> Past:
    loaded = {one.id: one for one in map(load_site, drafts)}
    if history:
        if len(loaded) > 1:
            raise BadInput("a history is tried with one draft")
        return of_file(history, pack, next(iter(loaded.values()), None), scale)
    if not (sites or loaded):
        raise BadInput("name a draft, or sites with --site")
    async with open_doors() as doors:
        return await of_system(doors, sites or sorted(loaded), loaded, months, scale)


def compared(past: Past, sites: set[str] | None = None) -> tuple[Tally, Tally]:
    """Return the counts under the present policies and under the drafts; a bar shows how far it is. `sites`: only these, by code or name."""
    present: Tally = {}
    tried: Tally = {}
    for file in cli.tracked(past.files, "trying", past.total):
        if not sites or {file.site, past.names.get(file.site, "")} & sites:
            tally((present, tried), file, (past.present[file.site], past.draft[file.site]), past.as_of)
    return present, tried


def rows(present: Tally, tried: Tally, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return one row for each site and class with both counts; `by` is empty for the site as a whole."""
    return [
        {"site": site, "name": names.get(site), "by": by, "class": value, "present": _full(present, key), "draft": _full(tried, key)}
        for key in sorted({*present, *tried})
        for site, by, value in [key]
    ]


def _full(tallies: Tally, key: Row) -> dict[str, int]:
    counts = tallies.get(key, Counter())
    return {name: counts[name] for name in COUNTED}


def _show(present: Tally, tried: Tally, past: Past, by: str) -> None:
    keys = {*present, *tried}
    sites = sorted({site for site, grouping, _ in keys if not grouping})
    whole = [_cells(past.names.get(site, site), present, tried, [(site, "", "")]) for site in sites]
    if len(sites) > 1:
        whole.append(_cells("全部 all", present, tried, [(site, "", "") for site in sites]))
    cli.show_table(("site", "clocks", *SHOWN), whole, title="present → draft")
    of_class: dict[str, list[Row]] = {}
    for key in keys:
        if key[1] == by:
            of_class.setdefault(key[2], []).append(key)
    busiest = sorted(of_class, key=lambda value: -sum(tried.get(key, Counter())["clocks"] for key in of_class[value]))
    classes = [_cells(value, present, tried, of_class[value]) for value in busiest[:SHOWN_CLASSES]]
    cli.show_table((by, "clocks", *SHOWN), classes)
    if len(busiest) > SHOWN_CLASSES:
        cli.err.print(f"the {SHOWN_CLASSES} busiest of {len(busiest)} classes; --json shows all, by site too", markup=False)


def _cells(name: str, present: Tally, tried: Tally, keys: list[Row]) -> list[str]:
    both = [sum((tallies.get(key, Counter()) for key in keys), Counter()) for tallies in (present, tried)]
    return [name, *(_cell(both[0][what], both[1][what]) for what in ("clocks", *SHOWN))]


def _cell(before: int, after: int) -> str:
    return str(after) if before == after else f"{before} → {after}"
