"""What people may send as text, code or time: bounded and strict, so that nothing hides, breaks the page or the log beside it, or overflows.

Not here: which characters a text may hold (`common.writing`), what a field means.
"""

from typing import Annotated

from common.entered import Day, Instant, Text
from common.writing import not_blank, one_line
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictStr

__all__ = ["Body", "Code", "Day", "Instant", "Line", "Place", "Ref", "Site", "Text"]

Line = Annotated[StrictStr, Field(min_length=1, max_length=200), AfterValidator(one_line), AfterValidator(not_blank)]  #: one line for people
Code = Annotated[StrictStr, Field(pattern=r"^[a-z][a-z0-9_-]{0,59}$")]  #: a code of the site's policy
Ref = Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,79}$")]  #: a person, a contractor, an id of another system
Place = Annotated[StrictStr, Field(pattern=r"^\w[\w.:/#-]{0,59}$")]  #: code of a unit, an asset or an area, e.g. 3-0502
Site = Annotated[StrictStr, Field(pattern=r"^[A-Z0-9]{2,8}$")]


class Body(BaseModel):
    """What a door reads: unknown fields are refused, so that a misspelt one is never silently without effect."""

    model_config = ConfigDict(extra="forbid", frozen=True)
