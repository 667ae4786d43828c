"""Shows what `routing infer` found and what `routing check` counted: JSON for programs, tables for people."""

from collections.abc import Sequence
from typing import Any

from common.routing import RoutingRule

from huiyin import cli
from huiyin.routing.compare import Compared, Routing, Score
from huiyin.routing.draft import Period
from huiyin.routing.tune import Tried

SHOWN = 40  # rules on the screen; the file has them all


def found_json(rules: Sequence[RoutingRule], period: Period, chosen: Tried, plain: int) -> dict[str, Any]:
    """Return what was found, for programs."""
    return {
        "requests": period.requests,
        "from": period.start,
        "to": period.end,
        "rules": [rule.model_dump(mode="json", exclude={"origin", "origins"}, exclude_none=True) for rule in rules],
        "tried": {"newest": chosen.shape.newest, "support": chosen.shape.support, "edge": chosen.shape.edge},
        "inside": {"rows": chosen.rows, "right": chosen.right, "table": plain},
    }


def show_found(rules: Sequence[RoutingRule], period: Period, chosen: Tried, plain: int) -> None:
    """Print what was found, for people."""
    rows = [(rule.id, rule.routed().why.en.partition("(")[2].rpartition(")")[0], rule.department, rule.seen, rule.right) for rule in rules]
    cli.show_table(("rule", "when", "department", "seen", "right"), rows[:SHOWN])
    if len(rows) > SHOWN:
        cli.out.print(f"and {len(rows) - SHOWN} more: see the file that --out writes")
    cli.out.print(f"{len(rules)} rules from {period.requests:,} requests, {period.start:%Y-%m-%d} to {period.end:%Y-%m-%d}")
    if chosen.rows:
        both = f"{chosen.right / chosen.rows:.2%} by rules, {plain / chosen.rows:.2%} by the most frequent department of each matter"
        cli.out.print(f"tried on the last third of it: {both}")


def as_json(compared: Compared | None, routings: Sequence[Routing], rules: Sequence[RoutingRule]) -> dict[str, Any]:
    """Return the comparison for programs."""
    told: dict[str, Any] = {"requests": len(routings), "rules": len(rules), "routed": sum(one.route is not None for one in routings)}
    if compared and compared.all.rows:
        told |= {name: _score(getattr(compared, name)) for name in ("all", "contested", "unseen")}
        told |= {"no_rule": compared.no_rule, "ceiling": compared.ceiling}
        told["sites"] = {site: _score(score) for site, score in sorted(compared.sites.items())}
        told["sure"] = [{"from": share, **_score(score)} for share, score in compared.sure.items()]
    return told


def _score(score: Score) -> dict[str, Any]:
    share = {"rules_share": round(score.right / score.rows, 4), "table_share": round(score.table / score.rows, 4)} if score.rows else {}
    return {"rows": score.rows, "rules": score.right, "table": score.table, "gain": round(score.gain, 4)} | share


def show(compared: Compared | None, routings: Sequence[Routing], rules: Sequence[RoutingRule]) -> None:
    """Print the comparison for people."""
    cli.out.print(f"{sum(one.route is not None for one in routings):,} of {len(routings):,} requests routed by {len(rules)} rules")
    if compared is None or not compared.all.rows:
        cli.out.print("the file names no department: nothing to compare with")
        return
    head = ("requests", "", "by rules", "by table", "gain")
    named = {
        "all": compared.all,
        "of matters that went to several departments": compared.contested,
        "of matters never seen before": compared.unseen,
    }
    cli.show_table(head, [_line(name, score) for name, score in named.items()])
    best = f"{compared.ceiling / compared.all.rows:.2%}"
    cli.out.print(f"with the answers at hand no rules over matter, category, channel, site and area could send more than {best} right")
    sure = [(f"rule was right in {share:.0%} or more" if share else "less", score) for share, score in compared.sure.items()]
    cli.show_table(head, [_line(name, score) for name, score in sure])
    cli.show_table(head, [_line(site, score) for site, score in sorted(compared.sites.items())])


def _line(name: str, score: Score) -> tuple[str, int, str, str, str]:
    if not score.rows:
        return name, 0, "", "", ""
    return name, score.rows, f"{score.right / score.rows:.2%}", f"{score.table / score.rows:.2%}", f"{score.gain:+.2%}"
