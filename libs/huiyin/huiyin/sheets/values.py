"""What may stand in one cell: each reader takes what Excel gives and returns the value, or says in both languages what is wrong. Pure.

Excel turns `3-05` into a date, drops the zero of a number and runs what begins with `=`: all three are named instead of being guessed at.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from common.auth import PERMISSIONS
from common.errors import Text
from common.writing import one_line
from intake.domain.commands import EMAIL
from intake.domain.contact import normalised
from pydantic_core import PydanticCustomError

Read = Callable[[Any], Any]
LONGEST = 200
PLACE = re.compile(r"\w[\w.:/#-]{0,59}")
CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
BETWEEN = re.compile(r"[,,、;;\s]+")
MOBILE = 11
STAFF = re.compile(r"\+?[0-9][0-9 ()-]{3,28}[0-9]")
RELATIONS = {"业主": "owner", "租户": "tenant", "家属": "family", "owner": "owner", "tenant": "tenant", "family": "family"}
ROLES = sorted(set(PERMISSIONS) - {"service", "call_centre", "contractor"})


class Wrong(Exception):
    """A cell cannot be used; `why` says so in both languages and repeats nothing of it."""

    def __init__(self, zh: str, en: str) -> None:
        """Take the sentence."""
        super().__init__(en)
        self.why = Text(zh, en)


def written(value: Any) -> str:
    """Return what stands in a cell as text of one line; a whole number without `.0`."""
    if isinstance(value, datetime | date | time):
        raise Wrong("Excel 把它变成了日期,请把该列设为文本再填", "Excel made a date of it: format the column as text")
    if isinstance(value, bool):
        raise Wrong("这里不能填 TRUE/FALSE", "holds a truth value")
    shown = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
    if len(shown) > LONGEST:
        raise Wrong(f"内容过长(最多 {LONGEST} 字)", f"is longer than {LONGEST} characters")
    try:
        return one_line(shown)
    except PydanticCustomError:
        raise Wrong("含有不可见或换行字符", "holds a line break or a hidden character") from None


def text(value: Any) -> str:
    """Return a text that no spreadsheet will ever run as a formula."""
    shown = written(value)
    if shown.startswith(("=", "+", "-", "@")):
        raise Wrong("以 = + - @ 开头,像是公式", "begins like a formula")
    return shown


def place(value: Any) -> str:
    """Return the code of a unit or a building."""
    shown = text(value)
    if not PLACE.fullmatch(shown):
        raise Wrong("只能用文字、数字和 . : / # -,最多 60 个", "takes letters, digits and . : / # -, up to 60")
    return shown


def whole(low: int, high: int) -> Read:
    """Return a reader of whole numbers between two bounds, both included."""

    def read(value: Any) -> int:
        shown = written(value)
        if not re.fullmatch(r"-?\d{1,9}", shown) or not low <= int(shown) <= high:
            raise Wrong(f"须是 {low} 到 {high} 的整数", f"is no whole number between {low} and {high}")
        return int(shown)

    return read


def area(value: Any) -> float:
    """Return an area in square metres."""
    shown = written(value)
    if not re.fullmatch(r"\d{1,7}(\.\d{1,3})?", shown) or not 0 < float(shown) <= 1_000_000:
        raise Wrong("须是大于 0 的平方米数", "is no number of square metres")
    return float(shown)


def phone(value: Any) -> str:
    """Return a phone number as it was written; a mobile number with a digit too few or too many is named."""
    shown = written(value)
    digits = re.sub(r"[\s\-]", "", shown)
    if re.fullmatch(r"1[3-9]\d*", digits) and len(digits) != MOBILE:
        missing = MOBILE - len(digits)
        how = f"手机号缺 {missing} 位" if missing > 0 else f"手机号多 {-missing} 位"
        raise Wrong(f"{how}(应为 {MOBILE} 位)", f"phone has {len(digits)} digits, a mobile number has {MOBILE}")
    try:
        normalised(shown)
    except ValueError:
        raise Wrong("不是电话号码", "is no phone number") from None
    return shown


def staff_phone(value: Any) -> str:
    """Return a phone number of a member of staff: one that is dialled as it stands, without extension."""
    shown = phone(value)
    if not STAFF.fullmatch(shown):
        raise Wrong("员工电话只能用数字、空格、( ) 和 -", "takes digits, spaces, ( ) and - only")
    return shown


def email(value: Any) -> str:
    """Return an e-mail address."""
    shown = text(value)
    if not re.fullmatch(EMAIL, shown):
        raise Wrong("不是邮箱地址", "is no e-mail address")
    return shown


def relation(value: Any) -> str:
    """Return how somebody belongs to a unit."""
    found = RELATIONS.get(text(value).lower())
    if found is None:
        raise Wrong("须是 业主、租户 或 家属", "is none of owner, tenant, family")
    return found


def code(value: Any) -> str:
    """Return one code of the site."""
    shown = text(value)
    if not CODE.fullmatch(shown):
        raise Wrong("只能用小写字母、数字、_ 和 -", "takes small letters, digits, _ and -")
    return shown


def codes(value: Any) -> list[str]:
    """Return codes that stand beside each other."""
    return [code(part) for part in BETWEEN.split(text(value)) if part]


def roles(value: Any) -> list[str]:
    """Return roles of the system."""
    found = codes(value)
    if not set(found) <= set(ROLES):
        raise Wrong("没有这个岗位;可用岗位见“说明”表", "is no role; the sheet `notes` lists them")
    return found
