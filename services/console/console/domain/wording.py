"""How values are said in one language and one time zone: codes, lists, instants, punctuation.

Not here: the codes' words (`labels`), the sentences of the timeline (`timeline`), the words of the pages (`pages.words`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from common.errors import Text

from console.domain.labels import LABELS, label

Locale = Literal["zh-CN", "en"]
Value = str | list[str] | datetime
DEFAULT_ZONE = "Asia/Shanghai"  # DEF-01
PERSON = frozenset({"person", "persons", "assignee", "second", "previous", "contractor"})  #: placeholders that hold people or firms
FLAGS = frozenset({"True", "False"})
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WIDE = {",": "\uff0c", ":": "\uff1a", ";": "\uff1b", "(": "\uff08", ")": "\uff09", "?": "\uff1f", "!": "\uff01"}
_NARROW = re.compile(r"(?<=[\u4e00-\u9fff])[,:;()?!]|[,:;()?!](?=[\u4e00-\u9fff])")


def typeset(text: str, locale: str) -> str:
    """Return Chinese with the full-width punctuation readers expect; English stays as it is."""
    if locale == "en":
        return text
    return _NARROW.sub(lambda found: WIDE[found.group()], text)


SIGNS = {"CNY": "¥"}


def money(amount: int, locale: str) -> str:
    """Return an amount of the smallest unit in words."""
    return f"amount {whole(amount)}" if locale == "en" else f"金额 {whole(amount)}"


def whole(amount: int, currency: str = "") -> str:
    """Return an amount of the smallest unit in whole units with two decimals, before it the sign of its currency or the code."""
    return SIGNS.get(currency, currency and f"{currency} ") + f"{amount // 100:,}.{amount % 100:02}"


def choose_locale(*wishes: str | None) -> Locale:
    """Return the first language that is one of ours; a wish may be an Accept-Language header. Chinese when nobody wishes."""
    for wish in wishes:
        for part in (wish or "").split(","):
            tag = part.split(";")[0].strip().lower()
            if tag.startswith("zh"):
                return "zh-CN"
            if tag.startswith("en"):
                return "en"
    return "zh-CN"


@dataclass(frozen=True)
class Speech:
    """One language, one zone, the names that a site gives to its faults, and what its people are called where that may be said."""

    locale: Locale = "zh-CN"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo(DEFAULT_ZONE))
    faults: Mapping[str, Text] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)

    def code(self, name: str, code: str) -> str:
        """Return one code in words; a person's reference by the name as it is written."""
        if name in PERSON:
            return self.people.get(code, code)
        fault = self.faults.get(code) if name == "fault" else None
        return typeset(fault.in_(self.locale) if fault else label(name, code, self.locale), self.locale)

    def value(self, name: str, value: Value | None) -> str | None:
        """Return a value in words, None where there is nothing to say (absent, or a flag whose table has no word for it)."""
        if isinstance(value, datetime):
            return self.due(value) if name == "due_at" else self.instant(value)
        if name == "amount" and isinstance(value, str) and value.isdecimal():
            return money(int(value), self.locale)
        if isinstance(value, list):
            return ("\u3001" if self.locale != "en" else ", ").join(self.code(name, item) for item in value) or None
        if not value or (value in FLAGS and value not in LABELS.get(name, {})):
            return None
        return self.code(name, value)

    def instant(self, at: datetime) -> str:
        """Return day and time of day on the site's clock, to the minute."""
        return f"{self.day(at)} {self.clock(at)}"

    def due(self, at: datetime) -> str:
        """Return an instant at which something is due: midnight is the end of the day before, 24:00 (DEF-05)."""
        return f"{self.last_day(at)} 24:00" if self.clock(at) == "00:00" else self.instant(at)

    def clock(self, at: datetime) -> str:
        """Return the local time of day, to the minute."""
        return f"{at.astimezone(self.zone):%H:%M}"

    def day(self, at: datetime) -> str:
        """Return the local day."""
        local = at.astimezone(self.zone)
        return f"{local.day} {MONTHS[local.month - 1]}" if self.locale == "en" else f"{local.month}月{local.day}日"

    def last_day(self, end: datetime) -> str:
        """Return the day that ends at `end`: what was promised for a day is due at its 24:00 (DEF-06)."""
        return self.day(end - timedelta(milliseconds=1))

    def dated(self, at: datetime) -> str:
        """Return day, year and time of day."""
        year = at.astimezone(self.zone).year
        return f"{self.day(at)} {year} {self.clock(at)}" if self.locale == "en" else f"{year}年{self.instant(at)}"

    def sentence(self, template: str, data: Mapping[str, Value]) -> str:
        """Return `head|part|part` as one sentence; a part whose placeholder has no value is left out."""
        said = [text for part in template.split("|") if (text := self._part(part, data)) is not None]
        english = self.locale == "en"
        head, rest = said[0], (", " if english else "\uff0c").join(said[1:])
        return typeset(head + ((": " if english else "\uff1a") + rest if rest else ""), self.locale)

    def _part(self, part: str, data: Mapping[str, Value]) -> str | None:
        names = re.findall(r"{(\w+)}", part)
        words = {name: self.value(name, data.get(name)) for name in names}
        if None in words.values():
            return None
        return part.format(**words)
