"""Time that does not count whole: force-majeure windows and pauses, as gaps in the running of a clock (ADR 0018). Pure.

A gap has a factor: 0 = the clock stands still, 0.5 = two minutes count as one. Elapsed clocks count what runs; day clocks count a day by the
factor that holds when it ends. Not here: which gaps a clock has (`gaps`), what a deadline is (`deadlines`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import ceil

WHOLE = Fraction(1)
A_MOMENT = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Gap:
    """From `begin` (included) to `end` (excluded) only `factor` of the time counts; `why` is `pause:<reason>` or `window:<id>`."""

    begin: datetime
    end: datetime
    factor: Fraction
    why: str


@dataclass(frozen=True)
class Piece:
    """A stretch of time in which one factor holds; `why` is empty where the clock simply runs."""

    begin: datetime
    end: datetime
    factor: Fraction = WHOLE
    why: str = ""

    @property
    def counted(self) -> Fraction:
        """Return what of it counts, in minutes."""
        return Fraction((self.end - self.begin) // A_MOMENT, 60_000) * self.factor


Gaps = Sequence[Gap]
Ends = Callable[[date], datetime]  #: when a day ends, and is counted
Counted = tuple[date, Fraction, str]


def share(at: datetime, gaps: Gaps) -> tuple[Fraction, str]:
    """Return which part of the time counts at an instant, and why; of several gaps the one that lets least count."""
    holding = [gap for gap in gaps if gap.begin <= at < gap.end]
    found = min(holding, key=lambda gap: (gap.factor, gap.why), default=None)
    return (found.factor, found.why) if found else (WHOLE, "")


def pieces(begin: datetime, end: datetime | None, gaps: Gaps) -> Iterator[Piece]:
    """Cut the time from `begin` on wherever the factor changes; without `end` the last piece never ends, and the clock runs in it."""
    edges = sorted({edge for gap in gaps for edge in (gap.begin, gap.end) if begin < edge and (end is None or edge < end)})
    here = begin
    for edge in (*edges, end or datetime.max.replace(tzinfo=begin.tzinfo)):
        if edge > here:
            yield Piece(here, edge, *share(here, gaps))
            here = edge


def _plus(begin: datetime, amount: timedelta) -> datetime:
    return begin + amount


def _minus(begin: datetime, end: datetime) -> timedelta:
    return end - begin


def advance(
    begin: datetime,
    amount: timedelta,
    gaps: Gaps,
    after: Callable[[datetime, timedelta], datetime] = _plus,
    between: Callable[[datetime, datetime], timedelta] = _minus,
) -> datetime:
    """Return the earliest instant at which `amount` has run since `begin`; `after` and `between` say how time runs without gaps."""
    if not gaps:
        return after(begin, amount)
    left = Fraction(amount // A_MOMENT)
    for piece in pieces(begin, None, gaps):
        if piece.factor:
            found = after(piece.begin, ceil(left / piece.factor) * A_MOMENT)
            if found <= piece.end:
                return found
            left -= between(piece.begin, piece.end) // A_MOMENT * piece.factor
    raise AssertionError  # the last piece never ends


def counted(begin: datetime, end: datetime, gaps: Gaps) -> Fraction:
    """Return how many minutes ran from `begin` to `end`: the inverse of `advance`."""
    return sum((piece.counted for piece in pieces(begin, end, gaps)), Fraction(0))


def nth_day(day: date, count: int, on: Callable[[date, int], date], ends: Ends, gaps: Gaps) -> date:
    """Return the `count`-th day after `day`; `on` says which that is without gaps."""
    if not gaps:
        return on(day, count)
    *_, last = day_by_day(day, count, lambda one: on(one, 1), ends, gaps)
    return last[0]


def day_by_day(day: date, count: int, after: Callable[[date], date], ends: Ends, gaps: Gaps) -> Iterator[Counted]:
    """Yield the days after `day` that a clock of `count` days looks at, with what each counts and why less than whole, the due day last."""
    left = Fraction(count)
    while left > 0:
        day = after(day)
        part, why = share(ends(day), gaps)
        yield day, min(part, left), why
        left -= part
