"""`huiyin pack publish|changes|rollback`: brings policies into force, open cases along if asked, and back. Not here: reading files (`sites`)."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from huiyin import changes, cli
from huiyin.doors import open_doors
from huiyin.exits import BadInput, Failed
from huiyin.pack.findings import Grade
from huiyin.pack.verbs import found_in
from huiyin.sites import Site, load_site, packs_folder

Code = Annotated[str, typer.Argument(help="Code of the site.")]


class OpenCases(StrEnum):
    """What a new version means for cases that are open."""

    KEEP = "keep"
    RECOMPUTE = "recompute"
    LATER = "later"


Choice = Annotated[
    OpenCases, typer.Option("--open-cases", help="keep: the version they came under; recompute: this one; later: this one, no deadline earlier.")
]


def publish(
    sites: Annotated[list[str], typer.Argument(help="Site files, or codes of sites in the packs folder.", metavar="FILE|SITE…")],
    open_cases: Choice = OpenCases.KEEP,
    dry_run: cli.DryRun = False,  # noqa: FBT002 - a flag
    json: cli.AsJson = False,  # noqa: FBT002 - a flag
) -> None:
    """Publish policies as new versions and say what becomes of open cases; --dry-run shows first which clocks would move.

    What `pack lint` warns of is said first; what it calls an error is not published.

    Example: huiyin pack publish packs/sites/AB.yaml --open-cases recompute --dry-run

    Example: huiyin pack publish AB --open-cases later
    """
    files = cli.run(_load(sites))
    cli.run(_publish(files, open_cases, dry_run=dry_run, json=json))


async def _load(names: list[str]) -> list[Site]:
    """Read the sites, and say first what lint says about their files. Raises BadInput for what cannot be kept."""
    files = [_file(name) for name in names]
    found = await found_in(files)
    for one in found:
        cli.err.print(f"{one.grade}: {one.sentence('en')} [{one.check}]", markup=False, soft_wrap=True)
    if any(one.grade is Grade.ERROR for one in found):
        raise BadInput("nothing was published: first mend what cannot be kept")
    return [load_site(file) for file in files]


def _file(name: str) -> Path:
    if Path(name).is_file():
        return Path(name)
    file = packs_folder() / "sites" / f"{name}.yaml"
    if not file.is_file():
        raise BadInput(f"{name} is neither a site file nor a site of the packs folder")
    return file


async def _publish(sites: list[Site], open_cases: OpenCases, *, dry_run: bool, json: bool) -> None:
    async with open_doors() as doors:
        begun = []
        for site in sites:
            policy = site.policy.model_dump(mode="json", by_alias=True)
            body = {"policy": policy, "open_cases": open_cases, "preview": dry_run}
            begun.append(await changes.begin(doors, f"/v1/sites/{site.id}/policy/changes", body))
        await changes.tell(doors, begun, json=json)
    if dry_run:
        cli.err.print("nothing was changed (--dry-run)")


def list_changes(site: Code, json: cli.AsJson = False) -> None:  # noqa: FBT002 - a flag
    """List the changes of a site's policy, force majeure included, the newest first.

    Example: huiyin pack changes AB
    """
    found = cli.run(_changes(site))
    if json:
        cli.show_json(found)
        return
    columns = ("id", "at", "kind", "open_cases", "version_from", "version_to", "looked", "changed", "stage", "by", "undone_by")
    cli.show_table(columns, [[change[name] for name in columns] for change in found if not change["preview"]])


async def _changes(site: str) -> list[dict[str, Any]]:
    async with open_doors() as doors:
        found: list[dict[str, Any]] = (await doors.surely("sla", "GET", f"/v1/sites/{site}/changes"))["changes"]
        return found


def rollback(site: Code, dry_run: cli.DryRun = False, json: cli.AsJson = False) -> None:  # noqa: FBT002 - flags
    """Take the newest change of a site's policy back: the version before it is published again, its cases return to the versions they had.

    Example: huiyin pack rollback AB --dry-run
    """
    cli.run(_rollback(site, dry_run=dry_run, json=json))


async def _rollback(site: str, *, dry_run: bool, json: bool) -> None:
    async with open_doors() as doors:
        found = (await doors.surely("sla", "GET", f"/v1/sites/{site}/changes"))["changes"]
        newest = next((one for one in found if one["kind"] in {"policy", "rollback"} and not one["preview"]), None)
        if newest is None:
            raise Failed(f"site {site}: no change of its policy to take back")
        begun = await changes.begin(doors, f"/v1/sites/{site}/changes/{newest['id']}/rollback", {"preview": dry_run})
        await changes.tell(doors, [begun], json=json)
    if dry_run:
        cli.err.print("nothing was changed (--dry-run)")
