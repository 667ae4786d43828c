"""A real browser at console: the app on fakes behind a real server in this event loop, and what a page must never do."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

import uvicorn
from common.timesource import Time
from console.main import create_app
from fastapi import FastAPI
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from tests.support.settings import settings
from tests.unit.console import story
from tests.unit.console.world import LOGIN, PASSWORD, add_account, feed, parts

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run")
NUMBER = "JN-260314-7K3QX"
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@dataclass
class Site:
    """Console behind a real server."""

    app: FastAPI
    time: Time
    url: str
    teller: story.Teller = field(default_factory=story.Teller)

    async def say(self, *bodies: bytes) -> None:
        """Let facts arrive."""
        await feed(self.app.state.runtime, bodies)


@dataclass(frozen=True)
class Served:
    """Only where console answers."""

    url: str


def free_port() -> int:
    """Return a port that nobody uses at this moment."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@asynccontextmanager
async def serving(app: FastAPI, port: int, *, lives: bool = False) -> AsyncIterator[uvicorn.Server]:
    """Serve an app in this event loop. `lives`: its lifespan already runs."""
    up = asyncio.Event()

    class Started(uvicorn.Server):
        """Says when it listens."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            """Listen."""
            await super().startup(sockets)
            up.set()

    lifespan: Literal["off", "auto"] = "off" if lives else "auto"
    server = Started(uvicorn.Config(app, port=port, log_level="error", timeout_graceful_shutdown=2, lifespan=lifespan))
    task = asyncio.create_task(server._serve())  # noqa: SLF001 - `serve` would take the test's signals
    await up.wait()
    try:
        yield server
    finally:
        if hasattr(app.state, "live"):
            app.state.live.close()
        server.should_exit = True
        await task


@asynccontextmanager
async def site(time: Time, port: int = 0) -> AsyncIterator[Site]:
    """Console after a day of facts."""
    port = port or free_port()
    app = create_app(settings(log_level="error"), parts(time))
    async with serving(app, port):
        made = Site(app, time, f"http://127.0.0.1:{port}")
        await made.say(*story.day())
        await add_account(app.state.runtime)
        yield made


@dataclass
class Seen:
    """What a page did besides showing itself."""

    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@asynccontextmanager
async def at_page(
    chromium: Browser, made: Site | Served, *, lang: str = "zh-CN", size: dict[str, int] | None = None
) -> AsyncIterator[tuple[Page, Seen]]:
    """A page of a new browser; at the end nothing was asked of others and nothing complained."""
    context: BrowserContext = await chromium.new_context(locale=lang, viewport=size or DESK, base_url=made.url)  # type: ignore[arg-type]
    page, seen = await context.new_page(), Seen()
    page.on("request", lambda request: None if request.url.startswith((made.url, "data:")) else seen.foreign.append(request.url))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.on("console", lambda line: seen.complaints.append(line.text) if line.type in {"error", "warning"} else None)
    yield page, seen
    await context.close()
    assert seen == Seen()


async def sign_in(page: Page, path: str = "/cases") -> None:
    """Sign in by the form."""
    await page.goto(path)
    await page.locator("#login").fill(LOGIN)
    await page.locator("#password").fill(PASSWORD)
    await page.locator("#password").press("Enter")
    await expect(page.locator("#link")).to_have_attribute("data-state", "live")


def row(page: Page, number: str = NUMBER) -> Locator:
    """A case's line in the list."""
    return page.locator(f"#row-{number}")


CUT = """() => [...document.querySelectorAll("main *")]
  .filter((e) => !e.closest("thead") && e.getBoundingClientRect().right > innerWidth + 1)
  .map((e) => e.className || e.tagName)"""

CONTRAST = """() => {
  const rgb = (text) => {
    const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
    const unit = text.startsWith("color(srgb") ? 255 : 1;
    return [r * unit, g * unit, b * unit, a];
  };
  const over = (low, top) => top.slice(0, 3).map((v, i) => v * top[3] + low[i] * (1 - top[3])).concat(1);
  const ground = (element) => {
    const layers = [];
    for (let node = element; node; node = node.parentElement) layers.unshift(rgb(getComputedStyle(node).backgroundColor));
    return layers.reduce(over, [255, 255, 255, 1]);
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((v) => (v / 255 <= .03928 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4));
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const says = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!says || !element.checkVisibility() || element.closest(".hide,.skip,option")) continue;
    const low = ground(element);
    const [dark, bright] = [light(low), light(over(low, rgb(getComputedStyle(element).color)))].sort((a, b) => a - b);
    const ratio = (bright + .05) / (dark + .05);
    if (ratio < 4.5) poor.push(`${element.className || element.tagName} ${element.textContent.trim().slice(0, 20)} ${ratio.toFixed(2)}`);
  }
  return poor;
}"""
