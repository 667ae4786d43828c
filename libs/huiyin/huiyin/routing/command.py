"""`huiyin routing`: draft routing rules from a history, and see how good they are on requests that came later."""

import csv
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from common.packs import PackError, read_pack
from common.routing import RoutingRule
from pydantic import TypeAdapter, ValidationError

from huiyin import cli
from huiyin.exits import BadInput
from huiyin.routing import draft
from huiyin.routing.compare import Routing, compare, route_all
from huiyin.routing.past import Columns, Read, Sent, read_sent
from huiyin.routing.rules import find, named
from huiyin.routing.tell import as_json, found_json, show, show_found
from huiyin.routing.tune import CUT, Tried, best, shapes, table, tried

SHOWN_BAD = 10
HALF = "half"
HEAD = ("request_id", "department", "rule", "why_zh", "why_en")
UNTIL = "Learn only from requests that came before: an ISO 8601 time with its offset, or `half` for the first half of the file."

app = typer.Typer(help="Which department a request goes to.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(help="CSV or CSV.gz with one request a line; times carry their offset.", exists=True, dir_okay=False)]
Id = Annotated[str, typer.Option("--id", help="Column: the number of the request.")]
Opened = Annotated[str, typer.Option(help="Column: when the request came.")]
Matter = Annotated[str, typer.Option(help="Column: what it was about.")]
Category = Annotated[str, typer.Option(help="Column: the group of the matter.")]
Channel = Annotated[str, typer.Option(help="Column: how it came.")]
Site = Annotated[str, typer.Option(help="Column: its site.")]
Area = Annotated[str, typer.Option(help="Column: the area of the site.")]
Department = Annotated[str, typer.Option(help="Column: the department it was sent to.")]


@app.callback()
def routing() -> None:
    """Which department a request goes to."""


@app.command("infer")
def infer(  # noqa: PLR0913, PLR0917 - options of one command
    file: File,
    until: Annotated[str | None, typer.Option(help=UNTIL)] = None,
    out: Annotated[Path | None, typer.Option(help="Write the rules here, as an overlay. Nothing is overwritten.")] = None,
    name: Annotated[str, typer.Option(help="What the overlay is called.")] = "inferred-routing",
    id_: Id = "request_id",
    opened: Opened = "created_at",
    matter: Matter = "descriptor",
    category: Category = "category",
    channel: Channel = "channel",
    site: Site = "site",
    area: Area = "area",
    department: Department = "department",
    json: cli.AsJson = False,  # noqa: FBT002 - a flag
) -> None:
    """Draft routing rules from a history of requests and the departments they were sent to; say how often each was right.

    Only the named columns are read. Exit code 4 when rows of the file could not be used.

    Example: huiyin routing infer requests.csv --until half --out rules.yaml
    """
    read = cli.run(_read(file, Columns(id_, opened, matter, category, channel, site, area, department), learn=True))
    history = cli.run(_history(read, until))
    chosen, plain = _chosen(history)
    period = draft.Period(len(history), history[0].at, history[-1].at)
    rules = named(find(history, chosen.shape), {"doc": "history", "quote": period.quote})
    if out:
        titles = {one.matter: one.title for one in history}
        cli.run(_save(out, draft.text_of(name, rules, titles, period, (chosen, plain))))
    if json:
        cli.show_json(found_json(rules, period, chosen, plain))
    else:
        show_found(rules, period, chosen, plain)
    _end(read)


@app.command("check")
def check(  # noqa: PLR0913, PLR0917 - options of one command
    file: File,
    rules: Annotated[Path, typer.Option(help="A pack or overlay with `routing_rules`.", exists=True, dir_okay=False)],
    since: Annotated[str, typer.Option(help="Judge requests that came at this time or later; `half`: the second half of the file.")] = HALF,
    out: Annotated[Path | None, typer.Option(help="Write request_id,department,rule,why_zh,why_en here.")] = None,
    id_: Id = "request_id",
    opened: Opened = "created_at",
    matter: Matter = "descriptor",
    category: Category = "category",
    channel: Channel = "channel",
    site: Site = "site",
    area: Area = "area",
    department: Department = "department",
    json: cli.AsJson = False,  # noqa: FBT002 - a flag
) -> None:
    """Route the later requests of a history by rules and compare with where they went, beside the most frequent department of each matter before.

    Without the column of departments requests are only routed. Exit code 4 when rows of the file could not be used.

    Example: huiyin routing check requests.csv --rules rules.yaml --out routes.csv
    """
    cli.run(_writable(out))
    known = cli.run(_rules(rules))
    read = cli.run(_read(file, Columns(id_, opened, matter, category, channel, site, area, department), learn=False))
    start = cli.run(_instant(read, since))
    later = read.since(start)
    if any(end >= start for end in draft.ends_of(known)):
        cli.err.print("huiyin: the rules were found on requests that are judged here: the figures flatter them", markup=False)
    routings = list(cli.tracked(route_all(later, known), "routing", len(later)))
    if out:
        _write(out, routings)
    compared = compare(routings, read.before(start), known) if read.before(start) else None
    if json:
        cli.show_json(as_json(compared, routings, known))
    else:
        show(compared, routings, known)
    _end(read)


async def _read(file: Path, columns: Columns, *, learn: bool) -> Read:
    return read_sent(file, columns, learn=learn)


async def _history(read: Read, until: str | None) -> tuple[Sent, ...]:
    history = read.before(await _instant(read, until) if until else None)
    if not history:
        raise BadInput("no request with a department before that")
    return history


async def _instant(read: Read, said: str) -> datetime:
    if said == HALF:
        return read.middle
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        raise BadInput(f"no ISO 8601 time: {said[:40]}") from None
    return at if at.tzinfo else at.replace(tzinfo=read.sent[0].at.tzinfo)


def _chosen(history: Sequence[Sent]) -> tuple[Tried, int]:
    """Return the shape that does best inside the history, and how many the plain table sends right there."""
    wanted = shapes()
    chosen = best(list(cli.tracked(tried(history, wanted), "trying", len(wanted))))
    cut = int(len(history) * CUT)
    usual, most = table(history[:cut]) if cut else ({}, "")
    return chosen, sum(usual.get(one.matter, most) == one.department for one in history[cut:])


async def _rules(file: Path) -> tuple[RoutingRule, ...]:
    try:
        found = TypeAdapter(tuple[RoutingRule, ...]).validate_python(read_pack(file).sections.get("routing_rules") or ())
    except PackError as wrong:
        raise BadInput(str(wrong)) from None
    except ValidationError as wrong:
        raise BadInput(f"{file}: {wrong.errors()[0]['msg']}") from None
    if not found:
        raise BadInput(f"{file}: no routing_rules")
    return found


async def _save(file: Path, text: str) -> None:
    _saved(file, text)


def _saved(file: Path, text: str) -> None:
    """Write the draft and read it back. Raises BadInput."""
    if file.exists():
        raise BadInput(f"{file} is there already")
    try:
        file.write_text(text, encoding="utf-8")
        read_pack(file)
    except OSError as wrong:
        raise BadInput(f"{file} cannot be written: {wrong.strerror}") from wrong
    except PackError as wrong:
        raise BadInput(f"the draft is not valid: {wrong}") from wrong
    cli.err.print(f"draft: {file}", markup=False)


async def _writable(out: Path | None) -> None:
    cli.writable(out)


def _write(file: Path, routings: Sequence[Routing]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(HEAD)
        for one in routings:
            route = one.route
            writer.writerow([one.sent.id, *([route.department, route.rule or "", route.why.zh, route.why.en] if route else [""] * 4)])
    cli.err.print(f"routes: {file}", markup=False)


def _end(read: Read) -> None:
    for line, reason in read.bad[:SHOWN_BAD]:
        cli.err.print(f"line {line}: {reason}", markup=False)
    if read.bad:
        cli.err.print(f"huiyin: {len(read.bad)} rows could not be used", markup=False)
        raise typer.Exit(BadInput.code)
