"""`huiyin demo`: the main job once on the running system, from the call centre's POST to the closed case.

What happens is a story file (`packs/examples/demo.yaml`), moved to the most recent day on which it can be over. Business time begins there,
runs scaled, arrives at the present and goes on as system time. Not here: starting the system (`./dev up`).
"""

import json
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from common.settings import Settings
from common.timesource import machine_now

from huiyin import cli
from huiyin.cases import look, print_case
from huiyin.doors import Doors, address, open_doors, settings_here
from huiyin.exits import Failed, NotHere
from huiyin.sites import Site, apply_site, load_site, packs_folder
from huiyin.story.format import Step, Story
from huiyin.story.load import read_story
from huiyin.story.observation import StepSeen
from huiyin.story.run import Play
from huiyin.story.times import instant, moved
from huiyin.timeline import EN, ZH
from huiyin.world.live import LiveTime, LiveWorld

MARGIN = timedelta(minutes=10)  # the story is over this long before the present
LEAD = timedelta(minutes=5)  # business time begins this long before the first step
ARRIVES_IN = timedelta(seconds=2)  # machine time from the end of the story to the present
LOGIN = "demo"
ACCEPTED = 400


def demo(
    story: Annotated[Path | None, typer.Argument(help="Story to play; without it packs/examples/demo.yaml.", exists=True, dir_okay=False)] = None,
    en: Annotated[bool, typer.Option("--en", help="Timelines in English.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Apply the sites, make demo credentials and play one repair and one complaint to their end; print both timelines.

    Example: huiyin demo
    """
    cli.run(_demo(story, EN if en else ZH))


async def _demo(file: Path | None, locale: str) -> None:
    settings, packs = settings_here(), packs_folder(file)
    played = read_story(file or packs / "examples" / "demo.yaml")
    sites = [load_site(path) for path in sorted((packs / "sites").glob("*.yaml"))]
    if settings.time != "shared":
        raise NotHere("the demo moves business time: start the services with HUIYIN_TIME=shared (`./dev up` does)")
    time = LiveTime(settings)
    try:
        async with open_doors(settings) as doors:
            await _play(doors, settings, time, _to_recent(played, machine_now()), sites, locale)
    finally:
        await time.close()


async def _play(doors: Doors, settings: Settings, time: LiveTime, story: Story, sites: Sequence[Site], locale: str) -> None:
    first = not await time.was_moved()
    start = _begins(story) - LEAD
    if first:
        await time.set(start)
    for site in sites:
        cli.err.print(f"· site {site.id} {site.policy.name.in_(locale)}: {len(site.rota.people)} people, {len(site.policy.clocks)} clock rules")
        await apply_site(doors, site)
    if first:
        await _tell_story(doors, settings, time, story, sites, locale)
        await time.arrive(ARRIVES_IN)
        cli.err.print("· business time runs to the present and goes on as system time")
    else:
        cli.err.print("· the story was played before; business time is the present")
    await _credentials(doors, settings, story, sites)


async def _tell_story(doors: Doors, settings: Settings, time: LiveTime, story: Story, sites: Sequence[Site], locale: str) -> None:
    world = LiveWorld(doors, settings, time, await time.now())
    play = Play(world, story, [site for site in sites if site.id in story.sites], tell=_tell)
    await play.steps()
    for case in play.cases.values():
        print_case(await look(doors, case.number, locale), locale)


def _tell(step: Step, seen: StepSeen) -> None:
    if seen.status is None or seen.status >= ACCEPTED:
        raise Failed(f"{step.at} {step.do}: {seen.detail}")
    cli.err.print(f"· {step.at} {step.by}: {step.do} {step.of or step.as_ or ''} {step.note}".rstrip(), markup=False)


def _begins(story: Story) -> datetime:
    return min(instant(step.at, story.given.zone) for step in story.when)


def _to_recent(story: Story, now: datetime) -> Story:
    """Return the story moved by whole days, so that it is over before `now`."""
    end = max(instant(step.at, story.given.zone) for step in story.when)
    by = timedelta(days=(now - MARGIN - end) // timedelta(days=1))
    steps = tuple(step.model_copy(update={"at": moved(step.at, by), "with_": moved(step.with_, by)}) for step in story.when)
    return story.model_copy(update={"when": steps})


async def _credentials(doors: Doors, settings: Settings, story: Story, sites: Sequence[Site]) -> None:
    """Print what a person needs to go on: the address, an account, a key, one curl line."""
    ids = [site.id for site in sites]
    key = (await doors.surely("intake", "POST", "/v1/keys", body={"name": "demo call centre", "sites": ids}))["key"]
    password = secrets.token_urlsafe(9)
    account = {"login": LOGIN, "password": password, "person": LOGIN, "roles": ["administrator"], "sites": ["*"]}
    answer = await doors.call("console", "POST", "/v1/accounts", body=account)
    cli.out.print(f"\nopen       {address(settings)}", soft_wrap=True)
    if not answer.refused:
        cli.out.print(f"sign in    {LOGIN} / {password}", markup=False, soft_wrap=True)
    cli.out.print(f"API key    {key}", markup=False, soft_wrap=True)
    cli.out.print(_curl(address(settings), key, story), markup=False, soft_wrap=True)


def _curl(base: str, key: str, story: Story) -> str:
    step = next(step for step in story.when if step.do == "report")
    body: dict[str, Any] = {"site": step.site or story.sites[0]} | {name: value for name, value in step.with_.items() if name != "reporter"}
    sent = json.dumps(body, ensure_ascii=False)
    return (
        f"try        curl -X POST {base}/v1/cases -H 'Authorization: Bearer {key}' -H 'Idempotency-Key: try-1' "
        f"-H 'Content-Type: application/json' -d '{sent}'"
    )
