"""`huiyin why`: every clock of a case explained: rule, quote, what counted and what not, who held it. sla says it, nothing is computed here."""

from typing import Annotated, Any

import typer
from console.domain.labels import CLOCK, CLOCK_STATE

from huiyin import cli
from huiyin.doors import open_doors
from huiyin.timeline import COLOURS, EN, ZH, word


def why(
    case: Annotated[str, typer.Argument(help="Case number, e.g. AB-260314-7K3QX.")],
    json: cli.AsJson = False,  # noqa: FBT002 - a flag
    en: Annotated[bool, typer.Option("--en", help="In English; without it in Chinese.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Explain every clock of a case: the rule, its quote and version, each stretch that counted or not, and whose minutes were late.

    Example: huiyin why AB-260314-7K3QX
    """
    found = cli.run(_ask(case))
    if json:
        cli.show_json(found)
        return
    for one in found:
        show(one, EN if en else ZH)


async def _ask(case: str) -> list[dict[str, Any]]:
    async with open_doors() as doors:
        await doors.surely("intake", "GET", f"/v1/cases/{case}")
        clocks = await doors.surely("sla", "GET", "/v1/clocks", case=case)
        started = sorted(clocks, key=lambda clock: (clock["start_at"], clock["id"]))
        return [await doors.surely("sla", "GET", f"/v1/clocks/{clock['id']}/explanation") for clock in started]


def show(found: dict[str, Any], locale: str) -> None:
    """Print one clock and its account, a line for each step."""
    clock = found["clock"]
    state = word(CLOCK_STATE, clock["state"], locale)
    cli.out.print(f"[bold]{word(CLOCK, clock['code'], locale)}[/] {clock['id']} [{COLOURS.get(clock['state'], 'cyan')}]{state}[/]")
    for line in found["lines"]:
        cli.out.print(f"  {line[locale[:2]]}", markup=False, soft_wrap=True)
