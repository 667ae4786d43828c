"""A chain of what happened to money and states, for each site: every row names the hash of the row before it (ADR 0029).

A row is written in the transaction of the change it tells of, not yet linked: a chain head that every change touched would make all changes
of a site wait for one another. The `seal` loop links what was committed, in one short transaction for each site, within about a second. What
nobody sealed yet is held by revisions: a document and its newest row count the same. Rows carry references and digests, never content.
Not here: who looks whether the chain is whole (`audit_walk`).
"""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from time import monotonic
from typing import Any

import structlog
from uuid_utils.compat import uuid7

from common import outbox
from common.documents import Audited, Database, Doc, Documents, Index, Transaction, storable, to_doc
from common.errors import Stale, Taken
from common.events import Fact
from common.loop import Loop, my_turn
from common.runtime import Runtime
from common.states import Lane

log = structlog.get_logger()
ROWS, HEADS = "chain", "chain_heads"
INDEXES: tuple[Index, ...] = (
    Index(ROWS, (("site", 1), ("n", 1)), unique=True, where={"sealed": True}),
    Index(ROWS, (("sealed", 1), ("_id", 1)), where={"sealed": False}),
    Index(ROWS, (("subject", 1), ("rev", 1)), unique=True),
)
START = "0" * 64  #: what the first row of a site names as the hash before it
SEALED_AT_ONCE = 500
PAUSE = timedelta(milliseconds=500)
PASSING = frozenset({"lease_until", "fence", "claim", "due_at"})  #: who works on it now and when it is looked at: no state of the business
TOLD = ("_id", "site", "at", "by", "what", "subject", "rev", "digest")  #: what the hash of a row covers, beside the hash before it
Keyed = Callable[[str], str]  #: a keyed hash: who has the database alone cannot make a row that fits


def digest(doc: Doc) -> str:
    """Return the SHA-256 of a document as the store keeps it, whatever the order of its fields; times in whole milliseconds."""
    kept = {name: value for name, value in doc.items() if name not in PASSING}
    return sha256(json.dumps(storable(kept), sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain).encode()).hexdigest()


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        at = value.astimezone(UTC)
        return at.replace(microsecond=at.microsecond // 1000 * 1000).isoformat()
    return str(value)


def linked(row: Doc, before: str, keyed: Keyed) -> str:
    """Return the hash of a row that follows the one with the hash `before`."""
    return keyed(json.dumps([before, *(row[name] for name in TOLD)], ensure_ascii=False, separators=(",", ":"), default=_plain))


async def keep(  # noqa: PLR0913 - a change: what it is of, what it says, who made it
    tx: Transaction,
    collection: str,
    state: Audited,
    facts: Sequence[Fact],
    *,
    at: datetime,
    by: str,
    what: str,
    lane: Lane,
    more: Doc | None = None,
    fresh: bool = False,
) -> None:
    """Keep a document with its facts and its row in the site's chain, all in this transaction; `seqs` and `rev` are counted up in place.

    `more`: fields that are stored beside the model's, to find it by; `fresh`: it must not be there yet. Raises Taken.
    """
    state.seqs, state.rev = dict(state.seqs), state.rev + 1
    await outbox.say(tx, state.id, state.seqs, facts, site=state.site, at=at, lane=lane)
    doc = to_doc(state) | (more or {})
    await (tx.insert if fresh else tx.put)(collection, doc)
    await note(tx, collection, doc, at=at, by=by, what=what)


async def note(db: Documents, collection: str, doc: Doc, *, at: datetime, by: str, what: str) -> None:
    """Write the row of a change: `doc` is the document as it is being stored, `rev` included. Belongs into the same transaction."""
    row = {"_id": str(uuid7()), "site": doc["site"], "at": at, "by": by, "what": what, "subject": f"{collection}:{doc['_id']}"}
    await db.insert(ROWS, row | {"rev": doc["rev"], "digest": digest(doc), "sealed": False})


async def seal(db: Database, source: str, keyed: Keyed) -> int:
    """Link what was committed, site by site; return how many rows. Two that seal at once meet in the site's head, and one begins anew."""
    rows = await db.find(ROWS, {"sealed": False}, sort=[("_id", 1)], limit=SEALED_AT_ONCE)
    sites: dict[str, list[Doc]] = {}
    for row in rows:
        sites.setdefault(row["site"], []).append(row)
    for site, own in sites.items():
        try:
            await db.transact(source, "", partial(_link, site=site, rows=own, keyed=keyed))
        except (Stale, Taken):
            log.info("chain_sealed_elsewhere", site=site)
    return len(rows)


async def _link(tx: Transaction, *, site: str, rows: Sequence[Doc], keyed: Keyed) -> None:
    head = await tx.get(HEADS, site) or {"_id": site, "n": 0, "hash": START}
    n, before, changes = head["n"], head["hash"], []
    for row in rows:
        made = linked(row, before, keyed)
        n += 1
        changes.append(({"_id": row["_id"], "sealed": False}, {"sealed": True, "n": n, "prev": before, "hash": made}))
        before = made
    if await tx.amend(ROWS, changes) != len(changes):
        raise Stale
    await tx.put(HEADS, head | {"n": n, "hash": before})


def loop() -> Loop:
    """Return the loop of one process. Every commit wakes loops: this one lets half a second pass, so that rows are linked many at a time."""
    last = 0.0

    async def now_and_then(rt: Runtime[Any]) -> int:
        nonlocal last
        if monotonic() - last < PAUSE.total_seconds() or not await rt.documents.find(ROWS, {"sealed": False}, limit=1):
            return 0
        last = monotonic()
        return await seal(rt.documents, rt.name, rt.vault.blind) if await my_turn(rt, "seal", PAUSE) else 0

    return Loop("seal", now_and_then, every=timedelta(seconds=1))
