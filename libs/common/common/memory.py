"""The fake world: documents and bus in memory, for stories that run in milliseconds. Held to the same contract suite as the real ones.

Transactions are serial (one lock) and undone by a snapshot; leases are measured with the machine's clock as the database would.
"""

import asyncio
import fnmatch
import operator
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from common.documents import PLAIN, Doc, Index, Outgoing, Sort, Transaction, Work
from common.errors import Taken
from common.files import MemoryFiles
from common.states import Lane
from common.timesource import machine_now

T = TypeVar("T")
_ABSENT = object()


def _values(doc: Any, path: str) -> list[Any]:
    """Return what a dotted path reaches, arrays spread as MongoDB does."""
    found = [doc]
    for part in path.split("."):
        reached: list[Any] = []
        for value in found:
            items = value if isinstance(value, list) else [value]
            reached.extend(item[part] for item in items if isinstance(item, dict) and part in item)
        found = reached
    return found


def _compare(test: Callable[[Any, Any], bool]) -> Callable[[list[Any], Any], bool]:
    def check(values: list[Any], wanted: Any) -> bool:
        return any(test(value, wanted) for value in values if value is not None and type(value) is type(wanted))

    return check


def _equal(values: list[Any], wanted: Any) -> bool:
    return any(value == wanted for value in values) or (wanted is None and not values)


OPERATORS: dict[str, Callable[[list[Any], Any], bool]] = {
    "$lt": _compare(operator.lt),
    "$lte": _compare(operator.le),
    "$gt": _compare(operator.gt),
    "$gte": _compare(operator.ge),
    "$in": lambda values, wanted: any(_equal(values, item) for item in wanted),
    "$nin": lambda values, wanted: not any(_equal(values, item) for item in wanted),
    "$ne": lambda values, wanted: not _equal(values, wanted),
    "$exists": lambda values, wanted: bool(values) is wanted,
}


def matches(doc: Doc, where: Doc | None) -> bool:
    """Say whether MongoDB would find `doc` by `where`."""
    for path, wanted in (where or {}).items():
        reached = _values(doc, path)
        spread = [item for value in reached for item in (value if isinstance(value, list) else [value])]
        values = reached + spread
        tests = wanted if isinstance(wanted, dict) and any(key.startswith("$") for key in wanted) else {"$eq": wanted}
        for name, value in tests.items():
            candidates = reached if name == "$exists" else values
            if not (_equal(candidates, value) if name == "$eq" else OPERATORS[name](candidates, value)):
                return False
    return True


def _asks(where: Doc | None) -> Callable[[Doc], bool]:
    """Return `matches` for many documents: what only compares a field with a plain value is asked without a detour."""
    plain = {path: wanted for path, wanted in (where or {}).items() if type(wanted) in PLAIN and "." not in path}
    rest = {path: wanted for path, wanted in (where or {}).items() if path not in plain}

    def asked(doc: Doc) -> bool:
        for path, wanted in plain.items():
            value = doc.get(path)
            if value != wanted and not (isinstance(value, list) and wanted in value):
                return False
        return not rest or matches(doc, rest)

    return asked


def _copied(value: T) -> T:
    """Return a document of its own: what BSON keeps is dicts, lists and things that never change."""
    if isinstance(value, dict):
        return cast("T", {key: item if type(item) in PLAIN else _copied(item) for key, item in value.items()})
    return cast("T", [item if type(item) in PLAIN else _copied(item) for item in value]) if isinstance(value, list) else value


def _order(doc: Doc, path: str) -> tuple[int, Any]:
    values = _values(doc, path)
    value = values[0] if values else None
    return (0, 0) if value is None else (1, value)


def _only(doc: Doc, fields: Sequence[str]) -> Doc:
    return cast("Doc", _named(doc, {"_id", *fields})) if fields else doc


def _named(value: Any, paths: set[str]) -> Any:
    """Return what of a document, or of each one in a list, the dotted paths name."""
    if isinstance(value, list):
        return [_named(item, paths) for item in value]
    below: dict[str, set[str]] = {}
    for path in paths:
        name, _, rest = path.partition(".")
        below.setdefault(name, set()).add(rest)
    return {name: item if "" in below[name] else _named(item, below[name]) for name, item in value.items() if name in below}


def _set(doc: Any, path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for part in parents:
        doc = doc[int(part)] if isinstance(doc, list) else doc.setdefault(part, {})
    doc[last] = value


class MemoryDocuments:
    """One service's database in memory; also its own transaction view, since transactions are serial."""

    def __init__(self) -> None:
        """Begin empty."""
        self._data: dict[str, dict[str, Doc]] = {}
        self._unique: list[Index] = []
        self._lock = asyncio.Lock()
        self.files = MemoryFiles()
        self.outgoing: list[Outgoing] = []
        self.source = ""
        self.trace = ""

    async def start(self, indexes: Sequence[Index]) -> None:
        """Keep the unique indexes."""
        self._unique = [index for index in indexes if index.unique]

    async def stop(self) -> None:
        """Nothing to let go of."""

    async def ping(self) -> None:
        """Memory is always there."""

    async def machine_now(self) -> datetime:
        """Return the machine's clock."""
        return machine_now()

    async def get(self, collection: str, id: str) -> Doc | None:
        """See Documents."""
        return _copied(self._data.get(collection, {}).get(id))

    def _matching(self, collection: str, where: Doc | None) -> list[Doc]:
        rows = self._data.get(collection, {})
        asks, wanted = _asks(where), (where or {}).get("_id")
        if isinstance(wanted, str):
            return [rows[wanted]] if wanted in rows and asks(rows[wanted]) else []
        return [doc for doc in rows.values() if asks(doc)]

    async def find(self, collection: str, where: Doc | None = None, *, sort: Sort = (), limit: int = 0, fields: Sequence[str] = ()) -> list[Doc]:
        """See Documents."""
        found = self._matching(collection, where)
        for path, direction in reversed(list(sort)):
            found.sort(key=lambda doc: _order(doc, path), reverse=direction < 0)
        return [_only(doc, fields) for doc in _copied(found[:limit] if limit else found)]

    async def count(self, collection: str, where: Doc | None = None) -> int:
        """See Documents."""
        return len(self._matching(collection, where))

    def _refuse_double(self, collection: str, doc: Doc) -> None:
        for index in self._unique:
            if index.collection != collection or not matches(doc, index.where):
                continue
            key = [_values(doc, path) for path, _ in index.keys]
            for other in self._data.get(collection, {}).values():
                if other["_id"] != doc["_id"] and matches(other, index.where) and [_values(other, path) for path, _ in index.keys] == key:
                    raise Taken

    async def insert(self, collection: str, *docs: Doc) -> None:
        """See Documents."""
        rows = self._data.setdefault(collection, {})
        for doc in docs:
            if doc["_id"] in rows:
                raise Taken
            self._refuse_double(collection, doc)
            rows[doc["_id"]] = _copied(doc)

    async def put(self, collection: str, *docs: Doc) -> None:
        """See Documents."""
        for doc in docs:
            self._refuse_double(collection, doc)
            self._data.setdefault(collection, {})[doc["_id"]] = _copied(doc)

    async def replace(self, collection: str, doc: Doc, *, guard: Doc | None = None) -> bool:
        """See Documents."""
        if not self._matching(collection, {"_id": doc["_id"], **(guard or {})}):
            return False
        await self.put(collection, doc)
        return True

    async def update(self, collection: str, where: Doc, set: Doc | None = None, *, inc: Doc | None = None) -> int:
        """See Documents."""
        found = self._matching(collection, where)
        for old in found:
            doc = self._data[collection][old["_id"]] = _copied(old)
            for path, value in (set or {}).items():
                _set(doc, path, _copied(value))
            for path, value in (inc or {}).items():
                _set(doc, path, (_values(doc, path) or [0])[0] + value)
        return len(found)

    async def delete(self, collection: str, where: Doc) -> int:
        """See Documents."""
        found = self._matching(collection, where)
        for doc in found:
            del self._data[collection][doc["_id"]]
        return len(found)

    async def amend(self, collection: str, changes: Sequence[tuple[Doc, Doc]]) -> int:
        """See Documents."""
        return sum([await self.update(collection, where, fields) for where, fields in changes])

    async def claim(self, collection: str, where: Doc, *, sort: Sort, limit: int, lease: timedelta, fields: Sequence[str] = ()) -> list[Doc]:
        """See Documents."""
        now = machine_now()
        free = [doc for doc in await self.find(collection, where, sort=sort) if (doc.get("lease_until") or now) <= now][:limit]
        for doc in free:
            await self.update(collection, {"_id": doc["_id"]}, {"lease_until": now + lease}, inc={"fence": 1})
        taken = [found for doc in free if (found := await self.get(collection, doc["_id"]))]
        return [_only(doc, fields) for doc in taken]

    async def transact(self, source: str, trace: str, work: Work[T]) -> tuple[T, list[Outgoing]]:
        """See Database."""
        async with self._lock:
            before = {name: dict(rows) for name, rows in self._data.items()}  # a document is replaced, never changed in place
            self.outgoing, self.source, self.trace = [], source, trace
            try:
                result = await work(self)
            except BaseException:
                self._data = before
                raise
            return result, self.outgoing


_CHECK: type[Transaction] = MemoryDocuments

Handle = Callable[[bytes], Awaitable[None]]


class Broker:
    """A topic exchange in memory, shared by the services of one MemoryWorld."""

    def __init__(self) -> None:
        """Begin without queues."""
        self.queues: dict[str, tuple[list[str], MemoryBus]] = {}
        self.in_flight = 0


class MemoryBus:
    """One service's connection to the broker in memory: each message is handled in a task of its own, like on the real one."""

    def __init__(self, broker: Broker) -> None:
        """Join the broker."""
        self._broker = broker
        self._tasks: set[asyncio.Task[None]] = set()  #: messages in work here: whoever receives finishes them, not whoever published
        self._names: list[str] = []
        self._handle: Handle | None = None

    async def start(self, service: str, prefixes: Sequence[str], handle: Handle) -> None:
        """Bind one queue per lane to whole streams."""
        self._handle = handle
        for lane in Lane:
            name = f"{service}.{lane}"
            self._names.append(name)
            self._broker.queues[name] = ([f"*.{lane}.{prefix}.*" for prefix in prefixes], self)

    async def stop(self) -> None:
        """Take no more messages and finish those in work."""
        for name in self._names:
            self._broker.queues.pop(name, None)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def publish(self, rows: Sequence[Outgoing]) -> list[bool]:
        """Deliver each row to every queue whose binding matches; always confirmed."""
        for row in rows:
            for patterns, receiver in list(self._broker.queues.values()):
                if any(fnmatch.fnmatchcase(row.key, pattern) for pattern in patterns):
                    receiver.take(row.body)
        return [True] * len(rows)

    def take(self, body: bytes) -> None:
        """Begin to handle a message."""
        task = asyncio.create_task(self._deliver(body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, body: bytes) -> None:
        self._broker.in_flight += 1
        try:
            if self._handle:
                await self._handle(body)
        finally:
            self._broker.in_flight -= 1

    async def ping(self) -> None:
        """Memory is always there."""
