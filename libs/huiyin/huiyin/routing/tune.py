"""How narrow and how new rules may be, tried inside the history: found on its first two thirds, judged on its last third. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from common.routing import Asking, Routed, RoutingRule, routed

from huiyin.routing.past import Sent
from huiyin.routing.rules import Found, Shape, find, named

CUT = 2 / 3
NEWEST = (None, 400, 100, 30)
SUPPORT = (20, 8)
EDGE = (3.0, 2.0, 1.0)
ORIGIN = {"default": "not-in-sources"}


class Router:
    """The rules of a list, found by the fault; sends a request where `SitePolicy.routed` does."""

    def __init__(self, rules: Sequence[RoutingRule]) -> None:
        """Keep for each fault the rules that may be for it."""
        self._rest = tuple(rule for rule in rules if not rule.when.fault)
        self._named: dict[str, list[RoutingRule]] = {}
        for rule in rules:
            for fault in rule.when.fault or ():
                self._named.setdefault(fault, []).append(rule)

    def __call__(self, asking: Asking) -> Routed | None:
        """Return where the request goes."""
        return routed((*self._named.get(asking.fault or "", ()), *self._rest), asking, None, None)


@dataclass(frozen=True)
class Tried:
    """One shape, and how many of the last third it sent right."""

    shape: Shape
    right: int
    rows: int


def shapes() -> tuple[Shape, ...]:
    """Return the shapes to try, the plainest first."""
    return tuple(Shape(newest, support, edge) for newest, support, edge in product(NEWEST, SUPPORT, EDGE))


def tried(sent: Sequence[Sent], all_shapes: Iterable[Shape]) -> Iterable[Tried]:
    """Yield how good each shape is, judged on the last third."""
    cut = int(len(sent) * CUT)
    known: dict[tuple[Found, ...], int] = {}  # most shapes find the same rules
    for shape in all_shapes:
        found = find(sent[:cut], shape)
        sends = tuple(replace(rule, seen=1, right=1) for rule in found)
        if sends not in known:
            known[sends] = right_of(Router(named(sends, ORIGIN)), sent[cut:])
        yield Tried(shape, known[sends], len(sent) - cut)


def best(all_tried: Sequence[Tried]) -> Tried:
    """Return the best; of equals the plainest, which is the first."""
    return max(all_tried, key=lambda one: one.right)


def right_of(router: Router, sent: Sequence[Sent]) -> int:
    """Return how many requests go where they went. Equal requests are asked once."""
    answers: dict[Asking, str | None] = {}
    right = 0
    for one in sent:
        if one.known not in answers:
            found = router(one.known)
            answers[one.known] = found.department if found else None
        right += answers[one.known] == one.department
    return right


def table(sent: Sequence[Sent]) -> tuple[Mapping[str, str], str]:
    """Return the plain table to compare with: most frequent department of each matter, and of all for matters that are not in it."""
    rules = {dict(rule.when)["fault"]: rule.department for rule in find(sent, Shape()) if dict(rule.when).keys() == {"fault"}}
    counts: dict[str, int] = {}
    for one in sent:
        counts[one.department or ""] = counts.get(one.department or "", 0) + 1
    return rules, max(sorted(counts), key=lambda name: counts[name])
