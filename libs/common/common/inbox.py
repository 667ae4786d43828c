"""Facts arrive through the inbox: once, in the order of their stream, in one transaction with what they change (ADR 0003).

A fact that comes too early (a gap in its stream, or about a subject not yet known) waits in the store; one that can never work is parked, sealed.
Not here: the broker (`messaging`), the handlers (each service), the transaction (`documents`).
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any

from pydantic import ValidationError

from common.buffered import Buffered
from common.documents import Doc, Documents, Index, Transaction
from common.envelope import Envelope, Event
from common.errors import BadBody, Fate, HuiyinError, Missing, Text
from common.events import Fact
from common.timesource import machine_now
from common.topology import SAYS

Handler = Callable[..., Awaitable[None]]
Subscriptions = Mapping[type[Fact], tuple[Handler, ...]]

TRIES = {Fate.AGAIN: 8, Fate.PARK: 3, Fate.DONE: 1}  # a bug gets three tries: it may have been the moment; then a person looks
MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
MOST_DIGITS = 20  # 2^63 has 19, and a sign

INDEXES: tuple[Index, ...] = (
    Index("inbox", (("of", 1),)),
    Index("waiting", (("needs", 1), ("seq", 1))),
    Index("parked", (("parked_at", 1),)),
    Index("streams", (("waited", 1),)),
)


@dataclass(frozen=True)
class Applied:
    """What one message did: `woken` are bodies that waited for this stream and can be tried now."""

    done: bool
    woken: tuple[bytes, ...] = ()


def _no_constant(name: str) -> Any:
    raise BadBody(Text("非法数值", f"{name} is not JSON"))


def _finite(written: str) -> float:
    """Return a number with a point. 1e400 would be read as infinity, which no JSON can say again."""
    value = float(written)
    if not isfinite(value):
        raise BadBody(Text("非法数值", "a number beyond the range of a double"))
    return value


def _whole(written: str) -> int:
    """Return a whole number that a document can keep."""
    if len(written) > MOST_DIGITS or not -(2**63) <= int(written) < 2**63:
        raise BadBody(Text("数值过大", "a number beyond 64 bits"))
    return int(written)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise BadBody(Text("重复的键", "a key appears twice"))
    return made


def depth(value: Any, limit: int) -> bool:
    """Say whether `value` nests no deeper than `limit`."""
    level = [value]
    for _ in range(limit):
        level = [item for node in level if isinstance(node, dict | list) for item in (node.values() if isinstance(node, dict) else node)]
        if not level:
            return True
    return False


def parse_json(body: bytes) -> Any:
    """Return the JSON value of a UTF-8 body. Raises BadBody for duplicate keys, NaN, 1e400, lone surrogates, too deep … (reliability.md H2–H5)."""
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_no_constant, parse_float=_finite, parse_int=_whole, object_pairs_hook=_once)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise BadBody from error
    if not depth(value, MAX_DEPTH):
        raise BadBody(Text("嵌套过深", f"nested deeper than {MAX_DEPTH}"))
    return value


def decode(body: bytes) -> Envelope:
    """Return the envelope. Raises BadBody, without a word of the content."""
    if len(body) > MAX_BYTES:
        raise BadBody(Text("消息过大", f"over {MAX_BYTES} bytes"))
    try:
        made = Envelope.model_validate(parse_json(body))
        if made.id != f"{made.stream}:{made.seq}" or SAYS.get(made.kind.split(".", 1)[0]) != made.source.rsplit("/", 1)[1]:
            raise BadBody(Text("信封不一致", "the envelope contradicts itself"))
        made.event()
    except ValidationError as error:
        places = sorted({".".join(str(part) for part in item["loc"]) for item in error.errors(include_input=False, include_url=False)})
        raise BadBody(Text("消息格式错误", f"not valid at {', '.join(places)[:300]}")) from None
    return made


async def _wait(tx: Transaction, stream: str, made: Envelope, body: bytes) -> None:
    """Keep a fact until `stream` moves; touching the stream's row makes a race with its next fact a write conflict."""
    row = await tx.get("streams", stream) or {"_id": stream, "applied": 0}
    await tx.put("streams", row | {"waited": row.get("waited", 0) + 1})
    wait = {"_id": made.id, "needs": stream, "stream": made.stream, "seq": made.seq, "body": body.decode(), "since": machine_now()}
    await tx.put("waiting", wait)


async def _woken(tx: Transaction, stream: Doc) -> tuple[bytes, ...]:
    if not stream.get("waited"):
        return ()
    rows = await tx.find("waiting", {"needs": stream["_id"]}, sort=[("seq", 1)])
    ready = [row for row in rows if row["stream"] != stream["_id"] or row["seq"] == stream["applied"] + 1]
    return tuple(row["body"].encode() for row in ready)


async def applied(documents: Documents, made: Envelope) -> bool:
    """Say whether this very fact was applied here."""
    row = await documents.get("streams", made.stream)
    return bool(row and row["applied"] >= made.seq)


async def known(tx: Transaction, stream: str) -> bool:
    """Say whether any fact of this stream was applied here."""
    row = await tx.get("streams", stream)
    return bool(row and row["applied"])


async def apply(tx: Transaction, made: Envelope, body: bytes, call: Callable[[Event[Fact]], Awaitable[None]], *, waited: bool = False) -> Applied:
    """Apply one fact in its transaction: duplicate → nothing, gap → wait, next → handle and mark. `waited`: it comes out of the waiting room.

    Raises Missing (nothing of this transaction stays) when it is about something not yet known.
    """
    stream = await tx.get("streams", made.stream) or {"_id": made.stream, "applied": 0}
    if made.seq <= stream["applied"]:
        if waited:
            await tx.delete("waiting", {"_id": made.id})
        return Applied(done=False)
    if made.seq > stream["applied"] + 1:
        await _wait(tx, made.stream, made, body)
        return Applied(done=False)
    prefix = made.kind.split(".", 1)[0]
    await tx.insert("inbox", {"_id": made.id, "of": prefix, "at": machine_now()})
    event = made.event()
    if event is not None:
        await call(event)
    stream = stream | {"applied": made.seq}
    await tx.put("streams", stream)
    if waited:
        await tx.delete("waiting", {"_id": made.id})
    return Applied(done=True, woken=await _woken(tx, stream))


async def skip(tx: Transaction, made: Envelope) -> tuple[bytes, ...]:
    """Count a fact as handled that a person gave up, so that its stream goes on; return the bodies that can be tried now.

    Safe because facts carry the full state: the next one of the stream brings what this one would have. Nothing brings it back later.
    """
    stream = await tx.get("streams", made.stream) or {"_id": made.stream, "applied": 0}
    if made.seq <= stream["applied"]:
        return ()
    await tx.put("inbox", {"_id": made.id, "of": made.kind.split(".", 1)[0], "at": machine_now(), "discarded": True})
    if made.seq > stream["applied"] + 1:
        return ()
    stream = stream | {"applied": made.seq}
    await tx.put("streams", stream)
    return await _woken(tx, stream)


@dataclass(frozen=True)
class Arrival:
    """One fact of a batch. `waited`: it comes out of the waiting room."""

    made: Envelope
    body: bytes
    waited: bool = False


async def apply_all(tx: Buffered, batch: Sequence[Arrival], call: Callable[[Event[Fact]], Awaitable[None]]) -> tuple[bytes, ...]:
    """Apply many facts in one transaction, each stream in order; return the bodies that can be tried now because their stream moved.

    A fact that has to wait is put aside as long as it wrote nothing; any other failure leaves the whole batch to be repeated one by one.
    """
    await tx.read("streams", list({arrival.made.stream for arrival in batch}))
    moved: dict[str, Doc] = {}
    kept = set()
    for arrival in sorted(batch, key=lambda one: one.made.seq):
        stream = await tx.get("streams", arrival.made.stream) or {"_id": arrival.made.stream, "applied": 0}
        if arrival.made.seq > stream["applied"] + 1:
            await _wait(tx, arrival.made.stream, arrival.made, arrival.body)
            kept.add(arrival.made.id)
        elif arrival.made.seq == stream["applied"] + 1:
            if needs := await _applied(tx, arrival.made, call):
                await _wait(tx, needs, arrival.made, arrival.body)
                kept.add(arrival.made.id)
                continue
            moved[stream["_id"]] = (await tx.get("streams", stream["_id"]) or stream) | {"applied": arrival.made.seq}
            await tx.put("streams", moved[stream["_id"]])
    if left := [arrival.made.id for arrival in batch if arrival.waited and arrival.made.id not in kept]:
        await tx.delete("waiting", {"_id": {"$in": left}})
    woken = [body for stream in moved.values() for body in await _woken(tx, stream)]
    await tx.flush()
    return tuple(woken)


async def _applied(tx: Buffered, made: Envelope, call: Callable[[Event[Fact]], Awaitable[None]]) -> str | None:
    """Handle and mark one fact of a batch; return the stream it has to wait for, None when it was applied."""
    before, tx.trace, event = tx.writes, made.traceparent, made.event()
    try:
        if event is not None:
            await call(event)
    except Missing as missing:
        if tx.writes != before or await known(tx, missing.stream):
            raise
        return missing.stream
    await tx.insert("inbox", {"_id": made.id, "of": made.kind.split(".", 1)[0], "at": machine_now()})
    return None


async def wait_for(tx: Transaction, missing: Missing, made: Envelope, body: bytes) -> bool:
    """Keep the fact until `missing.stream` is known; False when it became known meanwhile (try again at once)."""
    if await known(tx, missing.stream):
        return False
    await _wait(tx, missing.stream, made, body)
    return True


def reason_of(error: BaseException) -> str:
    """Return a word for the error that holds nothing of the content."""
    return error.slug if isinstance(error, HuiyinError) else type(error).__name__


def parked_row(body: bytes, error: BaseException, attempt: int, sealed: dict[str, str], now: datetime, made: Envelope | None) -> Doc:
    """Return the parking row: the body sealed, the reason without content."""
    detail = error.detail.en if isinstance(error, HuiyinError) and error.detail else ""
    return {
        "_id": made.id if made else f"body:{sealed['v'][:24]}",
        "reason": reason_of(error),
        "detail": detail,
        "kind": made.kind if made else None,
        "site": made.site if made else None,
        "attempt": attempt,
        "bytes": len(body),
        "body": sealed,
        "parked_at": now,
    }
