"""The port to a store: the few operations a service may ask of its own database. Two adapters, `mongo` and `memory`, one contract suite.

The operations are few on purpose: every `store.py` is written once on them, and the fake can be held to the same promises as the real one.
Filters know equality (dotted paths; a value equal to an array element matches), $lt $lte $gt $gte $in $nin $ne $exists, nothing else,
so no value of a client can ever become an operator (reliability.md M14): callers pass values inside typed models only.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any, Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel

from common.files import Files

Doc = dict[str, Any]
Sort = Sequence[tuple[str, int]]
T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Index:
    """An index as data. `where` makes it partial (equality and $exists only)."""

    collection: str
    keys: tuple[tuple[str, int], ...]
    unique: bool = False
    where: Doc | None = None


@runtime_checkable
class Documents(Protocol):
    """A database, or a view of it inside one transaction."""

    async def get(self, collection: str, id: str) -> Doc | None:
        """Return the document with that `_id`, or None."""
        ...

    async def find(self, collection: str, where: Doc | None = None, *, sort: Sort = (), limit: int = 0, fields: Sequence[str] = ()) -> list[Doc]:
        """Return what matches, in `sort` order, at most `limit` (0 = all); `fields`: what of each beside its `_id`, dotted paths (none: all)."""
        ...

    async def count(self, collection: str, where: Doc | None = None) -> int:
        """Return how many match."""
        ...

    async def insert(self, collection: str, *docs: Doc) -> None:
        """Add documents. Raises Taken on a duplicate `_id` or unique key; inside a transaction nothing of it stays then."""
        ...

    async def put(self, collection: str, *docs: Doc) -> None:
        """Replace or add each by `_id`."""
        ...

    async def replace(self, collection: str, doc: Doc, *, guard: Doc | None = None) -> bool:
        """Replace by `_id` where `guard` holds; False when nothing matched."""
        ...

    async def update(self, collection: str, where: Doc, set: Doc | None = None, *, inc: Doc | None = None) -> int:
        """Set and increment fields of all that match; return how many."""
        ...

    async def delete(self, collection: str, where: Doc) -> int:
        """Remove all that match; return how many."""
        ...

    async def amend(self, collection: str, changes: Sequence[tuple[Doc, Doc]]) -> int:
        """Set fields of one document each, where its guard holds: `(where with _id, fields)`; return how many there were. One round trip."""
        ...

    async def claim(self, collection: str, where: Doc, *, sort: Sort, limit: int, lease: timedelta, fields: Sequence[str] = ()) -> list[Doc]:
        """Take up to `limit` that match and whose lease is over (database time); each gets `lease_until` and `fence` + 1.

        `fields` as in `find`. Two claimers never hold the same document at
        once; whoever finishes checks the fence (reliability.md X18).
        """
        ...


@dataclass
class Outgoing:
    """One fact on its way: the outbox row's id, its routing key and its bytes."""

    id: str
    stream: str
    key: str
    body: bytes
    trace: str
    at_leisure: bool = False  #: nobody waits for it


class Transaction(Documents, Protocol):
    """Documents inside one majority transaction; `outgoing` are the facts said in it, `trace` is the trace they belong to."""

    outgoing: list[Outgoing]
    source: str
    trace: str


Work = Callable[[Transaction], Awaitable[T]]


class Database(Documents, Protocol):
    """A whole database: it can open transactions, and it has a place for files."""

    @property
    def files(self) -> Files:
        """Where bytes lie that are too many for a document."""
        ...

    async def start(self, indexes: Sequence[Index]) -> None:
        """Connect and make sure of the indexes. Raises StartRefused on a ground that cannot hold the promises."""
        ...

    async def stop(self) -> None:
        """Let go of the connections."""
        ...

    async def transact(self, source: str, trace: str, work: Work[T]) -> tuple[T, list[Outgoing]]:
        """Run `work` in one transaction (perhaps several times) and return its result and the facts it said.

        Raises Taken, Stale, StoreAway (surely nothing written) or OutcomeUnknown.
        """
        ...

    async def ping(self) -> None:
        """Make a real round trip. Raises StoreAway."""
        ...

    async def machine_now(self) -> datetime:
        """Return the database's clock, the one all leases are measured with."""
        ...


class Aggregate(BaseModel):
    """A stored thing that says facts. `seqs` counts its facts per stream prefix."""

    id: str
    site: str
    seqs: dict[str, int] = {}


class Audited(Aggregate):
    """A stored thing whose every change has a row in its site's audit chain (`audit`). `rev` counts the changes, as `seqs` counts facts."""

    rev: int = 0


PLAIN = frozenset({str, int, float, bool, type(None), datetime, bytes})  #: types that BSON keeps as they are


def storable(value: Any) -> Any:
    """Return `value` as BSON can keep it: enums by value, dates and durations as text and seconds, tuples as lists."""
    kind = type(value)
    if kind is dict:
        return {key if type(key) is str else str(key): item if type(item) in PLAIN else storable(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        return [item if type(item) in PLAIN else storable(item) for item in value] if value else []
    return value if kind in PLAIN else _rare(value)


def _rare(value: Any) -> Any:
    if isinstance(value, Enum):
        return value._value_  # `value` is a property and ten times as slow
    if isinstance(value, dict):
        return {str(key): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [storable(item) for item in value]
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return value.total_seconds() if isinstance(value, timedelta) else value


def to_doc(model: BaseModel) -> Doc:
    """Return the model as a document; its field `id` becomes `_id`."""
    doc: Doc = storable(model.model_dump())
    if "id" in doc:
        doc["_id"] = doc.pop("id")
    return doc


def from_doc(model: type[M], doc: Doc) -> M:
    """Return the document as a model."""
    fields = dict(doc)
    if "_id" in fields and "id" in model.model_fields:
        fields["id"] = fields.pop("_id")
    return model.model_validate(fields)
