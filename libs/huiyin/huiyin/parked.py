"""`huiyin parked`: facts that could not be handled. They lie sealed where they failed, until a person sends them again or gives them up."""

from typing import Annotated, Any
from urllib.parse import quote

import typer
from common.topology import LISTENS

from huiyin import cli
from huiyin.doors import open_doors
from huiyin.exits import Failed

app = typer.Typer(help="Facts that could not be handled.", no_args_is_help=True)
Service = Annotated[str | None, typer.Option(help=f"Only this service: {', '.join(LISTENS)}.")]
Id = Annotated[str | None, typer.Argument(help="Id of a parked fact, as listed.")]
COLUMNS = ("service", "id", "kind", "site", "reason", "detail", "attempt", "parked_at")


def _services(service: str | None) -> list[str]:
    if service is not None and service not in LISTENS:
        raise typer.BadParameter(f"unknown service {service}", param_hint="--service")
    return [service] if service else list(LISTENS)


@app.command("list")
def list_parked(service: Service = None, json: cli.AsJson = False) -> None:  # noqa: FBT002 - a flag
    """List parked facts of all services with the reason, never with their content.

    Example: huiyin parked list --service sla
    """
    rows = cli.run(_list(_services(service)))
    if json:
        cli.show_json(rows)
        return
    cli.show_table(COLUMNS, [[row.get(column) for column in COLUMNS] for row in rows], empty="nothing is parked")


async def _list(services: list[str]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    async with open_doors() as doors:
        for service in services:
            rows += [{"service": service} | row for row in await doors.surely(service, "GET", "/v1/parked", limit=1000)]
    return rows


@app.command("redrive")
def redrive(
    id: Id = None,
    every: Annotated[bool, typer.Option("--all", help="Every parked fact, e.g. after a repaired bug was deployed.")] = False,  # noqa: FBT002
    service: Service = None,
    dry_run: cli.DryRun = False,  # noqa: FBT002 - a flag
) -> None:
    """Handle parked facts again; what was applied meanwhile is not applied twice, what fails again is parked again.

    Example: huiyin parked redrive intake:case:JN-260314-7K3QX:2

    Example: huiyin parked redrive --all --service sla
    """
    if (id is None) is not every:
        raise typer.BadParameter("give one id, or --all")
    fates = cli.run(_redrive(_services(service), id, dry_run=dry_run))
    cli.show_table(("service", "id", "fate"), fates, empty="nothing to send again")
    if any(fate == "parked again" for _, _, fate in fates):
        raise typer.Exit(1)


async def _redrive(services: list[str], id: str | None, *, dry_run: bool) -> list[tuple[str, str, str]]:
    rows = [row for row in await _list(services) if id in (None, row["id"])]
    if id and not rows:
        raise Failed(f"{id} is not parked")
    async with open_doors() as doors:
        done = []
        for row in rows:
            path = f"/v1/parked/{_segment(row['id'])}/redrive"
            fate = "would be sent again" if dry_run else (await doors.surely(row["service"], "POST", path))["fate"]
            done.append((row["service"], row["id"], fate))
        return done


@app.command("discard")
def discard(
    id: Annotated[str, typer.Argument(help="Id of the parked fact.")],
    reason: Annotated[str, typer.Option(help="Why it is given up; kept in the audit rows.")],
    service: Service = None,
) -> None:
    """Give a parked fact up for good.

    Example: huiyin parked discard intake:case:JN-260314-7K3QX:2 --reason "test message of 14 March"
    """
    cli.run(_discard(_services(service), id, reason))
    cli.err.print(f"{id} is discarded")


async def _discard(services: list[str], id: str, reason: str) -> None:
    rows = [row for row in await _list(services) if row["id"] == id]
    if not rows:
        raise Failed(f"{id} is not parked")
    async with open_doors() as doors:
        for row in rows:
            await doors.surely(row["service"], "POST", f"/v1/parked/{_segment(id)}/discard", body={"reason": reason})


def _segment(id: str) -> str:
    """Return the id as a part of a path: what could not be read has an id of its own making."""
    return quote(id, safe=":")
