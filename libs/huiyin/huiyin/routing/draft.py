"""Writes found rules as an overlay that people read, check and name in their site files: a rule a line, counts and words. Pure.

Not here: finding them (`rules`), saving files (`command`).
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from common.routing import RoutingRule

from huiyin.routing.tune import Tried

UNCLEAR = 0.8  # below this share a person should look
THIN = 5  # requests: fewer may be chance


@dataclass(frozen=True)
class Period:
    """What rules were found on."""

    requests: int
    start: datetime
    end: datetime

    @property
    def quote(self) -> str:
        """Return it as the origin of the rules says it, with an ISO 8601 interval."""
        return f"{self.requests} requests, {self.start.isoformat()}/{self.end.isoformat()}"


def ends_of(rules: Sequence[RoutingRule]) -> list[datetime]:
    """Return the ends of the periods that rules say they were found on."""
    quotes = {rule.origin.quote for rule in rules if rule.origin}
    return [datetime.fromisoformat(found[1]) for quote in quotes if (found := re.search(r"requests, \S+/(\S+)$", quote))]


def text_of(name: str, rules: Sequence[RoutingRule], titles: Mapping[str, str], period: Period, inside: tuple[Tried, int]) -> str:
    """Return the overlay as YAML. `titles`: words of each matter; `inside`: the shape taken, and how many the plain table sends right."""
    return "\n".join((*_head(name, period, inside), *_body(rules, titles, period))) + "\n"


def _head(name: str, period: Period, inside: tuple[Tried, int]) -> Iterator[str]:
    taken, plain = inside
    yield f"# Drafted by `huiyin routing infer` from {period.requests:,} requests, {period.start:%Y-%m-%d} to {period.end:%Y-%m-%d}."
    if taken.rows:
        yield f"# Tried inside the history: found on its first two thirds, rules like these send {taken.right:,} of {taken.rows:,} requests of the"
        yield f"# last third where they went ({taken.right / taken.rows:.2%}); the most frequent department of each matter {plain / taken.rows:.2%}."
    yield "# A draft of what was done, not of what was meant: look at the rules marked `unclear` and `thin`, then name this overlay in a site file."
    yield f"pack: {name}"
    yield "version: 1"
    yield "source: history"
    yield "title: {zh: 由历史推得的派往规则, en: Routing rules found in the history}"
    yield "overlay: true"
    yield ""
    yield "routing_rules:  # the first that applies counts"


def _body(rules: Sequence[RoutingRule], titles: Mapping[str, str], period: Period) -> Iterator[str]:
    origin = f"&found {{doc: history, quote: {_words(period.quote)}}}"
    for part, same in groupby(rules, key=_part):
        yield f"  # --- {part} ---"
        for rule in same:
            when = ", ".join(f"{name}: {_value(value)}" for name, value in rule.when if value is not None)
            counts = f"seen: {rule.seen}, right: {rule.right}"
            note = _note(rule, titles)
            yield f"  - {{id: {rule.id}, when: {{{when}}}, department: {rule.department}, {counts}, origin: {origin}}}{note}"
            origin = "*found"


def _part(rule: RoutingRule) -> str:
    names = rule.when.model_fields_set
    if "fault" in names:
        return "matters" if len(names) == 1 else "exceptions of a matter"
    return "matters that were never seen, by " + ("words of the subject" if "words" in names else "category")


def _value(value: Sequence[str]) -> str:
    said = [str(one) if re.fullmatch(r"[a-z][a-z_]*", str(one)) else _words(str(one)) for one in value]
    return said[0] if len(said) == 1 else f"[{', '.join(said)}]"


def _note(rule: RoutingRule, titles: Mapping[str, str]) -> str:
    seen, right = rule.seen or 0, rule.right or 0
    marks = [*(["unclear"] if right < UNCLEAR * seen else []), *(["thin"] if seen < THIN else [])]
    parts = [titles[fault] for fault in rule.when.fault or () if fault in titles] + marks
    return f"  # {'; '.join(parts)}" if parts else ""


def _words(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
