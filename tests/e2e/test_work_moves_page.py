"""Moves behind "more" on a phone, and a link that is slow, loses answers or is pressed twice. `HUIYIN_SHOTS=FOLDER` keeps pictures.

Nothing sleeps: answers are held until the page has shown that it waits.
"""

import asyncio
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from huiyin.sites import apply_site
from PIL import Image
from playwright.async_api import Browser, Page, Route, expect

from tests.e2e.phone import account, look, order_of, press, sign_in
from tests.support.estate import OURS, Estate
from tests.support.pictures import a_photo
from tests.unit.console.browser import CHROMIUM, PHONE, Served, at_page

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="chromium is missing"),
]
PARTIES = ("customer_service", "repair_team_leader")  #: that accept finished work (REP-30)
TWICE = """(form) => Promise.all([1, 2].map(() => fetch(form.action, {method: "POST", body: new URLSearchParams(new FormData(form))}))).then(
  (answers) => answers.map((answer) => answer.status))"""


async def choose(page: Page, move: str, more: str = "更多") -> None:
    """Open a move behind the one disclosure."""
    await page.get_by_text(more, exact=True).click()
    await page.locator("details.more summary").get_by_text(move, exact=True).click()


async def send(page: Page, move: str) -> None:
    """Press the button of a move behind the disclosure."""
    async with page.expect_navigation():
        await page.locator(f"#move-{move} button").last.click()


async def accept_on_a_slow_link(page: Page) -> None:
    """The answer is lost, then the session, then it is pressed twice."""
    await page.route("**/accept", lose_the_answer, times=1)
    await page.locator(".thumb button").click()
    await expect(page.get_by_role("alert")).to_have_text("没有收到回复。内容都还在，再按一次不会重复登记")
    signed_in = await page.context.cookies()
    await page.context.clear_cookies()
    await page.locator(".thumb button").click()
    await expect(page.get_by_role("alert")).to_contain_text("登录已过期")
    await expect(page.get_by_role("alert").get_by_role("link", name="登录")).to_have_attribute("target", "_blank")
    await page.context.add_cookies(signed_in)  # type: ignore[arg-type]
    assert await page.locator("#move-accept").evaluate(TWICE) == [200, 200]


async def arrive_with_a_slow_photo(page: Page) -> None:
    """The button is pressed while the photo is on its way, and the session ends meanwhile."""
    photo, sent, go_on = a_photo((3000, 2000)), [], asyncio.Event()

    async def hold(route: Route) -> None:
        sent.append(route.request.post_data_buffer)
        await go_on.wait()
        await route.continue_()

    await page.route("**/attachments?*", hold)
    await page.route("**/attachments", hold)
    await page.locator("input[type=file]").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo})
    await page.get_by_label("特殊原因").first.fill("路上堵车")
    await page.locator(".thumb button").click()
    await expect(page.locator(".thumb button")).to_have_text("正在发送照片")
    await expect(page.locator(".thumb button")).to_be_disabled()
    await look(page, "slow-2-sending-zh")
    await page.context.clear_cookies()
    go_on.set()
    await expect(page.get_by_role("alert").last).to_contain_text("有照片没有发出")
    await expect(page.get_by_label("特殊原因").first).to_have_value("路上堵车")
    assert Image.open(io.BytesIO(sent[0])).size == (1600, 1067)
    await look(page, "slow-3-signed-out-zh")
    door = await page.context.new_page()
    await sign_in(door, "/work")
    await door.close()
    await page.get_by_role("button", name="重试").click()
    await expect(page.locator("li[data-state=sent] img")).to_have_count(1)


async def hand_on(page: Page, heir: str) -> None:
    """To somebody by the name, and not without a reason."""
    await choose(page, "转单")
    await look(page, "hand-1-transfer-zh")
    await page.locator("#move-transfer").get_by_text(heir, exact=True).click()
    await page.locator("#move-transfer button").click()
    assert not await page.locator("#move-transfer textarea").evaluate("(e) => e.validity.valid"), "no reason, nothing sent"
    await page.locator("#move-transfer textarea").fill("夜班接手")
    await send(page, "transfer")
    await expect(page.get_by_text("您已转出本工单")).to_be_visible()


async def test_a_slow_link_loses_nothing_and_the_order_is_handed_on(chromium: Browser, estate: tuple[Estate, Served]) -> None:
    """An answer that is lost, a button that is pressed twice, a photo still on its way, a session that ended: nothing happens twice.

    DSP-02, DSP-14, D6-16: then to whom dispatch names, with a reason; who gets it sends it back; neither is offered it again by a slip.
    """
    made, served = estate
    number, holder = made.things[OURS]["order"], made.things[OURS]["assignee"]
    heir = (await order_of(made))["candidates"][0]
    await account(made, "heir", heir)
    names = (await made.world.doors.surely("dispatch", "GET", f"/v1/sites/{OURS}/names"))["names"]
    async with at_page(chromium, served, size=PHONE) as (page, seen):  # type: ignore[arg-type]
        await sign_in(page, f"/work/{number}")
        await accept_on_a_slow_link(page)
        await press(page, made, "accepted")
        await arrive_with_a_slow_photo(page)
        await press(page, made, "on_site")
        await hand_on(page, names[heir])
        await made.rest()
        await page.get_by_role("link", name="返回我的工单").click()
        await expect(page.get_by_text("现在没有工单")).to_be_visible()
        seen.complaints.clear()  # the browser itself remarks on what was lost
    async with at_page(chromium, served, lang="en", size=PHONE) as (page, seen):  # type: ignore[arg-type]
        await sign_in(page, f"/work/{number}", "heir")
        await choose(page, "Send it back", "More")
        await page.locator("#move-send-back textarea").fill("no valve key")
        await look(page, "hand-3-send-back-en")
        await send(page, "send-back")
        await expect(page.get_by_text("You handed this order on")).to_be_visible()
    steps = [(step["move"], step["by"], step["note"], len(step["photos"])) for step in (await order_of(made))["steps"]]
    assert steps[:2] == [("accept", holder, None, 0), ("arrive", holder, "路上堵车", 1)]
    assert steps[2:4] == [("transfer", holder, "夜班接手", 0), ("send-back", heir, "no valve key", 0)]


async def lose_the_answer(route: Route) -> None:
    """Let the server do it, and the phone never hear of it."""
    await route.fetch(max_redirects=0)
    await route.abort()


async def surveying(made: Estate) -> str:
    """Return an order on site, where the policy of the site has come to know joint surveys."""
    site = made.sites[OURS]
    orders = site.policy.orders.model_copy(update={"survey_by": ("customer_service", "engineering_materials"), "accepted_by": PARTIES})
    await apply_site(made.world.doors, replace(site, policy=site.policy.model_copy(update={"orders": orders})))
    await made.rest()
    case = await made.report(OURS, "surveyed", unit="2-202")
    order = (await made.world.doors.surely("dispatch", "GET", "/v1/work-orders", case=case))["orders"][0]
    await moved(made, order["id"], order["assignee"], accept={}, arrive={})
    return str(order["id"])


async def contracted(made: Estate) -> str:
    """Return a contractor's order that is returned."""
    case = await made.report(OURS, "contracted", unit="3-303")
    asked = {"party": "contractor", "contractor": "jn-build"}
    await made.world.doors.surely("intake", "POST", f"/v1/cases/{case}/request-work", body=asked)
    await made.rest()
    orders = (await made.world.doors.surely("dispatch", "GET", "/v1/work-orders", case=case))["orders"]
    number = next(order["id"] for order in orders if order["party"] == "contractor")
    await moved(made, number, "jn-build", accept={}, arrive={}, start={}, complete={"record": "重做了防水"}, **{"return": {}})
    return str(number)


async def moved(made: Estate, number: str, by: str, **moves: dict[str, Any]) -> None:
    """Make moves through the door."""
    for name, body in moves.items():
        await made.world.doors.surely("dispatch", "POST", f"/v1/work-orders/{number}/{name}", body=body, bearer=made.staff(OURS, person=by))
    await made.rest()


async def led(made: Estate, served: Served, chromium: Browser) -> None:
    """R3, DEF-09, REP-30: a lead gives an order to somebody by hand, says who accepted the work, names who looks at it too."""
    case = await made.report(OURS, "led", unit="4-404")
    order = (await made.world.doors.surely("dispatch", "GET", "/v1/work-orders", case=case))["orders"][0]
    heir = order["assignable"][0]
    async with at_page(chromium, served, size=PHONE) as (page, seen):  # type: ignore[arg-type]
        await sign_in(page, "/work", "leader")
        await expect(page.get_by_text("现在没有工单")).to_be_visible()  # what waited for an inspection was inspected
        await page.goto(f"/work/{order['id']}")
        await choose(page, "指派")
        await page.locator(f"#move-assign input[value={heir}]").check()
        await page.locator("#move-assign textarea").fill("离得最近")
        await look(page, "lead-1-assign-zh")
        await send(page, "assign")
        await moved(made, order["id"], heir, accept={}, arrive={}, assess={"outcome": "normal"}, complete={"record": "换了阀门"})
        await page.reload()
        await look(page, "lead-2-accept-zh")
        await page.goto("/work")
        await waits(page, "待验收 1")
        await look(page, "lead-2-list-zh")
        await page.goto(f"/work/{order['id']}")
        for party in PARTIES:
            await page.locator(f"#move-accept-work input[value={party}]").check()
            await press(page, made, "completed")
        await page.goto("/work")
        await expect(page.get_by_text("现在没有工单")).to_be_visible()
        await page.goto(f"/work/{order['id']}?lang=en")
        await choose(page, "Name a second inspector", "More")
        await look(page, "lead-3-second-en")
        await page.locator("#move-name-second input").last.check()
        await page.locator("#move-name-second textarea").fill("again the same")
        await send(page, "name-second")
        assert seen.complaints == []
    found = await order_of(made, order["id"])
    assert (found["assignee"], found["accepted_by"], found["recheck_due"]) == (heir, list(PARTIES), True)
    assert [step["move"] for step in found["steps"]][-3:] == ["accept-work", "accept-work", "name-second"]


async def waits(page: Page, *groups: str) -> None:
    """See which orders of others wait for what the reader may do."""
    await expect(page.locator("h2")).to_contain_text(list(groups))
    await expect(page.locator("h2")).to_have_count(len(groups))


async def led_to(served: Served, chromium: Browser) -> None:
    """R18: a team leader, who sees no cases, finds what waits for an inspection."""
    async with at_page(chromium, served, size=PHONE) as (page, seen):  # type: ignore[arg-type]
        await sign_in(page, "/work", "leader")
        await waits(page, "待查验")
        await look(page, "waits-1-leader-zh")
        await page.locator(".order").click()
        await expect(page.get_by_role("heading", level=2).first).to_have_text("下一步：登记查验结果")
        assert seen.complaints == []


async def to_class(page: Page, made: Estate) -> None:
    """See both groups, in both languages, and open what waits for its class."""
    await made.rest()
    await page.goto("/work")
    await waits(page, "待查验", "待定类")
    await look(page, "waits-2-lead-zh")
    await page.goto("/work?lang=en")
    await waits(page, "To inspect", "Class to set")
    await look(page, "waits-2-lead-en")
    await page.goto("/work?lang=zh-CN")
    await page.locator("[aria-labelledby=h-work_to_class] .order").click()


async def test_a_joint_survey_its_class_and_an_inspection_on_a_phone(chromium: Browser, estate: tuple[Estate, Served]) -> None:
    """R10, R11, R18: by who may, found on the list of what waits for them; a refusal names who has not signed and keeps the sheet."""
    made, served = estate
    surveyed, inspected = await surveying(made), await contracted(made)
    await account(made, "lead", "jn-chen", "customer_service_supervisor")
    await account(made, "leader", "jn-qian", "repair_team_leader")
    await led_to(served, chromium)
    async with at_page(chromium, served, size=PHONE) as (page, seen):  # type: ignore[arg-type]
        await sign_in(page, f"/work/{surveyed}", "lead")
        await choose(page, "登记联合勘察")
        sheet = page.locator("#move-survey")
        for text in ("第三方", "保修期外", "本公司承担", "水工", "泥瓦工", "客服部"):
            await sheet.get_by_text(text, exact=True).click()
        await sheet.get_by_label("估价").fill("320.5")
        await sheet.locator("button").click()
        await expect(page.get_by_role("alert")).to_contain_text("会签不全 工程材料部")
        await expect(sheet.get_by_label("估价")).to_have_value("320.5")
        await look(page, "survey-1-refused-zh")
        await sheet.get_by_text("工程材料部", exact=True).click()
        await send(page, "survey")
        await expect(page.locator("header .state")).to_have_class("state surveyed")
        await to_class(page, made)
        await page.get_by_text("B 类").click()
        await look(page, "survey-2-class-zh")
        await press(page, made, "approval_pending")
        seen.complaints.clear()  # the browser itself remarks on the refusal
        await page.goto("/work?lang=en")
        await waits(page, "To inspect")
        await page.locator(".order").click()
        await page.get_by_text("Not good").click()
        await page.get_by_label("Remark").fill("still leaks at the joint")
        await look(page, "inspect-1-en")
        await press(page, made, "issued")
        await page.goto("/work")
        await expect(page.get_by_text("No order at the moment")).to_be_visible()
        assert seen.complaints == []
    await led(made, served, chromium)
    found = await order_of(made, surveyed)
    assert (found["work_class"], found["survey"]["estimate"], found["complexity"]) == ("B", 32050, "multi_trade")
    last = (await order_of(made, inspected))["steps"][-1]
    assert (last["move"], last["note"]) == ("inspect", "still leaks at the joint")
