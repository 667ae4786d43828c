"""The timeline of a case: one entry per fact. Pure.

An entry keeps references and codes only; a value that does not look like a code is not kept, so nothing personal can get in.
Not here: the table of lines (`lines`), the words of codes (`labels`), how they are said (`wording`), storage.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any

from common.envelope import Event
from common.events import Fact
from common.events.intake import CaseRegistered, PromiseKept
from common.events.sla import ClockRedated
from common.states import ClockState, ClockView
from pydantic import AwareDatetime, BaseModel

from console.domain.labels import REDATED
from console.domain.lines import CASES, LINES
from console.domain.wording import Speech, Value

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/+-]{0,119}")  # what a reference may look like; a name or a sentence does not


class Entry(BaseModel):
    """One entry; its id is the fact's, so a fact that comes again changes nothing."""

    id: str
    case: str
    site: str
    at: AwareDatetime  #: when it happened (business time)
    recorded: AwareDatetime  #: when it was written down here (business time)
    seq: int
    stream: str
    kind: str
    by: str | None = None
    data: dict[str, Value] = {}


def case_of(fact: Fact) -> str | None:
    """Return the number of the case that a fact is about, None where it is about none (a week's slips, a site's policy)."""
    path = CASES.get(fact.kind) or CASES.get(fact.prefix())
    number = _reach(fact, path) if path else None
    return number if isinstance(number, str) else None


def entry(event: Event[Any], recorded: datetime) -> Entry | None:
    """Return the entry of a fact, None for a fact that no case's timeline shows."""
    fact, line, case = event.fact, LINES.get(event.fact.kind), case_of(event.fact)
    if line is None or case is None:
        return None
    found = {name: kept(read(fact)) for name, read in DERIVED.items()} | {name: kept(_reach(fact, path)) for name, path in line.data.items()}
    by = kept(_reach(fact, line.by)) if line.by else None
    return Entry(
        id=event.id,
        case=case,
        site=event.site,
        at=event.at,
        recorded=recorded,
        seq=event.seq,
        stream=event.stream,
        kind=fact.kind,
        by=by if isinstance(by, str) else None,
        data={name: value for name, value in found.items() if value is not None},
    )


def text(made: Entry, speech: Speech) -> str:
    """Return the entry as a sentence."""
    line = LINES.get(f"{made.kind}:{made.data.get('level')}") or LINES[made.kind]
    data = dict(made.data)
    due = data.get("due_at")
    if data.get("date_only") == "True" and isinstance(due, datetime):
        data = data | {"due_at": "", "due_day": speech.last_day(due)}
    return speech.sentence(line.en if speech.locale == "en" else line.zh, data)


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries by the time they happened; at the same instant causes come before effects, and a stream keeps its own order."""
    last: dict[str, tuple[datetime, int]] = {}
    keyed: list[tuple[tuple[datetime, int, int, str], Entry]] = []
    for made in sorted(entries, key=lambda one: (one.stream, one.seq)):
        rank = LINES[made.kind].rank
        at, before = last.get(made.stream, (None, 0))
        if at == made.at:
            rank = max(rank, before)
        last[made.stream] = (made.at, rank)
        keyed.append(((made.at, rank, made.seq, made.id), made))
    return [made for _, made in sorted(keyed, key=lambda pair: pair[0])]


def kept(value: Any) -> Value | None:
    """Return what may be kept of a value: an instant, a flag, a code or several codes; None for everything else."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, tuple | list):
        return [code for item in value if isinstance(code := kept(item), str)] or None
    if isinstance(value, bool | BaseModel):
        return str(bool(value))
    code = str(value.value if isinstance(value, Enum) else "" if value is None else value)
    return code if CODE.fullmatch(code) else None


def _reach(value: Any, path: str) -> Any:
    for part in path.split("."):
        value = getattr(value, part, None)
    return value


def _recipient(fact: Fact) -> str | None:
    return str(getattr(fact, "recipient", "")).partition(":")[0] or None


def _person(fact: Fact) -> str | None:
    kind, _, reference = str(getattr(fact, "recipient", "")).partition(":")
    return reference if kind == "person" else None  # an owner's reference stays with intake and notify


def _addressed(fact: Fact) -> str | None:
    kind, _, reference = str(getattr(fact, "recipient", "")).partition(":")
    return reference if kind == "role" else None


def _reported_at(fact: Fact) -> datetime | None:
    case = _reach(fact, "case")
    return case.received_at if isinstance(fact, CaseRegistered) and case.received_at != case.registered_at else None


def _belated(fact: Fact) -> bool | None:
    return fact.kept_at > fact.due_at if isinstance(fact, PromiseKept) else None


def _redated(fact: Fact) -> str | None:
    return fact.why if isinstance(fact, ClockRedated) and fact.why in REDATED else None


def _undated(fact: Fact) -> str | None:
    return ClockState.UNDATED if _reach(fact, "clock.state") is ClockState.UNDATED else None


def _estimate(fact: Fact) -> datetime | None:
    """A guess is told only where there is no due time."""
    clock = _reach(fact, "clock")
    return clock.estimate_at if isinstance(clock, ClockView) and clock.due_at is None else None


DERIVED: Mapping[str, Callable[[Fact], Any]] = {
    "recipient": _recipient,
    "person": _person,
    "addressed": _addressed,
    "reported_at": _reported_at,
    "belated": _belated,
    "redated": _redated,
    "undated": _undated,
    "estimate": _estimate,
}  #: placeholders that no single field holds
