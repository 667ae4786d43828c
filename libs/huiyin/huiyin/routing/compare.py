"""How good rules are beside the plain table (most frequent department of each matter before), on requests that came later. Pure.

A request is routed by `SitePolicy.routed`, which is what intake asks; the department it went to is looked at only afterwards.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from common.policy import SitePolicy
from common.routing import Asking, Routed, RoutingRule

from huiyin.routing.past import Sent, by_matter
from huiyin.routing.tune import table

NOWHERE = "no site"  #: name where the file names none
SHARES = (0.99, 0.9, 0.8, 0.0)  #: bounds of the groups by how often a rule was right in the history


@dataclass(frozen=True)
class Routing:
    """One request and where it is sent; None: no rule knows it, a person decides."""

    sent: Sent
    route: Routed | None

    @property
    def department(self) -> str | None:
        """Return where it is sent."""
        return self.route.department if self.route else None


@dataclass
class Score:
    """How many of some requests go where they went, by the rules and by the plain table."""

    rows: int = 0
    right: int = 0
    table: int = 0

    def count(self, *, right: bool, table: bool) -> None:
        """Count one request."""
        self.rows, self.right, self.table = self.rows + 1, self.right + right, self.table + table

    @property
    def gain(self) -> float:
        """Return by how much the share of the rules is above that of the table."""
        return (self.right - self.table) / self.rows if self.rows else 0.0


@dataclass
class Compared:
    """All requests, those of matters that the history sent to several departments, those it never saw; by site and by how sure the rule was."""

    all: Score = field(default_factory=Score)
    contested: Score = field(default_factory=Score)
    unseen: Score = field(default_factory=Score)
    no_rule: int = 0
    ceiling: int = 0  #: what the best table of everything that rules may ask would send right, made with the answers at hand
    sites: dict[str, Score] = field(default_factory=dict)
    sure: dict[float, Score] = field(default_factory=lambda: {share: Score() for share in SHARES})


def route_all(sent: Iterable[Sent], rules: Sequence[RoutingRule]) -> Iterator[Routing]:
    """Yield each request with its route. A site is a policy of its own that has these rules."""
    faults = {code for rule in rules for code in rule.when.fault or ()}
    policies: dict[str, SitePolicy] = {}
    asked: dict[tuple[str, Asking], Routed | None] = {}  # most requests are like an earlier one
    for one in sent:
        policy = policies.get(one.site) or policies.setdefault(one.site, policy_of(f"S{len(policies) + 1:02}", one.site, rules, faults))
        if (one.site, one.known) not in asked:
            asked[one.site, one.known] = policy.routed(one.known)
        yield Routing(one, asked[one.site, one.known])


def policy_of(code: str, name: str, rules: Sequence[RoutingRule], faults: Iterable[str]) -> SitePolicy:
    """Return the policy of a site that knows the matters of its rules, and nothing else."""
    titles = {fault: {"title": {"zh": fault, "en": fault}, "urgency": "P3"} for fault in sorted(faults)}
    shown = name or NOWHERE
    return SitePolicy.model_validate({"site": code, "name": {"zh": shown, "en": shown}, "faults": titles, "routing_rules": tuple(rules)})


def compare(routings: Sequence[Routing], history: Sequence[Sent], rules: Sequence[RoutingRule]) -> Compared:
    """Return how the routes and the table of the history compare with where the requests went."""
    usual, most = table(history)
    several = {code for code, rows in by_matter(history).items() if len({one.department for one in rows}) > 1}
    shares = {rule.id: (rule.right or 0) / rule.seen if rule.seen else 1.0 for rule in rules}
    found = Compared()
    for one in routings:
        went = one.sent.department
        if went is None:
            continue
        hits = {"right": one.department == went, "table": usual.get(one.sent.matter, most) == went}
        groups = [found.all, found.sites.setdefault(one.sent.site or NOWHERE, Score())]
        groups += [found.contested] if one.sent.matter in several else [] if one.sent.matter in usual else [found.unseen]
        groups += [found.sure[_bound(shares.get(one.route.rule or "", 1.0))]] if one.route else []
        found.no_rule += one.route is None
        for group in groups:
            group.count(**hits)
    found.ceiling = _ceiling([one.sent for one in routings if one.sent.department])
    return found


def _ceiling(sent: Sequence[Sent]) -> int:
    """Return how many requests the majority of those that are alike in all that is known would send right: no rules can do better."""
    alike: dict[tuple[Asking, str], Counter[str]] = {}
    for one in sent:
        alike.setdefault((one.known, one.site), Counter())[one.department or ""] += 1
    return sum(max(counts.values()) for counts in alike.values())


def _bound(share: float) -> float:
    return next(bound for bound in SHARES if share >= bound)
