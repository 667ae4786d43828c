"""Every way to change one claim of a story: another time, role, type, status, value … Each changed story must fail.

Changed is what a line claims. Where it looks (`where`) and its name (`id`, `note`) are no claims.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from common.states import Level
from huiyin.story.format import Deadline, Expectation, NoClock, Notice, Raised, Record, Refusal, Silence, Status, Step, Story
from huiyin.story.judge_clocks import clocks_of
from huiyin.story.load import SECTIONS
from huiyin.story.observation import Observation
from huiyin.story.times import LOCAL, local, moved

MINUTE = timedelta(minutes=1)
NOBODY = "nobody_of_this_name"
Change = tuple[str, Expectation]


def later(text: str) -> str:
    """The same time one minute later; a column without a time gets one."""
    return str(moved(text, MINUTE)) if LOCAL.match(text) else "2026-01-01 00:00"


def _of(line: Any) -> str:
    return "QQ" if line.of.isupper() else NOBODY


def _set(line: Any, **fields: Any) -> Change:
    changed = line.model_copy(update=fields)
    return f"{', '.join(f'{name}={value!r}' for name, value in fields.items())}", type(line).model_validate(changed.model_dump(exclude_unset=True))


def _deadline(line: Deadline, _seen: Observation) -> Iterator[Change]:
    yield _set(line, of=_of(line))
    yield _set(line, clock="CLK_NOT_THERE")
    yield _set(line, nth=line.nth + 20)
    yield _set(line, rule="appt" if line.rule != "appt" else "7m")
    yield _set(line, req="SLA-99")
    for column in ("start", "warning", "l1", "l2", "l3"):
        yield _set(line, **{column: later(getattr(line, column))})
    word, _, at = line.result.partition(" ")
    yield _set(line, result="cancelled" if word != "cancelled" else "running")
    if at:
        yield _set(line, result=f"{word} {later(at)}")
        for other in {"met", "late", "excused"} - {word}:
            yield _set(line, result=f"{other} {at}")
    for level in Level:
        toggled = set(line.raised) ^ {level}
        yield _set(line, raised=tuple(sorted(toggled, key=list(Level).index)))


def _no_clock(line: NoClock, seen: Observation) -> Iterator[Change]:
    yield _set(line, of=_of(line))
    for code in {clock.code for clock in clocks_of(seen, line.of)}:
        yield _set(line, no_clock=code)


def _status(line: Status, _seen: Observation) -> Iterator[Change]:
    yield _set(line, of=_of(line))
    yield _set(line, status="registered" if line.status != "registered" else "closed")
    if line.at:
        yield _set(line, at=later(line.at))


def _raised(line: Raised, _seen: Observation) -> Iterator[Change]:
    yield _set(line, of=_of(line))
    yield _set(line, at=later(line.at))
    yield _set(line, clock="CLK_NOT_THERE")
    for level in set(Level) - {line.raised}:
        yield _set(line, raised=level)
    yield from _several(line, "roles")
    yield from _several(line, "persons")


def _several(line: Any, name: str) -> Iterator[Change]:
    given = getattr(line, name)
    if not given:
        return
    yield _set(line, **{name: (*given, NOBODY)})
    for index in range(len(given)):
        yield _set(line, **{name: (*given[:index], NOBODY, *given[index + 1 :])})
        if len(given) > 1:
            yield _set(line, **{name: (*given[:index], *given[index + 1 :])})


def _notice(line: Notice, _seen: Observation) -> Iterator[Change]:
    yield _set(line, of=_of(line))
    yield _set(line, template="another_template")
    yield _set(line, to=NOBODY)
    yield _set(line, to="person:nobody")
    yield _set(line, at=later(line.at))
    yield _set(line, channel="webhook" if line.channel != "webhook" else "email")
    yield _set(line, status="failed" if line.status != "failed" else "sent")


def _silence(line: Silence, seen: Observation) -> Iterator[Change]:
    """The window becomes the whole story: something was heard then."""
    yield _set(line, of=_of(line))
    yield _set(line, from_=local(seen.began, seen.zone), to=later(local(seen.ended, seen.zone)))


def _record(line: Record, _seen: Observation) -> Iterator[Change]:
    yield _set(line, of=_of(line))
    yield _set(line, path=f"{line.path}.nowhere")
    if line.at:
        yield _set(line, at=later(line.at))
    for name in line.model_fields_set & {"is_", "has", "count"}:
        for other in _other(getattr(line, name)):
            yield _set(line, **{name: other})


def _other(value: Any) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    elif isinstance(value, dict):
        for key in value:
            yield value | {key: next(_other(value[key]))}
            yield {name: item for name, item in value.items() if name != key}
    elif isinstance(value, str) and LOCAL.match(value):
        yield later(value)
    else:
        yield f"{value} but not this"


def _step(step: Step, _seen: Observation) -> Iterator[Change]:
    wanted = step.refused
    if wanted is None:
        yield _set(step, refused=Refusal(type="guard-refused"))
        return
    yield _set(step, refused=None)
    yield _set(step, refused=wanted.model_copy(update={"type": "another-type"}))
    yield _set(step, refused=wanted.model_copy(update={"guard": "Z99"}))
    yield _set(step, refused=wanted.model_copy(update={"status": 418}))


KINDS: dict[type[Expectation], Callable[[Any, Observation], Iterator[Change]]] = {
    Deadline: _deadline,
    NoClock: _no_clock,
    Status: _status,
    Raised: _raised,
    Notice: _notice,
    Silence: _silence,
    Record: _record,
    Step: _step,
}


def mutations(story: Story, seen: Observation) -> Iterator[tuple[str, Story]]:
    """Every changed story, with what was changed."""
    for index, step in enumerate(story.when):
        for what, changed in _changes(step, seen):
            yield f"step {index} {step.do}: {what}", story.model_copy(update={"when": _put(story.when, index, changed)})
    for section in SECTIONS:
        for index, line in enumerate(getattr(story.then, section)):
            for what, changed in _changes(line, seen):
                then = story.then.model_copy(update={section: _put(getattr(story.then, section), index, changed)})
                yield f"{section} {index} {type(line).__name__}: {what}", story.model_copy(update={"then": then})


def _changes(line: Expectation, seen: Observation) -> Iterator[Change]:
    if line.needs is None:
        yield from KINDS[type(line)](line, seen)


def _put(lines: tuple[Any, ...], index: int, changed: Any) -> tuple[Any, ...]:
    return (*lines[:index], changed, *lines[index + 1 :])
