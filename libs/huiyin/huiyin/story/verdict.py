"""The answer to one expectation."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from huiyin.story.format import PartName


class Outcome(StrEnum):
    """What became of an expectation."""

    PASSED = "passed"  #: true
    FAILED = "failed"  #: not true
    NOT_YET = "not yet"  #: its feature is not built: it counts as not passed


@dataclass(frozen=True)
class Fault:
    """What was wanted, what was seen, and the rule behind it with its sentence."""

    expected: str
    actual: str
    rule: str = ""
    origin: str = ""


@dataclass(frozen=True)
class Verdict:
    """One expectation and its outcome."""

    part: PartName
    name: str
    outcome: Outcome
    fault: Fault | None = None
    needs: int | Literal["later"] | None = None
