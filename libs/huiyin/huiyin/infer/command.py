"""`huiyin pack infer`: a draft of a policy pack from an organisation's own history of requests and deadlines."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from common.packs import PackError, read_site
from pydantic import ValidationError

from huiyin import cli
from huiyin.exits import BadInput
from huiyin.infer.draft import Name, pack_text, site_text
from huiyin.infer.fit import Explain
from huiyin.infer.history import Columns, Past, read_history
from huiyin.infer.hours import Hours
from huiyin.infer.inference import Found, explained_once, inferred
from huiyin.infer.tell import as_json, show

SHOWN_BAD = 10
MONTH = "Find the rules on this month only, e.g. 2011-07; may be given several times. The other months are predicted."


def infer(  # noqa: PLR0913, PLR0917 - options of one command
    file: Annotated[Path, typer.Argument(help="CSV or CSV.gz with one request a line; times carry their offset.", exists=True, dir_okay=False)],
    out: Annotated[Path | None, typer.Option(help="Write the draft here: NAME.yaml and sites/SITE.yaml. Nothing is overwritten.")] = None,
    name: Annotated[str, typer.Option(help="What the pack is called.")] = "inferred",
    site: Annotated[str, typer.Option(help="Code of the site.")] = "DRAFT",
    title: Annotated[str, typer.Option(help="What people read.")] = "Inferred from history",
    months: Annotated[list[str] | None, typer.Option("--month", help=MONTH)] = None,
    zone: Annotated[str | None, typer.Option(help="Time zone, e.g. Asia/Shanghai; found from the offsets if not given.")] = None,
    opened: Annotated[str, typer.Option(help="Column: when the request came.")] = "created_at",
    due: Annotated[str, typer.Option(help="Column: the deadline it was given; empty = none.")] = "sla_target_at",
    matter: Annotated[str, typer.Option(help="Column: what it was about.")] = "descriptor",
    category: Annotated[str, typer.Option(help="Column: the group of the matter.")] = "category",
    json: cli.AsJson = False,  # noqa: FBT002 - a flag
) -> None:
    """Draft a pack from a history of requests and their deadlines; say how much of it the rules explain and what stays open.

    Only the four named columns are read. Exit code 4 when rows of the file could not be used.

    Example: huiyin pack infer requests.csv --out packs/examples/ours --name ours --site OURS
    """
    called = cli.run(_named(name, site, title))
    found = cli.run(_infer(file, Columns(opened, due, matter, category), zone, months))
    if out:
        cli.run(_save(out, called, found))
    if json:
        cli.show_json(as_json(found))
    else:
        show(found)
    for line, reason in found.history.bad[:SHOWN_BAD]:
        cli.err.print(f"line {line}: {reason}", markup=False)
    if found.history.bad:
        cli.err.print(f"huiyin: {len(found.history.bad)} rows could not be used", markup=False)
        raise typer.Exit(BadInput.code)


async def _named(name: str, site: str, title: str) -> Name:
    try:
        return Name(pack=name, site=site, title=title)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        raise BadInput(f"{first['loc'][0]}: {first['msg']}") from None


async def _infer(file: Path, columns: Columns, zone: str | None, months: Sequence[str] | None) -> Found:
    history = read_history(file, columns, zone)
    cli.err.print("looking for hours and calendar …")
    return inferred(history, months, _explained)


def _explained(past: Sequence[Past], hours: Hours) -> Explain:
    return explained_once(cli.tracked(past, "reading deadlines", len(past)), hours)


async def _save(out: Path, name: Name, found: Found) -> None:
    pack, place = out / f"{name.pack}.yaml", out / "sites" / f"{name.site}.yaml"
    for file in (pack, place):
        if file.exists():
            raise BadInput(f"{file} is there already")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        pack.write_text(pack_text(name, found.report, found.matters, found.period), encoding="utf-8")
        place.write_text(site_text(name, found.report.hours.zone), encoding="utf-8")
        read_site(place)
    except OSError as wrong:
        raise BadInput(f"{out} cannot be written: {wrong.strerror}") from wrong
    except PackError as wrong:
        raise BadInput(f"the draft is not valid: {wrong}") from wrong
    cli.err.print(f"draft: {pack} and {place}", markup=False)
