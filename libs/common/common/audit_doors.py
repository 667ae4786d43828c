"""Doors of a service's audit chain: is it whole? Page by page, for auditors and `huiyin audit verify`. Not here: the looking (`audit_walk`)."""

from typing import Annotated, Protocol

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from common.audit import HEADS, START
from common.audit_walk import Walked, walk_documents, walk_rows
from common.doors import Door, permit
from common.errors import NotFound
from common.problems import RESPONSES

Site = Annotated[str, Path(pattern=r"^[A-Z0-9]{2,8}$")]
Collection = Annotated[str, Path(pattern=r"^[a-z_]{1,40}$")]
router = APIRouter(tags=["audit"], responses={code: RESPONSES[code] for code in (401, 403, 404, 422, 429, 503)})


class Chained(Protocol):
    """The store of a service that keeps a chain."""

    audited: tuple[str, ...]  #: collections whose changes have rows in it


Auditor = Annotated[Door[Chained], permit("audit.read")]


class Head(BaseModel):
    """How long a site's chain is and its last hash: who keeps both elsewhere can tell later that nothing before was rewritten."""

    site: str
    n: int
    hash: str


class Chains(BaseModel):
    """The chains of this service that the caller may see, and the collections whose changes they tell of."""

    sites: tuple[Head, ...]
    collections: tuple[str, ...]


@router.get("/v1/audit")
async def get_chains(door: Auditor) -> Chains:
    """Return the chains."""
    heads = await door.rt.documents.find(HEADS, sort=[("_id", 1)])
    seen = tuple(Head(site=head["_id"], n=head["n"], hash=head["hash"]) for head in heads if door.by.sees(head["_id"]))
    return Chains(sites=seen, collections=door.store.audited)


@router.get("/v1/audit/{site}/rows")
async def get_rows(
    site: Site,
    door: Auditor,
    after: Annotated[int, Query(ge=0)] = 0,
    last: Annotated[str, Query(pattern=r"^[0-9a-f]{64}$")] = START,
) -> Walked:
    """Look at the rows after place `after`, whose hash is `last`."""
    door.see(site)
    return await walk_rows(door.rt.documents, site, door.rt.vault.blind, after=after, before=last)


@router.get("/v1/audit/{site}/documents/{collection}")
async def get_documents(
    site: Site,
    collection: Collection,
    door: Auditor,
    begin: Annotated[str, Query(max_length=200)] = "",
) -> Walked:
    """Compare the documents after the id `begin` with what the chain tells of them."""
    door.see(site)
    if collection not in door.store.audited:
        raise NotFound
    return await walk_documents(door.rt.documents, site, collection, after=begin)
