"""`huiyin reconcile`: has every service compare what it heard with what was said, and bring what is missing."""

from typing import Annotated, Any

import typer
from common.topology import LISTENS

from huiyin import cli
from huiyin.doors import open_doors

COLUMNS = ("service", "seen", "repaired", "waiting", "parked", "away")


def reconcile(
    full: Annotated[bool, typer.Option("--full", help="From the first fact ever, e.g. after the broker was wiped.")] = False,  # noqa: FBT002
    last: Annotated[bool, typer.Option("--last", help="Show the newest report of each service, run nothing.")] = False,  # noqa: FBT002
    json: cli.AsJson = False,  # noqa: FBT002 - a flag
) -> None:
    """Compare with the fact logs now. In steady state every number of repairs is 0; exit code 1 when a source was away.

    Example: huiyin reconcile --full
    """
    reports = cli.run(_reports(full=full, last=last))
    rows = [_row(service, report) for service, report in reports.items()]
    if json:
        cli.show_json(reports)
    else:
        cli.show_table(COLUMNS, [[row[column] for column in COLUMNS] for row in rows])
    if any(row["away"] for row in rows):
        raise typer.Exit(1)


async def _reports(*, full: bool, last: bool) -> dict[str, dict[str, Any]]:
    async with open_doors() as doors:
        if last:
            return {service: await doors.surely(service, "GET", "/v1/reconcile") for service in LISTENS}
        return {service: await doors.surely(service, "POST", "/v1/reconcile", full=str(full).lower()) for service in LISTENS}


def _row(service: str, report: dict[str, Any]) -> dict[str, Any]:
    sources = report.get("sources", {})
    return {
        "service": service,
        "seen": sum(one.get("seen", 0) for one in sources.values()),
        "repaired": report.get("repaired", 0),
        "waiting": report.get("waiting", 0),
        "parked": report.get("parked", 0),
        "away": ", ".join(name for name, one in sources.items() if one.get("away")),
    }
