"""Where a value of a pack comes from: a sentence of a document, a default of the catalogue, or a decision of the site.

Not here: the values themselves (`policy`, `clock_rules`) and reading them from files (`packs`).
"""

from typing import Annotated, Any, NoReturn, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from common.errors import Text
from common.writing import several_lines

DayTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]  #: `HH:MM`, 24:00 = the end of the day
Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,59}$")]
Whole = Annotated[int, Field(strict=True)]  #: neither "12" nor true: a slip in a file is refused, not read as something
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Flag = Annotated[bool, Field(strict=True)]


def _shown(words: Text) -> Text:
    for text in (words.zh, words.en):
        several_lines(text)
    return words


Title = Annotated[Text, AfterValidator(_shown)]  #: what people read, in both languages


def refuse(zh: str, en: str) -> NoReturn:
    """Refuse a value of a pack in both languages: for validators."""
    raise PydanticCustomError("refused", "{en}", {"zh": zh, "en": en})


def minutes_of(text: DayTime) -> int:
    """Return minutes after 00:00, 0 to 1440."""
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


class Section(BaseModel):
    """Part of a pack: unknown keys are refused, so that a misspelt rule can never be silently without effect."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _shows_what_it_says(cls, value: Any) -> Any:
        for text in value if isinstance(value, list | tuple) else (value,):
            if isinstance(text, str):
                several_lines(text)
        return value


class Origin(Section):
    """One source: document and quote, or `default: DEF-nn`, or `site` when the site decided."""

    doc: str = ""  #: short name of the document
    req: str = ""  #: requirement that reads the sentence, e.g. SLA-05
    quote: str = ""  #: the sentence, in the script of the document
    default: str = ""  #: nothing in the sources says it: DEF-nn, or not-in-sources; `reading`: the catalogue reads it so, without a sentence
    site: str = ""  #: code of the site whose file says it

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.quote or self.default or self.site):
            refuse("来源须有引文 quote、默认 default 或项目 site 之一", "an origin needs a quote, a default or a site")
        return self

    @property
    def rule(self) -> str:
        """Return the id that a clock keeps of it (DEF-17): the requirement, else the default, else the site."""
        return self.req or self.default or f"site:{self.site}"


class Sourced(Section):
    """A section whose values say where they come from: `origin` for all of them, `origins` for single fields."""

    origin: Origin | None = None
    origins: dict[str, Origin] = {}

    def origin_of(self, field: str) -> Origin | None:
        """Return the source of one value, or None when a whole section above it carries the source."""
        return self.origins.get(field, self.origin)
