"""What a test does on a phone: sign in, press, draw, take pictures, and look that nothing hangs over and nobody meets a barrier."""

import os
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect

from tests.support.estate import OURS, PASSWORD, Estate
from tests.support.pictures import a_photo
from tests.unit.console.browser import CUT

THUMB = 44  #: CSS pixels: what a finger hits
SMALL = """(least) => [...document.querySelectorAll("main a, main button, main summary, main label.pick, main label.button, main textarea")]
  .filter((e) => e.checkVisibility() && !e.closest(".shots") && (e.offsetHeight < least || e.offsetWidth < least))
  .map((e) => `${e.tagName} ${e.textContent.trim().slice(0, 20)} ${e.offsetWidth}x${e.offsetHeight}`)"""


def _axe() -> str:
    spec = find_spec("axe_playwright_python")
    assert spec
    assert spec.origin
    return (Path(spec.origin).parent / "axe.min.js").read_text()


AXE = _axe()


async def account(made: Estate, login: str, person: str, role: str = "repair_worker") -> None:
    body = {"login": login, "password": PASSWORD, "person": person, "roles": [role], "sites": [OURS]}
    await made.world.doors.surely("console", "POST", "/v1/accounts", body=body)


async def sign_in(page: Page, path: str = "/", login: str = "worker") -> None:
    await page.goto(path)
    await page.locator("#login").fill(login)
    await page.locator("#password").fill(PASSWORD)
    await page.locator("#password").press("Enter")
    await page.wait_for_url(re.compile(r"/work"))


async def look(page: Page, name: str) -> None:
    """Nothing hangs over, everything can be hit with a thumb, and axe-core finds no barrier."""
    if folder := os.environ.get("HUIYIN_SHOTS"):
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
    assert await page.evaluate(CUT) == [], name
    assert await page.evaluate(SMALL, THUMB) == [], name
    await page.evaluate(AXE)
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found["violations"]] == [], name
    assert found["testEngine"]["name"] == "axe-core"


async def order_of(made: Estate, number: str = "") -> dict[str, Any]:
    found: dict[str, Any] = await made.world.doors.surely("dispatch", "GET", f"/v1/work-orders/{number or made.things[OURS]['order']}")
    return found


def a_file(name: str = "机房 <b>.jpg", **more: Any) -> dict[str, Any]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": a_photo((1200, 900), **more)}


async def press(page: Page, made: Estate, state: str) -> None:
    """Press the button at the thumb and see the order in its next state."""
    async with page.expect_navigation():
        await page.locator(".thumb button").click()
    await expect(page.locator("header .state")).to_have_class(f"state {state}")
    await made.rest()
    await page.reload()


async def scrawl(page: Page) -> None:
    box = await page.locator("canvas").bounding_box()
    assert box
    await page.locator("canvas").scroll_into_view_if_needed()
    box = await page.locator("canvas").bounding_box()
    assert box
    await page.mouse.move(box["x"] + 40, box["y"] + 90)
    await page.mouse.down()
    for across, down in ((80, 30), (120, 100), (190, 40), (260, 95)):
        await page.mouse.move(box["x"] + across, box["y"] + down, steps=4)
    await page.mouse.up()
