"""Reads what a history says about deadlines: when each request came, what it was about, and the deadline it was given. No other column is read.

Not here: which rules explain them (`fit`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from huiyin.exits import BadInput
from huiyin.replay.codes import code_of
from huiyin.replay.rows import table, time_of

OTHER = "other"  #: category where the file names none
#: looked at in this order; the first whose offsets are all those of the file is taken
ZONES = (
    "UTC", "Asia/Shanghai", "Asia/Tokyo", "Asia/Kolkata", "Asia/Dubai", "Asia/Bangkok", "Australia/Sydney", "Pacific/Auckland", "Europe/London",
    "Europe/Berlin", "Europe/Athens", "Europe/Moscow", "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix",
    "America/Los_Angeles", "America/Halifax", "America/Sao_Paulo", "Africa/Lagos", "Africa/Johannesburg", "Africa/Nairobi",
)  # fmt: skip


@dataclass(frozen=True)
class Columns:
    """Names of the columns."""

    opened: str
    due: str
    matter: str
    category: str


@dataclass(frozen=True, slots=True)
class Past:
    """One request of the history."""

    at: datetime
    due: datetime | None
    matter: str  #: code of what it was about
    title: str  #: the same in the words of the file
    category: str
    month: str  #: `2011-07`, local


@dataclass(frozen=True)
class History:
    """All requests, oldest first, their zone, and the lines that could not be used with the reason."""

    past: tuple[Past, ...]
    zone: str
    bad: tuple[tuple[int, str], ...]

    @property
    def months(self) -> tuple[str, ...]:
        """Return the months with requests."""
        return tuple(sorted({one.month for one in self.past}))

    def of(self, months: Iterable[str]) -> tuple[Past, ...]:
        """Return the requests of some months."""
        wanted = frozenset(months)
        return tuple(one for one in self.past if one.month in wanted)


def read_history(file: Path, columns: Columns, zone: str | None = None) -> History:
    """Return the history of a file. `zone`: None finds one that has all offsets of the file. Raises BadInput."""
    names = (columns.opened, columns.due, columns.matter, columns.category)
    good: list[tuple[datetime, datetime | None, str, str]] = []
    bad: list[tuple[int, str]] = []
    for line, row in table(file, names, names):
        try:
            at, due = time_of(columns.opened, row[columns.opened]), time_of(columns.due, row[columns.due])
        except ValueError as wrong:
            bad.append((line, str(wrong)))
            continue
        if at is None or not row[columns.matter]:
            bad.append((line, f"{columns.opened if at is None else columns.matter} is empty"))
            continue
        good.append((at, due, row[columns.matter], row[columns.category]))
    if not good:
        raise BadInput(f"{file}: no request in the file")
    found = zone or zone_of(at for at, *_ in good)
    local = _zone(found)
    past = (Past(at, due, code_of(what), what, code_of(kind or OTHER), f"{at.astimezone(local):%Y-%m}") for at, due, what, kind in good)
    return History(tuple(sorted(past, key=lambda one: one.at)), found, tuple(bad))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise BadInput(f"unknown time zone: {name}") from None


def zone_of(times: Iterable[datetime]) -> str:
    """Return the first zone of the list that has the offset of each of these times. Raises BadInput."""
    samples = {(at.date(), at.utcoffset()): at for at in times}.values()
    for name in ZONES:
        zone = ZoneInfo(name)
        if all(at.astimezone(zone).utcoffset() == at.utcoffset() for at in samples):
            return name
    raise BadInput("no known zone has all offsets of the file; give --zone")
