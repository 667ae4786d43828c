"""Plays a story in a world: does the steps through public doors at their times, then reads what a user could read.

Not here: whether it was right (`judge`), how a world is built (`huiyin.world`). No step reaches into a store.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from huiyin.doors import Answer
from huiyin.exits import BadInput
from huiyin.sites import Site, apply_site
from huiyin.story.format import Line, Step, Story
from huiyin.story.observation import CaseSeen, Observation, Snapshot, StepSeen
from huiyin.story.see import see_cases, see_chains, see_clocks, see_notices, see_site, snapshot
from huiyin.story.times import aware, instant
from huiyin.story.verbs import VERBS, Verb
from huiyin.world.actors import Actors
from huiyin.world.world import Quiet, World

Tell = Callable[[Step, StepSeen], None]


class Play:
    """One run of one story."""

    def __init__(self, world: World, story: Story, sites: Sequence[Site], *, tell: Tell | None = None) -> None:
        """`tell` hears of each step with its answer."""
        self.world, self.story = world, story
        self._tell = tell or (lambda _step, _seen: None)
        self.sites = {site.id: site for site in sites}
        self.actors = Actors(world.doors, sites)
        self.cases: dict[str, CaseSeen] = {}
        self.shots: list[Snapshot] = []
        self.calm: Quiet = {}  #: the last time everything was at rest

    def at(self, text: str) -> datetime:
        """Return the instant of a local time of the story."""
        return instant(text, self.story.given.zone)

    async def steps(self) -> list[StepSeen]:
        """Do every step at its time, reading at the instants that the story asks about on the way."""
        looks = sorted({self.at(text) for text in _looks(self.story)})
        self.calm = await self.world.settle()
        seen = []
        for step in self.story.when:
            await self._look(looks, before=self.at(step.at))
            self.calm = await self.world.advance_to(self.at(step.at), self.calm)
            seen.append(await self._do(step))
            self._tell(step, seen[-1])
            self.calm = await self.world.settle()
        end = max([self.world.now, *looks, *([self.at(self.story.until)] if self.story.until else [])])
        await self._look(looks, before=end)
        self.calm = await self.world.advance_to(end, self.calm)
        return seen

    async def _look(self, looks: list[datetime], *, before: datetime) -> None:
        """Go to each instant to read at and read there; what happens at the same minute happens first."""
        while looks and looks[0] < before:
            at = looks.pop(0)
            self.calm = await self.world.advance_to(at, self.calm)
            self.shots.append(await self.shot())

    async def shot(self) -> Snapshot:
        """Return what can be read of every case now."""
        self.cases = await see_cases(self.world.doors, self.cases)
        return await snapshot(self.world.doors, self.world.now, self.cases)

    async def _do(self, step: Step) -> StepSeen:
        if step.needs is not None:
            return StepSeen(status=None, detail="not built yet")
        verb = VERBS[step.do]
        try:
            path, site = await self._path(step, verb)
        except LookupError as missing:
            return StepSeen(status=None, detail=str(missing))
        bearer = await self.actors.bearer(step.by, site, self.world.now)
        answer = await self.world.doors.call(verb.service, verb.method, path, bearer=bearer, body=self._body(step, verb, site), key=uuid4().hex)
        if step.as_ and not answer.refused:
            self.cases[step.as_] = CaseSeen(number=_number(answer), site=site)
        guard = answer.body.get("guard") if answer.refused and isinstance(answer.body, dict) else None
        return StepSeen(status=answer.status, type=answer.type, guard=guard, detail=answer.problem() if answer.refused else "")

    def _body(self, step: Step, verb: Verb, site: str) -> Any:
        given = {name: value for name, value in step.with_.items() if f"{{{name}}}" not in verb.path}
        body = aware({name: self._named(value) for name, value in given.items()}, self.story.given.zone)
        if verb.makes_case:
            body = {"site": site} | body
        if step.happened:
            body[verb.time_field] = self.at(step.happened).isoformat()
        return body

    def _named(self, value: Any) -> Any:
        """Return an alias in braces as the number of that case: `brought_up_in: "{door}"`."""
        if isinstance(value, list | tuple):
            return [self._named(one) for one in value]
        alias = value[1:-1] if isinstance(value, str) and value.startswith("{") and value.endswith("}") else ""
        return self.cases[alias].number if alias in self.cases else value

    async def _path(self, step: Step, verb: Verb) -> tuple[str, str]:
        """Return the path and the site. Raises LookupError with a sentence when the case or order is not there."""
        if verb.on == "site":
            site = self._site(step)
            calendar = self.sites[site].policy.calendar.holidays
            return verb.path.format(**{"calendar": calendar, "year": None} | step.with_ | {"site": site}), site
        alias, _, number = (step.of or "").partition("/")
        if alias not in self.cases:
            raise LookupError(f"no case is called {alias!r}")
        self.cases = await see_cases(self.world.doors, self.cases)
        case = self.cases[alias]
        if verb.on == "case":
            return verb.path.format(number=case.number), case.site
        index = int(number) - 1 if number else len(case.orders) - 1
        if not 0 <= index < len(case.orders):
            raise LookupError(f"{step.of} has no such work order ({len(case.orders)} there)")
        return verb.path.format(**step.with_ | {"number": case.orders[index]}), case.site

    def _site(self, step: Step) -> str:
        site = step.site or step.of or (next(iter(self.sites)) if len(self.sites) == 1 else "")
        if site not in self.sites:
            raise BadInput(f"step at {step.at}: `site` has to be one of {', '.join(self.sites)}")
        return site


def _number(answer: Answer) -> str:
    return str(answer.body.get("number") or answer.body["id"])


def _looks(story: Story) -> list[str]:
    asked: list[Line] = [*story.then.moves, *story.then.records]
    return [str(at) for line in asked if (at := getattr(line, "at", None))]


async def play(world: World, name: str, story: Story, sites: Sequence[Site]) -> Observation:
    """Play the story and return what was seen. The world has to stand at the story's `given.time`."""
    began = world.now
    for site in sites:
        await apply_site(world.doors, site)
    await world.settle()
    run = Play(world, story, sites)
    steps = await run.steps()
    run.shots.append(await run.shot())
    doors = world.doors
    return Observation(
        name=name,
        zone=story.given.zone,
        began=began,
        ended=world.now,
        steps=tuple(steps),
        cases=run.cases,
        sites={site.id: await see_site(doors, site.id, {person.id: person.roles for person in site.rota.people}) for site in sites},
        clocks=await see_clocks(doors, list(run.sites)),
        notices={alias: await see_notices(doors, case.number) for alias, case in run.cases.items()},
        snapshots=tuple(run.shots),
        audit=await see_chains(doors, list(run.sites)),
    )
