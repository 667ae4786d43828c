"""A service as an ASGI app: the same frame for all five. Not here: routes of a service, rules, the store.

The outermost layer reads the body itself: bounded in size and time, strict UTF-8 JSON, before any framework sees it (reliability.md 2.5).
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common import logs, ops, problems, reconcile, retention, tracing
from common.documents import Documents, Index
from common.doors import LookUp, limiter
from common.errors import BadBody, BodyTooLarge, HuiyinError, PictureNeeded, Text, UnsupportedMedia
from common.inbox import Subscriptions, parse_json, reason_of
from common.loop import Loop
from common.memory import MemoryDocuments
from common.messaging import RabbitBus
from common.mongo import MongoDatabase
from common.runtime import Foresee, Parts, Runtime
from common.settings import Settings
from common.timesource import AUTHORITY, SharedTime, SystemTime, Time

log = structlog.get_logger()
BODY_LIMIT = 64 * 1024
BODY_SECONDS = 20.0
JSON_ONLY = "/v1/"  #: doors for programs; forms of pages lie elsewhere
JSON = frozenset({"application/json"})
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
CUT = 499  #: in metrics and logs: ended before anything was answered


@dataclass(frozen=True)
class Upload:
    """What a route takes beyond 64 KiB: how many bytes, of which media, for how many seconds a slow link may send them."""

    limit: int = BODY_LIMIT
    media: frozenset[str] = JSON
    seconds: float = BODY_SECONDS


PLAIN = Upload()
Uploads = Mapping[str, Upload]  #: path -> what it takes; `*` is one segment, a path that ends in `/` stands for all below it


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("/".join("[^/]+" if part == "*" else re.escape(part) for part in path.split("/")) + ("" if path.endswith("/") else "$"))


class Frame:
    """Trace, body limits, strict JSON, request log and metrics around an app. `uploads`: what some routes take beyond the rest."""

    def __init__(self, app: ASGIApp, *, runtime: Runtime[Any], uploads: Uploads | None = None) -> None:
        """Wrap `app`."""
        self.app, self.runtime = app, runtime
        self.uploads = [(_pattern(path), upload) for path, upload in (uploads or {}).items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        with tracing.within(headers.get("traceparent", "")) as trace:
            await self._serve(scope, receive, send, headers, trace)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, headers: dict[str, str], trace: str) -> None:
        began, status = perf_counter(), CUT

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"traceparent", trace.encode())]
            await send(message)

        try:
            await self.app(scope, await self._body(scope, receive, headers), watched)
        except Exception as error:
            if status != CUT:
                raise
            locale = problems.locale_of(headers.get("accept-language"))
            await problems.respond(problems.document(error, locale), locale=locale)(scope, receive, watched)
        finally:
            self._note(scope, status, perf_counter() - began)

    async def _body(self, scope: Scope, receive: Receive, headers: dict[str, str]) -> Receive:
        if scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            return receive
        takes = next((upload for pattern, upload in self.uploads if pattern.match(scope["path"])), PLAIN)
        try:
            async with asyncio.timeout(takes.seconds):
                body = await _read(receive, takes.limit, headers.get("content-length"))
        except TimeoutError:
            raise BadBody(Text("请求体接收超时", "the body did not arrive in time")) from None
        if body and scope["path"].startswith(JSON_ONLY):
            media = headers.get("content-type", "").split(";")[0].strip().lower()
            if media not in takes.media:
                raise UnsupportedMedia if takes.media == JSON else PictureNeeded
            if media in JSON:
                parse_json(body)
        return _replayed(body, receive)

    def _note(self, scope: Scope, status: int, took: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        if route in {"/healthz", "/readyz", "/metrics"}:
            return
        method = scope["method"] if scope["method"] in METHODS else "other"  # a client may call a method anything
        self.runtime.metrics.request_s.observe(took)
        self.runtime.metrics.requests.labels(service=self.runtime.name, route=route, method=method, status=str(status)).inc()
        log.info("request", route=route, method=method, status=status, took_ms=round(took * 1000, 1))


async def _read(receive: Receive, limit: int, declared: str | None) -> bytes:
    if declared and declared.isdecimal() and int(declared) > limit:
        raise BodyTooLarge(None, limit_bytes=limit)
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadBody(Text("连接已断开", "the client went away"))
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise BodyTooLarge(None, limit_bytes=limit)
        parts.append(chunk)
        if not message.get("more_body"):
            return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    told = False

    async def replay() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def parts_of(settings: Settings, name: str) -> Parts:
    """Return the real parts: MongoDB, RabbitMQ, the time the settings ask for."""
    documents = MongoDatabase(settings.mongo_url, f"{settings.namespace}_{name}", settings.driver)
    bus = RabbitBus(settings.amqp_url.get_secret_value(), settings.namespace, settings.prefetch)
    return Parts(documents, bus, _time(settings, documents))


def _time(settings: Settings, documents: MongoDatabase) -> Time:
    if settings.time == "system":
        return SystemTime(documents.machine_now)
    authority = MongoDatabase(settings.mongo_url, f"{settings.namespace}_time", settings.driver)
    return SharedTime(lambda: authority.get("authority", AUTHORITY), documents.machine_now)


def service(  # noqa: PLR0913 - the parts of a service, all by name
    *,
    name: str,
    settings: Settings,
    store: Callable[[Documents], Any],
    indexes: Sequence[Index],
    routers: Sequence[APIRouter],
    subscriptions: Subscriptions,
    loops: Sequence[Loop] = (),
    foresee: Foresee | None = None,
    parts: Parts | None = None,
    look_up_key: LookUp | None = None,
    uploads: Uploads | None = None,
    on_start: Callable[[Runtime[Any]], Any] | None = None,
) -> FastAPI:
    """Return the app of one service; everything is started by its lifespan, nothing at import."""
    real = parts or parts_of(settings, name)
    rt: Runtime[Any] = Runtime(
        name,
        settings,
        real,
        store=store,
        indexes=indexes,
        subscriptions=subscriptions,
        loops=(*loops, reconcile.LOOP, retention.LOOP),
        foresee=foresee,
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        if not isinstance(real.documents, MemoryDocuments):
            logs.configure(name, settings.log_level)
        try:
            await rt.start()
            if on_start:
                await on_start(rt)
        except Exception as error:
            reason = str(error) if isinstance(error, HuiyinError) else None
            log.error("service_not_started", error=reason_of(error), reason=reason, where=logs.place_of(error))  # noqa: TRY400 - a traceback may hold content
            raise
        yield
        await rt.stop()

    app = FastAPI(title=f"Huiyin {name}", version="0.1.0", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    app.state.runtime, app.state.look_up_key, app.state.limiter = rt, look_up_key, limiter()
    problems.install(app)
    for router in (ops.probes, *routers, ops.router):
        app.include_router(router)
    app.add_middleware(Frame, runtime=rt, uploads=uploads)
    return app
