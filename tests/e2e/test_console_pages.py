"""The pages in a real browser: signing in, the live list, one case, on a desk and on a phone, in both languages, from the keyboard.

Console runs in this process on fakes behind a real server, so a test can say a fact or move the time and see what the page does.
Nothing sleeps: expectations wait.
"""

import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from common.runtime import Parts
from common.timesource import FakeTime, SharedTime, machine_now, scaled
from console.main import create_app
from playwright.async_api import Browser, expect

from tests.support.settings import settings
from tests.support.until import until
from tests.unit.console import story
from tests.unit.console.browser import CHROMIUM, CONTRAST, CUT, NUMBER, PHONE, Site, at_page, free_port, row, serving, sign_in, site
from tests.unit.console.world import LOGIN, add_account, feed, parts

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="chromium is missing"),
]


@pytest.fixture
async def still() -> AsyncIterator[Site]:
    """Console in a time that only the test moves."""
    async with site(FakeTime(story.NOW)) as made:
        yield made


async def test_from_the_door_to_a_case_and_back(chromium: Browser, still: Site) -> None:
    async with at_page(chromium, still) as (page, _):
        await sign_in(page, "/cases?site=JN")
        await expect(page).to_have_url(re.compile(r"/cases\?site=JN$"))
        await expect(page.locator("tbody .row")).to_have_count(5)
        await row(page).get_by_role("link").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(NUMBER)
        await expect(page.locator(".timeline li")).to_have_count(13)
        await page.get_by_role("link", name="返回列表").click()
        await expect(page).to_have_url(re.compile(r"/cases\?site=JN$"))
        await page.get_by_role("button", name="退出").click()
        await expect(page).to_have_url(re.compile("/sign-in$"))
        await page.goto("/cases")
        await expect(page.get_by_role("heading", name="回音")).to_be_visible()


async def test_a_wrong_password_keeps_the_login_and_says_so(chromium: Browser, still: Site) -> None:
    async with at_page(chromium, still, lang="en") as (page, seen):
        await page.goto("/sign-in")
        await page.locator("#login").fill(LOGIN)
        await page.locator("#password").fill("wrong")
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("alert")).to_have_text("Login or password is wrong")
        await expect(page.locator("#login")).to_have_value(LOGIN)
        await expect(page.locator("#password")).to_be_focused()
        seen.complaints.clear()  # the browser itself remarks on the 401


async def test_a_clock_runs_in_business_time_and_turns_red_when_time_is_moved(chromium: Browser, still: Site) -> None:
    assert isinstance(still.time, FakeTime)
    async with at_page(chromium, still) as (page, _):
        await sign_in(page)
        lift = row(page, "XZ-260314-9QW4T")
        await expect(lift.locator(".left")).to_have_text("00:22:00")
        await expect(page.locator("#now")).to_contain_text("3月14日 17:30:00")
        await expect(page.locator("#now")).to_contain_text("暂停")
        await expect(row(page).locator(".left")).to_have_text("超时 00:05:00")
        await expect(lift).not_to_have_class(re.compile("late|soon"))

        still.time.advance(timedelta(minutes=20))
        await expect(lift.locator(".left")).to_have_text("00:02:00")
        await expect(lift).to_have_class(re.compile("soon"))
        still.time.advance(timedelta(hours=30))
        await expect(lift.locator(".left")).to_have_text("超时 1天 05:58:00")
        await expect(lift).to_have_class(re.compile("late"))
        await expect(page.locator("#tally")).to_contain_text("件超时")


async def test_a_clock_counts_by_itself_where_time_runs(chromium: Browser) -> None:
    document = scaled(story.NOW, 120, 1)

    async def read() -> dict[str, object]:
        return document

    async with site(SharedTime(read)) as made, at_page(chromium, made, lang="en") as (page, _):
        await sign_in(page)
        await expect(page.locator("#now")).to_contain_text("speed ×")
        left = row(page, "JN-260314-K1S6W").locator(".left")
        first = await left.text_content() or ""
        await expect(left).not_to_have_text(first)
        minutes = int(first.split(":")[0]) * 60 + int(first.split(":")[1])
        assert 30 < minutes <= 70
        document.update(scaled(machine_now(), 1, 2))  # the story arrives at the present
        await expect(page.locator("#now")).not_to_contain_text("speed")
        await expect(left).to_contain_text("Late")


async def test_the_list_follows_what_happens(chromium: Browser, still: Site) -> None:
    async with at_page(chromium, still) as (page, _):
        await sign_in(page, "/cases?urgency=P1")
        await expect(page.locator("tbody .row")).to_have_count(2)
        teller = still.teller
        case = story.CaseStory(teller, "XZ-260314-NEW01", received=story.NOW, urgency=story.Urgency.P1, fault="power_outage")
        case.clock("CLK_ONSITE", story.NOW, story.NOW + timedelta(minutes=15))
        await still.say(*teller.bodies)
        await expect(page.locator("tbody .row .number")).to_have_text([NUMBER, "XZ-260314-NEW01", "XZ-260314-9QW4T"])
        await expect(row(page, case.number)).to_contain_text("停电")
        await expect(page.locator("#tally")).to_contain_text("3 件")

        teller.bodies.clear()
        case.order(*story.steps(story.NOW, story.MINUTE, story.ISSUED, story.ACCEPTED))
        await still.say(*teller.bodies)
        await expect(row(page, case.number).locator(".c-status")).to_contain_text("已接单")
        await expect(row(page, case.number).locator(".c-who")).to_contain_text("xz-li")


async def test_a_case_follows_what_happens(chromium: Browser, still: Site) -> None:
    async with at_page(chromium, still) as (page, _):
        await sign_in(page, "/cases/XZ-260314-J6P0B")
        await expect(page.locator(".timeline li")).to_have_count(2)
        number = "XZ-260314-J6P0B"
        case = story.CaseStory(still.teller, number, received=story.NOW - 4 * story.MINUTE, channel="app")
        still.teller.bodies.clear()
        case.case = case.case.model_copy(update={"urgency": story.Urgency.P2})
        case.order(*story.steps(story.NOW, story.MINUTE, story.ISSUED))
        await still.say(*still.teller.bodies)
        await expect(page.locator(".timeline li")).to_have_count(3)
        await expect(page.locator(".orders li")).to_contain_text("待接单")


async def test_a_page_finds_back_after_the_server_was_away(chromium: Browser) -> None:
    port = free_port()
    time = FakeTime(story.NOW)
    made = parts(time)
    app = create_app(settings(log_level="error"), made)
    async with serving(app, port):
        await feed(app.state.runtime, story.day())
        await add_account(app.state.runtime)
        there = Site(app, time, f"http://127.0.0.1:{port}")
        context = await chromium.new_context(locale="zh-CN", base_url=there.url)
        page = await context.new_page()
        await sign_in(page)
    await expect(page.locator("#link")).to_have_text("连接中断，正在重连")
    again = create_app(settings(log_level="error"), parts_again(made))
    async with serving(again, port):
        await expect(page.locator("#link")).to_have_text("实时", timeout=30_000)
        await expect(page.locator("tbody .row")).to_have_count(9)
        await context.close()


def parts_again(made: Parts) -> Parts:
    """The same store in a new process."""
    fresh = parts(made.time)
    fresh.documents = made.documents
    return fresh


async def test_a_session_that_ends_leads_to_the_door(chromium: Browser, still: Site) -> None:
    async with at_page(chromium, still) as (page, seen):
        await sign_in(page)
        await still.app.state.runtime.documents.delete("sessions", {})
        still.app.state.live.turn()
        await expect(page).to_have_url(re.compile(r"/sign-in\?next=%2Fcases$"))
        seen.complaints.clear()  # the browser itself remarks on the 401


async def test_filters_are_the_address(chromium: Browser, still: Site) -> None:
    async with at_page(chromium, still) as (page, _):
        await sign_in(page)
        await page.get_by_label("类型").select_option("complaint")
        await expect(page).to_have_url(re.compile(r"/cases\?kind=complaint$"))
        await expect(page.locator("tbody .row")).to_have_count(2)
        await page.get_by_label("案件编号").fill("QB3XN")
        await page.get_by_label("案件编号").press("Enter")
        await expect(page).to_have_url(re.compile(r"q=QB3XN"))
        await expect(page.locator("tbody .row")).to_have_count(1)
        await page.go_back()
        await expect(page.locator("tbody .row")).to_have_count(2)
        await page.get_by_role("link", name="清除").click()
        await expect(page.locator("tbody .row")).to_have_count(9)


async def test_the_language_can_be_chosen_and_stays(chromium: Browser, still: Site) -> None:
    async with at_page(chromium, still) as (page, _):
        await sign_in(page, "/cases?kind=repair")
        await page.get_by_role("link", name="English").click()
        await expect(page.locator("html")).to_have_attribute("lang", "en")
        await expect(page.locator("tbody .row")).to_have_count(6)
        await expect(row(page).locator(".left")).to_have_text("Late 00:05:00")
        await page.goto(f"/cases/{NUMBER}")
        await expect(page.get_by_role("heading", name="Timeline")).to_be_visible()


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
@pytest.mark.parametrize("path", ["/cases", f"/cases/{NUMBER}", "/cases/JN-260312-0ZTG8"])
async def test_nothing_hangs_over_on_a_phone(chromium: Browser, still: Site, path: str, lang: str) -> None:
    async with at_page(chromium, still, lang=lang, size=PHONE) as (page, _):
        await sign_in(page, path)
        assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert await page.evaluate(CUT) == []


async def test_the_keyboard_reaches_everything(chromium: Browser, still: Site) -> None:
    async with at_page(chromium, still) as (page, _):
        await sign_in(page)
        reached = []
        for _ in range(14):
            await page.keyboard.press("Tab")
            reached.append(await page.evaluate("document.activeElement.textContent.trim() || document.activeElement.name"))
        assert reached[:7] == ["跳到主要内容", "回音", "案件", "我的工单", "English", "退出", "q"]
        assert NUMBER in reached
        await row(page).get_by_role("link").focus()
        outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text(NUMBER)


async def test_focus_stays_while_rows_change(chromium: Browser, still: Site) -> None:
    async with at_page(chromium, still) as (page, _):
        await sign_in(page, "/cases?urgency=P1")
        await row(page, "XZ-260314-9QW4T").get_by_role("link").focus()
        case = story.CaseStory(still.teller, "XZ-260314-NEW02", received=story.NOW, urgency=story.Urgency.P1, fault="noise")
        case.clock("CLK_ONSITE", story.NOW, story.NOW + timedelta(minutes=1))
        await still.say(*still.teller.bodies)
        await expect(page.locator("tbody .row")).to_have_count(3)
        assert await page.evaluate("document.activeElement.textContent") == "XZ-260314-9QW4T"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_text_has_contrast(chromium: Browser, still: Site, scheme: str) -> None:
    async with at_page(chromium, still) as (page, _):
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for path in ("/cases", f"/cases/{NUMBER}"):
            await (sign_in(page, path) if path == "/cases" else page.goto(path))
            await expect(page.locator("#link")).to_have_attribute("data-state", "live")
            assert await page.evaluate(CONTRAST) == []


async def listens(port: int) -> bool:
    """Say whether a server answers there."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def test_a_server_with_an_open_page_stops_at_once(chromium: Browser) -> None:
    """In a process of its own and without any grace period: the streams end by themselves."""
    port = free_port()
    command = [sys.executable, "-m", "tests.unit.console.world", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: ASYNC220 - one short-lived child
        try:
            await until(lambda: listens(port), wanted=True, seconds=60)
            context = await chromium.new_context(locale="zh-CN", base_url=f"http://127.0.0.1:{port}")
            page = await context.new_page()
            await sign_in(page)
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)
            await context.close()
        finally:
            process.kill()
