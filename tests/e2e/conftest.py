"""A world of five services behind a real server, a worker with an account, and one browser for all."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright

from tests.e2e.phone import account
from tests.support.estate import OURS, Estate, an_estate
from tests.unit.console.browser import ARGS, CHROMIUM, Served, free_port, serving


@pytest.fixture
async def estate() -> AsyncIterator[tuple[Estate, Served]]:
    async with an_estate() as made:
        port = free_port()
        async with serving(made.apps["console"], port, lives=True):
            await account(made, "worker", made.things[OURS]["assignee"])
            yield made, Served(f"http://127.0.0.1:{port}")


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGS))
        yield browser
        await browser.close()
