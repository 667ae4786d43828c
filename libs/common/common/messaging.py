"""The only module that knows FastStream and the broker: topology, consumers, confirmed publishing, retry tiers (ADR 0006).

Two connections a process, since consuming and publishing on one deadlocks under an alarm (reliability.md 0.7). The subscriber hands over raw
bytes: decoding, retries and parking are `inbox`'s, so no library default ever decides the fate of a message.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from typing import Any
from uuid import uuid4

import aio_pika
import structlog
from faststream import AckPolicy
from faststream.exceptions import RejectMessage
from faststream.rabbit import Channel, ExchangeType, QueueType, RabbitBroker, RabbitExchange, RabbitMessage, RabbitQueue

from common.documents import Outgoing
from common.errors import BrokerAway, Fate
from common.states import Lane
from common.topology import LISTENS

log = structlog.get_logger()
PUBLISH_S = 5.0  # faststream's own timeout does nothing (reliability.md X5)
CANCEL_S = 1.0  # for each consumer at a stop
HEARTBEAT_S = 10
GRACE_S = 15.0
DELIVERY_LIMIT = 20  # deploys do not dead-letter good messages
TIERS: tuple[tuple[str, int], ...] = (("5s", 5_000), ("30s", 30_000), ("5m", 300_000))
CONTENT_TYPE = "application/cloudevents+json"
Handle = Callable[[bytes, int], Awaitable[Fate]]


def tier_of(attempt: int) -> str:
    """Return the retry tier of the n-th failed attempt (from 1)."""
    return TIERS[min((attempt - 1) // 3, len(TIERS) - 1)][0]


def _safe(dead_letter: dict[str, Any]) -> dict[str, Any]:
    return {"x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish", **dead_letter}


def topology(ns: str) -> tuple[list[RabbitExchange], list[tuple[RabbitQueue, list[tuple[str, str]]]]]:
    """Return every exchange, and every queue with its bindings (exchange, routing key). Only what never changes is an argument."""
    exchanges = [RabbitExchange(f"{ns}.events", type=ExchangeType.TOPIC, durable=True)]
    queues: list[tuple[RabbitQueue, list[tuple[str, str]]]] = []

    def quorum(name: str, arguments: Any, bindings: list[tuple[str, str]]) -> None:
        queues.append((RabbitQueue(f"{ns}.{name}", queue_type=QueueType.QUORUM, arguments=arguments), bindings))

    for service, prefixes in LISTENS.items():
        quorum(f"{service}.park", {}, [])
        for lane in Lane:
            dead = {"x-delivery-limit": DELIVERY_LIMIT, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": f"{ns}.{service}.park"}
            quorum(f"{service}.{lane}", _safe(dead), [(f"{ns}.events", f"*.{lane}.{prefix}.*") for prefix in prefixes])
    for tier, ttl_ms in TIERS:
        exchanges.append(RabbitExchange(f"{ns}.retry.{tier}", type=ExchangeType.FANOUT, durable=True))
        # without a dead-letter routing key a message keeps its own, which is the queue it came from
        quorum(f"retry.{tier}", _safe({"x-message-ttl": ttl_ms, "x-dead-letter-exchange": ""}), [(f"{ns}.retry.{tier}", "#")])
    return exchanges, queues


def _connect(url: str, **options: Any) -> RabbitBroker:
    joined = f"{url}{'&' if '?' in url else '?'}heartbeat={HEARTBEAT_S}"
    return RabbitBroker(joined, logger=None, graceful_timeout=GRACE_S, decoder=_raw, **options)


async def _raw(message: Any) -> bytes:
    body: bytes = message.body
    return body


class RabbitBus:
    """One service's place on RabbitMQ."""

    def __init__(self, url: str, namespace: str, prefetch: int) -> None:
        """`namespace` prefixes every name, so that many worlds live on one broker."""
        self._url, self._ns, self._prefetch = url, namespace, prefetch
        self._out = _connect(url, default_channel=Channel(publisher_confirms=True, on_return_raises=True))
        self._in: RabbitBroker | None = None
        self._events = RabbitExchange(f"{namespace}.events", type=ExchangeType.TOPIC, durable=True)
        self._tag = uuid4().hex[:8]
        self._published = 0
        self._pinged = float("-inf")

    async def start(self, service: str, prefixes: Sequence[str], handle: Handle) -> None:
        """Declare the whole topology, then consume this service's lanes. Raises BrokerAway."""
        if tuple(prefixes) != LISTENS[service]:
            msg = f"{service} must bind exactly the streams of common.topology"
            raise ValueError(msg)
        try:
            await self._out.start()
            await self._declare()
            self._in = self._consumer(service, handle)
            await self._in.start()
        except (OSError, aio_pika.exceptions.AMQPError) as error:
            raise BrokerAway from error

    async def _declare(self) -> None:
        exchanges, queues = topology(self._ns)
        for exchange in exchanges:
            await self._out.declare_exchange(exchange)
        for queue, bindings in queues:
            declared = await self._out.declare_queue(queue)
            for exchange_name, key in bindings:
                await declared.bind(exchange_name, routing_key=key)

    def _consumer(self, service: str, handle: Handle) -> RabbitBroker:
        broker = _connect(self._url)
        queues = {queue.name: queue for queue, _ in topology(self._ns)[1]}
        for name in (*Lane, "park"):
            queue = queues[f"{self._ns}.{service}.{name}"]
            channel = Channel(prefetch_count=self._prefetch)  # a channel each: an error on one never reaches the other (reliability.md F9)
            receive = self._receiver(queue.name, handle, parked=name == "park")
            broker.subscriber(queue, channel=channel, ack_policy=AckPolicy.REJECT_ON_ERROR)(receive)
        return broker

    def _receiver(self, queue: str, handle: Handle, *, parked: bool) -> Callable[..., Awaitable[None]]:
        async def receive(_body: bytes, message: RabbitMessage) -> None:
            attempt = int(message.headers.get("x-attempt", 0) or 0) + 1
            # what reached the parking queue was rejected by the broker's own net: it goes to the store's parking at once
            fate = await handle(message.body, 10_000 if parked else attempt)
            if fate is Fate.AGAIN:
                await self._again(queue, message.body, attempt)

        return receive

    async def _again(self, queue: str, body: bytes, attempt: int) -> None:
        """Send it round a retry tier; when even that fails, give it back to the broker (basic.reject counts on every version)."""
        try:
            async with asyncio.timeout(PUBLISH_S):
                await self._out.publish(
                    body,
                    exchange=RabbitExchange(f"{self._ns}.retry.{tier_of(attempt)}", type=ExchangeType.FANOUT, durable=True),
                    routing_key=queue,
                    persist=True,
                    headers={"x-attempt": attempt},
                    message_id=self._message_id(),
                    content_type=CONTENT_TYPE,
                )
        except Exception as error:
            await asyncio.sleep(1)
            raise RejectMessage(requeue=True) from error

    def _message_id(self) -> str:
        """Return an id unique per publish: returns are matched by it (reliability.md A4)."""
        self._published += 1
        return f"{self._tag}-{self._published}"

    async def publish(self, rows: Sequence[Outgoing]) -> list[bool]:
        """Publish with confirms, persistent and mandatory, at most five seconds; say for each row whether it arrived."""
        results = await asyncio.gather(*(self._publish(row) for row in rows), return_exceptions=True)
        for error in (item for item in results if isinstance(item, BaseException)):
            log.warning("publish_failed", error=type(error).__name__)
        return [not isinstance(item, BaseException) for item in results]

    async def _publish(self, row: Outgoing) -> None:
        async with asyncio.timeout(PUBLISH_S):
            await self._out.publish(
                row.body,
                exchange=self._events,
                routing_key=row.key,
                persist=True,
                message_id=self._message_id(),
                content_type=CONTENT_TYPE,
                headers={"traceparent": row.trace},
            )

    async def ping(self) -> None:
        """Make a real round trip, at most one a second: open a channel and close it. Raises BrokerAway (a connected flag is no proof, F20)."""
        if monotonic() - self._pinged < 1.0:
            return
        try:
            async with asyncio.timeout(PUBLISH_S):
                channel = await (await self._out.connect()).channel()
                await channel.close()
        except Exception as error:
            raise BrokerAway from error
        self._pinged = monotonic()

    async def stop(self) -> None:
        """Take no more messages, finish those in work, then let go of the connections."""
        if self._in is not None:
            await self._cancel_consumers(self._in)
            await self._in.stop()
        await self._out.stop()

    async def _cancel_consumers(self, broker: RabbitBroker) -> None:
        """Cancel first: what arrives while stopping would be dropped and returned with its count raised (reliability.md F14)."""
        for subscriber in broker.subscribers:
            queue, tag = getattr(subscriber, "_queue_obj", None), getattr(subscriber, "_consumer_tag", None)
            if queue is not None and tag is not None:
                try:
                    async with asyncio.timeout(CANCEL_S):  # a broker that is away would be waited for without end
                        await queue.cancel(tag)
                except (OSError, aio_pika.exceptions.AMQPError) as error:
                    log.warning("consumer_not_cancelled", error=type(error).__name__)
                subscriber._consumer_tag = None  # type: ignore[attr-defined]  # noqa: SLF001 - pinned version, held by a test
                subscriber._queue_obj = None  # type: ignore[attr-defined]  # noqa: SLF001


async def remove_world(url: str, namespace: str) -> None:
    """Delete every exchange and queue of a namespace: for worlds that end."""
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel()
        exchanges, queues = topology(namespace)
        for queue, _ in queues:
            await channel.queue_delete(queue.name)
        for exchange in exchanges:
            await channel.exchange_delete(exchange.name)
