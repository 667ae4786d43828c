"""One rule for each matter of a history: the limit that explains most of its deadlines. Pure.

Ties between limits that explain the same requests are broken, in this order, by: an odd number is nobody's rule (86 office days); what the decided
matters of the same category use; the rounder number; what all decided matters use; the order of `limits`. They are kept, to be said.
Not here: hours and days (`hours`), when a tie would be decided (`decide`).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from common.clock_rules import Unit

from huiyin.infer.history import Past
from huiyin.infer.limits import GUESSES, Limit

MOST = 0.5  # of the deadlines of a matter: less is no rule
USUAL = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 15, 20, 21, 24, 28, 30, 45, 48, 60, 72, 90, 120, 180, 360, 365})
UNITS = tuple(GUESSES)
IN_HOURS = frozenset({Unit.HOUR, Unit.OFFICE_HOUR})
THREE_DAYS = 72  # hours: longer times are said in days


@dataclass(frozen=True)
class Rule:
    """What a matter's deadlines follow."""

    matter: str
    title: str
    category: str
    limit: Limit
    rows: int  #: requests with a deadline
    hits: int  #: of them explained, to 90 s
    undecided: tuple[Limit, ...] = ()  #: other limits that explain the same requests
    also: tuple[tuple[Limit, int], ...] = ()  #: what the rest follows, if it agrees with itself: an exception, or an older rule

    @property
    def share(self) -> float:
        """Return the part explained, 0 to 1."""
        return self.hits / self.rows


@dataclass(frozen=True)
class Fit:
    """The rules of a history, most requests first, and the matters that follow none with their number of deadlines."""

    rules: tuple[Rule, ...]
    without: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class _Matter:
    rows: tuple[Past, ...]
    explains: Mapping[Limit, frozenset[int]]  #: limit -> places of the requests in `rows` that it explains

    @property
    def best(self) -> tuple[Limit, ...]:
        """Return the limits that explain most, all the same requests as the first."""
        most = max(self.explains.values(), key=len, default=frozenset())
        return tuple(limit for limit, places in self.explains.items() if len(places) == len(most))

    @property
    def is_rule(self) -> bool:
        return bool(self.explains) and len(self.explains[self.best[0]]) >= MOST * len(self.rows)


Explain = Callable[[Past], Collection[Limit]]


def fit(past: Iterable[Past], explain: Explain) -> Fit:
    """Return the rules of these requests. `explain`: the limits that give a request its deadline."""
    rows: dict[str, list[Past]] = defaultdict(list)
    for one in past:
        if one.due:
            rows[one.matter].append(one)
    matters = {name: _matter(found, explain) for name, found in rows.items()}
    habits = _habits(matters.values())
    rules = [_rule(matter, habits) for matter in matters.values() if matter.is_rule]
    without = Counter({name: len(matter.rows) for name, matter in matters.items() if not matter.is_rule})
    return Fit(tuple(sorted(rules, key=lambda rule: (-rule.rows, rule.matter))), tuple(without.most_common()))


def _matter(rows: Sequence[Past], explain: Explain) -> _Matter:
    explains: dict[Limit, set[int]] = defaultdict(set)
    for place, one in enumerate(rows):
        for limit in explain(one):
            explains[limit].add(place)
    return _Matter(tuple(rows), {limit: frozenset(places) for limit, places in explains.items()})


Habits = Mapping[str, Counter[Unit]]  #: category -> unit -> requests of decided matters; "" stands for all


def _habits(matters: Iterable[_Matter]) -> Habits:
    found: dict[str, Counter[Unit]] = defaultdict(Counter)
    for one in matters:
        if one.is_rule and len(one.best) == 1:
            for name in (one.rows[0].category, ""):
                found[name][one.best[0].unit] += len(one.explains[one.best[0]])
    return found


def _rule(matter: _Matter, habits: Habits) -> Rule:
    first = matter.rows[0]
    chosen, *others = sorted(matter.best, key=lambda limit: _rank(limit, first.category, habits))
    same = tuple(one for one in others if matter.explains[one] == matter.explains[chosen])
    return Rule(first.matter, first.title, first.category, chosen, len(matter.rows), len(matter.explains[chosen]), same, _also(matter, chosen))


def _rank(limit: Limit, category: str, habits: Habits) -> tuple[int, ...]:
    odd = _oddness(limit)
    here, everywhere = (habits.get(name, Counter())[limit.unit] for name in (category, ""))
    return (int(odd == 2), -here, odd, -everywhere, UNITS.index(limit.unit), limit.value or 0)


def _oddness(limit: Limit) -> int:
    """Return 0 for a number that procedures use, 1 for one they may use, 2 for one they do not."""
    value = limit.value or 1
    if limit.unit in IN_HOURS:
        return 0 if value in USUAL and value <= THREE_DAYS else 1 if value % 24 == 0 else 2
    if value in USUAL or value % 30 == 0:
        return 0
    return 1 if value % 5 == 0 or value % 7 == 0 else 2


def _also(matter: _Matter, chosen: Limit) -> tuple[tuple[Limit, int], ...]:
    """Return the limits that explain at least a third of what is left, and five requests."""
    left = frozenset(range(len(matter.rows))) - matter.explains[chosen]
    found: list[tuple[Limit, int]] = []
    while left:
        limit, places = max(matter.explains.items(), key=lambda pair: (len(pair[1] & left), -UNITS.index(pair[0].unit)))
        if len(places & left) < max(5, len(left) / 3):
            break
        found.append((limit, len(places & left)))
        left -= places
    return tuple(found)
