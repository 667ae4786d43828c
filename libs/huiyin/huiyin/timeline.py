"""Draws the timeline of a case and its clocks as tables that a person reads. Data comes from the public doors; nothing is computed here."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from common.errors import Text
from console.domain.labels import CLOCK, CLOCK_STATE
from rich.table import Table

ZH, EN = "zh-CN", "en"
COLOURS = {"met": "green", "late": "red", "excused": "yellow"}
HEADS = {
    "timeline": (Text("时间", "time"), Text("事件", "what happened"), Text("经手", "by")),
    "clocks": (Text("时限", "clock"), Text("起算", "start"), Text("到期", "due"), Text("停止", "stopped"), Text("结果", "result")),
}


def word(table: Mapping[str, Text], code: str, locale: str) -> str:
    """Return the word for a code, the code itself where there is none."""
    return table[code].in_(locale) if code in table else code


def when(value: str | None, zone: str) -> str:
    """Return a time as a desk reads it, in the zone of its site."""
    return datetime.fromisoformat(value).astimezone(ZoneInfo(zone)).strftime("%m-%d %H:%M:%S") if value else "–"


def timeline_table(title: str, entries: Iterable[Mapping[str, Any]], zone: str, locale: str) -> Table:
    """Return one row per entry, oldest first, in the site's local time."""
    table = Table(*(head.in_(locale) for head in HEADS["timeline"]), title=title, title_justify="left", header_style="bold")
    for entry in entries:
        table.add_row(when(entry["at"], zone), entry["text"], entry.get("by") or "")
    return table


def clocks_table(title: str, clocks: Sequence[Mapping[str, Any]], zone: str, locale: str) -> Table:
    """Return one row per clock with its verdict, earliest start first."""
    table = Table(*(head.in_(locale) for head in HEADS["clocks"]), title=title, title_justify="left", header_style="bold")
    for clock in sorted(clocks, key=lambda row: (row["start_at"], row["id"])):
        state = str(clock["state"])
        said = word(CLOCK_STATE, state, locale)
        colour = COLOURS.get(state)
        times = (when(clock.get(name), zone) for name in ("start_at", "due_at", "stopped_at"))
        table.add_row(word(CLOCK, clock["code"], locale), *times, f"[{colour}]{said}[/]" if colour else said)
    return table
