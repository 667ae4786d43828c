"""Looks whether a site's audit chain is whole: no row changed, deleted, inserted or re-ordered, and no document changed behind it.

Page by page, so that a long chain is no long request: first the rows in their order, then the documents against their newest rows. Not here:
how rows come about (`audit`).
"""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from common.audit import HEADS, ROWS, START, Keyed, digest, linked
from common.documents import Doc, Documents

PAGE = 1000


class Fault(BaseModel):
    """Something that does not fit. `what`: changed, missing, inserted, moved, cut_off, stranger, behind (a document that no row tells of)."""

    what: str
    n: int | None = None  #: place in the chain, where it has one
    subject: str | None = None
    row: str | None = None


class Walked(BaseModel):
    """One page of the walk; `next` is where the next one begins, None at the end."""

    rows: int = 0
    documents: int = 0
    unsealed: int = 0
    hash: str = START  #: of the last row that was looked at
    next: str | None = None
    faults: tuple[Fault, ...] = ()


async def walk_rows(db: Documents, site: str, keyed: Keyed, *, after: int = 0, before: str = START, limit: int = PAGE) -> Walked:
    """Look at the rows after place `after`, whose hash is `before`. Cheap: a page is one query."""
    rows = await db.find(ROWS, {"site": site, "sealed": True, "n": {"$gt": after}}, sort=[("n", 1)], limit=limit)
    faults, n, hash_ = [], after, before
    for row in rows:
        faults += _of_row(row, n, hash_, keyed)
        n, hash_ = row["n"], row["hash"]
    faults += await _strangers(db, rows)
    if len(rows) == limit:
        return Walked(rows=len(rows), hash=hash_, next=str(n), faults=tuple(faults))
    head = await db.get(HEADS, site) or {"n": 0, "hash": START}
    if (head["n"], head["hash"]) != (n, hash_):
        faults.append(Fault(what="cut_off", n=n))
    return Walked(rows=len(rows), hash=hash_, faults=tuple(faults), unsealed=await db.count(ROWS, {"site": site, "sealed": False}))


def _of_row(row: Doc, n: int, before: str, keyed: Keyed) -> list[Fault]:
    """What is wrong with a row that should stand at place n + 1 and follow the hash `before`."""
    place = {"n": row["n"], "subject": row.get("subject"), "row": row["_id"]}
    if row["n"] != n + 1:
        return [Fault(what="missing" if row["n"] > n + 1 else "inserted", **place)]
    if row.get("prev") != before:
        return [Fault(what="moved", **place)]
    try:
        fits = linked(row, before, keyed) == row["hash"]
    except KeyError:
        fits = False
    return [] if fits else [Fault(what="changed", **place)]


async def _strangers(db: Documents, rows: Sequence[Doc]) -> list[Fault]:
    """Rows about something that does not exist: nothing that is audited is ever deleted."""
    named: dict[str, set[str]] = {}
    for row in rows:
        collection, _, id_ = row["subject"].partition(":")
        named.setdefault(collection, set()).add(id_)
    faults = []
    for collection, ids in named.items():
        there = {doc["_id"] for doc in await db.find(collection, {"_id": {"$in": sorted(ids)}})}
        faults += [Fault(what="stranger", subject=f"{collection}:{id_}") for id_ in sorted(ids - there)]
    return faults


async def walk_documents(db: Documents, site: str, collection: str, *, after: str = "") -> Walked:
    """Look at the documents of a collection after an id: each has as many rows as its revision says, and the newest one is of what is stored."""
    docs = await db.find(collection, {"site": site, "_id": {"$gt": after}}, sort=[("_id", 1)], limit=PAGE)
    subjects = [f"{collection}:{doc['_id']}" for doc in docs]
    rows: dict[str, dict[int, Doc]] = {subject: {} for subject in subjects}
    for row in await db.find(ROWS, {"subject": {"$in": subjects}}):
        rows[row["subject"]][row["rev"]] = row
    faults = [fault for doc in docs for fault in _of_document(f"{collection}:{doc['_id']}", doc, rows[f"{collection}:{doc['_id']}"])]
    following = docs[-1]["_id"] if len(docs) == PAGE else None
    return Walked(documents=len(docs), next=following, faults=tuple(faults))


def _of_document(subject: str, doc: Doc, rows: Mapping[int, Doc]) -> list[Fault]:
    rev = doc.get("rev", 0)
    if rev == 0 and not rows:
        return []  # it is older than its service's chain
    told = [Fault(what="missing", subject=subject)] if set(rows) != set(range(1, rev + 1)) else []
    newest = rows.get(rev)
    if newest is not None and newest["digest"] != digest(doc):
        told.append(Fault(what="behind", subject=subject, n=newest.get("n"), row=newest["_id"]))
    return told
