"""Shapes of single values that come from outside: instants, references, texts. Pure. Not here: anything with two fields."""

from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from common.writing import one_line, several_lines
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints


def _as_text(value: Any) -> Any:
    if not isinstance(value, str | datetime):
        raise ValueError("an RFC 3339 time is needed")  # noqa: TRY004 - pydantic reports ValueError
    return value


def _stored(value: datetime) -> datetime:
    """What the store keeps: UTC, whole milliseconds, a year people live in."""
    if not 2000 <= value.year <= 2199:
        raise ValueError("the year must be between 2000 and 2199")
    value = value.astimezone(UTC)
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


def _known_zone(value: str) -> str:
    try:
        return ZoneInfo(value).key
    except (KeyError, ValueError, OSError):  # unknown, unsafe path, or a directory
        raise ValueError("an IANA time zone is needed") from None


Instant = Annotated[AwareDatetime, BeforeValidator(_as_text), AfterValidator(_stored)]
Reference = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,79}$")]
Code = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Text = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=2000), AfterValidator(several_lines)]
Name = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=80), AfterValidator(one_line)]
Phone = Annotated[str, StringConstraints(strict=True, pattern=r"^\+?[0-9][0-9 ()-]{3,28}[0-9]$")]
Email = Annotated[str, StringConstraints(strict=True, max_length=254, pattern=r"^[^@\s<>\"\\,;:]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}$")]
Locale = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
Zone = Annotated[str, StringConstraints(strict=True, max_length=60), AfterValidator(_known_zone)]
Codes = Annotated[tuple[Code, ...], Field(max_length=50)]
