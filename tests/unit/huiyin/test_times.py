from datetime import UTC, datetime, timedelta

import pytest
from huiyin.story.times import aware, instant, local, moved

SHANGHAI = "Asia/Shanghai"


def test_24_00_is_the_next_days_midnight() -> None:
    assert instant("2026-03-15 24:00", SHANGHAI) == instant("2026-03-16 00:00", SHANGHAI) == datetime(2026, 3, 15, 16, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-03-15", "15.3.2026 10:00", "2026-03-15T10:00", "2026-03-15 9:00", ""])
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="YYYY-MM-DD HH:MM"):
        instant(text, SHANGHAI)


def test_local_shows_only_the_precision_there_is() -> None:
    at = datetime(2026, 3, 15, 1, 2, tzinfo=UTC)
    assert local(at, SHANGHAI) == "2026-03-15 09:02"
    assert local(at + timedelta(seconds=3), SHANGHAI) == "2026-03-15 09:02:03"
    assert local(at + timedelta(milliseconds=40), SHANGHAI).endswith("09:02:00.040000")
    assert local(None, SHANGHAI) == "-"


def test_local_times_inside_a_body_become_instants() -> None:
    body = {"next_at": "2026-03-18 15:00", "text": "2026-03-18", "list": ["2026-03-18 15:00", 3], "deep": {"at": "2026-03-18 24:00"}}
    made = aware(body, SHANGHAI)
    assert made["next_at"] == made["list"][0] == "2026-03-18T15:00:00+08:00"
    assert made["text"] == "2026-03-18"
    assert made["deep"]["at"] == "2026-03-19T00:00:00+08:00"
    assert made["list"][1] == 3


def test_moving_by_whole_days_keeps_the_hours() -> None:
    assert moved({"a": "2026-03-28 23:30", "b": "text"}, timedelta(days=2)) == {"a": "2026-03-30 23:30", "b": "text"}
