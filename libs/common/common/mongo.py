"""The only module that names a MongoDB driver: motor by default, PyMongo's async client under the same suite (ADR 0008).

Every write is majority and journaled; every transaction is idempotent to repeat. Errors leave as the ones of `errors`. Not here: what is stored.
"""

import asyncio
import inspect
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, TypeVar
from uuid import uuid4

import pymongo
from bson.codec_options import CodecOptions
from gridfs import AsyncGridFSBucket
from gridfs.errors import NoFile
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorGridFSBucket
from pymongo import AsyncMongoClient, ReadPreference, ReplaceOne, UpdateOne, WriteConcern
from pymongo.errors import BulkWriteError, CollectionInvalid, ConnectionFailure, DuplicateKeyError, ExecutionTimeout, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern

from common.documents import Doc, Index, Outgoing, Sort, Work
from common.errors import OutcomeUnknown, Stale, StartRefused, StoreAway, Taken, Text

T = TypeVar("T")
DEADLINE_S = 8.0  # a request is answered, one way or the other, within this time
POOL = 50
MAJORITY = WriteConcern(w="majority", j=True)
SAFE: dict[str, Any] = {"write_concern": MAJORITY, "read_preference": ReadPreference.PRIMARY}
OPTIONS: CodecOptions[Any] = CodecOptions(tz_aware=True, tzinfo=UTC)
WRITE_CONFLICT = 112


async def _ready(value: Any) -> Any:
    """Await what one driver awaits and the other does not (cursors, sessions, close)."""
    return await value if inspect.isawaitable(value) else value


def _client(url: str, driver: str) -> Any:
    maker: Any = AsyncIOMotorClient if driver == "motor" else AsyncMongoClient
    try:
        return maker(url, maxPoolSize=POOL, waitQueueTimeoutMS=5000, serverSelectionTimeoutMS=5000, retryWrites=True, appname="huiyin")
    except (PyMongoError, ValueError) as error:  # never quoted: the address may hold a password
        raise StartRefused(Text("MongoDB 地址无效", "HUIYIN_MONGO_URL must be mongodb:// or mongodb+srv:// and name its hosts")) from error


def _double(error: PyMongoError) -> bool:
    if isinstance(error, DuplicateKeyError):
        return True
    return isinstance(error, BulkWriteError) and any(item.get("code") == 11000 for item in error.details.get("writeErrors", []))


@asynccontextmanager
async def _translated(*, unknown: bool) -> AsyncIterator[None]:
    """Turn driver errors into ours. `unknown`: the write may have happened although the driver gave up (reliability.md 0.8)."""
    try:
        with pymongo.timeout(DEADLINE_S):
            yield
    except PyMongoError as error:
        if _double(error):
            raise Taken from error
        if isinstance(error, OperationFailure) and error.code == WRITE_CONFLICT:
            raise Stale from error
        away = isinstance(error, ConnectionFailure | ExecutionTimeout) or getattr(error, "timeout", False)
        if not away and not (isinstance(error, OperationFailure) and error.has_error_label("RetryableWriteError")):
            raise
        raise (OutcomeUnknown if unknown else StoreAway) from error


async def _to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns; a cancelled caller waits for its end first, at most the deadline.

    Cancelling inside a transaction is unsafe under both drivers: motor's thread goes on with the aborted session and its next
    operation is written outside any transaction (seen as case rows without outbox rows, experiment X15 on three members).
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()
        raise


async def _in_transaction(session: Any, once: Callable[[Any], Awaitable[T]]) -> T:
    """Run `once` in a transaction, again after a transient error, the commit alone when only its answer was lost.

    The drivers' own `with_transaction` is not used: motor 3.7.1 commits outside its retry, so a write conflict at commit reaches the caller.
    """
    deadline, pause = monotonic() + DEADLINE_S, 0.002
    while True:
        await _ready(session.start_transaction(write_concern=MAJORITY, read_concern=ReadConcern("snapshot"), read_preference=ReadPreference.PRIMARY))
        try:
            result = await once(session)
            await _commit(session, deadline)
        except BaseException as error:
            if session.in_transaction:
                await session.abort_transaction()
            again = isinstance(error, PyMongoError) and error.has_error_label("TransientTransactionError")
            if not again or monotonic() + pause > deadline:
                raise
            await asyncio.sleep(random.uniform(0, pause))
            pause = min(pause * 1.5, 0.2)
        else:
            return result


async def _commit(session: Any, deadline: float) -> None:
    while True:
        try:
            await session.commit_transaction()
        except PyMongoError as error:
            if not error.has_error_label("UnknownTransactionCommitResult") or monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)
        else:
            return


class MongoDocuments:
    """Documents on one database; with a session, inside its transaction."""

    def __init__(self, database: Any, session: Any = None, *, source: str = "", trace: str = "", fair: asyncio.Semaphore | None = None) -> None:
        """Take a driver's database object, already with majority write concern."""
        self._db = database
        self._session = session
        self._fair = fair or asyncio.Semaphore(POOL - 10)  # the async pool starves waiters without a fair queue in front (performance.md A2)
        self.outgoing: list[Outgoing] = []
        self.source, self.trace = source, trace

    @asynccontextmanager
    async def _call(self, *, write: bool = False) -> AsyncIterator[None]:
        if self._session is not None:  # the transaction holds its place in the queue, and its errors go to the retry logic untouched
            yield
            return
        async with self._fair, _translated(unknown=write):
            yield

    async def get(self, collection: str, id: str) -> Doc | None:
        """See Documents."""
        async with self._call():
            found: Doc | None = await self._db[collection].find_one({"_id": {"$eq": id}}, session=self._session)
            return found

    async def find(self, collection: str, where: Doc | None = None, *, sort: Sort = (), limit: int = 0, fields: Sequence[str] = ()) -> list[Doc]:
        """See Documents."""
        async with self._call():
            cursor = self._db[collection].find(where or {}, list(fields) or None, session=self._session, limit=limit, sort=list(sort) or None)
            rows: list[Doc] = await cursor.to_list(None)
            return rows

    async def count(self, collection: str, where: Doc | None = None) -> int:
        """See Documents."""
        async with self._call():
            return int(await self._db[collection].count_documents(where or {}, session=self._session))

    async def insert(self, collection: str, *docs: Doc) -> None:
        """See Documents."""
        async with self._call(write=True):
            if len(docs) == 1:
                await self._db[collection].insert_one(docs[0], session=self._session)
            elif docs:
                await self._db[collection].insert_many(list(docs), session=self._session)

    async def put(self, collection: str, *docs: Doc) -> None:
        """See Documents."""
        async with self._call(write=True):
            if len(docs) == 1:
                await self._db[collection].replace_one({"_id": {"$eq": docs[0]["_id"]}}, docs[0], upsert=True, session=self._session)
            elif docs:
                many = [ReplaceOne({"_id": {"$eq": doc["_id"]}}, doc, upsert=True) for doc in docs]
                await self._db[collection].bulk_write(many, ordered=False, session=self._session)

    async def replace(self, collection: str, doc: Doc, *, guard: Doc | None = None) -> bool:
        """See Documents."""
        async with self._call(write=True):
            done = await self._db[collection].replace_one({"_id": {"$eq": doc["_id"]}, **(guard or {})}, doc, session=self._session)
            return bool(done.matched_count)

    async def update(self, collection: str, where: Doc, set: Doc | None = None, *, inc: Doc | None = None) -> int:
        """See Documents."""
        change: Doc = {name: fields for name, fields in (("$set", set), ("$inc", inc)) if fields}
        async with self._call(write=True):
            done = await self._db[collection].update_many(where, change, session=self._session)
            return int(done.matched_count)

    async def delete(self, collection: str, where: Doc) -> int:
        """See Documents."""
        async with self._call(write=True):
            return int((await self._db[collection].delete_many(where, session=self._session)).deleted_count)

    async def amend(self, collection: str, changes: Sequence[tuple[Doc, Doc]]) -> int:
        """See Documents."""
        if not changes:
            return 0
        async with self._call(write=True):
            many = [UpdateOne(where, {"$set": fields}) for where, fields in changes]
            return int((await self._db[collection].bulk_write(many, ordered=False, session=self._session)).matched_count)

    async def claim(self, collection: str, where: Doc, *, sort: Sort, limit: int, lease: timedelta, fields: Sequence[str] = ()) -> list[Doc]:
        """See Documents. Three round trips for any number of documents (performance.md E6), the lease by the database's clock."""
        token = uuid4().hex
        free = {**where, "$expr": {"$lte": [{"$ifNull": ["$lease_until", "$$NOW"]}, "$$NOW"]}}
        take = [
            {"$set": {"lease_until": {"$add": ["$$NOW", lease / timedelta(milliseconds=1)]}, "claim": token}},
            {"$set": {"fence": {"$add": [{"$ifNull": ["$fence", 0]}, 1]}}},
        ]
        async with self._call(write=True):
            cursor = self._db[collection].find(free, {"_id": 1}, limit=limit, sort=list(sort) or None, session=self._session)
            ids = [row["_id"] for row in await cursor.to_list(None)]
            if not ids:
                return []
            await self._db[collection].update_many({**free, "_id": {"$in": ids}}, take, session=self._session)
            cursor = self._db[collection].find(
                {"_id": {"$in": ids}, "claim": token}, list(fields) or None, sort=list(sort) or None, session=self._session
            )
            taken: list[Doc] = await cursor.to_list(None)
            return taken


class MongoFiles:
    """Files in GridFS, in the same database: one backup holds both."""

    def __init__(self, database: Any, driver: str) -> None:
        """Name the collections; a bucket is made by each call, since motor's wants a running loop."""
        self._db, self._bucket = database, AsyncIOMotorGridFSBucket if driver == "motor" else AsyncGridFSBucket

    async def put(self, name: str, content: bytes) -> None:
        """See Files."""
        try:
            async with _translated(unknown=True):
                await self._remove(name)  # half of a broken try may lie there
                await self._bucket(self._db, "files").upload_from_stream_with_id(name, "", content)
        except Taken as error:
            raise OutcomeUnknown from error  # the same name is being put by somebody else at this moment

    async def get(self, name: str) -> bytes | None:
        """See Files."""
        async with _translated(unknown=False):
            try:
                content: bytes = await (await self._bucket(self._db, "files").open_download_stream(name)).read()
            except NoFile:
                return None
            return content

    async def delete(self, *names: str) -> None:
        """See Files."""
        async with _translated(unknown=True):
            for name in names:
                await self._remove(name)

    async def _remove(self, name: str) -> None:
        with suppress(NoFile):
            await self._bucket(self._db, "files").delete(name)


class MongoDatabase(MongoDocuments):
    """A whole database on a replica set."""

    def __init__(self, url: str, name: str, driver: str = "motor") -> None:
        """Connect lazily; one client per process and event loop."""
        self._client = _client(url, driver)
        super().__init__(self._client.get_database(name, codec_options=OPTIONS, read_concern=ReadConcern("majority"), **SAFE))
        self.files = MongoFiles(self._db, driver)

    async def start(self, indexes: Sequence[Index]) -> None:
        """Refuse a standalone server, make the indexes, then look whether the unique ones are really there."""
        async with _translated(unknown=False):
            hello = await self._client.admin.command("hello")
        if "setName" not in hello:
            raise StartRefused(Text("需要 MongoDB 副本集", "a replica set is needed: a standalone mongod has no transactions and no majority"))
        there = await self._db.list_collection_names()
        # a collection made inside a transaction conflicts with its neighbours
        for collection in {index.collection for index in indexes}.difference(there):
            with suppress(CollectionInvalid, OperationFailure):
                await self._db.create_collection(collection)
        for index in indexes:
            options: dict[str, Any] = {"unique": index.unique}
            if index.where:
                options["partialFilterExpression"] = index.where
            await self._make(index, options)
        await self._check(indexes)

    async def _make(self, index: Index, options: dict[str, Any]) -> None:
        try:
            await self._db[index.collection].create_index(list(index.keys), **options)
        except OperationFailure as error:
            msg = f"index {index.collection} {dict(index.keys)} cannot be made: {error.code}"
            raise StartRefused(Text("索引无法建立", msg)) from error

    async def _check(self, indexes: Sequence[Index]) -> None:
        for index in (index for index in indexes if index.unique):
            there = (await self._db[index.collection].index_information()).values()
            if not any(info["key"] == list(index.keys) and info.get("unique") for info in there):
                raise StartRefused(Text("缺少唯一索引", f"unique index {index.collection} {dict(index.keys)} is missing"))

    async def stop(self) -> None:
        """Close the client."""
        await _ready(self._client.close())

    async def ping(self) -> None:
        """See Database."""
        async with _translated(unknown=False):
            await self._client.admin.command("ping")

    async def machine_now(self) -> datetime:
        """See Database."""
        async with _translated(unknown=False):
            rows = await (await _ready(self._client.admin.aggregate([{"$documents": [{"now": "$$NOW"}]}]))).to_list(None)
            now: datetime = rows[0]["now"]
            return now.replace(tzinfo=UTC) if now.tzinfo is None else now

    async def transact(self, source: str, trace: str, work: Work[T]) -> tuple[T, list[Outgoing]]:
        """See Database. The callback may run several times: the driver repeats it after a transient error."""
        said: list[Outgoing] = []

        async def once(session: Any) -> T:
            nonlocal said
            inside = MongoDocuments(self._db, session, source=source, trace=trace)
            result = await work(inside)
            said = inside.outgoing
            return result

        result = await _to_its_end(self._alone(once))
        return result, said

    async def _alone(self, once: Callable[[Any], Awaitable[T]]) -> T:
        async with self._fair, _translated(unknown=True), await _ready(self._client.start_session()) as session:
            return await _in_transaction(session, once)

    async def drop(self) -> None:
        """Remove the whole database: for worlds that end."""
        await self._client.drop_database(self._db.name)
