"""`huiyin provider`: a simulator of the outside world – a real mail server and a real receiver of webhooks that break on demand.

It keeps what it received, idempotency keys included, and obeys a script of faults; both are those of `notify.memory`, so a story reads
and disturbs the fake and the real world in the same way. For tests, the demo and stories: it delivers nothing to anybody.

`POST /hooks/<anything>` takes webhooks · `GET /received?channel=&since=` · `DELETE /received` (messages and script) · `POST /script`.
"""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from email import message_from_bytes
from email.policy import default
from types import TracebackType
from typing import Annotated, Any, Self, cast

import typer
import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session
from notify.domain.notice import Channel
from notify.gateway.mail import notice_of
from notify.memory import TAKEN, Fault, Provider
from pydantic import TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from huiyin import cli

HOST = "127.0.0.1"
FAULTS: TypeAdapter[list[Fault]] = TypeAdapter(list[Fault])


class Simulator:
    """Both servers, as an async context manager; port 0 takes a free one. `provider` holds record and script."""

    def __init__(self, smtp_port: int = 0, http_port: int = 0) -> None:
        """Nothing listens before the context is entered."""
        self.provider = Provider()
        self.smtp_port, self.http_port = smtp_port, http_port
        self._closing = asyncio.Event()
        self._stack = AsyncExitStack()

    @property
    def smtp_url(self) -> str:
        """Return the address for HUIYIN_SMTP_URL."""
        return f"smtp://{HOST}:{self.smtp_port}"

    @property
    def http_url(self) -> str:
        """Return the address of the HTTP server."""
        return f"http://{HOST}:{self.http_port}"

    def hook_url(self, name: str = "hook") -> str:
        """Return an address to subscribe with."""
        return f"{self.http_url}/hooks/{name}"

    async def __aenter__(self) -> Self:
        """Listen. Raises OSError when a port is taken."""
        mail, web = _listening(self.smtp_port), _listening(self.http_port)
        self.smtp_port, self.http_port = mail.getsockname()[1], web.getsockname()[1]
        await self._stack.enter_async_context(_mail_server(_Mail(self), mail))
        await self._stack.enter_async_context(_web_server(_Web(self), web))
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Let go of everybody who waits for a delayed answer, then stop listening."""
        self._closing.set()
        await self._stack.aclose()

    async def pause(self, seconds: float) -> None:
        """Wait as a script says, at most until the simulator closes."""
        if seconds:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), seconds)


def _listening(port: int) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((HOST, port))
        made.listen(128)
    except OSError:
        made.close()
        raise
    made.setblocking(False)
    return made


# --- mail -------------------------------------------------------------------------------------------------------------------


class _Mail:
    """What the mail server does with a mail: note it, then answer as the script says."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802, ARG002 - aiosmtpd's names
        mail = message_from_bytes(cast("bytes", envelope.content), policy=default)
        to = envelope.rcpt_tos[0]
        fault = self._simulator.provider.fault(Channel.EMAIL, to) or Fault(channel=Channel.EMAIL)
        code = fault.reply or TAKEN[Channel.EMAIL]
        part = mail.get_body(("plain",))
        self._simulator.provider.note(
            Channel.EMAIL,
            notice_of(str(mail["Message-ID"] or "")),
            to,
            accepted=code < 300,
            subject=str(mail["Subject"] or ""),
            body=part.get_content() if part else "",
            headers={name.lower(): str(value).strip() for name, value in mail.items()},
        )
        await self._simulator.pause(fault.delay_s)
        if fault.drop:
            cast("asyncio.Transport", server.transport).abort()
        return f"{code} {'OK' if code < 300 else 'as the script says'}"


@asynccontextmanager
async def _mail_server(mail: _Mail, listening: socket.socket) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    open_: set[asyncio.BaseTransport] = set()

    class Protocol(SMTP):
        """A conversation; the server knows which are open, to end them when it stops."""

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            open_.add(transport)
            super().connection_made(transport)

        def connection_lost(self, error: Exception | None) -> None:
            open_.difference_update({one for one in open_ if one.is_closing()})
            super().connection_lost(error)

    server = await loop.create_server(lambda: Protocol(mail, hostname="huiyin-provider", loop=loop), sock=listening)
    try:
        yield
    finally:
        server.close()
        for transport in open_:
            transport.close()
        await server.wait_closed()


# --- webhooks and control ---------------------------------------------------------------------------------------------------


class _Web:
    """The receiver of webhooks, and the doors of record and script."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator, self._provider = simulator, simulator.provider
        self.server: uvicorn.Server | None = None
        self.app = Starlette(
            routes=[
                Route("/hooks/{name:path}", self.hook, methods=["POST"]),
                Route("/received", self.received, methods=["GET"]),
                Route("/received", self.clear, methods=["DELETE"]),
                Route("/script", self.script, methods=["POST"]),
                Route("/healthz", self.health, methods=["GET"]),
            ]
        )

    async def hook(self, request: Request) -> Response:
        """Take a webhook."""
        body = (await request.body()).decode("utf-8", "replace")
        fault = self._provider.fault(Channel.WEBHOOK, request.url.path) or Fault(channel=Channel.WEBHOOK)
        status = fault.reply or TAKEN[Channel.WEBHOOK]
        key = request.headers.get("webhook-id", "")
        self._provider.note(Channel.WEBHOOK, key, request.url.path, accepted=status < 300, body=body, headers=dict(request.headers))
        await self._simulator.pause(fault.delay_s)
        if fault.drop:
            self._cut(request)
        headers = {"Retry-After": str(fault.retry_after_s)} if fault.retry_after_s is not None else {}
        return Response(status_code=status, headers=headers)

    async def received(self, request: Request) -> Response:
        """List what came, oldest first."""
        try:
            channel = Channel(request.query_params["channel"]) if request.query_params.get("channel") else None
            since = int(request.query_params.get("since") or 0)
        except ValueError:
            return PlainTextResponse("channel is email or webhook, since is a number", 422)
        return JSONResponse([item.model_dump(mode="json") for item in self._provider.received(channel, since)])

    async def clear(self, request: Request) -> Response:  # noqa: ARG002 - a route gets its request
        """Forget messages and script."""
        self._provider.clear()
        return Response(status_code=204)

    async def script(self, request: Request) -> Response:
        """Add one fault, or a list of faults."""
        raw = (await request.body()).strip()
        try:
            self._provider.script(*FAULTS.validate_json(raw if raw.startswith(b"[") else b"[" + raw + b"]"))
        except ValidationError as error:
            return PlainTextResponse(str(error), 422)
        return Response(status_code=204)

    async def health(self, request: Request) -> Response:  # noqa: ARG002
        """Say that it listens."""
        return JSONResponse({"status": "ok"})

    def _cut(self, request: Request) -> None:
        """Cut the connection without an answer; uvicorn has no other door to its transport."""
        connections: set[Any] = self.server.server_state.connections if self.server else set()
        for connection in connections:
            if connection.client == request.scope["client"]:
                connection.transport.abort()


class _Quiet(uvicorn.Server):
    """A server inside somebody else's process: signals are the owner's."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def _web_server(web: _Web, listening: socket.socket) -> AsyncIterator[None]:
    config = uvicorn.Config(web.app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    web.server = _Quiet(config)
    task = asyncio.create_task(web.server.serve(sockets=[listening]), name="provider-http")
    try:
        yield
    finally:
        web.server.should_exit = True
        await task
        listening.close()


# --- command line -------------------------------------------------------------------------------------------------------------


async def serve(smtp_port: int, http_port: int) -> None:
    """Run both servers until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Simulator(smtp_port, http_port):
        await stop.wait()


def command(
    smtp_port: Annotated[int, typer.Option(help="Port of the mail server.")] = 1025,
    http_port: Annotated[int, typer.Option(help="Port of the webhook receiver and of its record.")] = 8025,
) -> None:
    """Run a mail server and a webhook receiver that deliver nothing and break on demand (tests, demo, stories)."""
    cli.run(serve(smtp_port, http_port))
