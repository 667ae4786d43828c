"""Reads story files and makes each variant a story of its own.

Not here: what a story means (`format`), and reading packs and sites (`common.packs`).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from common.packs import PackError, read
from pydantic import ValidationError

from huiyin.exits import BadInput
from huiyin.sites import Site, inline_site, load_site, packs_folder
from huiyin.story.format import Expectation, Step, Story, Then, Variant
from huiyin.story.times import instant

E = TypeVar("E", bound=Expectation)
SECTIONS = ("deadlines", "moves", "notices", "records")


def read_story(path: Path) -> Story:
    """Return the story of a file. Raises BadInput naming the file, the line and each wrong place."""
    try:
        document = read(path)
        return Story.model_validate(document.values)
    except PackError as wrong:
        raise BadInput(str(wrong)) from None
    except ValidationError as wrong:
        rows = [f"{path}:{document.line(row['loc'])}: {'.'.join(map(str, row['loc']))}: {row['msg']}" for row in wrong.errors()]
        raise BadInput("\n".join(dict.fromkeys(rows))) from None


def cast_of(story: Story, near: Path) -> list[Site]:
    """Return the sites a story happens on: whole ones, files beside the story, or ids of the packs folder. Raises BadInput."""
    return [_site(wanted, story, near) for wanted in story.sites]


def _site(wanted: str | dict[str, Any], story: Story, near: Path) -> Site:
    if not isinstance(wanted, str):
        inline = all(str(wanted.get(key)) in _packs(story) for key in ("base",))
        return inline_site(wanted, story.packs, None if inline else packs_folder(near))
    beside = near.parent / wanted
    return load_site(beside if beside.is_file() else packs_folder(near) / "sites" / f"{wanted}.yaml")


def _packs(story: Story) -> set[str]:
    return {str(pack.get("pack")) for pack in story.packs}


def stories(story: Story) -> Iterator[tuple[str, Story]]:
    """Yield every story to run: the base (unless it is only shared) and each variant, under the name `SC-10` or `SC-10 A`."""
    if story.base:
        yield story.scenario, _sorted(story)
    for name, variant in story.variants.items():
        yield f"{story.scenario} {name}", _sorted(_vary(story, variant, name))


def _vary(story: Story, variant: Variant, name: str) -> Story:
    known = {line.id for line in _lines(story) if line.id}
    unknown = sorted(set(variant.without) - known)
    if unknown:
        raise BadInput(f"{story.scenario} {name}: `without` names lines that do not exist: {', '.join(unknown)}")
    gone = set(variant.without)
    then = Then.model_validate({key: _merge(getattr(story.then, key), getattr(variant.then, key), gone) for key in SECTIONS})
    title = f"{story.title} – {variant.title}" if variant.title else story.title
    when = _merge(story.when, variant.when, gone)
    until = variant.until or story.until
    return story.model_copy(update={"title": title, "when": when, "then": then, "until": until, "variants": {}})


def _lines(story: Story) -> Iterator[Expectation]:
    yield from story.when
    for section in SECTIONS:
        yield from getattr(story.then, section)


def _merge(below: Sequence[E], above: Sequence[E], without: set[str]) -> tuple[E, ...]:
    """Return `below` with the lines of `above` put in place of those of the same id, the rest of `above` behind."""
    mine = {line.id: line for line in above if line.id}
    kept = [mine.pop(line.id, line) if line.id else line for line in below if line.id not in without]
    return (*kept, *(line for line in above if line.id is None or line.id in mine))


def _sorted(story: Story) -> Story:
    """Return the story with its steps in time order; steps of one minute keep theirs."""

    def when(step: Step) -> datetime:
        return instant(step.at, story.given.zone)

    return story.model_copy(update={"when": tuple(sorted(story.when, key=when))})
