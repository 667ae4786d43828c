"""A change of a site's policy as it is kept: who decided what, how far it is, what it did; and where a case goes with it. Pure.

A case goes by its `moved` versions: none, the one it was received under (DEF-18); one, that version; several, the last, but no deadline
earlier than those before give (ADR 0021). Not here: what moves (`compare`), doing it (handlers), windows of force majeure (`windows`).
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from sla.domain.case_file import CaseFile

FAILED = 100  # names of what failed that are kept
DRAFT = 0  #: the version of a policy that is only being looked at


class OpenCases(StrEnum):
    """What a new version means for cases that are open."""

    KEEP = "keep"  #: they keep the version they were received under (DEF-18)
    RECOMPUTE = "recompute"  #: they go by the new version
    LATER = "later"  #: they go by the new version, but no deadline of theirs becomes earlier


class Kind(StrEnum):
    """What a change does."""

    POLICY = "policy"  #: a new version, or open cases brought to the version in force
    ROLLBACK = "rollback"  #: a policy change taken back
    MAJEURE = "majeure"  #: a window of force majeure declared
    MAJEURE_ENDED = "majeure_ended"  #: a window ended before its time
    MAJEURE_UNDONE = "majeure_undone"  #: a window taken back as if it had never been


class Stage(StrEnum):
    """How far it is."""

    RUNNING = "running"  #: cases are being looked at
    DONE = "done"  #: every case was looked at


class Phase(StrEnum):
    """What it looks at, one after the other."""

    OPEN = "open"  #: cases that are open
    ENDED = "ended"  #: cases with a clock that ended inside the window
    WEEKS = "weeks"  #: batches that are open


_VERSIONS = (Phase.OPEN, Phase.WEEKS)
_WINDOWS = (Phase.OPEN, Phase.ENDED)
PHASES: dict[Kind, tuple[Phase, ...]] = {
    Kind.POLICY: _VERSIONS,
    Kind.ROLLBACK: _VERSIONS,
    Kind.MAJEURE: _WINDOWS,
    Kind.MAJEURE_ENDED: _WINDOWS,
    Kind.MAJEURE_UNDONE: _WINDOWS,
}  #: history is never judged by a later policy; a window is a fact about its time


class PolicyChange(BaseModel):
    """One change at one site. `lease_until` and `fence` belong to the worker that has it."""

    id: str
    site: str
    kind: Kind
    open_cases: OpenCases = OpenCases.KEEP
    preview: bool = False  #: only says what it would do
    version_from: int | None = None
    version_to: int | None = None
    undoes: str | None = None  #: the change that it takes back
    undone_by: str | None = None
    window: str | None = None  #: the declaration of force majeure
    since: AwareDatetime | None = None  #: begin of that window
    by: str
    at: AwareDatetime
    stage: Stage = Stage.RUNNING
    done_at: AwareDatetime | None = None
    total: int | None = None  #: cases to look at, as counted at the start
    looked: int = 0
    changed: int = 0  #: cases of which a clock changes
    clocks: dict[str, dict[str, int]] = {}  #: code -> what happened to its clocks -> how many
    failed: tuple[str, ...] = ()  #: what could not be changed, the first of them; it stays where it was, the others go on
    phase: int = 0  #: which of PHASES it is in
    cursor: str = ""  #: the last id of that phase that was looked at
    wake_at: AwareDatetime | None = None  #: machine time from which there is something to do about it; None: nothing any more
    lease_until: AwareDatetime | None = None
    fence: int = 0

    @property
    def looks_at(self) -> Phase | None:
        """Return what it looks at now, None at the end."""
        phases = PHASES[self.kind]
        return phases[self.phase] if self.phase < len(phases) else None


class Step(BaseModel):
    """Part of a site's head: from `at` on open cases go to `to`. A case that sla hears of late goes the same way."""

    model_config = ConfigDict(frozen=True)

    change: str
    to: int
    open_cases: OpenCases
    at: AwareDatetime


class Visited(BaseModel):
    """What a change did to one case, or to the batch of one week: the versions, and every clock that changed, before and after."""

    id: str  #: `<change>:<case>` or `<change>:<week>`
    change: str
    site: str
    case: str | None = None
    week: str | None = None
    moved_from: tuple[int, ...] = ()
    moved_to: tuple[int, ...] = ()
    version_from: int | None = None
    version_to: int | None = None
    clocks: tuple[dict[str, Any], ...] = Field(default=())  #: compare.Shift, dumped

    @property
    def changed(self) -> bool:
        """Say whether any clock changed."""
        return bool(self.clocks)


def advanced(change: PolicyChange, done: Mapping[str, Visited | None], last: str | None) -> PolicyChange:
    """Return the change with a batch done, None for what failed; `last` is the id it ended at, None when the phase has no more."""
    clocks, visited = change.clocks, [one for one in done.values() if one]
    for one in visited:
        clocks = counted(clocks, one)
    here: dict[str, Any] = {"cursor": last} if last else {"phase": change.phase + 1, "cursor": ""}
    here |= {"looked": change.looked + len(visited), "changed": change.changed + sum(one.changed for one in visited)}
    failed = [*(id_ for id_ in change.failed if not done.get(id_)), *(id_ for id_, one in done.items() if one is None and id_ not in change.failed)]
    return change.model_copy(update={"clocks": clocks, "failed": tuple(failed[:FAILED]), **here})


def brought(moved: tuple[int, ...], now: int, to: int, open_cases: OpenCases) -> tuple[int, ...]:
    """Return where a case goes that went by `moved` (`now` is its version of record)."""
    if open_cases is OpenCases.KEEP or to == now:
        return moved
    return (*(moved or (now,)), to) if open_cases is OpenCases.LATER else (to,)


def caught_up(file: CaseFile, steps: Iterable[Step]) -> CaseFile:
    """Return the file of a case that was received before some changes and only heard of after them: it goes where all the others went."""
    for step in steps:
        if file.case.received_at < step.at and file.policy < step.to:
            file = file.model_copy(update={"moved": brought(file.moved, file.policy, step.to, step.open_cases)})
    return file


def counted(clocks: Mapping[str, Mapping[str, int]], visited: Visited) -> dict[str, dict[str, int]]:
    """Return the counts by code with one more case in them."""
    found = {code: dict(counts) for code, counts in clocks.items()}
    for clock in visited.clocks:
        counts = found.setdefault(clock["code"], {})
        for what in (clock["what"], *(["late_at_once"] if clock["late_at_once"] else [])):
            counts[what] = counts.get(what, 0) + 1
    return found
