"""Instants, days and texts as people enter them: strict and bounded, so that nothing hides, breaks the page beside it, or overflows.

Not here: which characters a text may hold (`writing`), what a field means.
"""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StrictStr
from pydantic_core import PydanticCustomError

from common.writing import not_blank, several_lines

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def _written(shape: re.Pattern[str]) -> Any:
    def check(value: Any) -> Any:
        if isinstance(value, date) or (isinstance(value, str) and shape.match(value)):
            return value
        raise PydanticCustomError("not_iso_8601", "is no ISO 8601 time")

    return check


def _bounded(value: datetime) -> datetime:
    if not EARLIEST <= value < LATEST:
        raise PydanticCustomError("time_out_of_range", "is before 2000 or after 2099")
    exact = value.astimezone(UTC)
    return exact.replace(microsecond=exact.microsecond // 1000 * 1000)


def _bounded_day(value: date) -> date:
    if not EARLIEST.date() <= value < LATEST.date():
        raise PydanticCustomError("time_out_of_range", "is before 2000 or after 2099")
    return value


Text = Annotated[StrictStr, Field(min_length=1, max_length=4000), AfterValidator(several_lines), AfterValidator(not_blank)]  #: several lines
Instant = Annotated[AwareDatetime, BeforeValidator(_written(_INSTANT)), AfterValidator(_bounded)]  #: with zone; kept in UTC, whole milliseconds
Day = Annotated[date, BeforeValidator(_written(_DAY)), AfterValidator(_bounded_day)]  #: a day at the site
