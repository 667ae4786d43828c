"""A unit of work over a transaction: documents read once, written once at the end, so that a batch of facts costs few round trips (ADR 0011).

Works on either adapter. What a question needs is written before it is asked, so everybody sees their own writes; a unique key is refused at
`flush` instead of at once, which is why a batch that fails is repeated one fact at a time. Documents it returns are not to be changed in place.
"""

from collections.abc import Sequence
from datetime import timedelta

from common.documents import Doc, Outgoing, Sort, Transaction
from common.errors import Taken


class Buffered:
    """A transaction whose writes wait for `flush`."""

    def __init__(self, inner: Transaction) -> None:
        """Begin with nothing known."""
        self._inner = inner
        self._known: dict[str, dict[str, Doc | None]] = {}
        self._added: dict[str, dict[str, Doc]] = {}
        self._put: dict[str, dict[str, Doc]] = {}
        self._whole: dict[tuple[str, str], set[str]] = {}  #: (collection, field) -> values of which every document is known
        self.outgoing: list[Outgoing] = inner.outgoing
        self.source, self.trace = inner.source, inner.trace
        self.writes = 0  #: counts writes asked for: a fact that made none can still be put aside

    def _keep(self, collection: str, doc: Doc) -> None:
        self._known.setdefault(collection, {})[doc["_id"]] = doc

    async def read(self, collection: str, ids: Sequence[str]) -> dict[str, Doc]:
        """Read many by `_id` in one round trip; those that are not there are known to be absent."""
        rows = {row["_id"]: row for row in await self.find(collection, {"_id": {"$in": list(ids)}})}
        self._known.setdefault(collection, {}).update(dict.fromkeys(set(ids).difference(rows)))
        return rows

    async def read_all(self, collection: str, field: str, values: Sequence[str]) -> None:
        """Read every document whose `field` has one of the values, in one round trip; `find` by the field alone needs none then."""
        await self.find(collection, {field: {"$in": list(values)}})
        self._whole.setdefault((collection, field), set()).update(values)

    def _known_by(self, collection: str, where: Doc | None) -> list[Doc] | None:
        """Return what is found by one field of which everything is known, None where the database has to be asked."""
        if not where or len(where) > 1:
            return None
        ((field, value),) = where.items()
        if not isinstance(value, str) or value not in self._whole.get((collection, field), ()):
            return None
        return [doc for doc in self._known.get(collection, {}).values() if doc is not None and doc.get(field) == value]

    async def get(self, collection: str, id: str) -> Doc | None:
        """See Documents."""
        known = self._known.setdefault(collection, {})
        if id not in known:
            known[id] = await self._inner.get(collection, id)
        found = known[id]
        return dict(found) if found is not None else None

    async def find(self, collection: str, where: Doc | None = None, *, sort: Sort = (), limit: int = 0, fields: Sequence[str] = ()) -> list[Doc]:
        """See Documents."""
        rows = None if sort or limit or fields else self._known_by(collection, where)
        if rows is not None:
            return [dict(row) for row in rows]
        await self.flush(collection)
        rows = await self._inner.find(collection, where, sort=sort, limit=limit, fields=fields)
        if fields:
            return rows
        for row in rows:
            self._keep(collection, row)
        return [dict(row) for row in rows]

    async def count(self, collection: str, where: Doc | None = None) -> int:
        """See Documents."""
        await self.flush(collection)
        return await self._inner.count(collection, where)

    async def insert(self, collection: str, *docs: Doc) -> None:
        """See Documents; what is not known here is refused at `flush`."""
        self.writes += 1
        for doc in docs:
            if self._known.get(collection, {}).get(doc["_id"]) is not None:
                raise Taken
            self._added.setdefault(collection, {})[doc["_id"]] = doc
            self._keep(collection, doc)

    async def put(self, collection: str, *docs: Doc) -> None:
        """See Documents."""
        self.writes += 1
        for doc in docs:
            added = self._added.get(collection, {})
            (added if doc["_id"] in added else self._put.setdefault(collection, {}))[doc["_id"]] = doc
            self._keep(collection, doc)

    async def replace(self, collection: str, doc: Doc, *, guard: Doc | None = None) -> bool:
        """See Documents."""
        self.writes += 1
        await self._forget(collection)
        return await self._inner.replace(collection, doc, guard=guard)

    async def update(self, collection: str, where: Doc, set: Doc | None = None, *, inc: Doc | None = None) -> int:
        """See Documents."""
        self.writes += 1
        await self._forget(collection)
        return await self._inner.update(collection, where, set, inc=inc)

    async def delete(self, collection: str, where: Doc) -> int:
        """See Documents."""
        self.writes += 1
        await self._forget(collection)
        return await self._inner.delete(collection, where)

    async def amend(self, collection: str, changes: Sequence[tuple[Doc, Doc]]) -> int:
        """See Documents."""
        self.writes += 1
        await self._forget(collection)
        return await self._inner.amend(collection, changes)

    async def claim(self, collection: str, where: Doc, *, sort: Sort, limit: int, lease: timedelta, fields: Sequence[str] = ()) -> list[Doc]:
        """See Documents."""
        self.writes += 1
        await self._forget(collection)
        return await self._inner.claim(collection, where, sort=sort, limit=limit, lease=lease, fields=fields)

    async def _forget(self, collection: str) -> None:
        await self.flush(collection)
        self._known.pop(collection, None)
        self._whole = {key: values for key, values in self._whole.items() if key[0] != collection}

    async def flush(self, collection: str | None = None) -> None:
        """Write what waits, of one collection or of all. Raises Taken."""
        for name in [collection] if collection else [*self._added, *self._put]:
            if added := self._added.pop(name, None):
                await self._inner.insert(name, *added.values())
            if put := self._put.pop(name, None):
                await self._inner.put(name, *put.values())
