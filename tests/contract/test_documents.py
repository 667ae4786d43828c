"""One suite holds the fake store and the real one, under both drivers, to the same promises (house style 23)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from common.buffered import Buffered
from common.documents import Database, Index, Transaction
from common.errors import Taken
from common.memory import MemoryDocuments
from common.mongo import MongoDatabase

from tests.support.servers import Addresses

pytestmark = pytest.mark.anyio
AT = datetime(2026, 3, 14, 15, 40, tzinfo=UTC)


@dataclass(frozen=True)
class Ground:
    """What a store stands on."""

    driver: str
    servers: Addresses | None


INDEXES = [
    Index("things", (("site", 1), ("code", 1)), unique=True),
    Index("partial", (("key", 1),), unique=True, where={"open": True}),
]


@pytest.fixture(params=["memory", "motor", "pymongo"])
def ground(request: pytest.FixtureRequest) -> Ground:
    """Each kind of store; the servers are started only where one is real."""
    return Ground(request.param, None if request.param == "memory" else request.getfixturevalue("servers"))


@pytest.fixture
async def db(ground: Ground, namespace: str) -> AsyncIterator[Database]:
    """A fresh database of each kind."""
    if ground.servers is None:
        memory = MemoryDocuments()
        await memory.start(INDEXES)
        yield memory
        return
    database = MongoDatabase(ground.servers.mongo_url, namespace, ground.driver)
    await database.start(INDEXES)
    yield database
    await database.drop()
    await database.stop()


async def test_what_is_put_comes_back_equal(db: Database) -> None:
    """Aware UTC times, nested lists and Chinese text survive byte for byte."""
    doc = {"_id": "a", "site": "X", "code": 1, "at": AT, "text": "楼𠮷", "deep": [{"k": [1, 2]}], "none": None}
    await db.insert("things", doc)
    assert await db.get("things", "a") == doc
    assert await db.get("things", "b") is None


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({}, "abc"),
        ({"n": 2}, "b"),
        ({"n": {"$lt": 2}}, "a"),
        ({"n": {"$lte": 2}}, "ab"),
        ({"n": {"$gt": 1, "$lt": 3}}, "b"),
        ({"n": {"$gte": 3}}, "c"),
        ({"n": {"$in": [1, 3]}}, "ac"),
        ({"n": {"$nin": [1, 3]}}, "b"),
        ({"n": {"$ne": 2}}, "ac"),
        ({"maybe": None}, "bc"),
        ({"maybe": {"$exists": True}}, "ac"),
        ({"maybe": {"$ne": None}}, "a"),
        ({"at": {"$lte": AT}}, "ab"),
        ({"tags": "x"}, "a"),
        ({"tags": {"$in": ["y", "z"]}}, "ab"),
        ({"rungs.level": "L1"}, "b"),
        ({"inner.deep": 7}, "c"),
        ({"n": {"$gt": "1"}}, ""),
    ],
)
async def test_filters_mean_the_same(db: Database, where: dict[str, Any], found: str) -> None:
    """Every operator of the port, on plain, missing, null, array and nested values."""
    await db.insert("things", {"_id": "a", "site": "1", "code": 1, "n": 1, "maybe": 5, "at": AT - timedelta(1), "tags": ["x", "y"]})
    await db.insert("things", {"_id": "b", "site": "2", "code": 1, "n": 2, "at": AT, "tags": ["z"], "rungs": [{"level": "L1"}]})
    await db.insert("things", {"_id": "c", "site": "3", "code": 1, "n": 3, "maybe": None, "at": AT + timedelta(1), "inner": {"deep": 7}})
    assert "".join(row["_id"] for row in await db.find("things", where, sort=[("_id", 1)])) == found
    assert await db.count("things", where) == len(found)


async def test_sort_and_limit(db: Database) -> None:
    """Several keys, both directions, absent values first."""
    rows = [("a", 2, 1), ("b", 1, 2), ("c", 1, 1), ("d", None, 0)]
    for name, first, second in rows:
        await db.insert("things", {"_id": name, "site": name, "code": 0, "m": second} | ({"n": first} if first else {}))
    found = await db.find("things", sort=[("n", 1), ("m", -1)], limit=3)
    assert [row["_id"] for row in found] == ["d", "b", "c"]


async def test_amend_sets_what_its_guard_holds_for(db: Database) -> None:
    """Each document by its own guard, other fields untouched; the count says how many guards held."""
    await db.insert("things", {"_id": "a", "site": "1", "code": 1, "n": 1, "at": AT}, {"_id": "b", "site": "2", "code": 1, "n": 2})
    changes = [({"_id": "a", "n": 1}, {"n": 5, "inner.deep": 7}), ({"_id": "b", "n": 1}, {"n": 6}), ({"_id": "c"}, {"n": 7})]
    assert await db.amend("things", changes) == 1
    assert await db.get("things", "a") == {"_id": "a", "site": "1", "code": 1, "n": 5, "at": AT, "inner": {"deep": 7}}
    assert (await db.get("things", "b") or {})["n"] == 2
    assert await db.get("things", "c") is None
    assert await db.amend("things", []) == 0


async def test_a_claim_returns_the_fields_asked_for(db: Database) -> None:
    await db.insert("things", {"_id": "a", "site": "1", "code": 1, "n": 1})
    claimed = await db.claim("things", {}, sort=[("n", 1)], limit=1, lease=timedelta(seconds=30), fields=("n", "fence"))
    assert claimed == [{"_id": "a", "n": 1, "fence": 1}]


async def test_double_keys_are_refused(db: Database) -> None:
    """`_id` and unique indexes, partial ones only where they hold."""
    await db.insert("things", {"_id": "a", "site": "X", "code": 1})
    with pytest.raises(Taken):
        await db.insert("things", {"_id": "a", "site": "Y", "code": 1})
    with pytest.raises(Taken):
        await db.insert("things", {"_id": "b", "site": "X", "code": 1})
    await db.insert("partial", {"_id": "1", "key": "k", "open": False}, {"_id": "2", "key": "k", "open": True})
    with pytest.raises(Taken):
        await db.insert("partial", {"_id": "3", "key": "k", "open": True})


async def test_replace_update_delete(db: Database) -> None:
    """A guard refuses, `set` and `inc` reach nested fields, counts are true."""
    await db.insert("things", {"_id": "a", "site": "X", "code": 1, "v": 1, "in": {"n": 1}})
    assert not await db.replace("things", {"_id": "a", "site": "X", "code": 1, "v": 9}, guard={"v": 2})
    assert await db.replace("things", {"_id": "a", "site": "X", "code": 1, "v": 2, "in": {"n": 1}}, guard={"v": 1})
    assert await db.update("things", {"v": 2}, {"in.s": "t"}, inc={"in.n": 2, "new": 1}) == 1
    assert await db.get("things", "a") == {"_id": "a", "site": "X", "code": 1, "v": 2, "in": {"n": 3, "s": "t"}, "new": 1}
    await db.put("things", {"_id": "b", "site": "X", "code": 2})
    assert await db.delete("things", {"site": "X"}) == 2
    assert await db.count("things") == 0


async def test_a_transaction_is_whole_or_nothing(db: Database) -> None:
    """What raised leaves nothing; what returned is there; inside, one sees one's own writes."""

    async def half(tx: Transaction) -> None:
        await tx.insert("things", {"_id": "a", "site": "X", "code": 1})
        await tx.insert("things", {"_id": "b", "site": "X", "code": 1})

    async def whole(tx: Transaction) -> int:
        await tx.insert("things", {"_id": "a", "site": "X", "code": 1})
        await tx.update("things", {"_id": "a"}, {"seen": True})
        return await tx.count("things", {"seen": True})

    with pytest.raises(Taken):
        await db.transact("test", "", half)
    assert await db.count("things") == 0
    result, said = await db.transact("test", "", whole)
    assert (result, said) == (1, [])


async def test_racing_transactions_lose_no_update(db: Database) -> None:
    """Ten read-modify-writes of one document at once: ten increments (the driver repeats what conflicts)."""
    await db.insert("things", {"_id": "a", "site": "X", "code": 1, "n": 0})

    async def add(tx: Transaction) -> None:
        doc = await tx.get("things", "a")
        assert doc is not None
        await tx.put("things", doc | {"n": doc["n"] + 1})

    await asyncio.gather(*(db.transact("test", "", add) for _ in range(10)))
    found = await db.get("things", "a")
    assert found is not None
    assert found["n"] == 10


async def test_a_claim_is_exclusive_until_its_lease_ends(db: Database) -> None:
    """Bounded, in order, fenced; a second claimer gets others; an ended lease is taken over with a higher fence."""
    for n in range(5):
        await db.insert("things", {"_id": str(n), "site": str(n), "code": 1, "due": AT + timedelta(minutes=n)})
    due = {"due": {"$lte": AT + timedelta(minutes=3)}}
    first = await db.claim("things", due, sort=[("due", 1)], limit=2, lease=timedelta(minutes=1))
    second = await db.claim("things", due, sort=[("due", 1)], limit=9, lease=timedelta(0))
    assert [row["_id"] for row in first] == ["0", "1"]
    assert [(row["_id"], row["fence"]) for row in second] == [("2", 1), ("3", 1)]
    third = await db.claim("things", due, sort=[("due", 1)], limit=9, lease=timedelta(minutes=1))
    assert [(row["_id"], row["fence"]) for row in third] == [("2", 2), ("3", 2)]
    assert await db.replace("things", third[0], guard={"fence": 1}) is False
    both = await asyncio.gather(*(db.claim("things", {}, sort=[("due", 1)], limit=9, lease=timedelta(minutes=1)) for _ in range(3)))
    assert sum(len(rows) for rows in both) == 1


async def test_only_the_named_fields_come(db: Database) -> None:
    """`fields` leaves out everything else but `_id`."""
    await db.insert("things", {"_id": "a", "site": "X", "code": 1, "big": "x" * 100})
    assert await db.find("things", {"site": "X"}, fields=("code",)) == [{"_id": "a", "code": 1}]
    await db.put("things", {"_id": "a", "site": "X", "code": 1, "steps": [{"n": 1, "big": "x"}, {"n": 2, "big": "y"}]})
    assert await db.find("things", {"site": "X"}, fields=("steps.n", "code")) == [{"_id": "a", "code": 1, "steps": [{"n": 1}, {"n": 2}]}]


async def test_one_place_of_a_list_is_set(db: Database) -> None:
    """A dotted path with a number is that place; its neighbours stay."""
    await db.insert("things", {"_id": "a", "steps": [{"n": 1, "k": 1}, {"n": 2, "k": 2}]})
    assert await db.amend("things", [({"_id": "a"}, {"steps.1.n": 5})]) == 1
    assert await db.get("things", "a") == {"_id": "a", "steps": [{"n": 1, "k": 1}, {"n": 5, "k": 2}]}


class Counted:
    """A transaction that counts questions."""

    def __init__(self, inner: Transaction) -> None:
        """Ask `inner`."""
        self.inner, self.asked = inner, 0

    def __getattr__(self, name: str) -> Any:
        """Count reads."""
        self.asked += name in {"find", "get"}
        return getattr(self.inner, name)


async def test_a_unit_of_work_answers_what_it_has_read_whole(db: Database) -> None:
    """ADR 0011: what was read ahead is not asked again and shows one's own writes; a write it cannot follow makes it ask."""
    await db.insert("things", *({"_id": f"{case}{n}", "case": case, "site": f"{case}{n}", "code": n} for case in "ab" for n in (1, 2)))

    async def work(tx: Transaction) -> list[Any]:
        counted: Any = Counted(tx)
        unit = Buffered(counted)
        await unit.read_all("things", "case", ["a", "none"])
        await unit.put("things", {"_id": "a3", "case": "a", "site": "a3", "code": 3})
        await unit.put("things", {"_id": "a1", "case": "b", "site": "a1", "code": 1})
        seen = [sorted(row["_id"] for row in await unit.find("things", {"case": case})) for case in ("a", "none")]
        before = counted.asked
        assert await unit.replace("things", {"_id": "a3", "case": "a", "site": "a3", "code": 4}, guard={"code": 3})
        seen.append([row["code"] for row in await unit.find("things", {"case": "a"}) if row["_id"] == "a3"])
        await unit.update("things", {"_id": "a2"}, {"case": "b"})
        seen += [sorted(row["_id"] for row in await unit.find("things", {"case": case})) for case in ("a", "b")]
        return [before, counted.asked, *seen]

    (before, after, *seen), _ = await db.transact("probe", "", work)
    assert (before, after) == (1, 4)
    assert seen == [["a2", "a3"], [], [4], ["a3"], ["a1", "a2", "b1", "b2"]]
