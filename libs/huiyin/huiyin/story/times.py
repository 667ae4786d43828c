"""Local times of a story and instants. Pure: reads no clock."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

LOCAL = re.compile(r"^(\d{4}-\d{2}-\d{2}) (24:00|\d{2}:\d{2}(?::\d{2})?)$")
PRESENT = "-"


def instant(text: str, zone: str) -> datetime:
    """Return the aware UTC instant of `YYYY-MM-DD HH:MM[:SS]` in `zone`; 24:00 ends the day. Raises ValueError."""
    found = LOCAL.match(text)
    if not found:
        msg = f"not a time of the form YYYY-MM-DD HH:MM: {text!r}"
        raise ValueError(msg)
    day, hour = date.fromisoformat(found[1]), found[2]
    if hour == "24:00":
        day, hour = day + timedelta(days=1), "00:00"
    return datetime.combine(day, time.fromisoformat(hour), ZoneInfo(zone)).astimezone(UTC)


def local(at: datetime | None, zone: str) -> str:
    """Return an instant as the story writes it; `-` for none. Seconds and less only where there are some."""
    if at is None:
        return PRESENT
    here = at.astimezone(ZoneInfo(zone))
    if here.microsecond:
        return here.strftime("%Y-%m-%d %H:%M:%S.%f")
    return here.strftime("%Y-%m-%d %H:%M:%S" if here.second else "%Y-%m-%d %H:%M")


def parse(value: Any) -> datetime | None:
    """Return an ISO 8601 instant of an answer as aware UTC, or None."""
    return None if value is None else datetime.fromisoformat(value).astimezone(UTC)


def aware(value: Any, zone: str) -> Any:
    """Return a request body with every local time in it made an ISO 8601 instant with offset."""
    if isinstance(value, dict):
        return {key: aware(item, zone) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [aware(item, zone) for item in value]
    if isinstance(value, str) and LOCAL.match(value):
        return instant(value, zone).astimezone(ZoneInfo(zone)).isoformat()
    return value


def moved(value: Any, by: timedelta) -> Any:
    """Return a value of a story with every local time in it moved; whole days keep the hours."""
    if isinstance(value, dict):
        return {key: moved(item, by) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [moved(item, by) for item in value]
    found = LOCAL.match(value) if isinstance(value, str) else None
    return local(instant(value, "UTC") + by, "UTC") if found else value
