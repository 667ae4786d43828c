"""Facts leave through the outbox: written with the state in one transaction, published by the relay, kept as the fact log (ADR 0003).

Not here: what a fact means, and how bytes reach the broker (`messaging`).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Protocol

import structlog
from pydantic_core import to_json
from uuid_utils import uuid7

from common.documents import Aggregate, Database, Doc, Index, Outgoing, Transaction, to_doc
from common.envelope import Envelope
from common.events import Fact
from common.metrics import Metrics
from common.states import Lane
from common.timesource import machine_now
from common.topology import SAYS, heard

log = structlog.get_logger()
BATCH = 100
RECOVERED_AT_ONCE = 500  # of what was left behind: a backlog is large or nothing, and what is said meanwhile waits for one batch of it at most
LEASE = timedelta(seconds=15)
SETTLE = timedelta(seconds=10)  # longer than any transaction lives: nothing can appear behind a reader's cursor any more
OFFERED_AT_MOST = 20_000  # facts waiting in memory; what is said beyond that is left to the poll
RECOVER_AFTER = timedelta(seconds=2)  # what the process itself publishes after the commit is left to it for this long
WRITING, MASS_CHANGE = 3, 15  # a backlog gets a quarter of the time of a process that writes, a sixteenth while that is a mass change
BACKOFF_S = (1.0, 2.0, 5.0, 15.0, 60.0)

INDEXES: tuple[Index, ...] = (
    Index("outbox", (("sent_at", 1), ("order", 1)), where={"sent_at": None}),
    Index("outbox", (("prefix", 1), ("order", 1))),
)  #: two and no more: each costs every fact (ADR 0039); one stream is read by `of_stream`


@dataclass(frozen=True)
class Dumped:
    """A fact as data: what a mass change says of a thing, by the hundred thousand, without making a model of each. `data` holds no None."""

    kind: str
    data: dict[str, Any]

    def prefix(self) -> str:
        """See Fact."""
        return self.kind.split(".", 1)[0]

    def model_dump(self, **_how: Any) -> dict[str, Any]:
        """Return the data."""
        return self.data


def envelope(  # noqa: PLR0913 - the attributes of the standard
    source: str, subject: str, seq: int, fact: Fact | Dumped, *, at: datetime, site: str, lane: Lane, trace: str
) -> Envelope:
    """Return the fact in its CloudEvents envelope; the id is its place in its stream, so it is the same whenever it is made."""
    return Envelope(**_attributes(source, subject, seq, fact, at=at, site=site, lane=lane, trace=trace))


def _attributes(  # noqa: PLR0913 - the attributes of the standard
    source: str, subject: str, seq: int, fact: Fact | Dumped, *, at: datetime, site: str, lane: Lane, trace: str
) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{source}:{fact.prefix()}:{subject}:{seq}",
        "source": f"/huiyin/{source}",
        "type": f"huiyin.{fact.kind}.v1",
        "subject": subject,
        "time": at,
        "datacontenttype": "application/json",
        "site": site,
        "lane": lane,
        "seq": seq,
        "traceparent": trace,
        "data": fact.model_dump(mode="json", exclude_none=True),
    }


def _row(made: dict[str, Any], fact: Fact | Dumped, key: str) -> Doc:
    prefix, now = fact.prefix(), machine_now()
    body = to_json(made).decode() if isinstance(fact, Dumped) else Envelope(**made).model_dump_json()
    return {
        "_id": made["id"],
        "order": str(uuid7()),
        "stream": made["id"].rsplit(":", 1)[0],
        "prefix": prefix,
        "kind": fact.kind,
        "seq": made["seq"],
        "site": made["site"],
        "key": key,
        "body": body,
        "trace": made["traceparent"],
        "made_at": now,
        "sent_at": None if heard(prefix) else now,
        "lease_until": None,
        "fence": 0,
    }


async def say(  # noqa: PLR0913 - the attributes of the standard
    tx: Transaction,
    subject: str,
    seqs: dict[str, int],
    facts: Sequence[Fact | Dumped],
    *,
    site: str,
    at: datetime,
    lane: Lane,
    once: str | None = None,
    at_leisure: bool = False,
) -> None:
    """Append facts about `subject` to the outbox; `seqs` is counted up in place. `once`: a lock, where the service has a unique index on it.

    `at_leisure`: they are many and nobody waits for them, so they leave by the poll and what people do leaves before them.
    """
    rows = []
    for fact in facts:
        seqs[fact.prefix()] = seq = seqs.get(fact.prefix(), 0) + 1
        made = _attributes(tx.source, subject, seq, fact, at=at, site=site, lane=lane, trace=tx.trace)
        key = f"{site}.{lane}.{fact.kind}"
        row = _row(made, fact, key) | ({"once": once} if once else {})
        rows.append(row)
        if row["sent_at"] is None:
            tx.outgoing.append(Outgoing(row["_id"], row["stream"], key, row["body"].encode(), row["trace"], at_leisure))
    if rows:
        await tx.insert("outbox", *rows)


async def save(tx: Transaction, collection: str, state: Aggregate, facts: Sequence[Fact], *, at: datetime, lane: Lane) -> None:
    """Put the document and append its facts in the same transaction (house rule 4); `state.seqs` is counted up in place."""
    state.seqs = dict(state.seqs)
    await say(tx, state.id, state.seqs, facts, site=state.site, at=at, lane=lane)
    await tx.put(collection, to_doc(state))


class Publisher(Protocol):
    """What the relay needs of a bus."""

    async def publish(self, rows: Sequence[Outgoing]) -> list[bool]:
        """Return for each row whether the broker confirmed it."""
        ...


class Relay:
    """Publishes facts: at once those that this process just committed, by polling those that anybody left behind."""

    def __init__(self, documents: Database, bus: Publisher, metrics: Metrics, poll_s: float) -> None:
        """`poll_s`: longest pause between two looks for rows left behind."""
        self._documents, self._bus, self._metrics, self._poll_s = documents, bus, metrics, poll_s
        self._offered: asyncio.Queue[Outgoing] = asyncio.Queue()
        self._behind: set[int] = set()  # hashes of streams with an earlier unsent row: later rows wait for the poll, in order
        self._failures = 0
        self._recover_at = 0.0
        self._pause = 0  #: how many times a look's own duration lies before the next, by what this process wrote since the last
        self.busy = 0  #: facts offered and not yet tried

    def offer(self, rows: Sequence[Outgoing]) -> None:
        """Publish these right after their commit; a stream with an earlier unsent row is left to the poll (decisions.md 1)."""
        self._pause = max(self._pause, MASS_CHANGE if rows and rows[0].at_leisure else WRITING)
        for row in rows:
            stream = hash(row.stream)
            if row.at_leisure or self.busy >= OFFERED_AT_MOST:
                self._behind.add(stream)
            elif stream not in self._behind:
                self.busy += 1
                self._offered.put_nowait(row)

    async def run(self) -> None:
        """Work until cancelled. A frozen broker cancels publishes that nobody cancelled: that is a failure, not an end (reliability.md X6)."""
        while True:
            try:
                await self._turn()
                self._failures = 0
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise
                await self._back_off("cancelled")
            except Exception as error:  # noqa: BLE001 - whatever happened, the rows are still in the store
                await self._back_off(type(error).__name__)

    async def _back_off(self, error: str) -> None:
        pause = BACKOFF_S[min(self._failures, len(BACKOFF_S) - 1)]
        self._failures += 1
        log.warning("relay_failed", error=error, pause_s=pause, failures=self._failures)
        self._metrics.relay_failures.inc()
        await asyncio.sleep(pause)

    async def _turn(self) -> None:
        """Look for what was left behind when it is time to, then publish what was just committed: neither waits for the whole of the other."""
        if (began := monotonic()) >= self._recover_at:
            self._recover_at = began + await self._recover_within(began)
        try:
            first = await asyncio.wait_for(self._offered.get(), max(self._recover_at - monotonic(), 0))
        except TimeoutError:
            return
        batch = [first]
        while len(batch) < BATCH and not self._offered.empty():
            batch.append(self._offered.get_nowait())
        try:
            await self._send(batch)
        finally:
            self.busy -= len(batch)

    async def _recover_within(self, began: float) -> float:
        """Look once; return after how many seconds of it to look again: whoever writes here goes before a backlog."""
        self._pause = 0
        more = await self._recover()
        took = monotonic() - began
        return took + (self._poll_s if not more else self._pause * took)

    async def _recover(self) -> bool:
        """Publish a batch of what is older than a crash could excuse, oldest first; say whether there may be more."""
        where = {"sent_at": None, "made_at": {"$lt": await self._documents.machine_now() - RECOVER_AFTER}}
        rows = await self._documents.claim("outbox", where, sort=[("order", 1)], limit=RECOVERED_AT_ONCE, lease=LEASE)
        rows.sort(key=lambda row: row["order"])
        unsent = await self._send([Outgoing(row["_id"], row["stream"], row["key"], row["body"].encode(), row["trace"]) for row in rows])
        if unsent:
            await self._documents.update("outbox", {"_id": {"$in": unsent}}, {"lease_until": None})
            msg = f"{len(unsent)} facts were not confirmed"
            raise ConnectionError(msg)
        if len(rows) < RECOVERED_AT_ONCE:
            self._behind.clear()
        return len(rows) == RECOVERED_AT_ONCE

    async def _send(self, rows: list[Outgoing]) -> list[str]:
        if not rows:
            return []
        confirmed = await self._bus.publish(rows)
        sent = [row.id for row, ok in zip(rows, confirmed, strict=True) if ok]
        unsent = [row for row, ok in zip(rows, confirmed, strict=True) if not ok]
        self._behind.update(hash(row.stream) for row in unsent)
        if sent:
            await self._documents.update("outbox", {"_id": {"$in": sent}}, {"sent_at": machine_now()})
            self._metrics.facts_sent.inc(len(sent))
        return [row.id for row in unsent]


async def oldest_unsent(documents: Database) -> timedelta | None:
    """Return how long the oldest unsent fact has waited (machine time), None when all are sent."""
    rows = await documents.find("outbox", {"sent_at": None}, sort=[("order", 1)], limit=1)
    return machine_now() - rows[0]["made_at"] if rows else None


def of_stream(stream: str) -> Doc:
    """Return what picks the rows of one stream: their ids are its name and their number."""
    return {"_id": {"$gt": f"{stream}:", "$lt": f"{stream};"}}


async def read_log(documents: Database, *, after: str, prefixes: Sequence[str], limit: int, settled: bool = True) -> list[Doc]:
    """Return rows of the fact log after a cursor, oldest first. Only settled rows, so that a cursor never skips a late commit."""
    where: Doc = {"prefix": {"$in": list(prefixes or SAYS)}, "order": {"$gt": after}}
    if settled:
        where["made_at"] = {"$lt": await documents.machine_now() - SETTLE}
    return await documents.find("outbox", where, sort=[("order", 1)], limit=limit)


async def said(documents: Database, prefixes: Sequence[str]) -> dict[str, int]:
    """Return how many facts of each prefix were ever said."""
    return {prefix: await documents.count("outbox", {"prefix": prefix}) for prefix in prefixes}


def as_fact(row: Doc) -> dict[str, Any]:
    """Return a row as the facts door shows it."""
    return {"cursor": row["order"], "id": row["_id"], "event": row["body"]}
