"""`huiyin pack lint|show|diff|explain|schema`: what a pack or site says, before anybody publishes it. Chinese first, `--en` for English.

Not here: bringing policies into force (`huiyin.pack_publish`), the work itself (the modules beside).
"""

import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
import yaml
from common.policy import SitePolicy
from common.states import CaseKind, Channel, Urgency
from common.timesource import SystemTime

from huiyin import cli
from huiyin.exits import BadInput, Ends
from huiyin.pack import diff as differing
from huiyin.pack import explain as explaining
from huiyin.pack import show as showing
from huiyin.pack import told
from huiyin.pack.findings import Finding, Grade
from huiyin.pack.lint import files_in
from huiyin.pack.lint import lint as lint_file
from huiyin.pack.looked import Looked, lookup
from huiyin.pack.schema import Document
from huiyin.pack.schema import schema as schema_of

En = Annotated[bool, typer.Option("--en", help="Print English.")]
Name = Annotated[str, typer.Argument(metavar="SITE|PACK|FILE", help="Code of a site, id of a pack, a file, or a published version: AB@3, AB@latest.")]


def lint(
    paths: Annotated[list[Path], typer.Argument(help="Pack and site files, or folders of them.", metavar="FILE|DIR…", exists=True)],
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings too.")] = False,  # noqa: FBT002 - a flag
    en: En = False,  # noqa: FBT002 - a flag
    json: cli.AsJson = False,  # noqa: FBT002 - a flag
) -> None:
    """Find what is wrong with packs and site files: unknown fields, rules that never apply, levels that reach nobody, values without origin …

    Example: huiyin pack lint packs

    Example: huiyin pack lint packs/sites/AB.yaml --strict --en
    """
    found = cli.run(found_in(paths))
    if json:
        cli.show_json([one.as_json() for one in found])
    else:
        _tell(found, "en" if en else "zh")
    bad = [one for one in found if strict or one.grade is Grade.ERROR]
    raise typer.Exit(BadInput.code if bad else 0)


async def found_in(paths: list[Path]) -> list[Finding]:
    """Return what is wrong with files, each finding once. Raises BadInput."""
    monday = _monday()
    files = files_in(paths)
    return list(dict.fromkeys([one for file in files for one in lint_file(file, monday)]))


def _monday() -> date:
    today = SystemTime().now().date()
    return today - timedelta(days=today.weekday())


GRADES = {"zh": {Grade.ERROR: "错误", Grade.WARNING: "提醒"}, "en": {Grade.ERROR: "error", Grade.WARNING: "warning"}}


def _tell(found: list[Finding], locale: str) -> None:
    for one in sorted(found, key=lambda one: one.grade is not Grade.ERROR):
        cli.out.print(f"{GRADES[locale][one.grade]} {one.sentence(locale)} [{one.check}]", markup=False, soft_wrap=True)
    errors = sum(one.grade is Grade.ERROR for one in found)
    warnings = len(found) - errors
    cli.err.print(f"{errors} 个错误,{warnings} 个提醒" if locale == "zh" else f"{errors} errors, {warnings} warnings")


def show(
    name: Name,
    resolved: Annotated[bool, typer.Option("--resolved", help="The whole policy of the site; without it only what its own file says.")] = False,  # noqa: FBT002
    section: Annotated[str | None, typer.Option("--section", help="One section or path, e.g. clocks or clocks.onsite.")] = None,
    as_yaml: Annotated[bool, typer.Option("--yaml", help="Print the policy as YAML.")] = False,  # noqa: FBT002
    en: En = False,  # noqa: FBT002 - a flag
    json: cli.AsJson = False,  # noqa: FBT002 - a flag
) -> None:
    """Show a policy as a table: every value, and the document and sentence, the default or the site that says it.

    Example: huiyin pack show AB --resolved

    Example: huiyin pack show AB --resolved --section clocks --en
    """
    looked = cli.run(lookup(name))
    rows = showing.as_rows(looked, section)
    if not resolved and looked.site:
        rows = {name: value for name, value in rows.items() if looked.site.document.holds(("policy", *value.path))}
    if as_yaml:
        sys.stdout.write(yaml.safe_dump(_plain(looked), allow_unicode=True, sort_keys=False, width=150))
    elif json:
        cli.show_json(showing.as_json(looked, rows))
    else:
        showing.show(looked, rows, "en" if en else "zh")


def _plain(looked: Looked) -> object:
    return looked.policy.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)


def diff(first: Name, second: Name, en: En = False, json: cli.AsJson = False) -> None:  # noqa: FBT002 - flags
    """Say in words which values differ between two packs, sites or published versions.

    Example: huiyin pack diff AB@latest packs/sites/AB.yaml

    Example: huiyin pack diff AB CD --en
    """
    before, after = cli.run(_both(first, second))
    found = differing.differences(before, after)
    if json:
        cli.show_json([one.as_json() for one in found])
    else:
        differing.show(found, before, after, "en" if en else "zh")


async def _both(first: str, second: str) -> tuple[Looked, Looked]:
    return await lookup(first), await lookup(second)


def explain(  # noqa: PLR0913, PLR0917 - options of a command line
    site: Annotated[str, typer.Argument(metavar="SITE|FILE", help="Code of a site, its file, or a published version.")],
    kind: Annotated[CaseKind, typer.Option(help="Kind of the case.")],
    fault: Annotated[str | None, typer.Option(help="Fault or matter of the policy.")] = None,
    urgency: Annotated[Urgency | None, typer.Option(help="Without it the fault's own.")] = None,
    channel: Annotated[Channel, typer.Option(help="Door the request comes through.")] = Channel.PHONE,
    at: Annotated[str | None, typer.Option(help="Local time of the receipt, `2026-03-16 10:00`; now without it.")] = None,
    appointment: Annotated[str | None, typer.Option(help="Local time that is agreed.")] = None,
    major: Annotated[bool, typer.Option("--major", help="A major case.")] = False,  # noqa: FBT002
    anonymous: Annotated[bool, typer.Option("--anonymous", help="Without name and address.")] = False,  # noqa: FBT002
    en: En = False,  # noqa: FBT002 - a flag
    json: cli.AsJson = False,  # noqa: FBT002 - a flag
) -> None:
    """Explain which clocks a case would have: when they are due, who would be called at each level, and the sentence that says so.

    Example: huiyin pack explain AB --kind repair --fault water_leak --urgency P1 --at "2026-03-16 10:00"
    """
    looked = cli.run(lookup(site))
    try:
        policy = _policy(looked, site, fault)
        flags = {"major": major, "anonymous": anonymous}
        case = explaining.Imagined(kind, _at(at, policy), fault, urgency, channel, _at(appointment, policy) if appointment else None, flags=flags)
    except Ends as end:
        cli.err.print(f"huiyin: {end}", markup=False, soft_wrap=True)
        raise typer.Exit(end.code) from None
    clocks = explaining.explain(looked, case)
    if json:
        cli.show_json([explaining.as_json(clock) for clock in clocks])
    else:
        told.show(clocks, case, looked, "en" if en else "zh")


def _policy(looked: Looked, name: str, fault: str | None) -> SitePolicy:
    if looked.resolved is None:
        raise BadInput(f"{name} is a pack; only a site has people and times: name a site or its file")
    if fault and fault not in looked.resolved.faults:
        raise BadInput(f"{name} knows no fault {fault}; known: {', '.join(sorted(looked.resolved.faults))}")
    return looked.resolved


def _at(text: str | None, policy: SitePolicy) -> datetime:
    if text is None:
        return SystemTime().now()
    try:
        return datetime.fromisoformat(text).replace(tzinfo=policy.zone).astimezone(UTC)
    except ValueError:
        raise BadInput(f"{text!r} is no local time like 2026-03-16 10:00") from None


def schema(document: Annotated[Document, typer.Argument(help="Which files.")] = Document.PACK) -> None:
    """Print the JSON Schema of packs, overlays or site files, for editors.

    Example: huiyin pack schema site > site.schema.json
    """
    sys.stdout.write(schema_of(document))
