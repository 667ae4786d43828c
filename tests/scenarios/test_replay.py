"""Real requests through the doors of a world in memory; some hundred of them through real servers are in `tests/faults/test_replay.py`."""

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from huiyin.main import app
from huiyin.replay.rows import GIVEN
from typer.testing import CliRunner

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "service_requests.csv.gz"
LABELS = ("status", "sla_outcome", "queue", "department", "resolution_code", "duplicate_of", "priority_hint")

needs_data = pytest.mark.skipif(not DATA.exists(), reason="shared data is not here")


def rows_of(limit: int) -> Iterator[dict[str, str]]:
    with gzip.open(DATA, "rt", encoding="utf-8", newline="") as text:
        for index, row in enumerate(csv.DictReader(text)):
            if index == limit:
                return
            yield row


def verdicts(file: Path) -> dict[str, dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as text:
        return {row["request_id"]: row for row in csv.DictReader(text)}


def agrees_with_the_city(given: dict[str, dict[str, str]], rows: list[dict[str, str]]) -> int:
    judged = [row for row in rows if row["closed_at"] and row["sla_target_at"] and row["sla_outcome"]]
    wrong = [row["request_id"] for row in judged if given[row["request_id"]]["verdict"] != row["sla_outcome"]]
    assert wrong == []
    return len(judged)


@needs_data
def test_labels_are_never_read(tmp_path: Path) -> None:
    """Hiding every label changes no verdict, so nothing was predicted from one."""
    rows = list(rows_of(25))
    names = [name for name in rows[0] if name not in LABELS]
    hidden = tmp_path / "hidden.csv"
    with hidden.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    for file, out in ((DATA, first), (hidden, second)):
        told = CliRunner().invoke(app, ["replay", str(file), "--limit", "25", "--world", "memory", "--out", str(out)])
        assert told.exit_code == 0, told.output
    assert set(GIVEN).isdisjoint(LABELS)
    keep = ("due_at", "closed_at", "verdict")
    assert [[row[name] for name in keep] for row in verdicts(first).values()] == [[row[name] for name in keep] for row in verdicts(second).values()]
    assert agrees_with_the_city(verdicts(first), rows) >= 10


def test_a_target_before_the_opening_is_accepted_and_late_at_birth(tmp_path: Path) -> None:
    file, out = tmp_path / "few.csv", tmp_path / "out.csv"
    file.write_text(
        "request_id,created_at,closed_at,channel,category,descriptor,site,unit_ref,sla_target_at\n"
        "A,2011-07-01T08:00:00-04:00,2011-07-01T09:00:00-04:00,phone,Street,Light,North,u1,2011-06-30T08:00:00-04:00\n"
        "B,2011-07-01T08:30:00-04:00,2011-07-02T09:00:00-04:00,web,Street,Light,North,,2011-07-02T09:00:00-04:00\n"
        "C,2011-07-01T08:40:00-04:00,,app,Street,Light,South,,\n"
        "D,2011-07-01T08:50:00-04:00,,app,Street,Light,South,,2030-07-02T09:00:00-04:00\n"
        "E,not a time,,app,Street,Light,South,,\n"
        "F,2011-07-01T08:50:00-04:00,2011-07-01T08:49:00-04:00,app,Street,Light,South,,\n",
        encoding="utf-8",
    )
    told = CliRunner().invoke(app, ["replay", str(file), "--world", "memory", "--out", str(out)])
    assert told.exit_code == 4, told.output  # two rows could not be used, the rest agreed
    assert "line 6: created_at is no ISO 8601 time" in told.output
    assert "line 7: closed_at is before created_at" in told.output
    assert {key: row["verdict"] for key, row in verdicts(out).items()} == {"A": "overdue", "B": "ontime", "C": "", "D": "open"}
