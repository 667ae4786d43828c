"""`huiyin majeure`: declare force majeure 不可抗力, list, end early, take back. What it does to clocks is shown like any change (`changes`)."""

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from huiyin import changes, cli
from huiyin.doors import Doors, open_doors
from huiyin.exits import BadInput
from huiyin.timeline import when

app = typer.Typer(help="Force majeure: limits that run slower or stand still for a while.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Id of the declaration, mj-…")]
Classes = Annotated[list[str], typer.Option("--class", help="CLASS=stop, or CLASS=2 for twice as long. As the site's policy permits.")]
STOP = "stop"


@app.command("declare")
def declare(
    site: Annotated[list[str], typer.Option(help="Code of a site; may be given several times.")],
    reason: Annotated[str, typer.Option(help="One of the reasons of the policy, e.g. red_rain_warning.")],
    until: Annotated[str, typer.Option(help="When it ends: ISO 8601; without a zone in that of the first site.")],
    class_: Classes,
    begin: Annotated[str | None, typer.Option("--from", help="When it begins; without it now.")] = None,
    dry_run: cli.DryRun = False,  # noqa: FBT002 - a flag
    json: cli.AsJson = False,  # noqa: FBT002 - a flag
) -> None:
    """Declare force majeure at sites: limits of the named classes run slower or stand still; emergencies never do.

    Example: huiyin majeure declare --site AB --reason red_rain_warning --until "2026-07-01 20:00" --class outdoor=stop --dry-run
    """
    cli.run(_declare(site, {"reason": reason, "classes": _classes(class_)}, (begin, until), dry_run=dry_run, json=json))


def _classes(words: list[str]) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for word in words:
        name, _, how = word.partition("=")
        try:
            found[name] = None if how == STOP else float(how)
        except ValueError:
            raise typer.BadParameter(f"--class {word}: CLASS=stop or CLASS=2") from None
    return found


async def _declare(sites: list[str], body: dict[str, Any], span: tuple[str | None, str], *, dry_run: bool, json: bool) -> None:
    async with open_doors() as doors:
        zone = ZoneInfo(await changes.zone_of(doors, sites[0]))
        begin = _instant(span[0], zone) if span[0] else await _now(doors)
        asked = body | {"sites": sites, "begin": begin, "until": _instant(span[1], zone), "preview": dry_run}
        await _told(doors, await changes.begin(doors, "/v1/majeure", asked), json=json)
    _unchanged(dry_run)


def _instant(text: str, zone: ZoneInfo) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text} is no ISO 8601 time") from None
    return (at if at.tzinfo else at.replace(tzinfo=zone)).isoformat()


async def _now(doors: Doors) -> str:
    """Return business time, which is not the clock of this machine in a story."""
    return str((await doors.surely("sla", "GET", "/v1/quiet", bearer=doors.system))["now"])


@app.command("list")
def list_(site: Annotated[str, typer.Argument(help="Code of the site.")], json: cli.AsJson = False) -> None:  # noqa: FBT002 - a flag
    """List the declarations of a site, the newest first, those that were ended or taken back too.

    Example: huiyin majeure list AB
    """
    found, zone = cli.run(_list(site))
    if json:
        cli.show_json(found)
        return
    rows = [[one["id"], one["reason"], *(when(one[name], zone) for name in TIMES), _said(one["classes"]), one["by"]] for one in found]
    cli.show_table(("id", "reason", "from", "until", "ended", "undone", "classes", "by"), rows)


TIMES = ("begin", "until", "ended_at", "undone_at")


def _said(classes: dict[str, float | None]) -> str:
    return ", ".join(f"{name}={STOP if factor is None else factor}" for name, factor in classes.items())


async def _list(site: str) -> tuple[list[dict[str, Any]], str]:
    async with open_doors() as doors:
        return await doors.surely("sla", "GET", "/v1/majeure", site=site), await changes.zone_of(doors, site)


@app.command("end")
def end(name: Name, dry_run: cli.DryRun = False, json: cli.AsJson = False) -> None:  # noqa: FBT002 - flags
    """End a declaration now, before its time; from now on clocks run as always.

    Example: huiyin majeure end mj-0197f3a2c4b87d1e9a55c0de1f2a3b4c
    """
    cli.run(_finish(name, "end", dry_run=dry_run, json=json))


@app.command("undo")
def undo(name: Name, dry_run: cli.DryRun = False, json: cli.AsJson = False) -> None:  # noqa: FBT002 - flags
    """Take a declaration back as if it had never been; its clocks are recomputed back, levels that were raised stay raised.

    Example: huiyin majeure undo mj-0197f3a2c4b87d1e9a55c0de1f2a3b4c --dry-run
    """
    cli.run(_finish(name, "undo", dry_run=dry_run, json=json))


async def _finish(name: str, move: str, *, dry_run: bool, json: bool) -> None:
    async with open_doors() as doors:
        await _told(doors, await changes.begin(doors, f"/v1/majeure/{name}/{move}", {"preview": dry_run}), json=json)
    _unchanged(dry_run)


def _unchanged(dry_run: bool) -> None:  # noqa: FBT001 - a flag handed on
    if dry_run:
        cli.err.print("nothing was changed (--dry-run)")


async def _told(doors: Doors, made: dict[str, Any], *, json: bool) -> None:
    """Watch the changes of a declaration to their end and show what became of the clocks."""
    if not json:
        cli.err.print(f"{made['id']}: {', '.join(one['site'] for one in made['declarations'])}", markup=False)
    await changes.tell(doors, made["changes"], json=json)
