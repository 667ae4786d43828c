"""`huiyin calendar`: publishes a year of days off and worked days from a file, and shows which clocks that moved.

The file: `calendar`, `year`, `off` and `worked` (dates), and for the reader `source`.
"""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from common.packs import PackError, read
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from huiyin import cli
from huiyin.doors import open_doors
from huiyin.exits import BadInput

app = typer.Typer(help="Calendars: the days off and the shifted working days of a year.", no_args_is_help=True)


class YearFile(BaseModel):
    """One year of a calendar as a file says it."""

    model_config = ConfigDict(extra="forbid")
    calendar: str = Field(pattern=r"^[A-Z0-9_-]{2,20}$")
    year: int = Field(ge=2000, le=2100)
    source: str = ""
    off: tuple[date, ...]
    worked: tuple[date, ...] = ()


def read_year(file: Path) -> YearFile:
    """Return the year of a file. Raises BadInput naming file, line and field."""
    try:
        document = read(file)
    except PackError as wrong:
        raise BadInput(str(wrong)) from None
    try:
        return YearFile.model_validate(document.values)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        path = tuple(first["loc"])
        raise BadInput(f"{file}:{document.line(path)}: {'.'.join(map(str, path)) or 'document'}: {first['msg']}") from None


@app.command("publish")
def publish(
    files: Annotated[list[Path], typer.Argument(help="Year files, e.g. packs/calendars/CN-2027.yaml.", exists=True, dir_okay=False, readable=True)],
    json: cli.AsJson = False,  # noqa: FBT002 - a flag
) -> None:
    """Publish years of calendars; clocks that waited for them are dated, others move where the days differ.

    Example: huiyin calendar publish packs/calendars/CN-2027.yaml
    """
    rows = cli.run(_publish(files))
    if json:
        cli.show_json(rows)
        return
    cli.show_table(["calendar", "year", "revision", "off", "worked"], [_row(row) for row in rows])
    cli.err.print("see what moved with: huiyin calendar moved CALENDAR")


def _row(row: dict[str, Any]) -> list[Any]:
    return [row["calendar"], row["year"], row["revision"], len(row["off"]), len(row["worked"])]


async def _publish(files: list[Path]) -> list[dict[str, Any]]:
    years = [read_year(file) for file in files]
    async with open_doors() as doors:
        return [
            await doors.surely("sla", "PUT", f"/v1/calendars/{one.calendar}/{one.year}", body=one.model_dump(mode="json", include={"off", "worked"}))
            for one in years
        ]


@app.command("moved")
def moved(
    calendar: Annotated[str, typer.Argument(help="Calendar, e.g. CN.")],
    revision: Annotated[int | None, typer.Option(help="Which publication; without it the newest.")] = None,
    json: cli.AsJson = False,  # noqa: FBT002 - a flag
) -> None:
    """List the clocks that a publication of a calendar moved, with their due times before and after.

    Example: huiyin calendar moved CN
    """
    found = cli.run(_moved(calendar, revision))
    if json:
        cli.show_json(found)
        return
    rows = [[one["clock"], one["due_from"] or "–", one["due_to"] or "–"] for one in found["moved"]]
    cli.show_table(["clock", "before", "after"], rows, empty="no clock moved")
    if found["waiting"]:
        cli.err.print(f"{found['waiting']} clocks are still to be looked at")


async def _moved(calendar: str, revision: int | None) -> dict[str, Any]:
    async with open_doors() as doors:
        found: dict[str, Any] = await doors.surely("sla", "GET", f"/v1/calendars/{calendar}/moved", revision=revision)
        after = found["next"]
        while after is not None:
            page = await doors.surely("sla", "GET", f"/v1/calendars/{calendar}/moved", revision=revision, after=after)
            found["moved"] += page["moved"]
            after = page["next"]
        return found
