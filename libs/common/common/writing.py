"""What people may write in a text: everything that can be seen, and nothing that hides, reorders or breaks what stands beside it.

Refused: control characters (a line break and a tab are fine in a text of several lines), lone surrogates, bidi controls, line separators.
Everything else is kept unchanged (reliability.md 4.4, row 50). Not here: how long a text may be, and what it means.
"""

import unicodedata

from pydantic_core import PydanticCustomError

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_SEPARATORS = frozenset("\u2028\u2029")
_BREAKS = frozenset("\n\t")


def _clean(value: str, allowed: frozenset[str]) -> str:
    for character in value:
        hidden = unicodedata.category(character) in {"Cc", "Cs"} and character not in allowed
        if hidden or character in _BIDI or character in _SEPARATORS:
            raise PydanticCustomError("forbidden_character", "holds a control or formatting character")
    return value


def one_line(value: str) -> str:
    """Return a text of one line as it is. Raises PydanticCustomError."""
    return _clean(value, frozenset())


def several_lines(value: str) -> str:
    """Return a text of several lines as it is. Raises PydanticCustomError."""
    return _clean(value, _BREAKS)


def not_blank(value: str) -> str:
    """Return a text that shows something as it is. Raises PydanticCustomError."""
    if not value.strip():
        raise PydanticCustomError("blank", "is blank")
    return value
