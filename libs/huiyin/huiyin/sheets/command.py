"""`huiyin site import` and `huiyin site template`. Not here: reading and checking (`reading`, `register`), the doors (`bringing`)."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from huiyin import cli
from huiyin.doors import open_doors
from huiyin.exits import BadInput
from huiyin.sheets import reading, register, template
from huiyin.sheets.bringing import Brought, bring
from huiyin.sheets.register import Found

SHOWN = 200  #: problems that are printed; --json has all
Sheet = Annotated[Path, typer.Argument(help="An .xlsx file made from the template.", exists=True, dir_okay=False, readable=True)]
Site = Annotated[str, typer.Option("--site", help="Code of the site, e.g. AB.")]


def import_sheets(file: Sheet, site: Site, dry_run: cli.DryRun = False, json: cli.AsJson = False) -> None:  # noqa: FBT002 - flags
    """Bring units, owners and people in from Excel; every wrong cell is named, and with one wrong cell nothing is brought in.

    Example: huiyin site import units.xlsx --site AB --dry-run
    """
    what, done = cli.run(_import(file, site, dry_run=dry_run))
    counts = {"units": len(what.units), "people": len(what.people), "problems": len(what.problems)}
    if json:
        listed = [{"sheet": one.sheet, "cell": one.cell, "zh": one.why.zh, "en": one.why.en} for one in what.problems]
        cli.show_json(counts | {"problems": listed, "done": asdict(done) if done else None})
    else:
        _show(what, done)
    if what.problems:
        raise typer.Exit(BadInput.code)


def write_template(file: Annotated[Path, typer.Argument(help="Where to write it.", dir_okay=False)] = Path("huiyin-site.xlsx")) -> None:
    """Write the empty Excel file that `huiyin site import` reads.

    Example: huiyin site template units.xlsx
    """
    cli.run(_write(file))
    cli.err.print(f"written: {file}", markup=False, soft_wrap=True)


async def _import(file: Path, site: str, *, dry_run: bool) -> tuple[Found, Brought | None]:
    what = register.found(reading.read(file))
    if dry_run or what.problems:
        return what, None
    async with open_doors() as doors:
        return what, await bring(doors, site, what)


async def _write(file: Path) -> None:
    _make(file)


def _make(file: Path) -> None:
    if file.exists():
        raise BadInput(f"{file} 已存在 / is there already")
    try:
        template.write(file)
    except OSError as wrong:
        raise BadInput(f"{file} cannot be written: {wrong.strerror}") from wrong


def _show(what: Found, done: Brought | None) -> None:
    for one in what.problems[:SHOWN]:
        cli.out.print(str(one), markup=False, soft_wrap=True)
    if len(what.problems) > SHOWN:
        cli.out.print(f"… {len(what.problems) - SHOWN} more (--json)", markup=False)
    said = f"{len(what.units)} units, {len(what.people)} people, {len(what.problems)} cells to mend"
    if done:
        said += f"; added {done.units_added} units and {done.people_added} people, replaced {done.units_replaced} and {done.people_replaced}"
    else:
        said += "; nothing was brought in"
    cli.err.print(said, markup=False, soft_wrap=True)
