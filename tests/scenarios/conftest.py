"""Stories of this folder, each played once in memory for all tests of a session; observations travel as JSON, worlds are closed by then."""

import asyncio
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from huiyin.scenario import WorldName, observe
from huiyin.story.format import Story
from huiyin.story.load import read_story, stories
from huiyin.story.observation import Observation

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.yaml"))


@dataclass(frozen=True)
class Told:
    """One story, base or variant, and its file."""

    name: str
    story: Story
    file: Path

    def __str__(self) -> str:
        return self.name.replace(" ", "-")


@lru_cache(maxsize=1)
def all_stories() -> tuple[Told, ...]:
    return tuple(Told(name, story, file) for file in FILES for name, story in stories(read_story(file)))


@cache
def _played(name: str, world: WorldName) -> str:
    told = next(one for one in all_stories() if one.name == name)
    return asyncio.run(observe(world, told.name, told.story, told.file)).model_dump_json()


def observation(told: Told, world: WorldName = WorldName.MEMORY) -> Observation:
    """What was seen when the story was played; from JSON, so nothing of the world can be read any more."""
    return Observation.model_validate_json(_played(told.name, world))
