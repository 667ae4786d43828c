"""`huiyin audit`: looks whether the audit chains are whole."""

from typing import Annotated, Any

import typer

from huiyin import cli
from huiyin.doors import Doors, open_doors

app = typer.Typer(help="Audit chains: one for each site and service that keeps cases, orders or money.", no_args_is_help=True)
CHAINED = ("intake", "dispatch")  #: services that keep chains
COLUMNS = ("service", "site", "rows", "documents", "unsealed", "faults", "hash")
Only = Annotated[str | None, typer.Option("--site", help="Only this site.")]


@app.command("verify")
def verify(site: Only = None, json: cli.AsJson = False) -> None:  # noqa: FBT002 - a flag
    """Walk every chain and every audited document; exit code 1 when a row was changed, deleted, inserted or re-ordered, or a document changed.

    Example: huiyin audit verify --site RQ
    """
    found = cli.run(_verify(site))
    if json:
        cli.show_json(found)
    else:
        cli.show_table(COLUMNS, [[len(row[name]) if name == "faults" else row[name] for name in COLUMNS] for row in found])
        for row in found:
            for fault in row["faults"]:
                cli.err.print(f"! {row['service']} {row['site']} {said(fault)}", markup=False, soft_wrap=True)
    if any(row["faults"] for row in found):
        raise typer.Exit(1)


def said(fault: dict[str, Any]) -> str:
    """Return a fault in one line."""
    return " ".join(f"{name}={value}" if name != "what" else str(value) for name, value in fault.items() if value is not None)


async def _verify(site: str | None) -> list[dict[str, Any]]:
    async with open_doors() as doors:
        return await verified(doors, site)


async def verified(doors: Doors, site: str | None) -> list[dict[str, Any]]:
    """Return what the walks of all chains found, of one site or of all."""
    return [await walk(doors, service, one, chains["collections"]) for service, chains, one in await _chains(doors, site)]


async def _chains(doors: Doors, site: str | None) -> list[tuple[str, dict[str, Any], str]]:
    found = [(service, await doors.surely(service, "GET", "/v1/audit")) for service in CHAINED]
    return [(service, chains, head["site"]) for service, chains in found for head in chains["sites"] if site in (None, head["site"])]


async def walk(doors: Doors, service: str, site: str, collections: list[str]) -> dict[str, Any]:
    """Return what the walk of one site's chain in one service found."""
    total: dict[str, Any] = {"service": service, "site": site, "rows": 0, "documents": 0, "unsealed": 0, "faults": [], "hash": ""}
    page = await doors.surely(service, "GET", f"/v1/audit/{site}/rows")
    _add(total, page)
    while page["next"]:
        page = await doors.surely(service, "GET", f"/v1/audit/{site}/rows", after=page["next"], last=page["hash"])
        _add(total, page)
    total["hash"] = page["hash"]
    for collection in collections:
        begin: str | None = ""
        while begin is not None:
            page = await doors.surely(service, "GET", f"/v1/audit/{site}/documents/{collection}", begin=begin)
            _add(total, page)
            begin = page["next"]
    return total


def _add(total: dict[str, Any], page: dict[str, Any]) -> None:
    for name in ("rows", "documents", "unsealed"):
        total[name] += page[name]
    total["faults"] += page["faults"]
