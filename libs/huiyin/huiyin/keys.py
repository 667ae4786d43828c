"""`huiyin key`: API keys of call centres. The secret is shown once; intake keeps only its digest."""

from datetime import datetime
from typing import Annotated, Any

import typer

from huiyin import cli
from huiyin.doors import open_doors

app = typer.Typer(help="API keys of call centres.", no_args_is_help=True)
Sites = Annotated[list[str], typer.Option("--site", help="A site the key may report for; repeat for several.")]


@app.command("create")
def create(
    name: Annotated[str, typer.Option(help="Who holds it, e.g. the call centre's name: shown in lists, no secret.")],
    site: Sites,
    expires: Annotated[datetime | None, typer.Option(help="Date (and time, UTC) after which it opens nothing.")] = None,
    json: cli.AsJson = False,  # noqa: FBT002 - a flag
) -> None:
    """Make a key and print it: this is the only time it can be seen.

    Example: huiyin key create --name "city call centre" --site JN --site XZ
    """
    body: dict[str, Any] = {"name": name, "sites": site}
    if expires:
        body["expires_at"] = expires.isoformat() + ("" if expires.tzinfo else "Z")
    made = cli.run(_create(body))
    if json:
        cli.show_json(made)
        return
    cli.err.print(f"key {made['id']} for {', '.join(site)}; keep it, it is not shown again:")
    cli.out.print(made["key"], markup=False, soft_wrap=True)


async def _create(body: dict[str, Any]) -> Any:
    async with open_doors() as doors:
        return await doors.surely("intake", "POST", "/v1/keys", body=body)


@app.command("list")
def list_keys(json: cli.AsJson = False) -> None:  # noqa: FBT002 - a flag
    """List keys without their secrets.

    Example: huiyin key list --json
    """
    keys = cli.run(_list())
    if json:
        cli.show_json(keys)
        return
    columns = ("id", "name", "sites", "created_at", "expires_at", "revoked_at")
    cli.show_table(columns, [[_cell(key.get(column)) for column in columns] for key in keys], empty="no keys yet: huiyin key create --help")


async def _list() -> list[dict[str, Any]]:
    async with open_doors() as doors:
        body = await doors.surely("intake", "GET", "/v1/keys")
        keys: list[dict[str, Any]] = body["keys"]
        return keys


def _cell(value: Any) -> Any:
    return ", ".join(value) if isinstance(value, list) else value


@app.command("revoke")
def revoke(id: Annotated[str, typer.Argument(help="Id of the key, as listed.")]) -> None:
    """End a key at once; requests with it get 401 from now on.

    Example: huiyin key revoke 1f0c22ab34cd
    """
    cli.run(_revoke(id))
    cli.err.print(f"key {id} is revoked")


async def _revoke(id: str) -> None:
    async with open_doors() as doors:
        await doors.surely("intake", "DELETE", f"/v1/keys/{id}")
