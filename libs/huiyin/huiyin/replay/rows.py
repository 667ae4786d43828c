"""Reads the file of real requests. Only columns that describe the request and its two times are read: labels never reach the system.

Not here: the order of things (`steps`), sending (`feed`), sites (`cast`).
"""

import csv
import gzip
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TextIO

from huiyin.exits import BadInput

GIVEN = ("request_id", "created_at", "closed_at", "channel", "category", "descriptor", "site", "unit_ref", "sla_target_at")
NEEDED = ("request_id", "created_at", "closed_at", "site", "sla_target_at")
CHANNELS = {"phone": "phone", "app": "app", "web": "app", "staff": "patrol", "integration": "call_centre", "social": "official_account"}


@dataclass(frozen=True)
class Request:
    """One request as its reporter and its worker knew it."""

    id: str
    created: datetime
    closed: datetime | None
    target: datetime | None
    site: str
    channel: str
    category: str
    descriptor: str
    unit: str | None


@dataclass(frozen=True)
class Read:
    """A file's requests, oldest first, and the lines that could not be used with the reason."""

    requests: tuple[Request, ...]
    bad: tuple[tuple[int, str], ...]


def read_requests(file: Path, limit: int | None = None) -> Read:
    """Return the first `limit` requests of the file. Raises BadInput for a file that is no such table."""
    good: list[Request] = []
    bad: list[tuple[int, str]] = []
    seen: set[str] = set()
    for line, row in table(file, NEEDED, GIVEN):
        if limit is not None and len(good) == limit:
            break
        try:
            request = _request(row)
        except ValueError as wrong:
            bad.append((line, str(wrong)))
            continue
        if request.id in seen:
            bad.append((line, f"request_id {request.id} is there twice"))
            continue
        seen.add(request.id)
        good.append(request)
    return Read(tuple(sorted(good, key=lambda one: one.created)), tuple(bad))


def table(file: Path, needed: Sequence[str], given: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the line number and the `given` columns of each row, no others. Raises BadInput when a `needed` column is missing."""
    try:
        with _open(file) as text:
            reader = csv.DictReader(text)
            missing = [name for name in needed if name not in (reader.fieldnames or ())]
            if missing:
                raise BadInput(f"{file}: columns are missing: {', '.join(missing)}")
            for row in reader:
                yield reader.line_num, {name: (row.get(name) or "").strip() for name in given}
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as wrong:
        raise BadInput(f"{file}: cannot be read: {wrong}") from wrong


def _open(file: Path) -> TextIO:
    if file.suffix == ".gz":
        return io.TextIOWrapper(gzip.open(file), encoding="utf-8", newline="")
    return file.open(encoding="utf-8", newline="")


def _request(row: dict[str, str]) -> Request:
    """Return the request of a row. Raises ValueError with a sentence."""
    for name in ("request_id", "created_at", "site"):
        if not row[name]:
            raise ValueError(f"{name} is empty")
    created, closed, target = (time_of(name, row[name]) for name in ("created_at", "closed_at", "sla_target_at"))
    if created is None:
        raise ValueError("created_at is empty")
    if closed is not None and closed < created:
        raise ValueError("closed_at is before created_at")
    channel = CHANNELS.get(row["channel"], "call_centre")
    return Request(row["request_id"], created, closed, target, row["site"], channel, row["category"], row["descriptor"], row["unit_ref"] or None)


def time_of(name: str, text: str) -> datetime | None:
    """Return the time that a column says, None for an empty one. Raises ValueError with a sentence."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{name} is no ISO 8601 time: {text[:40]}") from None
    if at.tzinfo is None:
        raise ValueError(f"{name} has no zone")
    return at
