"""The open letter: one answer to several owners with one problem, kept in the return-visit archive (RVT-14, K18, DEF-20). Pure.

The system only says where one would do (`suggests`); a person writes it. Not here: the visits that refer to it (`returning`).
"""

from collections.abc import Iterable, Sequence

from common.documents import Aggregate
from common.errors import Refused
from common.policy import SitePolicy
from common.states import CaseStatus
from pydantic import AwareDatetime, Field

from intake.domain.case import Act, Case
from intake.domain.text import Body, Ref, Site, Text

FEWEST = 2  # several owners: at least two different units (DEF-20)


class WriteLetter(Body):
    """An open letter and the cases that it answers."""

    site: Site
    text: Text
    cases: tuple[Ref, ...] = Field(min_length=FEWEST, max_length=500)


class OpenLetter(Aggregate):
    """A letter of the archive; it is never changed."""

    text: str
    cases: tuple[str, ...]
    by: str
    at: AwareDatetime


def write(command: WriteLetter, name: str, cases: Sequence[Case], policy: SitePolicy, act: Act) -> OpenLetter:
    """Return the letter. Raises Refused where it would not answer several owners of this site."""
    section = policy.return_visit
    fewest = (section.open_letter_units if section else None) or FEWEST
    if section and "open_letter" not in section.forms:
        raise Refused("RVT-14", "本项目不采用公开信", "the site's policy knows no open letters")
    if any(one.site != command.site or one.status is CaseStatus.CLOSED for one in cases) or len(units(cases)) < fewest:
        raise Refused("RVT-14", "公开信须答复本项目多户未结事项", "an open letter answers open cases of several units of its site", units=fewest)
    return OpenLetter(id=name, site=command.site, text=command.text, cases=tuple(dict.fromkeys(one.id for one in cases)), by=act.by, at=act.at)


def units(cases: Iterable[Case]) -> set[str]:
    """Return the units that these cases are of."""
    return {one.unit for one in cases if one.unit}


def suggests(case: Case, others: Iterable[Case], policy: SitePolicy) -> bool:
    """Say whether so many units wait for an answer about the same matter that an open letter would do."""
    section = policy.return_visit
    if section is None or section.open_letter_units is None or "open_letter" not in section.forms:
        return False
    matter = case.sorting.fault or case.sorting.category
    same = [one for one in others if matter and (one.sorting.fault or one.sorting.category) == matter]
    return len(units(same)) >= section.open_letter_units
