"""Doors of API keys: make one (shown once), list them, end one. Not here: how a key is checked (`common.auth`).

Times of keys are the machine's: a story's time must not open a door.
"""

from functools import partial
from typing import Annotated

from common.auth import Caller, new_key, permissions_of
from common.doors import Door, permit
from common.errors import Invalid, NotFound
from common.problems import RESPONSES
from common.timesource import machine_now
from fastapi import APIRouter, Path
from pydantic import Field

from intake import handlers
from intake.api.shapes import KeyMade, KeyOut, KeysOut
from intake.domain.text import Body, Code, Instant, Line, Site
from intake.store import Store

router = APIRouter(tags=["keys"], responses={code: RESPONSES[code] for code in (400, 401, 403, 404, 413, 415, 422, 429, 503)})


class KeyIn(Body):
    """A key of a call centre."""

    name: Annotated[Line, Field(max_length=80)] = Field(description="who holds it: shown in lists")
    sites: Annotated[tuple[Site, ...], Field(min_length=1, max_length=200)]
    scopes: Annotated[tuple[Code, ...], Field(min_length=1, max_length=5)] = ("call_centre",)
    not_before: Instant | None = None
    expires_at: Instant | None = None


@router.post("/v1/keys", status_code=201)
async def make_key(body: KeyIn, door: Annotated[Door[Store], permit("key.manage")]) -> KeyMade:
    """Make a key; its secret is shown now and never again. Nobody gives more than they hold themselves."""
    for site in body.sites:
        door.see(site)
    granted = permissions_of(body.scopes)
    if not granted or not granted <= door.by.permissions | permissions_of(("call_centre",)):
        raise Invalid("scopes", "不能授予此权限范围", "gives nothing, or more than you hold")
    limits = {"scopes": body.scopes, "not_before": body.not_before, "expires_at": body.expires_at}
    pepper = door.rt.settings.key_pepper.get_secret_value()
    key, record = new_key(pepper, name=body.name, sites=body.sites, now=machine_now(), **limits)
    await door.command(handlers.keep_key, record)
    return KeyMade(key=key, **KeyOut.of(record).model_dump())


@router.get("/v1/keys")
async def list_keys(door: Annotated[Door[Store], permit("key.manage")]) -> KeysOut:
    """Keys of the caller's sites, ended ones too."""
    return KeysOut(keys=[KeyOut.of(record) for record in await door.store.keys() if _governs(door.by, record.sites)])


@router.delete("/v1/keys/{key_id}", status_code=204)
async def revoke_key(key_id: Annotated[str, Path(pattern=r"^[0-9a-f]{12}$")], door: Annotated[Door[Store], permit("key.manage")]) -> None:
    """End a key at once."""
    record = await door.store.key(key_id)
    if record is None or not _governs(door.by, record.sites):
        raise NotFound
    await door.command(partial(handlers.revoke_key, at=machine_now()), key_id)


def _governs(by: Caller, sites: tuple[str, ...]) -> bool:
    return all(by.sees(site) for site in sites)
