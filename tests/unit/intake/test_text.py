"""Text, codes and times from outside: what is refused, and that everything else is kept as it came."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from intake.domain.text import Body, Day, Instant, Line, Place, Text
from pydantic import ValidationError


class Sample(Body):
    line: Line | None = None
    text: Text | None = None
    place: Place | None = None
    at: Instant | None = None
    day: Day | None = None


HIDDEN = ["\x00", "\x07", "\x1b[31m", "\x7f", "\x85", "\ud800", "\u202e", "\u2066", "\u200f", "\u2028"]


@pytest.mark.parametrize("field", ["line", "text"])
@pytest.mark.parametrize("hidden", HIDDEN)
def test_hidden_characters_are_refused(field: str, hidden: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Sample.model_validate({field: f"漏{hidden}水"})
    assert refused.value.errors()[0]["loc"] == (field,)


@pytest.mark.parametrize("kept", ["电梯困人", "𠮷野", "👩‍🔧", "e\u0301", "é", "  a  ", "{}%s$ne", "\ufeffa", "a" * 200])
def test_everything_else_is_kept_unchanged(kept: str) -> None:
    assert Sample(line=kept, text=kept).model_dump(include={"line", "text"}) == {"line": kept, "text": kept}


def test_a_line_has_no_break_a_text_may() -> None:
    assert Sample(text="一\n二\t三").text == "一\n二\t三"
    for value in ("a\nb", "a\tb"):
        with pytest.raises(ValidationError):
            Sample(line=value)


@pytest.mark.parametrize(
    "body",
    [
        {"line": ""},
        {"line": " "},
        {"line": "a" * 201},
        {"line": 12},
        {"line": None, "unknown": 1},
        {"text": "a" * 4001},
        {"place": "../etc"},
        {"place": "a b"},
        {"place": {"$ne": None}},
        {"at": 1_773_000_000},
        {"at": "1773000000"},
        {"at": "2026-03-16T12:00:00"},
        {"at": "1999-12-31T00:00:00Z"},
        {"at": "0001-01-01T00:00:00+14:00"},
        {"at": "9999-12-31T23:59:59-14:00"},
        {"at": True},
        {"day": "2026-3-1"},
        {"day": 20000},
        {"day": "2100-01-01"},
    ],
)
def test_out_of_bounds_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Sample.model_validate(body)


def test_times_are_utc_in_whole_milliseconds() -> None:
    seen = Sample.model_validate({"at": "2026-03-16T12:00:00.123999+08:00", "day": "2026-03-16"})
    assert seen.at == datetime(2026, 3, 16, 4, 0, 0, 123000, tzinfo=UTC)
    assert seen.day == date(2026, 3, 16)


@pytest.mark.parametrize("place", ["3-0502", "1号楼", "lift-1", "u_bbcec5305904", "A/2.1"])
def test_places_are_codes_as_sites_write_them(place: str) -> None:
    assert Sample(place=place).place == place
