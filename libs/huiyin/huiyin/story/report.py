"""Prints verdicts: per story and part one line, for every failed expectation what was wanted, what was seen, and the rule with its sentence."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from huiyin.story.format import PartName
from huiyin.story.verdict import Outcome, Verdict

MARKS = {Outcome.PASSED: "[green]✓[/]", Outcome.FAILED: "[red]✗[/]", Outcome.NOT_YET: "[yellow]…[/]"}


def outcome_of(verdicts: Sequence[Verdict]) -> Outcome:
    """Return the outcome of several expectations together: failed beats not yet beats passed."""
    found = {verdict.outcome for verdict in verdicts}
    return next((outcome for outcome in (Outcome.FAILED, Outcome.NOT_YET) if outcome in found), Outcome.PASSED)


def parts(verdicts: Sequence[Verdict]) -> dict[PartName, list[Verdict]]:
    """Return the verdicts by part, parts without an expectation left out."""
    found = {part: [verdict for verdict in verdicts if verdict.part is part] for part in PartName}
    return {part: rows for part, rows in found.items() if rows}


def show(console: Console, name: str, title: str, verdicts: Sequence[Verdict], took_s: float) -> None:
    """Print one story."""
    console.print(f"{MARKS[outcome_of(verdicts)]} [bold]{escape(name)}[/] {escape(title)} [dim]{took_s:.1f} s[/]", highlight=False, soft_wrap=True)
    for part, rows in parts(verdicts).items():
        passed = sum(row.outcome is Outcome.PASSED for row in rows)
        console.print(f"  {MARKS[outcome_of(rows)]} {part}: {passed} of {len(rows)}", highlight=False)
        for row in rows:
            _line(console, row)


def _line(console: Console, row: Verdict) -> None:
    if row.outcome is Outcome.NOT_YET:
        later = f"issue {row.needs}" if isinstance(row.needs, int) else "a later issue"
        console.print(f"      [yellow]not yet ({later})[/] {escape(row.name)}", highlight=False, soft_wrap=True)
    if row.fault is None:
        return
    console.print(f"      [red]{escape(row.name)}[/]", highlight=False, soft_wrap=True)
    console.print(f"        expected  {escape(row.fault.expected)}", highlight=False, soft_wrap=True)
    console.print(f"        actual    {escape(row.fault.actual)}", highlight=False, soft_wrap=True)
    if row.fault.rule:
        console.print(f"        rule      {escape(row.fault.rule)} {escape(row.fault.origin)}".rstrip(), highlight=False, soft_wrap=True)


def as_json(name: str, title: str, world: str, verdicts: Sequence[Verdict], took_s: float) -> dict[str, Any]:
    """Return one story for machines."""
    return {
        "scenario": name,
        "title": title,
        "world": world,
        "outcome": outcome_of(verdicts).value,
        "took_s": round(took_s, 3),
        "parts": {part.value: outcome_of(rows).value for part, rows in parts(verdicts).items()},
        "expectations": [_row(verdict) for verdict in verdicts],
    }


def _row(verdict: Verdict) -> dict[str, Any]:
    row: dict[str, Any] = {"part": verdict.part.value, "name": verdict.name, "outcome": verdict.outcome.value}
    if verdict.needs is not None:
        row["needs"] = verdict.needs
    if verdict.fault:
        row |= {key: value for key, value in vars(verdict.fault).items() if value}
    return row
