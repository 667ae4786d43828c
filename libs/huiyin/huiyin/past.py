"""The past that a draft is tried on: facts recorded by the running system, or a file of real requests. Not here: what comes of it (`what_if`)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from common.policy import SitePolicy
from sla.domain.calendar import WorkingDays, YearDays
from sla.domain.case_file import CaseFile
from sla.domain.gaps import Window
from sla.domain.holidays import days_of, of_site, working_days
from sla.domain.what_if import Trial

from huiyin import cli
from huiyin.doors import Doors
from huiyin.exits import BadInput
from huiyin.replay.engine_only import judges_of, last_told
from huiyin.replay.files import case_file
from huiyin.replay.rows import read_requests
from huiyin.sites import Site

MONTH = timedelta(days=30)
PAGE = 500


@dataclass(frozen=True)
class Past:
    """Files of cases, and the policies to try on them, by site."""

    files: Iterable[CaseFile]
    total: int
    present: Mapping[str, Trial]
    draft: Mapping[str, Trial]
    as_of: datetime
    names: Mapping[str, str] = field(default_factory=dict)  #: site -> what people call it


def of_file(file: Path, pack: Path | None, draft: Site | None, scale: float) -> Past:
    """Return the past of a file of requests. Present: the targets of the rows, or the rules of the folder `pack`. Raises BadInput."""
    requests = read_requests(file).requests
    if not requests:
        raise BadInput("no request in the file")
    judges = judges_of(requests, pack)
    present = {judge.policy.site: Trial(judge.policy, judge.days) for judge in judges.values()}
    tried = {site: _tried(trial, draft, scale) for site, trial in present.items()}
    files = (case_file(one, judges[one.site].policy, told_target=judges[one.site].told_target) for one in requests)
    return Past(files, len(requests), present, tried, last_told(requests), {judge.policy.site: name for name, judge in judges.items()})


def _tried(present: Trial, draft: Site | None, scale: float) -> Trial:
    if draft is None:
        return Trial(present.policy, present.days, scale)
    return Trial(draft.policy, days_of(draft.policy), scale)


async def of_system(doors: Doors, sites: Sequence[str], drafts: Mapping[str, Site], months: int, scale: float) -> Past:
    """Return the recorded past of sites. Present: the policy in force. Raises Failed."""
    files: list[CaseFile] = []
    present, tried = {}, {}
    as_of = datetime.min.replace(tzinfo=UTC)
    for site in sites:
        found, windows, as_of = await _files(doors, site, months)
        files += found
        policy = SitePolicy.model_validate(await doors.surely("sla", "GET", f"/v1/sites/{site}/policy"))
        present[site] = Trial(policy, await _days(doors, policy, months, as_of), windows=windows)
        drafted = drafts[site].policy if site in drafts else policy
        tried[site] = Trial(drafted, await _days(doors, drafted, months, as_of), scale, windows)
    names = {site: trial.policy.name.zh for site, trial in present.items()}
    return Past(files, len(files), present, tried, as_of, names)


async def _files(doors: Doors, site: str, months: int) -> tuple[list[CaseFile], tuple[Window, ...], datetime]:
    found: list[CaseFile] = []
    with cli.progress() as bar:
        task = bar.add_task(f"reading {site}", total=None)
        after: str | None = ""
        windows: tuple[Window, ...] = ()
        as_of = datetime.min.replace(tzinfo=UTC)
        while after is not None:
            page = await doors.surely("sla", "GET", f"/v1/sites/{site}/case-files", months=months, after=after, limit=PAGE)
            found += [CaseFile.model_validate(row) for row in page["files"]]
            after, as_of = page["next"], datetime.fromisoformat(page["as_of"])
            windows = tuple(map(Window.model_validate, page["windows"]))
            bar.update(task, total=page["total"], completed=len(found))
    return found, windows, as_of


async def _days(doors: Doors, policy: SitePolicy, months: int, as_of: datetime) -> WorkingDays:
    """Return the working days of a policy with the years that were published, as far as this past and its deadlines reach."""
    calendar = policy.calendar.holidays
    years: dict[int, YearDays] = {}
    for year in range((as_of - months * MONTH).year, as_of.year + 2):
        answer = await doors.call("sla", "GET", f"/v1/calendars/{calendar}/{year}")
        if not answer.refused:
            years[year] = YearDays(*(frozenset(map(date.fromisoformat, answer.body[name])) for name in ("off", "worked")))
    return of_site(working_days(calendar, years), policy.calendar)
