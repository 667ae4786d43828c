"""`huiyin site`: brings site files (policy, people, rota, contractors, subscriptions) into the running system."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from common.coverage import Gap
from common.timesource import machine_now

from huiyin import cli
from huiyin.doors import open_doors
from huiyin.sheets.command import import_sheets, write_template
from huiyin.sites import Applied, Site, apply_site, load_site

app = typer.Typer(help="Sites: one YAML file each; units and people also from Excel.", no_args_is_help=True)
app.command("import")(import_sheets)
app.command("template")(write_template)
Files = Annotated[list[Path], typer.Argument(help="Site files, e.g. packs/sites/*.yaml.", exists=True, dir_okay=False, readable=True)]


@app.command("apply")
def apply(files: Files, dry_run: cli.DryRun = False, json: cli.AsJson = False) -> None:  # noqa: FBT002 - flags
    """Read site files with their packs and publish them as new versions; gaps of the rota are named. Open cases keep their version.

    Example: huiyin site apply packs/sites/JN.yaml --dry-run

    Example: huiyin site apply packs/sites/*.yaml
    """
    sites = cli.run(_load(files))
    done = {} if dry_run else cli.run(_apply(sites))
    rows = [
        {
            "site": site.id,
            "packs": list(site.policy.packs),
            "clocks": len(site.policy.clocks),
            "people": len(site.rota.people),
            "contractors": len(site.rota.contractors),
            "subscriptions": len(site.subscriptions),
            **({"policy_version": done[site.id].policy, "people_version": done[site.id].people} if site.id in done else {}),
        }
        for site in sites
    ]
    found = {site.id: site.gaps(machine_now()) for site in sites}
    if json:
        gaps = {site: [gap.model_dump(mode="json") for gap in some] for site, some in found.items()}
        rows = [row | {"warnings": gaps[str(row["site"])]} for row in rows]
        cli.show_json([row | {"secrets": dict(done[row["site"]].secrets)} if row["site"] in done else row for row in rows])
        return
    if rows:
        cli.show_table(list(rows[0]), [[_cell(value) for value in row.values()] for row in rows])
    for url, secret in ((url, secret) for one in done.values() for url, secret in one.secrets.items()):
        cli.out.print(f"webhook {url}: {secret} (keep it, it is not shown again)", markup=False, soft_wrap=True)
    for site in sites:
        _warn(site, found[site.id])
    if dry_run:
        cli.err.print("valid; nothing was changed (--dry-run)")


def _warn(site: Site, gaps: Sequence[Gap]) -> None:
    for gap in gaps:
        said = gap.sentence(site.policy.calendar.timezone)
        cli.err.print(f"{'!' if gap.serious else '·'} {site.id} {said.zh} · {said.en}", markup=False, soft_wrap=True)


def _cell(value: object) -> object:
    return ", ".join(value) if isinstance(value, list) else value


async def _load(files: list[Path]) -> list[Site]:
    return [load_site(file) for file in files]


async def _apply(sites: list[Site]) -> dict[str, Applied]:
    done = {}
    async with open_doors() as doors:
        for site in sites:
            cli.err.print(f"applying {site.id} …")
            done[site.id] = await apply_site(doors, site)
    return done
