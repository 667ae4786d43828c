"""The whole file of real requests through the engine alone: its verdict is the city's own, wherever the city gave one."""

import csv
import gzip
import json
from collections import Counter
from pathlib import Path

import pytest
from huiyin.main import app
from typer.testing import CliRunner

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "service_requests.csv.gz"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="shared data is not here")
HEAD = "request_id,created_at,closed_at,channel,category,descriptor,site,unit_ref,sla_target_at\n"


def _rows(file: Path) -> list[dict[str, str]]:
    raw = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    return list(csv.DictReader(raw.decode().splitlines()))


def _replayed(file: Path, out: Path, *more: str) -> tuple[dict[str, int], dict[str, dict[str, str]]]:
    told = CliRunner().invoke(app, ["replay", str(file), "--engine-only", "--out", str(out), "--json", *more])
    assert told.exit_code == 0, told.output
    return json.loads(told.stdout), {row["request_id"]: row for row in _rows(out)}


@needs_data
def test_every_verdict_on_the_whole_file_is_the_citys(tmp_path: Path) -> None:
    """25,183 rows have both times. The city judged 25,101 of them; 82 it left without a verdict, and each of those was closed late."""
    counts, verdicts = _replayed(DATA, tmp_path / "verdicts.csv")
    both = [row for row in _rows(DATA) if row["closed_at"] and row["sla_target_at"]]
    pairs = Counter((row["sla_outcome"], verdicts[row["request_id"]]["verdict"]) for row in both)
    assert pairs == {("ontime", "ontime"): 20356, ("overdue", "overdue"): 4745, ("", "overdue"): 82}
    assert len(both) == 25183
    assert counts["clocked"] == counts["targets"] == 26815


@needs_data
def test_labels_change_no_verdict_of_the_engine(tmp_path: Path) -> None:
    """The file without the city's verdict, status, queue and department gives the same."""
    names = HEAD.strip().split(",")
    hidden = tmp_path / "hidden.csv"
    with hidden.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(_rows(DATA)[:800])
    _, first = _replayed(DATA, tmp_path / "first.csv", "--limit", "800")
    _, second = _replayed(hidden, tmp_path / "second.csv")
    assert first == second


def test_the_engine_judges_as_of_the_end_of_the_file(tmp_path: Path) -> None:
    """DEF-02: a completion at the very instant is in time; what is open is overdue once its target has passed, else open."""
    file = tmp_path / "few.csv"
    file.write_text(
        HEAD + "A,2011-07-01T08:00:00-04:00,2011-07-02T08:00:00-04:00,phone,Street,Light,North,,2011-07-02T08:00:00-04:00\n"
        "B,2011-07-01T08:00:00-04:00,2011-07-02T08:00:01-04:00,phone,Street,Light,North,,2011-07-02T08:00:00-04:00\n"
        "C,2011-07-01T08:00:00-04:00,,phone,Street,Light,North,,2011-07-02T07:59:00-04:00\n"
        "D,2011-07-01T08:00:00-04:00,,phone,Street,Light,North,,2011-07-03T08:00:00-04:00\n"
        "E,2011-07-01T08:00:00-04:00,,phone,Street,Light,North,,\n",
        encoding="utf-8",
    )
    counts, verdicts = _replayed(file, tmp_path / "out.csv")
    assert {name: row["verdict"] for name, row in verdicts.items()} == {"A": "ontime", "B": "overdue", "C": "overdue", "D": "open", "E": ""}
    assert (counts["ontime"], counts["overdue"], counts["open"], counts["no_clock"]) == (1, 2, 1, 1)
    assert verdicts["A"]["due_at"] == "2011-07-02T08:00:00-04:00"


def test_a_folder_of_packs_is_for_the_engine_only(tmp_path: Path) -> None:
    file = tmp_path / "none.csv"
    file.write_text(HEAD, encoding="utf-8")
    assert CliRunner().invoke(app, ["replay", str(file), "--pack", str(tmp_path)]).exit_code == 2
    assert CliRunner().invoke(app, ["replay", str(file), "--engine-only"]).exit_code == 4
