"""A real organisation's rules as a pack: from the receipt alone the engine computes the deadline the city set; `pack infer` finds the rules."""

import csv
import gzip
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from common.packs import read_pack
from common.policy import Pack
from huiyin.infer.draft import Name, pack_text
from huiyin.infer.fit import Explain
from huiyin.infer.history import Columns, History, Past, read_history
from huiyin.infer.hours import Hours
from huiyin.infer.inference import explained_once, inferred
from huiyin.main import app
from typer.testing import CliRunner

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "service_requests.csv.gz"
CITY = Path(__file__).parents[2] / "packs" / "examples" / "city-311"
PACK = CITY / "city-311.yaml"
MONTHS = ("2011-07", "2011-08", "2011-09")
NEAR = timedelta(seconds=90)
Infer = Callable[[Sequence[Past], Hours], Explain]

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="shared data is not here")


def _rows(file: Path = DATA) -> list[dict[str, str]]:
    raw = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    return list(csv.DictReader(raw.decode().splitlines()))


def _due(file: Path, out: Path) -> dict[str, str]:
    """The deadline of each request as the pack and the engine have it."""
    told = CliRunner().invoke(app, ["replay", str(file), "--engine-only", "--pack", str(CITY), "--out", str(out)])
    assert told.exit_code == 0, told.output
    return {row["request_id"]: row["due_at"] for row in _rows(out)}


@pytest.fixture(scope="module")
def history() -> History:
    return read_history(DATA, Columns("created_at", "sla_target_at", "descriptor", "category"))


@pytest.fixture(scope="module")
def explained(history: History) -> Infer:
    """Each deadline is looked at once for all fits that find the same hours."""
    known = cache(lambda hours: explained_once(history.past, hours))
    return lambda _past, hours: known(hours)


def test_the_pack_computes_the_citys_targets(tmp_path: Path) -> None:
    """98.5 % of all targets to 90 s, 98 % of each month; the pack is rules, and the engine saw no target."""
    found, dated = Counter[str](), Counter[str]()
    due = _due(DATA, tmp_path / "due.csv")
    for row in _rows():
        if row["sla_target_at"]:
            month, mine = row["created_at"][:7], due[row["request_id"]]
            dated[month] += 1
            found[month] += bool(mine) and abs(datetime.fromisoformat(mine) - datetime.fromisoformat(row["sla_target_at"])) <= NEAR
    assert dated.total() == 26815
    assert found.total() / dated.total() >= 0.985
    assert {month: found[month] / dated[month] >= 0.98 for month in MONTHS} == dict.fromkeys(MONTHS, True)


def test_the_pack_is_rules_and_no_table_of_rows() -> None:
    rules = Pack.model_validate(read_pack(PACK).sections).clocks
    asked = {name for rule in rules for one in rule.applies for name in one.model_fields_set}
    assert len(rules) <= 150
    assert asked == {"fault"}  # neither queue nor site, nor anything that is known only later


def test_the_engine_sees_no_target(tmp_path: Path) -> None:
    """Hidden targets and outcomes change no deadline (decisions.md 4)."""
    first, hidden = tmp_path / "first.csv", tmp_path / "hidden.csv"
    rows = _rows()[:600]
    for file, version in (
        (first, rows),
        (hidden, [row | dict.fromkeys(("sla_target_at", "sla_outcome", "queue", "department", "status"), "") for row in rows]),
    ):
        _write(file, version)
    assert _due(first, tmp_path / "a.csv") == _due(hidden, tmp_path / "b.csv")


def _write(file: Path, rows: Iterable[dict[str, Any]]) -> None:
    rows = list(rows)
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize("month", MONTHS)
def test_each_month_is_predicted_from_the_other_two(history: History, explained: Infer, month: str) -> None:
    found = inferred(history, [other for other in MONTHS if other != month], explained)
    (predicted,) = (one for one in found.report.coverage if not one.fitted)
    assert (predicted.month, predicted.deadlines) == (month, sum(one.month == month and one.due is not None for one in history.past))
    assert predicted.share >= 0.98
    assert len(found.report.fit.rules) <= 150


def test_hiding_the_targets_of_the_predicted_month_changes_nothing(history: History, explained: Infer) -> None:
    """decisions.md 4: labels are never inputs."""
    hidden = replace(history, past=tuple(replace(one, due=None) if one.month == MONTHS[2] else one for one in history.past))
    name = Name(pack="city-311", site="CITY", title="City 311")
    drafts = [inferred(version, MONTHS[:2], explained) for version in (history, hidden)]
    first, second = (pack_text(name, found.report, found.matters, found.period) for found in drafts)
    assert first == second
    assert [found.report.total(fitted=False).deadlines for found in drafts] == [9033, 0]


def test_the_shipped_pack_is_what_infer_drafts(history: History, explained: Infer) -> None:
    """Only words were written by hand."""
    found = inferred(history, None, explained)
    draft = yaml.safe_load(pack_text(Name(pack="city-311", site="CITY", title="City 311"), found.report, found.matters, found.period))
    shipped = yaml.safe_load(PACK.read_text(encoding="utf-8"))
    for one in (draft, shipped):
        one.pop("title")
        one["faults"] = {code: fault | {"title": None} for code, fault in one["faults"].items()}
    assert shipped == draft


def test_what_three_months_cannot_tell_apart_is_named_with_the_day_that_would(history: History, explained: Infer) -> None:
    """Five office days or seven days: for one matter nobody came on a weekend or in the evening."""
    opened = inferred(history, None, explained).report.open
    told = {(one.rule.matter, one.rule.limit.words(), one.other.words()): one.decided_by for one in opened}
    at = told["municipal_parking_lot_complaints", "5 office days", "7 full days"]
    assert at is not None
    assert at.date().isoformat() == "2011-10-01"  # the Saturday after the history
