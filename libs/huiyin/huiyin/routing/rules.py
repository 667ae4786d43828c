"""Finds the rules of a history: a list that is read from the top, the narrow before the wide. Pure; looks only at the rows it is given.

1. exceptions: a matter with one or two more conditions, where they point to another department more clearly than chance does;
2. the matter: where most of its newest requests went;
3. words of the title, where they do better than the category for matters that were left out;
4. the category, for matters that were never seen.

Not here: how narrow and how new (`tune`), rules as text (`draft`).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from math import sqrt
from typing import Any

from common.routing import RoutingRule, When

from huiyin.routing.past import Sent, by_matter, words_of

FURTHER = ("channel", "site", "area")  #: conditions that an exception may add to the matter
MATTERS = 3  #: a word of fewer matters says nothing
BETTER = 2  #: so many more left-out matters has a word to send right than their categories do
Key = tuple[tuple[str, str], ...]  #: conditions and their values


@dataclass(frozen=True)
class Shape:
    """How rules are found. `newest`: how many requests of a matter are looked at, None = all."""

    newest: int | None = None
    support: int = 20  #: requests that an exception has to be for at least
    edge: float = 3.0  #: standard deviations by which it has to beat the matter's own department


@dataclass(frozen=True)
class Found:
    """One rule before it has a name."""

    when: Key
    department: str
    seen: int
    right: int


def find(sent: Sequence[Sent], shape: Shape) -> tuple[Found, ...]:
    """Return the rules of some requests that were sent somewhere, in the order in which they count."""
    matters = {code: rows[-shape.newest :] if shape.newest else rows for code, rows in by_matter(sent).items()}
    exceptions = [rule for code, rows in matters.items() for rule in _exceptions(code, rows, shape)]
    exceptions.sort(key=_place)
    plain_ = [_rule((("fault", code),), rows) for code, rows in matters.items()]
    plain_.sort(key=lambda rule: (-rule.seen, rule.when))
    return (*exceptions, *plain_, *_unseen(matters))


def _rule(when: Key, rows: Sequence[Sent]) -> Found:
    department, right = _most(one.department or "" for one in rows)
    return Found(when, department, len(rows), right)


def _most(departments: Iterable[str]) -> tuple[str, int]:
    """Return the department that is there most often; of several the first by name, so that the same rows give the same rules."""
    return min(Counter(departments).items(), key=lambda pair: (-pair[1], pair[0]))


def _exceptions(matter: str, rows: Sequence[Sent], shape: Shape) -> list[Found]:
    """Return the exceptions of a matter: one further condition, then two where they say something else than the one."""
    counts = Counter(one.department for one in rows)
    if len(rows) - max(counts.values()) < shape.support // 2:
        return []
    usual, _ = _most(one.department or "" for one in rows)
    found: list[Found] = []
    for size in (1, 2):
        wider = tuple(found)
        for names in combinations(FURTHER, size):
            found += _beating(matter, names, rows, shape, partial(_said, wider, usual))
    return found


def _beating(matter: str, names: Sequence[str], rows: Sequence[Sent], shape: Shape, said: Callable[[Key], str]) -> Iterator[Found]:
    """Yield the groups of a matter that go elsewhere than the wider rules say. `said`: where those send a group."""
    for values, group in _grouped(rows, names).items():
        rule = _rule((("fault", matter), *zip(names, values, strict=True)), group)
        wider = said(rule.when)
        there = sum(one.department == wider for one in group)
        if rule.department != wider and rule.seen >= shape.support and _clear(rule.right, there, shape.edge):
            yield rule


def _said(wider: Sequence[Found], usual: str, when: Key) -> str:
    """Return where the first wider rule sends a group, in the order in which rules count."""
    there = sorted((rule for rule in wider if set(rule.when) <= set(when)), key=_place)
    return there[0].department if there else usual


def _place(rule: Found) -> tuple[int, Key]:
    return -len(rule.when), rule.when


def _clear(more: int, fewer: int, edge: float) -> bool:
    """Say whether `more` beats `fewer` by so many standard deviations of a fair coin."""
    return (more - fewer) / sqrt(more + fewer) >= edge


def _grouped(rows: Sequence[Sent], names: Sequence[str]) -> dict[tuple[str, ...], list[Sent]]:
    groups: dict[tuple[str, ...], list[Sent]] = {}
    for one in rows:
        values = tuple(_value(one, name) for name in names)
        if all(values):
            groups.setdefault(values, []).append(one)
    return groups


def _value(one: Sent, name: str) -> str:
    return one.site if name == "site" else str(getattr(one.known, name) or "")


def _unseen(matters: Mapping[str, Sequence[Sent]]) -> Iterator[Found]:
    """Yield the rules for matters that were never seen; each matter of the history is left out once to see which would have sent it right."""
    categories: dict[str, dict[str, Sequence[Sent]]] = {}
    words: dict[str, dict[str, Sequence[Sent]]] = {}
    for code, rows in matters.items():
        categories.setdefault(rows[-1].known.category or "", {})[code] = rows
        for word in words_of(rows[-1].title):
            words.setdefault(word, {})[code] = rows
    by_category = {code: _left_out(same)[code] for same in categories.values() for code in same}
    gains = {word: _gain(same, by_category) for word, same in words.items() if len(same) >= MATTERS}
    for word in sorted((word for word, gain in gains.items() if gain >= BETTER), key=lambda word: (-gains[word], word)):
        yield _rule((("words", word),), [one for rows in words[word].values() for one in rows])
    for category, same in sorted(categories.items()):
        yield _rule((("category", category),), [one for rows in same.values() for one in rows])


def _left_out(same: Mapping[str, Sequence[Sent]]) -> dict[str, bool]:
    """Say of each matter whether the others of its group would have sent it where it went."""
    usual = {code: _most(one.department or "" for one in rows)[0] for code, rows in same.items()}
    sums = Counter(one.department or "" for rows in same.values() for one in rows)
    found = {}
    for code, rows in same.items():
        rest = sums - Counter(one.department or "" for one in rows)
        found[code] = bool(rest) and _most(rest.elements())[0] == usual[code]
    return found


def _gain(same: Mapping[str, Sequence[Sent]], by_category: Mapping[str, bool]) -> int:
    right = _left_out(same)
    return sum(right[code] - by_category[code] for code in same)


def named(found: Sequence[Found], origin: Mapping[str, Any]) -> tuple[RoutingRule, ...]:
    """Return the rules with their names, r001, r002 … in their order."""
    digits = max(3, len(str(len(found))))
    return tuple(
        RoutingRule.model_validate({
            "id": f"r{number:0{digits}}",
            "when": When.model_validate(dict(rule.when)),
            "department": rule.department,
            "seen": rule.seen,
            "right": rule.right,
            "origin": dict(origin),
        })
        for number, rule in enumerate(found, 1)
    )  # fmt: skip
