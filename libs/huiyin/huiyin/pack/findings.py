"""What `huiyin pack lint` can find: one sentence with a place, an error or a warning. Not here: how it is found (`lint`, `checks`, `manned`)."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from common.errors import Text


class Grade(StrEnum):
    """How bad it is."""

    ERROR = "error"  #: the policy cannot be kept as it stands
    WARNING = "warning"  #: somebody should look whether this is meant


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, with file and line."""

    grade: Grade
    check: str  #: name of the check, e.g. no-recipient
    file: Path | None
    line: int
    field: str
    text: Text

    def as_json(self) -> dict[str, Any]:
        """Return it for programs, in both languages."""
        text = {"zh": self.text.zh, "en": self.text.en}
        return {"grade": self.grade, "check": self.check, "file": str(self.file or ""), "line": self.line, "field": self.field, **text}

    def sentence(self, locale: str) -> str:
        """Return it for people: `file:line: field: what is wrong`."""
        where = f"{self.file}:{self.line}: " if self.file else ""
        return f"{where}{self.field + ': ' if self.field else ''}{self.text.in_(locale)}"
