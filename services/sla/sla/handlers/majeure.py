"""What sla does on a command about force majeure: declare, end early, take back; a change at each site does the rest (ADR 0022).

Not here: what a policy permits (`domain.windows`), applying it (`changing`).
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from common.auth import Caller
from common.errors import NotFound, Refused, TimeInFuture, TimeOrder, UnknownSite
from common.sourced import Flag, Number, Slug
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError
from uuid_utils.compat import uuid7

from sla.domain.changes import Kind, PolicyChange
from sla.domain.windows import Declaration, permitted, windows_of
from sla.handlers.publishing import begun
from sla.store import Store


def _written(value: Any) -> Any:
    if isinstance(value, datetime) or (isinstance(value, str) and ISO.match(value)):
        return value
    raise PydanticCustomError("not_iso_8601", "is no ISO 8601 time")


ISO = re.compile(r"2\d{3}-\d{2}-\d{2}[T ]\d{2}:\d{2}")
Instant = Annotated[AwareDatetime, BeforeValidator(_written)]  #: seconds since 1970 are no time that a person writes
SiteCode = Annotated[str, Field(pattern=r"^[A-Z0-9]{2,8}$")]
Factor = Annotated[Number, Field(gt=1, le=20)]


class Declare(BaseModel):
    """Force majeure at some sites: why, from when until when, and what becomes of the limits of which classes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sites: Annotated[tuple[SiteCode, ...], Field(min_length=1, max_length=200)]
    reason: Slug
    begin: Instant
    until: Instant
    classes: Annotated[dict[Slug, Factor | None], Field(min_length=1, max_length=50)]  #: class -> times as long; null: time stands still
    preview: Flag = False


class End(BaseModel):
    """End a declaration before its time; without `at`, now."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: Instant | None = None
    preview: Flag = False


class Undo(BaseModel):
    """Take a declaration back as if it had never been."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    preview: Flag = False


class Declared(BaseModel):
    """A declaration at all its sites, with the changes that a command began."""

    declarations: tuple[Declaration, ...]
    changes: tuple[PolicyChange, ...] = ()


async def declare(asked: Declare, *, store: Store, by: Caller, now: datetime) -> Declared:
    """Declare force majeure. Raises UnknownSite, Refused, Invalid; nothing is declared anywhere then."""
    name = f"mj-{uuid7().hex}"
    made = [await _declared(asked, name, site, store, by, now) for site in dict.fromkeys(asked.sites)]
    return await _begin(made, Kind.MAJEURE, store, by, now, preview=asked.preview)


async def _declared(asked: Declare, name: str, site: str, store: Store, by: Caller, now: datetime) -> Declaration:
    head = await store.head(site)
    if head is None:
        raise UnknownSite
    section = permitted(await store.policy(site, head.version), asked.reason, asked.begin, asked.until, asked.classes, now)
    windows = windows_of(name, asked.begin, asked.until, asked.classes, section)
    said: dict[str, Any] = {"reason": asked.reason, "begin": asked.begin, "until": asked.until, "classes": asked.classes, "windows": windows}
    return Declaration(id=f"{name}:{site}", declaration=name, site=site, by=by.id, at=now, **said)


async def end(asked: End, name: str, *, store: Store, by: Caller, now: datetime) -> Declared:
    """End a declaration early at the sites that the caller sees. Raises NotFound, Refused, Invalid."""
    at = asked.at or now
    if at > now:
        raise TimeInFuture
    made = []
    for one in await _seen(name, store, by):
        if one.undone_at or one.ended_at or one.until <= now:
            raise Refused("majeure", "此声明已结束或已撤销", "this declaration has ended or was taken back")
        if at < one.begin and asked.at:
            raise TimeOrder
        made.append(one.model_copy(update={"ended_at": at, "ended_by": by.id}))
    return await _begin(made, Kind.MAJEURE_ENDED, store, by, now, preview=asked.preview)


async def undo(asked: Undo, name: str, *, store: Store, by: Caller, now: datetime) -> Declared:
    """Take a declaration back at the sites that the caller sees. Raises NotFound, Refused."""
    made = []
    for one in await _seen(name, store, by):
        if one.undone_at:
            raise Refused("majeure", "此声明已撤销", "this declaration was taken back already")
        made.append(one.model_copy(update={"undone_at": now, "undone_by": by.id}))
    return await _begin(made, Kind.MAJEURE_UNDONE, store, by, now, preview=asked.preview)


async def _seen(name: str, store: Store, by: Caller) -> list[Declaration]:
    found = [one for one in await store.changes.declared(name) if by.sees(one.site)]
    if not found:
        raise NotFound
    return found


async def _begin(made: Sequence[Declaration], kind: Kind, store: Store, by: Caller, now: datetime, *, preview: bool) -> Declared:
    """Keep the declarations, and begin a change at each site."""
    changes = []
    for one in made:
        change = begun(kind, one.site, by, now, preview=preview, window=one.declaration, since=one.begin)
        await (store.changes.keep_draft(change.id, one) if preview else store.declare(one))
        await store.changes.keep(change)
        changes.append(change)
    return Declared(declarations=tuple(made), changes=tuple(changes))
