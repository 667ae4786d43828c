"""What people may send as text, code or time: bounded and strict, so that nothing hides, breaks the page or the log beside it, or overflows.

Not here: which characters a text may hold (`common.writing`), what a field means.
"""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from common.writing import not_blank, one_line, several_lines
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StrictStr
from pydantic_core import PydanticCustomError

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


Line = Annotated[StrictStr, Field(min_length=1, max_length=200), AfterValidator(one_line), AfterValidator(not_blank)]  #: one line for people
Text = Annotated[StrictStr, Field(min_length=1, max_length=4000), AfterValidator(several_lines), AfterValidator(not_blank)]  #: several lines
Code = Annotated[StrictStr, Field(pattern=r"^[a-z][a-z0-9_-]{0,59}$")]  #: a code of the site's policy
Ref = Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,79}$")]  #: a person, a contractor, an id of another system
Place = Annotated[StrictStr, Field(pattern=r"^\w[\w.:/#-]{0,59}$")]  #: code of a unit, an asset or an area, e.g. 3-0502
Site = Annotated[StrictStr, Field(pattern=r"^[A-Z0-9]{2,8}$")]
Instant = Annotated[AwareDatetime, BeforeValidator(_written(_INSTANT)), AfterValidator(_bounded)]  #: with zone; kept in UTC, whole milliseconds
Day = Annotated[date, BeforeValidator(_written(_DAY)), AfterValidator(_bounded_day)]  #: a day at the site


class Body(BaseModel):
    """What a door reads: unknown fields are refused, so that a misspelt one is never silently without effect."""

    model_config = ConfigDict(extra="forbid", frozen=True)
