"""`huiyin fixes`: the first-time-fix rate of a site by team and contractor. Not here: what counts (console)."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from common.errors import Text
from console.domain.labels import DEPARTMENT
from rich.table import Table

from huiyin import cli
from huiyin.cases import English
from huiyin.doors import open_doors
from huiyin.timeline import EN, ZH, word

HEADS = (
    Text("班组或维保单位", "team or contractor"),
    Text("完工", "completed"),
    Text("返工", "reworked"),
    Text("重复报修", "repeated"),
    Text("一次修复率", "rate"),
)
TITLE = Text("{site} 一次修复率,近 {days} 天", "{site}: first-time-fix rate of the last {days} days")


def fixes(
    site: Annotated[str, typer.Option("--site", help="Site code.")],
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="How far back.")] = 30,
    json: cli.AsJson = False,  # noqa: FBT002 - a flag
    en: English = False,  # noqa: FBT002 - a flag
) -> None:
    """Show how many repairs held the first time, by team and contractor.

    Example: huiyin fixes --site AB --days 90
    """
    seen = cli.run(_see(site, days))
    if json:
        cli.show_json(seen)
        return
    cli.out.print(table(seen, days, EN if en else ZH))


async def _see(site: str, days: int) -> dict[str, Any]:
    async with open_doors() as doors:
        seen: dict[str, Any] = await doors.surely("console", "GET", f"/v1/sites/{site}/first-time-fix", days=days)
        return seen


def table(seen: Mapping[str, Any], days: int, locale: str) -> Table:
    """Return one row for each team and contractor, the largest first."""
    made = Table(*(head.in_(locale) for head in HEADS), title=TITLE.in_(locale).format(site=seen["site"], days=days), title_justify="left")
    for row in seen["teams"]:
        team = word(DEPARTMENT, row["team"], locale) if row["team"] else "—"
        made.add_row(team, *(str(row[name]) for name in ("completed", "reworked", "repeated")), f"{row['rate']:.1f} %")
    return made
