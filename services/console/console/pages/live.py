"""Live pages: a stream of fragments that follows what is stored. Not here: what the fragments show (`cases`).

One look a turn for all open pages of this process, and none while no page is open. A stream begins with everything and then sends what differs,
so a page that was away, hidden or disconnected is right again as soon as it is back. Streams end before the server stops.
"""

import asyncio
import re
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from time import monotonic
from types import FrameType
from typing import Any

from common.errors import Transient
from common.runtime import Runtime
from common.timesource import SystemTime, Time, machine_now
from uvicorn import Server

from console.store import Store

TURN_S = 0.5  # the longest a change waits before open pages look
LONGEST_S = 15.0  # a page looks at least this often: cases become late without anything being written
SAMPLE_S = 0.05
MOST_DRAWN = 5000  # rows, some 1.5 KB each
NOISE = 0.2  # what the two samples are apart is only known to a millisecond or two


class Live:
    """Tells the open pages of this process that something changed."""

    def __init__(self, rt: Runtime[Store]) -> None:
        """Begin without pages."""
        self._rt = rt
        self._pages = 0
        self._turned = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None
        self._drawn: dict[Hashable, str] = {}
        self.closing = False

    def drawn(self, mark: Hashable, draw: Callable[[], str]) -> str:
        """Return what was drawn under a mark, drawn once for all pages: a busy site changes one row, and many pages show a hundred."""
        if mark not in self._drawn:
            if len(self._drawn) >= MOST_DRAWN:
                self._drawn.clear()
            self._drawn[mark] = draw()
        return self._drawn[mark]

    async def turns(self) -> AsyncIterator[None]:
        """Give a turn at once, then one after each change, and one every now and then; end when the server stops."""
        self._open()
        try:
            while not self.closing:
                turned = self._turned
                yield
                try:
                    await asyncio.wait_for(turned.wait(), LONGEST_S)
                except TimeoutError:
                    continue
        finally:
            self._pages -= 1

    @property
    def watching(self) -> bool:
        """Say whether anybody looks for changes."""
        return self._watch is not None and not self._watch.done()

    def close(self) -> None:
        """End all streams."""
        self.closing = True
        self.turn()

    def _open(self) -> None:
        self._pages += 1
        if not self.watching:
            self._watch = asyncio.create_task(self._look(), name="live")

    def turn(self) -> None:
        """Let every open page look."""
        turned, self._turned = self._turned, asyncio.Event()
        turned.set()

    async def _look(self) -> None:
        seen: tuple[frozenset[str], int] | None = None
        while self._pages and not self.closing:
            found = seen
            try:
                found = (await self._rt.store.latest(), self._rt.time.revision)
            except Transient:
                found = seen  # nothing new can be shown either: the pages stay as they are
            if found != seen:
                seen = found
                self.turn()
            await asyncio.sleep(TURN_S)


def end_with_server(live: Live) -> None:
    """End the streams as soon as uvicorn is told to stop: it waits for open connections before it tells the app.

    Its own handler is called as before. Under any other server, and in a world inside another process, nothing is touched.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)
        if not isinstance(getattr(before, "__self__", None), Server) or not callable(before):
            continue

        def stop(signum: int, frame: FrameType | None, before: Callable[[int, FrameType | None], Any] = before) -> None:
            loop.call_soon_threadsafe(live.close)
            before(signum, frame)

        signal.signal(number, stop)


@dataclass(frozen=True)
class Pace:
    """Business time for a browser: where it is, how fast it runs, and how far behind the machine (it never runs past it)."""

    now_ms: int
    speed: float
    lag_ms: int


async def pace(time: Time) -> Pace:
    """Return business time and its speed; where time is shared the speed is what it is seen to do. Raises TimeAway."""
    first, began = time.now(), monotonic()
    speed = 1.0
    lag = machine_now() - first
    if not isinstance(time, SystemTime):
        await asyncio.sleep(SAMPLE_S)
        speed = (time.now() - first).total_seconds() / (monotonic() - began)
        first, lag = time.now(), machine_now() - time.now()
        speed = 1.0 if speed and (abs(lag.total_seconds()) < 1 or abs(speed - 1) < NOISE) else float(f"{speed:.2g}")
    return Pace(int(first.timestamp() * 1000), speed, max(0, int(lag.total_seconds() * 1000)))


@dataclass(frozen=True)
class Part:
    """A piece of a page with an id of its own; `mark` differs when the piece has to be sent again."""

    text: str
    mark: str


Parts = Mapping[str, Part]
ROW = "row-"  #: names of parts that are rows of the page's one table
_ROOT = re.compile(r"^\s*<(\w+)")


def out_of_band(text: str) -> str:
    """Return a fragment that htmx morphs into the element of the same id."""
    return _ROOT.sub(r'<\1 hx-swap-oob="outerMorph"', text, count=1)


def differences(before: Parts, now: Parts) -> list[str]:
    """Return the messages that bring a page up to date: all rows at once while they come, go or change places, else only what differs."""
    order_before, order = ([name for name in parts if name.startswith(ROW)] for parts in (before, now))
    moved = order_before != order
    changed = [name for name in order if moved or now[name].mark != before[name].mark]
    texts = [now[name].text if moved else out_of_band(now[name].text) for name in changed]
    rows = f'<tbody id="rows" hx-swap-oob="outerMorph">{"".join(texts)}</tbody>' if moved else "".join(texts)
    others = [out_of_band(part.text) for name, part in now.items() if name not in order and part.mark != _mark(before, name)]
    return [text for text in (rows, *others) if text]


def _mark(parts: Parts, name: str) -> str | None:
    return parts[name].mark if name in parts else None


async def changes(live: Live, render: Callable[[], Awaitable[Parts | None]]) -> AsyncIterator[str]:
    """Give the messages that keep a page up to date: everything first, then what differs. Ends with the server, or when `render` gives None."""
    shown: Parts = {}
    async for _ in live.turns():
        try:
            now = await render()
        except Transient:
            continue
        if now is None:
            return
        for text in differences(shown, now):
            yield text
        shown = now
