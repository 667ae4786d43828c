"""Decides whether a story's expectations are true of an observation. Pure: reads nothing but the two.

Here: steps, states and records. Clocks and messages have their own files. Not here: printing (`report`).
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from huiyin.story.format import Deadline, Expectation, NoClock, Notice, PartName, Raised, Record, Silence, Status, Step, Story
from huiyin.story.judge_clocks import clock_absent, clock_raised, deadline
from huiyin.story.judge_notices import notice_left, silence
from huiyin.story.observation import Observation, Snapshot, StepSeen
from huiyin.story.times import instant
from huiyin.story.verdict import Fault, Outcome, Verdict

ACCEPTED = 400  # statuses below are an acceptance


def judge(story: Story, seen: Observation) -> list[Verdict]:
    """Return one verdict for each expectation of the story, in its order."""
    return [verdict for step, answer in zip(story.when, seen.steps, strict=True) for verdict in _step(step, answer)] + [
        _verdict(part, line, seen) for part, line in lines(story)
    ]


def lines(story: Story) -> Iterator[tuple[PartName, Expectation]]:
    """Yield every line under `then` with its part."""
    for part in (PartName.DEADLINES, PartName.MOVES, PartName.NOTICES, PartName.RECORDS):
        for line in getattr(story.then, part.value):
            yield part, line


def _verdict(part: PartName, line: Expectation, seen: Observation) -> Verdict:
    if line.needs is not None:
        return Verdict(part, name_of(line), Outcome.NOT_YET, needs=line.needs)
    fault = JUDGES[type(line)](line, seen)
    return Verdict(part, name_of(line), Outcome.FAILED if fault else Outcome.PASSED, fault)


def _step(step: Step, answer: StepSeen) -> Iterator[Verdict]:
    part = PartName.REFUSALS if step.refused else PartName.MOVES
    name = f"{step.at} {step.by}: {step.do}" + (f" {step.of}" if step.of else "")
    if step.needs is not None:
        yield Verdict(part, name, Outcome.NOT_YET, needs=step.needs)
        return
    fault = _refused(step, answer) if step.refused else _accepted(answer)
    yield Verdict(part, name, Outcome.FAILED if fault else Outcome.PASSED, fault)


def _accepted(answer: StepSeen) -> Fault | None:
    if answer.status is not None and answer.status < ACCEPTED:
        return None
    return Fault("accepted", _said(answer), answer.guard or "")


def _refused(step: Step, answer: StepSeen) -> Fault | None:
    wanted = step.refused
    if wanted is None:
        return None
    right = answer.type == wanted.type and answer.guard == (wanted.guard or answer.guard) and answer.status == (wanted.status or answer.status)
    asked = " ".join(str(part) for part in ("refused:", wanted.status, wanted.type, wanted.guard) if part)
    return None if right else Fault(asked, _said(answer), wanted.guard or "")


def _said(answer: StepSeen) -> str:
    if answer.status is None:
        return f"not tried: {answer.detail}"
    if answer.status < ACCEPTED:
        return "accepted"
    return " ".join(
        str(part) for part in ("refused:", answer.status, answer.type, answer.guard, f"({answer.detail})" if answer.detail else "") if part
    )


def name_of(line: Expectation) -> str:
    """Return a short name of a line, for people."""
    names: dict[type[Expectation], Callable[[Any], str]] = {
        Deadline: lambda it: f"{it.clock} of {it.of}" + (f" no {it.nth}" if it.nth > 1 else ""),
        NoClock: lambda it: f"no {it.no_clock} of {it.of}",
        Status: lambda it: f"{it.of} is {it.status}" + (f" at {it.at}" if it.at else ""),
        Raised: lambda it: f"{it.raised} of {it.clock} of {it.of}",
        Notice: lambda it: f"{it.template} to {it.to} about {it.of}",
        Silence: lambda it: f"no {', '.join(it.what)} about {it.of} from {it.from_} to {it.to}",
        Record: lambda it: f"{it.where} of {it.of}: {it.path or 'all'}" + (f" at {it.at}" if it.at else ""),
    }
    return names[type(line)](line)


def _snapshot(at: str | None, seen: Observation) -> Snapshot | None:
    if at is None:
        return seen.snapshots[-1]
    wanted = instant(at, seen.zone)
    return next((shot for shot in seen.snapshots if shot.at == wanted), None)


def _document(shot: Snapshot, of: str, where: str) -> Any:
    alias, _, number = of.partition("/")
    if where == "books":
        return shot.books.get(of)
    if where == "settlement":
        return next(iter(shot.settlement.get(alias, [])), None)
    if where == "timeline":
        return shot.timeline.get(alias)
    if where == "case":
        return shot.case.get(alias) if not number else None
    orders = shot.order.get(alias, [])
    index = int(number) - 1 if number else len(orders) - 1
    return orders[index] if 0 <= index < len(orders) else None


def _status(line: Status, seen: Observation) -> Fault | None:
    shot = _snapshot(line.at, seen)
    document = _document(shot, line.of, "order" if "/" in line.of else "case") if shot else None
    actual = document.get("status") if document else None
    return None if actual == line.status else Fault(line.status, str(actual or "nothing to be seen"))


def pick(value: Any, path: str) -> list[Any]:
    """Return what a dotted path reaches; `*` reaches every element, a number one."""
    found = [value]
    for part in path.split(".") if path else []:
        reached: list[Any] = []
        for item in found:
            if part == "*" and isinstance(item, list):
                reached.extend(item)
            elif isinstance(item, list) and part.lstrip("-").isdigit() and -len(item) <= int(part) < len(item):
                reached.append(item[int(part)])
            elif isinstance(item, dict) and part in item:
                reached.append(item[part])
        found = reached
    return found


def _record(line: Record, seen: Observation) -> Fault | None:
    shot = _snapshot(line.at, seen)
    found = pick(_document(shot, line.of, line.where), line.path) if shot else []
    values = found if "*" in line.path.split(".") else (found[0] if found else None)
    if line.count is not None:
        if not isinstance(values, list):
            return Fault(f"{line.count} elements", f"no list: {values!r}")
        return None if len(values) == line.count else Fault(f"{line.count} elements", f"{len(values)}: {values!r}")
    if "has" in line.model_fields_set:
        inside = isinstance(values, list | str) and _plain(line.has, seen) in values
        return None if inside else Fault(f"has {line.has!r}", repr(values))
    wanted = _plain(line.is_, seen)
    return None if same(values, wanted, seen.zone) else Fault(f"is {line.is_!r}", repr(values))


def _plain(wanted: Any, seen: Observation) -> Any:
    """Return a wanted value with an alias in braces made the number of that case: `{pipe}`."""
    if isinstance(wanted, str) and wanted.startswith("{") and wanted.endswith("}"):
        case = seen.cases.get(wanted[1:-1])
        return case.number if case else wanted
    return wanted


def same(actual: Any, wanted: Any, zone: str) -> bool:
    """Say whether a value is the wanted one; a local time of the story equals the same instant in an answer."""
    if type(actual) is bool or type(wanted) is bool:
        return actual is wanted
    if actual == wanted:
        return True
    try:
        return bool(isinstance(actual, str) and isinstance(wanted, str) and instant(wanted, zone).isoformat() == _utc(actual))
    except ValueError:
        return False


def _utc(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).isoformat()


JUDGES: dict[type[Expectation], Callable[[Any, Observation], Fault | None]] = {
    Deadline: deadline,
    NoClock: clock_absent,
    Raised: clock_raised,
    Notice: notice_left,
    Silence: silence,
    Status: _status,
    Record: _record,
}  #: line -> question; None is the answer "true"
