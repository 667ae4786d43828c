"""Handles facts as they arrive: in batches of one transaction, one by one when a batch fails, parked when nothing helps (ADR 0011).

Not here: what one fact does to the store (`inbox`), the broker (`messaging`), the handlers (each service).
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from common import inbox, tracing
from common.buffered import Buffered
from common.documents import Transaction
from common.envelope import Envelope, Event
from common.errors import Fate, HuiyinError, Missing, Taken, Transient
from common.events import FACTS, Fact
from common.timesource import machine_now

if TYPE_CHECKING:
    from common.runtime import Runtime

log = structlog.get_logger()
BATCH = 50  #: facts in one transaction at most: well inside a transaction's life


@dataclass
class _Message:
    """A body on its way through the inbox; `done` hears its fate, None when nobody waits for it."""

    body: bytes
    attempt: int
    done: "asyncio.Future[Fate] | None"
    waited: bool = False

    def end(self, fate: Fate) -> None:
        if self.done is not None and not self.done.done():
            self.done.set_result(fate)


class Worker:
    """Takes messages and brings each to its end."""

    def __init__(self, rt: "Runtime[Any]") -> None:
        """Work for one runtime."""
        self._rt = rt
        self._arrived: asyncio.Queue[_Message] = asyncio.Queue()
        self.handling = 0  #: messages taken and not yet at their end

    async def receive(self, body: bytes, attempt: int = 1) -> Fate:
        """Handle one message to its end: DONE (handled, waiting or parked: it is in the store) or AGAIN (try later).

        What is waiting when the worker is free is handled in one transaction (performance.md H).
        """
        done: asyncio.Future[Fate] = asyncio.get_running_loop().create_future()
        self._take(_Message(body, attempt, done))
        return await done

    def _take(self, message: _Message) -> None:
        self.handling += 1
        self._arrived.put_nowait(message)

    async def run(self) -> None:
        """Handle what arrives, until cancelled."""
        while True:
            batch = [await self._arrived.get()]
            while len(batch) < BATCH and not self._arrived.empty():
                batch.append(self._arrived.get_nowait())
            try:
                await self._together(batch)
            finally:
                self.handling -= len(batch)

    async def _together(self, batch: list[_Message]) -> None:
        """Handle a batch in one transaction; when that fails, for whatever reason, each message by itself."""
        arrivals = {}
        for message in batch:
            with suppress(HuiyinError):
                arrivals[id(message)] = inbox.Arrival(inbox.decode(message.body), message.body, message.waited)
        whole = len(arrivals) > 1 and await self._all_at_once([*arrivals.values()])
        for message in batch:
            if whole and id(message) in arrivals:
                message.end(Fate.DONE)
            else:
                message.end(await self._receive(message.body, message.attempt, waited=message.waited))

    async def _all_at_once(self, arrivals: list[inbox.Arrival]) -> bool:
        async def work(tx: Transaction) -> tuple[bytes, ...]:
            buffered = Buffered(tx)
            if self._rt.foresee:
                await self._rt.foresee(buffered, [event for arrival in arrivals if (event := arrival.made.event())])
            return await inbox.apply_all(buffered, arrivals, lambda event: self._call(buffered, event))

        try:
            with self._rt.metrics.handle_s.time():
                woken = await self._rt.commit(work)
        except Exception as error:  # noqa: BLE001 - one of them is the cause: alone it meets its own fate
            log.info("batch_split", count=len(arrivals), error=inbox.reason_of(error))
            return False
        self.wake(woken)
        for arrival in arrivals:
            self._count(arrival.made)
        return True

    def wake(self, bodies: Sequence[bytes]) -> None:
        """Take what waited; should the process end first, `retry_waiting` finds it in the store."""
        for body in bodies:
            self._take(_Message(body, 1, None, waited=True))

    def _count(self, made: Envelope) -> None:
        kind = made.kind if made.kind in FACTS else "unknown"
        self._rt.metrics.handled.labels(service=self._rt.name, kind=kind, fate="done").inc()

    async def _receive(self, body: bytes, attempt: int, *, waited: bool) -> Fate:
        made: Envelope | None = None
        try:
            made = inbox.decode(body)
            with tracing.within(made.traceparent), self._rt.metrics.handle_s.time():
                await self._apply(made, body, waited=waited)
        except Transient:
            await self._ground()  # the world is away, not the message wrong: hold it instead of rotating it (reliability.md 3.4)
            return Fate.AGAIN
        except Exception as error:  # noqa: BLE001 - every failure has a named fate
            return await self._failed(error, made, body, attempt)
        self._count(made)
        return Fate.DONE

    async def _apply(self, made: Envelope, body: bytes, *, waited: bool) -> None:
        woken: list[bytes] = []
        try:
            applied = await self._rt.commit(lambda tx: inbox.apply(tx, made, body, lambda event: self._call(tx, event), waited=waited))
            woken.extend(applied.woken)
        except Taken:
            if not await inbox.applied(self._rt.documents, made):  # otherwise another delivery of the same fact won the race
                raise
        except Missing as missing:
            kept = missing
            if not await self._rt.commit(lambda tx: inbox.wait_for(tx, kept, made, body)):
                woken.append(body)
        self.wake(woken)

    async def _call(self, tx: Transaction, event: Event[Fact]) -> None:
        for handler in self._rt.subscriptions.get(type(event.fact), ()):
            await handler(event, self._rt.make(tx), self._rt.now())

    async def _failed(self, error: Exception, made: Envelope | None, body: bytes, attempt: int) -> Fate:
        fate = error.fate if isinstance(error, HuiyinError) else Fate.PARK
        at_once = made is None  # what cannot be decoded never can
        log.warning("fact_failed", fact=made.id if made else None, error=inbox.reason_of(error), attempt=attempt)
        if not at_once and attempt < inbox.TRIES.get(fate, 3):
            return Fate.AGAIN
        try:
            sealed = self._rt.vault.seal(self._rt.name, "parked", body.decode("latin-1"))
            await self._rt.documents.put("parked", inbox.parked_row(body, error, attempt, sealed, machine_now(), made))
        except Transient:
            await self._ground()
            return Fate.AGAIN
        self._rt.metrics.parked.labels(service=self._rt.name, reason=inbox.reason_of(error)).inc()
        return Fate.DONE

    async def _ground(self) -> None:
        """Return when store and time answer again."""
        while True:
            try:
                await self._rt.documents.ping()
                self._rt.now()
            except Transient:
                await asyncio.sleep(1)
            else:
                return

    async def retry_waiting(self) -> int:
        """Try what waits although its stream is known: a crash may have come between wake and work."""
        woken = 0
        for row in await self._rt.documents.find("waiting", sort=[("since", 1)], limit=200):
            stream = await self._rt.documents.get("streams", row["needs"])
            ready = stream and (row["stream"] != row["needs"] or row["seq"] <= stream["applied"] + 1) and stream["applied"]
            if ready or (row["stream"] == row["needs"] and row["seq"] == 1):
                self.wake([row["body"].encode()])
                woken += 1
        return woken
