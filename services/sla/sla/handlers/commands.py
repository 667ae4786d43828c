"""What sla does on a command: publish a site's policy, publish a year of a calendar. Not here: resolving packs (`common.policy`)."""

import hashlib
from datetime import date, datetime
from typing import Annotated

from common.auth import Caller
from common.coverage import Gap
from common.errors import Invalid
from common.events.sla import CalendarPublished, PolicyPublished
from common.policy import SitePolicy
from pydantic import BaseModel, ConfigDict, Field

from sla.domain.holidays import differing
from sla.handlers.watching import look, warnings
from sla.store import PolicyHead, Store, YearBook

Days = Annotated[tuple[date, ...], Field(max_length=366)]


class YearIn(BaseModel):
    """The days of one year that differ from Monday to Friday."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    off: Days = ()
    worked: Days = ()


class PolicyOut(BaseModel):
    """A published policy: its site and version, and where the site's rota has nobody for what it counts on."""

    site: str
    version: int
    warnings: tuple[Gap, ...] = ()


class YearOut(YearIn):
    """One published year, and how often the calendar was published."""

    calendar: str
    year: int
    revision: int


async def put_policy(policy: SitePolicy, site: str, *, store: Store, by: Caller, now: datetime) -> PolicyOut:  # noqa: ARG001
    """Publish a site's policy as its next version; the same policy again is the same version. Raises Invalid."""
    vet(policy, site)
    head = await store.head(site) or PolicyHead(id=site, site=site)
    fingerprint = fingerprint_of(policy)
    if head.fingerprint != fingerprint:
        head = head.model_copy(update={"version": head.version + 1, "fingerprint": fingerprint})
        policy = policy.model_copy(update={"version": head.version})
        fact = PolicyPublished(site=site, version=head.version, policy=policy.model_dump(mode="json"))
        await store.publish_policy(head, policy, fact, at=now)
        await look(site, store, now)
    return PolicyOut(site=site, version=head.version, warnings=await warnings(policy, store, now))


def fingerprint_of(policy: SitePolicy) -> str:
    """Return what tells one policy from another, whatever version it has."""
    same = policy.model_copy(update={"version": 0}).model_dump_json()
    return hashlib.sha256(same.encode()).hexdigest()


def vet(policy: SitePolicy, site: str) -> None:
    """Refuse a policy of another site."""
    if policy.site != site:
        raise Invalid("site", "与地址中的项目不一致", "is not the site of the address")


async def put_year(days: YearIn, calendar: str, year: int, *, store: Store, by: Caller, now: datetime) -> YearOut:  # noqa: ARG001
    """Publish the days off and the worked days of one year; it replaces what was known of that year. Raises Invalid."""
    for field in YearIn.model_fields:
        if any(day.year != year for day in getattr(days, field)):
            raise Invalid(field, f"只能包含 {year} 年的日期", f"holds a day outside {year}")
    made = differing(days.off, days.worked)
    off, worked = tuple(sorted(made.off)), tuple(sorted(made.worked))
    book = await store.year_book(calendar)
    years = book.years | {str(year): {"off": _texts(off), "worked": _texts(worked)}}
    if years != book.years:
        book = book.model_copy(update={"years": years, "revision": book.revision + 1})
        await store.publish_year(book, CalendarPublished(calendar=calendar, year=year, off=off, worked=worked), at=now)
    return YearOut(calendar=calendar, year=year, off=off, worked=worked, revision=book.revision)


def _texts(days: tuple[date, ...]) -> list[str]:
    return [day.isoformat() for day in days]


async def year_of(calendar: str, year: int, store: Store) -> YearOut | None:
    """Return what was published of one year, None when nothing was."""
    book: YearBook = await store.year_book(calendar)
    days = book.years.get(str(year))
    return YearOut(calendar=calendar, year=year, revision=book.revision, **YearIn.model_validate(days).model_dump()) if days else None
