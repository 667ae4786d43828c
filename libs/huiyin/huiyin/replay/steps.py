"""Steps of business time along the file: which openings and completions are entered at which instant. Pure.

A request is entered at the instant of its step: not before its opening, and not after its completion, since nobody can complete what is not
yet on record. So a step ends where the first of its requests was completed; completions may be entered later than they happened.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import heappop, heappush

from huiyin.replay.rows import Request


@dataclass(frozen=True)
class Step:
    """One instant: what is opened and what is completed then. The two never name the same request."""

    at: datetime
    openings: tuple[Request, ...] = ()
    completions: tuple[Request, ...] = ()

    @property
    def size(self) -> int:
        """Return how many things happen."""
        return len(self.openings) + len(self.completions)


class _Open:
    """Requests on record that will be completed, the first to be completed first."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, str, Request]] = []

    def add(self, requests: Sequence[Request]) -> None:
        for one in requests:
            if one.closed is not None:
                heappush(self._heap, (one.closed, one.id, one))

    def ended(self, until: datetime | None, size: int) -> tuple[Request, ...]:
        """Take out up to `size` that were completed not later than `until` (None: whenever)."""
        found: list[Request] = []
        while self._heap and len(found) < size and (until is None or self._heap[0][0] <= until):
            found.append(heappop(self._heap)[2])
        return tuple(found)


def steps(requests: Sequence[Request], size: int) -> Iterator[Step]:
    """Yield the steps in time order, at most `size` openings and as many completions each. `requests`: oldest first."""
    on_record = _Open()
    for openings in _batches(requests, size):
        at = openings[-1].created
        yield Step(at, openings, on_record.ended(at, size))
        on_record.add(openings)
    while completions := on_record.ended(None, size):
        ends = [one.closed for one in completions if one.closed]
        yield Step(max(ends[-1], requests[-1].created), (), completions)


def _batches(requests: Sequence[Request], size: int) -> Iterator[tuple[Request, ...]]:
    """Yield openings in pieces that end before one of their own was completed."""
    batch: list[Request] = []
    first_end: datetime | None = None
    for one in requests:
        if batch and (len(batch) == size or (first_end is not None and one.created > first_end)):
            yield tuple(batch)
            batch, first_end = [], None
        batch.append(one)
        if one.closed is not None:
            first_end = min(first_end or one.closed, one.closed)
    if batch:
        yield tuple(batch)
