"""Shows what `pack infer` found: JSON for programs, tables for people."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

from huiyin import cli
from huiyin.infer.inference import Found
from huiyin.infer.limits import Limit
from huiyin.infer.report import Coverage, Open

NAMED = 4  # matters named in one line; the rest is counted


def as_json(found: Found) -> dict[str, Any]:
    """Return the report for programs."""
    told = found.report
    return {
        "requests": len(found.history.past),
        "bad_rows": len(found.history.bad),
        "hours": asdict(told.hours),
        "fitted": _share(told.total(fitted=True)),
        "predicted": _share(told.total(fitted=False)),
        "months": [_share(one) for one in told.coverage],
        "rules": [
            {
                "matter": one.matter,
                "limit": one.limit.words(),
                "unit": one.limit.unit,
                "value": one.limit.value,
                "rows": one.rows,
                "explained": one.hits,
            }
            for one in told.fit.rules
        ],
        "open": [
            {"matter": one.rule.matter, "limit": one.rule.limit.words(), "or": one.other.words(), "decided_by": one.decided_by} for one in told.open
        ],
        "also_seen": [{"matter": one.matter, "limit": limit.words(), "rows": count} for one in told.fit.rules for limit, count in one.also],
        "days_off": [asdict(one) for one in told.days_off],
        "without_rule": dict(told.fit.without),
    }


def _share(one: Coverage) -> dict[str, Any]:
    return asdict(one) | {"share": round(one.share, 4)}


def show(found: Found) -> None:
    """Print the report for people."""
    told, hours = found.report, found.report.hours
    total = told.total(fitted=True)
    rules = [(one.title, one.limit.words(), one.rows, f"{one.share:.1%}", _also(one.also)) for one in told.fit.rules]
    cli.show_table(("matter", "limit", "deadlines", "explained", "also seen"), rules)
    cli.show_table(
        ("limit taken", "or", "matters", "a request at … would decide"), _opened(told.open, ZoneInfo(hours.zone)), empty="nothing is left open"
    )
    months = [(one.month, "fitted" if one.fitted else "predicted", one.deadlines, one.explained, f"{one.share:.2%}") for one in told.coverage]
    cli.show_table(("month", "", "deadlines", "explained", "share"), months)
    office = f", office {hours.office[0]}-{hours.office[1]}" if hours.office else ""
    close = f", close of business {hours.close}" if hours.close else ""
    notes = [f"{off.day} looks like a day off: as one it explains {off.gained} more and {off.lost} fewer" for off in told.days_off]
    notes += [f"no rule: {name} ({count} deadlines)" for name, count in told.fit.without]
    notes += [f"zone {hours.zone}, days off {hours.holidays}{office}{close}"]
    notes += [f"{total.explained:,} of {total.deadlines:,} deadlines explained ({total.share:.2%}) by {len(told.fit.rules)} rules"]
    for note in notes:
        cli.out.print(note, markup=False)


def _also(rows: Sequence[tuple[Limit, int]]) -> str:
    return ", ".join(f"{limit.words()} ({count})" for limit, count in rows)


def _opened(rows: Sequence[Open], zone: ZoneInfo) -> list[tuple[str, str, str, str]]:
    """Return one line for each pair of limits, with its matters."""
    groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for one in rows:
        at = f"{one.decided_by.astimezone(zone):%Y-%m-%d %H:%M}" if one.decided_by else "none within 400 days"
        groups[one.rule.limit.words(), one.other.words(), at].append(one.rule.title)
    return [(taken, other, _named(names), at) for (taken, other, at), names in groups.items()]


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
