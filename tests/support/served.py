"""The whole estate behind real HTTP, for tools that bring their own client. Not here: what they find."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import uvicorn
from common.topology import LISTENS
from fastapi import FastAPI

from tests.support.estate import Estate, an_estate

REST_S = 30


@contextmanager
def served_estate() -> Iterator[tuple[Estate, dict[str, str], Callable[[], None]]]:
    """Yield the estate, the address of each service, and how to wait until nothing moves; its event loop runs in a thread of its own."""
    ready, stop = threading.Event(), asyncio.Event()
    made: list[tuple[Estate, dict[str, str], asyncio.AbstractEventLoop]] = []

    async def live() -> None:
        async with an_estate() as estate, AsyncExitStack() as stack:
            urls = {name: await stack.enter_async_context(_listening(estate.apps[name])) for name in LISTENS}
            made.append((estate, urls, asyncio.get_running_loop()))
            ready.set()
            await stop.wait()

    def run() -> None:
        try:
            asyncio.run(live())
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="estate")
    thread.start()
    ready.wait()
    assert made, "the estate did not start"
    estate, urls, loop = made[0]
    try:
        yield estate, urls, lambda: asyncio.run_coroutine_threadsafe(estate.rest(), loop).result(REST_S)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


@asynccontextmanager
async def _listening(app: FastAPI) -> AsyncIterator[str]:
    """Serve an app whose lifespan already runs."""
    door = socket.socket(proto=socket.IPPROTO_TCP)  # asyncio sends at once only where the protocol is named
    door.bind(("127.0.0.1", 0))
    door.listen()
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1))
    task = asyncio.create_task(server._serve(sockets=[door]))  # noqa: SLF001 - `serve` takes the signals, which are pytest's
    try:
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        door.close()
