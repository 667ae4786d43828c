"""Every row of every deadline table of the acceptance scenarios, read from the document and reproduced to the minute by the engine."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from common.clock_rules import ClockRule, Moment
from common.packs import read_site
from common.policy import SitePolicy
from common.states import Level
from sla.domain.deadlines import Dates, Site, Start, dates
from sla.domain.holidays import working_days

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT.parent / "shared" / "design" / "scenarios.md"
SHANGHAI = ZoneInfo("Asia/Shanghai")
DAYS = working_days("CN", {})
COLUMNS = {Level.WARNING: "Warning", Level.L1: "L1 = due", Level.L2: "L2", Level.L3: "L3"}


@dataclass(frozen=True)
class Row:
    """One row of one table."""

    story: str
    site: str
    clock: str
    rule: str
    start: str
    levels: tuple[tuple[Level, str], ...]

    @property
    def code(self) -> str:
        """The clock's code without remarks."""
        return self.clock.split()[0]

    def level(self, level: Level) -> str:
        """The text of one level."""
        return dict(self.levels)[level]


def rows() -> list[Row]:
    """Every row of the document."""
    found, story, site, head = [], "", "", list[str]()
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if DOCUMENT.exists() else ():
        if title := re.match(r"## (SC-\d+).*\(site (\w+)\)", line):
            story, site = title.groups()
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if cells and cells[0] == "Clock" and "Rule" in cells:
            head = cells
        elif cells and head and cells[0].startswith("CLK_"):
            named = dict(zip(head, cells, strict=True))
            levels = tuple((level, named[column]) for level, column in COLUMNS.items())
            found.append(Row(story, site, named["Clock"], named["Rule"], named["Start"], levels))
        elif not cells:
            head = []
    return found


ROWS = rows()
pytestmark = pytest.mark.skipif(not ROWS, reason="shared/design/scenarios.md is not on this machine")


def at(text: str) -> datetime:
    """The instant of a cell; 24:00 is the next midnight."""
    days = 1 if text.endswith("24:00") else 0
    moment = datetime.fromisoformat(text.replace("24:00", "00:00")).replace(tzinfo=SHANGHAI)
    return (moment + timedelta(days=days)).astimezone(UTC)


@lru_cache
def policy_of(site: str) -> SitePolicy:
    """The site's policy as its file and packs resolve."""
    return read_site(ROOT / "packs" / "sites" / f"{site}.yaml").policy


def shape_of(row: Row) -> dict[str, Any]:
    """The shape that a cell of the column Rule means."""
    counted = {"m": "minute", "h": "hour", "wd": "working_day", "cd": "calendar_day"}
    if found := re.fullmatch(r"(\d+)(m|h|wd|cd)(@\d\d:\d\d)?", row.rule):
        amount = {"value": int(found[1]), "unit": counted[found[2]]}
        return {"repeat": {"every": amount["value"], "unit": amount["unit"]}} if row.code == "CLK_PROGRESS" else {"duration": amount}
    named: dict[str, dict[str, Any]] = {
        "appt": {"duration": {"unit": "appointment"}},
        "promise": {"duration": {"unit": "promised"}},
        "same_day": {"duration": {"unit": "same_day"}},
        "daily@17:00": {"daily_at": "17:00"},
        "batch": {"batch": {"weekday": "friday", "at": "17:00"}},
        "batch+1week": {"after_batch": {"code": "CLK_SLIP_BATCH", "weeks": 1}},
    }
    return named[row.rule]


def rule_of(row: Row) -> ClockRule:
    """The rule of the site's own packs that says the row."""
    wanted = shape_of(row)
    rules = [rule for rule in policy_of(row.site).clocks if rule.code == row.code]
    found = [rule for rule in rules if rule.model_dump(include=INSIDE[next(iter(wanted))], exclude_none=True, mode="json") == wanted]
    assert found, f"{row.site} has no rule {row.code} {row.rule}"
    return found[0]


INSIDE: dict[str, Any] = {
    "duration": {"duration"},
    "repeat": {"repeat": {"every", "unit"}},
    "daily_at": {"daily_at"},
    "batch": {"batch"},
    "after_batch": {"after_batch"},
}


def computed(row: Row) -> Dates | None:
    """What the engine makes of a row's start and the rule of its site."""
    start, due = at(row.start), row.level(Level.L1)
    made = Start(
        start - timedelta(days=2) if row.rule == "batch+1week" else start,  # the slip was repaired two days before the handover
        Moment.CLASSIFIED,
        appointment_at=at(due),
        promised_at=at(due),
        date_only=due.endswith("24:00"),
        handed_over_at=start,
    )
    return dates(rule_of(row), made, Site(policy_of(row.site), DAYS))


def test_the_whole_document_is_read() -> None:
    """No table and no row is overlooked: whatever stands under a head with a deadline is a row, and no row is left for later."""
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    inside, counted = False, 0
    for line in lines:
        inside = ("L1 = due" in line) or (inside and line.startswith("|"))
        counted += inside and "L1 = due" not in line and not line.startswith("|---")
    assert len(ROWS) == counted == len(re.findall(r"^\| CLK_\w+[^|]*\|", "\n".join(lines), re.MULTILINE)) >= 63
    assert {row.site for row in ROWS} == {"JN", "XZ", "RQ", "SO", "GD"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.story} {row.clock} {row.start}")
def test_a_row_is_reproduced_to_the_minute(row: Row) -> None:
    """Start, warning, deadline, L2 and L3 of the table, by the site's own rule."""
    made = computed(row)
    assert made is not None
    wanted = {level: at(text) for level, text in row.levels if text != "—"}
    assert (made.start_at, dict(made.rungs), made.due_at) == (at(row.start), wanted, wanted[Level.L1])
    assert made.needs is None
    if "@" in row.rule:
        assert row.rule.endswith(policy_of(row.site).calendar.close_of_business or "24:00")
