"""What `pack infer` found, as data: coverage overall and by month, the rules with their support, what the history leaves open. Pure.

Not here: how it is shown (`command`) or written as a pack (`draft`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sla.domain.deadlines import Site
from sla.domain.opening import local_day

from huiyin.infer.decide import DayOff, days_off, deciding
from huiyin.infer.fit import Explain, Fit, Rule
from huiyin.infer.history import History, Past
from huiyin.infer.hours import Hours
from huiyin.infer.limits import Limit


@dataclass(frozen=True)
class Coverage:
    """Deadlines that the rules give, to 90 s. `fitted`: the rules were found on them; otherwise they were only predicted."""

    month: str
    fitted: bool
    deadlines: int
    explained: int

    @property
    def share(self) -> float:
        """Return the part explained, 0 to 1."""
        return self.explained / self.deadlines if self.deadlines else 0.0


@dataclass(frozen=True)
class Open:
    """Two limits that the fitted history cannot tell apart, and the first request that could (None: none within 400 days)."""

    rule: Rule
    other: Limit
    decided_by: datetime | None


@dataclass(frozen=True)
class Report:
    """Everything there is to say."""

    hours: Hours
    fit: Fit
    coverage: tuple[Coverage, ...]
    open: tuple[Open, ...]
    days_off: tuple[DayOff, ...]

    def total(self, *, fitted: bool) -> Coverage:
        """Return the coverage of all fitted months, or of all that were only predicted."""
        rows = [one for one in self.coverage if one.fitted is fitted]
        return Coverage("all", fitted, sum(one.deadlines for one in rows), sum(one.explained for one in rows))


def report(history: History, fitted: Sequence[Past], found: Fit, hours: Hours, explain: Explain) -> Report:
    """Return the report on rules that were found on the `fitted` part of a history."""
    site, months = hours.site(), frozenset(one.month for one in fitted)
    rules = {rule.matter: rule for rule in found.rules}
    return Report(hours, found, _coverage(history, months, rules, explain), _open(found.rules, fitted, site), days_off(found.rules, fitted, site))


def _coverage(history: History, months: frozenset[str], rules: Mapping[str, Rule], explain: Explain) -> tuple[Coverage, ...]:
    dated, right = Counter[str](), Counter[str]()
    for one in history.past:
        if one.due:
            dated[one.month] += 1
            right[one.month] += one.matter in rules and rules[one.matter].limit in explain(one)
    return tuple(Coverage(month, month in months, dated[month], right[month]) for month in sorted(dated))


def _open(rules: Sequence[Rule], fitted: Sequence[Past], site: Site) -> tuple[Open, ...]:
    last = local_day(max(one.at for one in fitted), site.policy.zone)
    pairs = {(rule.limit, other) for rule in rules for other in rule.undecided}
    decided = {pair: deciding(*pair, last, site) for pair in pairs}
    return tuple(Open(rule, other, decided[rule.limit, other]) for rule in rules for other in rule.undecided)
