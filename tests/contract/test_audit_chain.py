"""The audit chain of each service that keeps one, on the fake and on the real store: whatever is changed, deleted, inserted or re-ordered
behind it is found (ADR 0029, ADR 0043)."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from common.audit import HEADS, ROWS, START, digest, seal
from common.audit_walk import Fault, walk_documents, walk_rows
from common.documents import Database, Doc, Index, Transaction
from common.memory import MemoryDocuments
from common.mongo import MongoDatabase
from common.vault import Vault
from dispatch import store as dispatch
from huiyin.audit import CHAINED
from intake import store as intake
from intake.domain.case import Change

from tests.support.servers import Addresses
from tests.unit.dispatch.build import an_order
from tests.unit.intake.build import a_case

pytestmark = pytest.mark.anyio
AT = datetime(2026, 3, 14, 15, 40, 0, 123456, tzinfo=UTC)
SITES = ("JN", "XZ")


VAULT = Vault({"k": bytes(32)}, bytes(32))


def keyed(text: str) -> str:
    return hashlib.sha256(b"key" + text.encode()).hexdigest()


async def of_dispatch(tx: Transaction, id_: str, by: str, site: str) -> None:
    """Give an order to somebody, as its store keeps it."""
    store = dispatch.Store(tx, VAULT)
    order = await store.order(id_) or an_order(id=id_, case=id_, site=site)
    await store.save(order.model_copy(update={"assignee": by}), [], at=AT)


async def of_intake(tx: Transaction, id_: str, by: str, site: str) -> None:
    """Give a case to somebody, as its store keeps it."""
    store = intake.Store(tx, VAULT, {})
    if await tx.get("cases", id_) is None:
        await store.add((Change(a_case(id=id_, site=site, owner=by)),), None, at=AT, by="ann")
    else:
        await store.save((Change((await store.case(id_)).with_(owner=by)),), at=AT, by="ann", what="transfer")


@dataclass(frozen=True)
class Chained:
    """A service that keeps a chain: the collection that is tried here, and how its store changes a document of it."""

    name: str
    collection: str
    indexes: Sequence[Index]
    write: Callable[[Transaction, str, str, str], Awaitable[None]]


SERVICES = (
    Chained("dispatch", "orders", dispatch.INDEXES, of_dispatch),
    Chained("intake", "cases", intake.INDEXES, of_intake),
)


@pytest.fixture(params=SERVICES, ids=lambda one: one.name)
def of(request: pytest.FixtureRequest) -> Chained:
    """Each service that keeps a chain."""
    made: Chained = request.param
    return made


@pytest.fixture(params=["memory", "motor"])
def ground(request: pytest.FixtureRequest) -> Addresses | None:
    """Each kind of store; the servers are started only where one is real."""
    return None if request.param == "memory" else request.getfixturevalue("servers")


@pytest.fixture
async def db(ground: Addresses | None, of: Chained, namespace: str) -> AsyncIterator[Database]:
    """A fresh database of each kind."""
    made: Any = MongoDatabase(ground.mongo_url, namespace, "motor") if ground else MemoryDocuments()
    await made.start(of.indexes)
    yield made
    if ground:
        await made.drop()
        await made.stop()


async def change(db: Database, of: Chained, id_: str, by: str, site: str = "JN") -> None:
    """Change a document as its store does it: document and row in one transaction."""
    await db.transact(of.name, "", lambda tx: of.write(tx, id_, by, site))


async def history(db: Database, of: Chained) -> None:
    """Two orders of one site and one of another, each with three changes; sealed, and one change more of each that nobody sealed yet."""
    for by in ("ann", "bob", "cid"):
        for id_, site in (("a", "JN"), ("b", "JN"), ("c", "XZ")):
            await change(db, of, id_, by, site)
    assert await seal(db, of.name, keyed) == 9
    await change(db, of, "a", "dan")


async def faults(db: Database, of: Chained, site: str = "JN") -> list[Fault]:
    rows, documents = await walk_rows(db, site, keyed), await walk_documents(db, site, of.collection)
    return [*rows.faults, *documents.faults]


async def row(db: Database, site: str, n: int) -> Doc:
    (found,) = await db.find(ROWS, {"site": site, "n": n})
    return found


async def test_a_chain_that_nobody_touched_is_whole_sealed_or_not(db: Database, of: Chained) -> None:
    await history(db, of)
    assert [await faults(db, of, site) for site in SITES] == [[], []]
    assert (await walk_rows(db, "JN", keyed)).unsealed == 1
    await seal(db, of.name, keyed)
    rows = await db.find(ROWS, {"site": "JN"}, sort=[("n", 1)])
    assert [one["n"] for one in rows] == list(range(1, 8))
    assert [one["prev"] for one in rows] == [START, *(one["hash"] for one in rows[:-1])]
    assert await faults(db, of) == []


@pytest.mark.parametrize("field", ["digest", "by", "what", "subject", "at", "rev"])
async def test_a_changed_row_is_found(db: Database, of: Chained, field: str) -> None:
    await history(db, of)
    other: Any = {"at": AT + timedelta(days=1), "rev": 99}.get(field, f"{of.collection}:b" if field == "subject" else "0" * 64)
    changed = await row(db, "JN", 2)
    await db.update(ROWS, {"_id": changed["_id"]}, {field: other} if field != "subject" else {field: other, "rev": 98})
    assert ("changed", 2) in [(fault.what, fault.n) for fault in await faults(db, of)]
    assert await faults(db, of, "XZ") == []


@pytest.mark.parametrize("n", [1, 3, 6])
async def test_a_deleted_row_is_found_wherever_it_stood(db: Database, of: Chained, n: int) -> None:
    await history(db, of)
    await db.delete(ROWS, {"_id": (await row(db, "JN", n))["_id"]})
    found = [fault.what for fault in await faults(db, of)]
    assert ("cut_off" if n == 6 else "missing") in found


async def test_a_tail_that_was_cut_off_with_the_head_is_found_by_the_documents(db: Database, of: Chained) -> None:
    await history(db, of)
    last, before = await row(db, "JN", 6), await row(db, "JN", 5)
    await db.delete(ROWS, {"_id": last["_id"]})
    await db.put(HEADS, {"_id": "JN", "n": 5, "hash": before["hash"]})
    assert [(fault.what, fault.subject) for fault in await faults(db, of)] == [("missing", last["subject"])]


async def test_a_deleted_row_that_nobody_sealed_yet_is_found(db: Database, of: Chained) -> None:
    await history(db, of)
    await db.delete(ROWS, {"sealed": False})
    assert [(fault.what, fault.subject) for fault in await faults(db, of)] == [("missing", f"{of.collection}:a")]


async def test_an_inserted_row_is_found_sealed_or_not(db: Database, of: Chained) -> None:
    await history(db, of)
    forged = {**await row(db, "JN", 2), "_id": "forged", "rev": 7, "subject": f"{of.collection}:nothing"}
    await db.insert(ROWS, {**forged, "n": 7, "prev": (await row(db, "JN", 6))["hash"], "hash": "f" * 64})
    assert {"changed", "cut_off", "stranger"} <= {fault.what for fault in await faults(db, of)}
    await db.delete(ROWS, {"_id": "forged"})
    waiting = {name: value for name, value in forged.items() if name not in {"n", "prev", "hash"}} | {"sealed": False}
    await db.insert(ROWS, waiting | {"subject": f"{of.collection}:a", "rev": 5})
    await seal(db, of.name, keyed)
    assert [(fault.what, fault.subject) for fault in await faults(db, of)] == [("missing", f"{of.collection}:a")]  # more rows than changes


async def test_rows_that_changed_places_are_found(db: Database, of: Chained) -> None:
    await history(db, of)
    first, second = await row(db, "JN", 2), await row(db, "JN", 3)
    await db.delete(ROWS, {"_id": {"$in": [first["_id"], second["_id"]]}})
    await db.insert(ROWS, first | {"n": 3}, second | {"n": 2})
    assert "moved" in [fault.what for fault in await faults(db, of)]
    places = {name: first[name] for name in ("n", "prev", "hash")}, {name: second[name] for name in ("n", "prev", "hash")}
    await db.delete(ROWS, {"_id": {"$in": [first["_id"], second["_id"]]}})
    await db.insert(ROWS, first | places[1], second | places[0])
    assert "changed" in [fault.what for fault in await faults(db, of)]


async def test_a_document_that_was_changed_behind_the_chain_is_found(db: Database, of: Chained) -> None:
    await history(db, of)
    await db.update(of.collection, {"_id": "b"}, {"status": "cancelled"})
    assert [(fault.what, fault.subject) for fault in await faults(db, of)] == [("behind", f"{of.collection}:b")]


async def test_who_works_on_a_document_now_is_no_change_of_it(db: Database, of: Chained) -> None:
    await history(db, of)
    await db.claim(of.collection, {"site": "JN"}, sort=(), limit=9, lease=timedelta(seconds=5))
    assert await faults(db, of) == []


async def test_the_chain_is_walked_page_by_page(db: Database, of: Chained) -> None:
    await history(db, of)
    await seal(db, of.name, keyed)
    seen, after, last = 0, 0, START
    while True:
        page = await walk_rows(db, "JN", keyed, after=after, before=last, limit=2)
        seen, last = seen + page.rows, page.hash
        assert page.faults == ()
        if page.next is None:
            break
        after = int(page.next)
    assert seen == 7


async def test_who_seals_at_once_links_every_row_once(db: Database, of: Chained) -> None:
    for n in range(30):
        await change(db, of, f"number-{n}", "ann")
    await asyncio.gather(*(seal(db, of.name, keyed) for _ in range(4)))
    await seal(db, of.name, keyed)
    assert [one["n"] for one in await db.find(ROWS, {"site": "JN"}, sort=[("n", 1)])] == list(range(1, 31))
    assert await faults(db, of) == []


async def test_what_is_refused_leaves_no_row(db: Database, of: Chained) -> None:
    async def work(tx: Transaction) -> None:
        await of.write(tx, "a", "ann", "JN")
        assert await tx.count(ROWS) == 1
        msg = "refused"
        raise ValueError(msg)

    with pytest.raises(ValueError, match="refused"):
        await db.transact(of.name, "", work)
    assert await db.count(ROWS) == 0


def test_every_service_that_keeps_a_chain_is_tried_and_verified() -> None:
    assert {one.name for one in SERVICES} == set(CHAINED)


def test_a_digest_does_not_depend_on_the_order_of_fields_or_on_microseconds() -> None:
    one = {"a": 1, "at": AT, "deep": {"x": [1], "y": None}}
    other = {"deep": {"y": None, "x": (1,)}, "at": AT.replace(microsecond=123000), "a": 1}
    assert digest(one) == digest(other)
    assert digest(one) != digest(one | {"a": 2})
