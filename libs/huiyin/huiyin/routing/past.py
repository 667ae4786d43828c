"""Reads what a history says about departments: what was known when a request came, and the department it was sent to.

Other columns are not read. A file without the column of departments can be routed, but not learned from.
Not here: which rules explain it (`rules`), how good they are (`compare`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from common.routing import Asking, plain
from common.states import CaseKind, Channel

from huiyin.exits import BadInput
from huiyin.infer.history import OTHER
from huiyin.replay.codes import code_of
from huiyin.replay.rows import CHANNELS, table, time_of

KIND = CaseKind.REPAIR  # of every row: a history names none
SHORTEST = 3  # letters of a word that may say something


@dataclass(frozen=True)
class Columns:
    """Names of the columns. Only `opened` and `matter` have to be there; `department` to learn."""

    id: str
    opened: str
    matter: str
    category: str
    channel: str
    site: str
    area: str
    department: str

    @property
    def given(self) -> tuple[str, ...]:
        """Return all of them."""
        return (self.id, self.opened, self.matter, self.category, self.channel, self.site, self.area, self.department)


@dataclass(frozen=True, slots=True)
class Sent:
    """One request: what was known when it came, and where it was sent."""

    id: str
    at: datetime
    title: str  #: what it was about, in the words of the file
    site: str
    known: Asking
    department: str | None  #: code; None: the file does not say

    @property
    def matter(self) -> str:
        """Return the code of what it was about."""
        return self.known.fault or ""


@dataclass(frozen=True)
class Read:
    """The requests, oldest first, and the lines that could not be used with the reason."""

    sent: tuple[Sent, ...]
    bad: tuple[tuple[int, str], ...]

    def before(self, until: datetime | None) -> tuple[Sent, ...]:
        """Return the requests that came before an instant and were sent somewhere: what may be learned from."""
        return tuple(one for one in self.sent if one.department and (until is None or one.at < until))

    def since(self, start: datetime) -> tuple[Sent, ...]:
        """Return the requests that came at an instant or later."""
        return tuple(one for one in self.sent if one.at >= start)

    @property
    def middle(self) -> datetime:
        """Return when the second half of the requests begins."""
        return self.sent[len(self.sent) // 2].at


def read_sent(file: Path, columns: Columns, *, learn: bool) -> Read:
    """Return the requests of a file. `learn`: the departments are needed. Raises BadInput."""
    good: list[Sent] = []
    bad: list[tuple[int, str]] = []
    needed = (columns.opened, columns.matter, *((columns.department,) if learn else ()))
    for line, row in table(file, needed, columns.given):
        try:
            at = time_of(columns.opened, row[columns.opened])
        except ValueError as wrong:
            bad.append((line, str(wrong)))
            continue
        if at is None or not row[columns.matter]:
            bad.append((line, f"{columns.opened if at is None else columns.matter} is empty"))
            continue
        good.append(_sent(at, row, columns, line))
    if not good:
        raise BadInput(f"{file}: no request in the file")
    return Read(tuple(sorted(good, key=lambda one: one.at)), tuple(bad))


def _sent(at: datetime, row: dict[str, str], columns: Columns, line: int) -> Sent:
    title, site, department = row[columns.matter], row[columns.site], row[columns.department]
    known = Asking(
        kind=KIND,
        fault=code_of(title),
        category=code_of(row[columns.category] or OTHER),
        channel=Channel(CHANNELS.get(row[columns.channel], "call_centre")),
        area=row[columns.area] or None,
        subject=title,
        site=frozenset({site} if site else ()),
    )
    return Sent(row[columns.id] or str(line), at, title, site, known, code_of(department) if department else None)


def words_of(title: str) -> Iterator[str]:
    """Yield what a title may be known by: its words; of a script without spaces every two characters."""
    for word in dict.fromkeys(plain(title).split()):
        if word.isascii():
            if len(word) >= SHORTEST and not word.isdigit():
                yield word
        else:
            yield from dict.fromkeys(word[place : place + 2] for place in range(max(1, len(word) - 1)))


def by_matter(sent: Sequence[Sent]) -> dict[str, list[Sent]]:
    """Return the requests of each matter, in the same order."""
    found: dict[str, list[Sent]] = {}
    for one in sent:
        found.setdefault(one.matter, []).append(one)
    return found
