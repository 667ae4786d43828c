"""`huiyin replay --engine-only`: the whole file through the engine in this process, with a progress bar; verdicts as on servers."""

import csv
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from common.packs import PackError, SiteFile, read_sites
from sla.domain.holidays import days_of

from huiyin import cli
from huiyin.exits import BadInput
from huiyin.replay.cast import cast
from huiyin.replay.engine import Judge, Judged, judged
from huiyin.replay.rows import Request
from huiyin.replay.tally import HEAD, local
from huiyin.sites import packs_folder


def judge_all(requests: Sequence[Request], pack: Path | None) -> list[Judged]:
    """Return every request judged as of the last thing that the file tells. Raises BadInput."""
    if not requests:
        raise BadInput("no request in the file")
    return list(cli.tracked(judged(requests, judges_of(requests, pack), last_told(requests)), "judging", len(requests)))


def judges_of(requests: Sequence[Request], pack: Path | None) -> dict[str, Judge]:
    """Return the judge of each site of the file, by the name of the site: of a folder's rules, else of the rows' own targets. Raises BadInput."""
    return _of_folder(requests, pack) if pack else _of_targets(requests)


def last_told(requests: Sequence[Request]) -> datetime:
    """Return the time of the last thing that the requests tell."""
    return max(max(one.created, one.closed or one.created) for one in requests)


def _of_targets(requests: Sequence[Request]) -> dict[str, Judge]:
    """Return a judge for each site of the file whose only rule is the row's own target."""
    sites = cast((one.site for one in requests), packs_folder())
    return {name: Judge(site.policy, days_of(site.policy), told_target=True) for name, site in sites.items()}


def _of_folder(requests: Sequence[Request], folder: Path) -> dict[str, Judge]:
    """Return the judge of each site of the file: the folder's only site, or the one with that code or name. Raises BadInput."""
    try:
        files = read_sites(folder)
    except PackError as wrong:
        raise BadInput(str(wrong)) from None
    if not files:
        raise BadInput(f"{folder}: no site in sites/*.yaml")
    return {name: _judge(files[0] if len(files) == 1 else _named(files, name, folder)) for name in {one.site for one in requests}}


def _named(files: Sequence[SiteFile], name: str, folder: Path) -> SiteFile:
    found = [one for one in files if name in {one.policy.site, one.policy.name.zh, one.policy.name.en}]
    if not found:
        raise BadInput(f"{folder}: no site is called {name}")
    return found[0]


def _judge(file: SiteFile) -> Judge:
    return Judge(file.policy, days_of(file.policy), told_target=False)


def write(file: Path, found: Sequence[Judged]) -> None:
    """Write one line per request, in the order of the file; there is no case number without a stack."""
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(HEAD)
        for one in found:
            due, stopped = (one.clock.due_at, one.clock.stopped_at) if one.clock else (None, None)
            writer.writerow([one.request.id, "", local(due, one.zone), local(stopped, one.zone), one.verdict])
