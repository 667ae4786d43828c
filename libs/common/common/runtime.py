"""One running service: its store, bus, time, loops and peers, and the two ways anything changes: a command and a fact (house rule 3).

Not here: HTTP (`web`), the broker (`messaging`), the driver (`mongo`), any rule.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

import httpx2
import structlog

from common import inbox, outbox, tracing
from common.auth import Tokens
from common.buffered import Buffered
from common.documents import Database, Documents, Index, Transaction
from common.envelope import Event
from common.errors import HuiyinError, PeerAway, PeerRefused, StoreAway
from common.inbox import Subscriptions
from common.loop import Loop, keep
from common.metrics import Metrics
from common.settings import Settings
from common.tasks import end
from common.timesource import SystemTime, Time
from common.topology import LISTENS, PEERS, SAYS
from common.vault import Vault
from common.worker import Worker

log = structlog.get_logger()
S = TypeVar("S")
T = TypeVar("T")
Foresee = Callable[[Buffered, Sequence[Event[Any]]], Awaitable[None]]
PEER_S = 5.0
SHORTEST_S = 0.001  # business time is kept in whole milliseconds
OURS = frozenset({401, 403, 408, 425, 429})  #: 4xx that are not about what was asked: credentials an operator repairs, a share that is used up


class Bus(Protocol):
    """A way to the broker."""

    async def start(self, service: str, prefixes: Sequence[str], handle: Any) -> None:
        """Begin to consume."""
        ...

    async def stop(self) -> None:
        """Finish what is in work and let go."""
        ...

    async def publish(self, rows: Sequence[Any]) -> list[bool]:
        """Publish with confirms."""
        ...

    async def ping(self) -> None:
        """Make a real round trip. Raises BrokerAway."""
        ...


@dataclass(frozen=True)
class Mark:
    """A moment of a process: the next nudge after it, and how often business time had been moved."""

    nudge: asyncio.Event
    revision: int


@dataclass
class Parts:
    """What a service stands on; a MemoryWorld gives its own."""

    documents: Database
    bus: Bus
    time: Time = field(default_factory=SystemTime)
    transport: httpx2.AsyncBaseTransport | None = None  #: how peers are reached; None = the network
    extra: dict[str, Any] = field(default_factory=dict)  #: parts only one service has, for example notify's gateway


class Runtime(Generic[S]):
    """Holds the parts together and keeps the loops alive."""

    def __init__(  # noqa: PLR0913 - the parts of a service, all by name
        self,
        name: str,
        settings: Settings,
        parts: Parts,
        *,
        store: Callable[[Documents], S],
        indexes: Sequence[Index],
        subscriptions: Subscriptions,
        loops: Sequence[Loop] = (),
        foresee: Foresee | None = None,
    ) -> None:
        """Assemble; nothing is touched before `start`. `foresee`: reads what a batch of facts will ask for, in a few round trips (ADR 0011)."""
        self.name, self.settings, self.parts = name, settings, parts
        self.documents, self.bus, self.time = parts.documents, parts.bus, parts.time
        self.metrics = Metrics(name)
        self.vault, self.tokens = Vault.of(settings), Tokens(settings)
        self.relay = outbox.Relay(parts.documents, parts.bus, self.metrics, settings.relay_poll_ms / 1000)
        self.make, self._indexes, self.subscriptions = store, indexes, subscriptions
        self.loops, self.foresee = loops, foresee
        self.measures: list[Callable[[], Awaitable[None]]] = []  #: bring gauges of this service alone up to date
        self._tasks: list[asyncio.Task[None]] = []
        self._nudge = asyncio.Event()
        self.http = httpx2.AsyncClient(transport=parts.transport, timeout=PEER_S, trust_env=False)
        self.worker = Worker(self)
        self.ready = False

    @property
    def prefixes(self) -> tuple[str, ...]:
        """Return the stream prefixes this service binds."""
        return LISTENS[self.name]

    @property
    def store(self) -> S:
        """Return the store outside a transaction: for reading."""
        return self.make(self.documents)

    def now(self) -> datetime:
        """Return business time. Raises TimeAway."""
        return self.time.now()

    async def start(self) -> None:
        """Check the ground, then begin to consume and to loop. Raises StartRefused, StoreAway, BrokerAway."""
        await self.time.start()
        await self.documents.start([*outbox.INDEXES, *inbox.INDEXES, Index("requests", (("expires_at", 1),)), *self._indexes])
        self._keep("inbox", self.worker.run())
        await self.bus.start(self.name, self.prefixes, self.worker.receive)
        self._keep("relay", self.relay.run())
        for loop in self.loops:
            self._keep(loop.name, keep(loop, self))
        self.ready = True
        log.info("service_ready", namespace=self.settings.namespace, driver=self.settings.driver)

    def _keep(self, name: str, work: Any) -> None:
        """Run a task that must live as long as the process: when it ends the supervisor has to know (reliability.md A2)."""
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if self.ready:
            log.error("loop_ended", loop=task.get_name(), error=type(task.exception()).__name__ if not task.cancelled() else "cancelled")
            raise SystemExit(70)

    async def stop(self) -> None:
        """Stop gracefully: no new messages, finish those in work, then the loops, then the connections."""
        self.ready = False
        await self.bus.stop()
        await end(*self._tasks)
        await self.http.aclose()
        await self.time.stop()
        await self.documents.stop()
        log.info("service_stopped")

    async def transact(self, work: Callable[[S], Awaitable[T]]) -> T:
        """Run `work` on the store in one majority transaction, then publish the facts it said. `work` may run several times."""

        async def inside(tx: Transaction) -> T:
            return await work(self.make(tx))

        return await self.commit(inside)

    async def together(self, work: Callable[[S], Awaitable[T]]) -> T:
        """Like `transact`, for many things at once: a document is read once and written once, at the end (ADR 0011)."""

        async def inside(tx: Transaction) -> T:
            buffered = Buffered(tx)
            result = await work(self.make(buffered))
            await buffered.flush()
            return result

        return await self.commit(inside)

    async def commit(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run `work` on the bare transaction, then publish the facts it said and wake the loops."""
        result, said = await self.documents.transact(self.name, tracing.current(), work)
        self.relay.offer(said)
        self.nudge()
        return result

    def nudge(self) -> None:
        """Wake the loops: there may be work."""
        nudged, self._nudge = self._nudge, asyncio.Event()
        nudged.set()

    def mark(self) -> Mark:
        """Return a mark of this moment: a pause taken with it ends at once when there was a commit or a step of time since."""
        return Mark(self._nudge, self.time.revision)

    async def idle(self, loop: Loop) -> float:
        """Return for how many seconds of machine time a loop that found nothing may sleep: until it has work, at most `every`."""
        longest = min(loop.every.total_seconds(), self.settings.tick_ms / 1000)
        soon = await loop.next_at(self) if loop.next_at else None
        left = (soon - self.now()).total_seconds() if soon else longest
        return min(max(left, SHORTEST_S), longest) if left > 0 else longest  # what is due and was not done is somebody else's: no hurry

    async def pause(self, seconds: float, mark: Mark, failures: int) -> None:
        """Wait until business time moves, this process commits something, or the pause is over; after a failure longer, whatever happens."""
        if failures:
            seconds = min(2.0**failures / 2, 30.0)
        elif mark.nudge.is_set() or mark.revision != self.time.revision:
            return
        waits: set[asyncio.Future[Any]] = {asyncio.ensure_future(self.time.wait(seconds))}
        if not failures:
            waits.add(asyncio.ensure_future(mark.nudge.wait()))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED, timeout=seconds)
        finally:
            for wait in waits:
                wait.cancel()

    # --- peers ---------------------------------------------------------------------------------------------------------------

    async def ask(self, peer: str, path: str, **params: Any) -> Any:
        """GET another service's door as this service and return the JSON, None for 404. Raises PeerAway, PeerRefused."""
        url = str(getattr(self.settings, PEERS[peer])) + path
        headers = {"Authorization": f"Bearer {self.tokens.service(self.name)}", "traceparent": tracing.current()}
        try:
            answer = await self.http.get(url, params={key: value for key, value in params.items() if value is not None}, headers=headers)
        except httpx2.HTTPError as error:
            raise PeerAway from error
        if answer.status_code == httpx2.codes.NOT_FOUND:
            return None
        if httpx2.codes.is_client_error(answer.status_code) and answer.status_code not in OURS:
            raise PeerRefused(None, peer=peer, peer_status=answer.status_code)
        if not httpx2.codes.is_success(answer.status_code):
            raise PeerAway(None, peer=peer, peer_status=answer.status_code)
        return answer.json()

    # --- how it is -----------------------------------------------------------------------------------------------------------

    async def oldest_unsent(self) -> timedelta | None:
        """Return the age of the oldest unsent fact (machine time), None when all are sent."""
        return await outbox.oldest_unsent(self.documents)

    async def quiet(self) -> dict[str, Any]:
        """Return what still moves; a step is complete when nothing does in any service (decisions.md 2)."""
        says = [prefix for prefix, service in SAYS.items() if service == self.name]
        due = {loop.name: await loop.due(self) for loop in self.loops if loop.due}
        nexts = [at for loop in self.loops if loop.next_at and (at := await loop.next_at(self))]
        return {
            "service": self.name,
            "revision": self.time.revision,
            "now": self.now().isoformat(),
            "handling": self.worker.handling,
            "unsent": await self.documents.count("outbox", {"sent_at": None}),
            "said": await outbox.said(self.documents, says),
            "heard": {prefix: await self.documents.count("inbox", {"of": prefix}) for prefix in self.prefixes},
            "waiting": await self.documents.count("waiting"),
            "parked": await self.documents.count("parked"),
            "due": due,
            "next_at": min(nexts).astimezone(UTC).isoformat() if nexts else None,
        }

    async def health(self) -> dict[str, str]:
        """Make a real round trip to store, broker and time; return the failing parts."""
        failing: dict[str, str] = {}
        for part, probe in (("store", self.documents.ping), ("broker", self.bus.ping)):
            try:
                await probe()
            except HuiyinError as error:
                failing[part] = error.slug
        try:
            self.now()
        except HuiyinError as error:
            failing["time"] = error.slug
        if not self.ready:
            failing["service"] = "starting"
        return failing

    async def measure(self) -> None:
        """Bring the gauges up to date."""
        with suppress(StoreAway):
            age = await self.oldest_unsent()
            self.metrics.unsent_s.set(age.total_seconds() if age else 0)
            self.metrics.waiting.set(await self.documents.count("waiting"))
            self.metrics.parked_now.set(await self.documents.count("parked"))
            for measure in self.measures:
                await measure()
