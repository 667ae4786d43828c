"""`huiyin case`: one case as the desk sees it: where it stands, what happened, its clocks."""

from typing import Annotated, Any

import typer
from common.errors import Text
from console.domain.labels import STATUS

from huiyin import cli
from huiyin.doors import Doors, open_doors
from huiyin.timeline import EN, ZH, clocks_table, timeline_table, word

app = typer.Typer(help="Cases.", no_args_is_help=True)
English = Annotated[bool, typer.Option("--en", help="In English; without it in Chinese.")]


@app.callback()
def group() -> None:
    """Cases."""


@app.command("show")
def show(
    number: Annotated[str, typer.Argument(help="Case number, e.g. AB-260314-7K3QX.")],
    json: cli.AsJson = False,  # noqa: FBT002 - a flag
    en: English = False,  # noqa: FBT002 - a flag
) -> None:
    """Print a case with its timeline and clocks, in the site's local time.

    Example: huiyin case show AB-260314-7K3QX
    """
    locale = EN if en else ZH
    seen = cli.run(_see(number, locale))
    if json:
        cli.show_json(seen)
    else:
        print_case(seen, locale)


async def _see(number: str, locale: str) -> dict[str, Any]:
    async with open_doors() as doors:
        return await look(doors, number, locale)


async def look(doors: Doors, number: str, locale: str) -> dict[str, Any]:
    """Return case, timeline, clocks and the site's zone. Raises Failed when there is none."""
    case = await doors.surely("intake", "GET", f"/v1/cases/{number}")
    timeline = await doors.surely("console", "GET", f"/v1/cases/{number}/timeline", locale=locale)
    clocks = await doors.surely("sla", "GET", "/v1/clocks", case=number)
    policy = await doors.surely("sla", "GET", f"/v1/sites/{case['site']}/policy")
    return {"case": case, "timeline": timeline["entries"], "clocks": clocks, "zone": policy["calendar"]["timezone"]}


def print_case(seen: dict[str, Any], locale: str) -> None:
    """Print both tables."""
    case, zone = seen["case"], seen["zone"]
    title = f"{case['number']} · {word(STATUS, case['status'], locale)}"
    cli.out.print(timeline_table(title, seen["timeline"], zone, locale))
    if route := case.get("route"):
        cli.out.print(f"→ {route['department']}: {Text(**route['why']).in_(locale)}", markup=False)
    if seen["clocks"]:
        cli.out.print(clocks_table("", seen["clocks"], zone, locale))
