"""The technician's pages in a real browser: one whole order on a phone, in a world of five services, and no barrier that axe-core finds.

`HUIYIN_SHOTS=FOLDER` keeps a picture of each step, to look at. Nothing sleeps: expectations wait.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Route, expect

from tests.e2e.phone import a_file, account, look, order_of, press, scrawl, sign_in
from tests.support.estate import OURS, Estate
from tests.support.pictures import HTML, MODEL
from tests.unit.console.browser import CHROMIUM, PHONE, Served, at_page

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="chromium is missing"),
]
#: playwright's clock moves timers of the page, not this one of the browser: here it is one of the page's
LIMIT = """AbortSignal.timeout = (ms) => {
  const limit = new AbortController();
  setTimeout(() => limit.abort(new DOMException("", "TimeoutError")), ms);
  return limit.signal;
};"""
BUDGET = 150 * 1024  #: bytes of a first load


async def test_a_chargeable_repair_on_a_phone(chromium: Browser, estate: tuple[Estate, Served]) -> None:
    """R7b, FEE-01, FEE-02: quoted from the standard, answered by the owner, worked, signed, paid on site; nothing of it needs another tool."""
    made, served = estate
    async with at_page(chromium, served, size=PHONE) as (page, _):  # type: ignore[arg-type]
        await sign_in(page)
        await page.locator(".order").click()
        await press(page, made, "accepted")
        await press(page, made, "on_site")
        await page.get_by_text("有偿维修").click()
        await press(page, made, "fee_pending")
        await expect(page.locator(".thumb button")).to_have_text("报价")
        await page.locator(".items input").first.fill("2")
        await page.get_by_label("标准以外的金额").fill("12.5")
        await look(page, "fee-1-quote-zh")
        await press(page, made, "fee_pending")
        await expect(page.locator("header .appointment")).to_contain_text("待业主确认")
        await page.get_by_text("当面").first.click()
        await look(page, "fee-2-consent-zh")
        await press(page, made, "fee_pending")
        await expect(page.locator(".thumb button")).to_have_text("开工")
        await press(page, made, "in_progress")
        await page.get_by_label("维修完成记录").fill("更换了水龙头")
        await press(page, made, "completed")
        await scrawl(page)
        await press(page, made, "signed")
        await expect(page.locator(".thumb button")).to_have_text("已现场收款")
        await look(page, "fee-3-collect-zh")
        await press(page, made, "signed")
        await expect(page.locator("header .appointment")).to_contain_text("已现场收款")
        await press(page, made, "returned")
    order = await order_of(made)
    assert [(line["item"], line["quantity"]) for line in order["charge"]["lines"]] == [("tap_change", 2), ("other", 1)]
    assert order["charge"]["amount"] == sum(line["amount"] for line in order["charge"]["lines"])
    assert (order["charge"]["status"], order["charge"]["answered_form"]) == ("collected", "face_to_face")


async def test_one_whole_order_on_a_phone(chromium: Browser, estate: tuple[Estate, Served]) -> None:
    made, served = estate
    files = made.runtime("dispatch").documents.files.kept  # type: ignore[attr-defined]
    before = set(files)
    async with at_page(chromium, served, size=PHONE) as (page, _):  # type: ignore[arg-type]
        await sign_in(page)
        await expect(page.get_by_role("heading", level=1)).to_have_text("我的工单")
        await expect(page.locator(".order .left")).to_have_text(re.compile(r"\d\d:\d\d:\d\d"))
        await look(page, "1-list-zh")
        await page.locator(".order").click()
        await look(page, "2-issued-zh")
        await press(page, made, "accepted")
        await look(page, "3-accepted-zh")

        await page.locator("input[type=file]").set_input_files([a_file(), a_file(shade=10)])
        await expect(page.locator("li[data-state=sent] img")).to_have_count(2)
        await look(page, "4-photos-zh")
        await press(page, made, "on_site")
        await page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        await look(page, "5-on-site-dark-zh")
        await page.emulate_media(color_scheme="light")

        await page.get_by_text("正常维修").click()
        await press(page, made, "in_progress")
        await page.locator("input[type=file]").set_input_files(a_file(shade=200))
        await expect(page.locator("li[data-state=sent] img")).to_have_count(1)
        await page.get_by_label("维修完成记录").fill("更换了角阀\n试水无渗漏")
        await look(page, "6-complete-zh")
        await press(page, made, "completed")

        await scrawl(page)
        await look(page, "7-signature-zh")
        await page.locator(".thumb button").click()
        await expect(page.locator("header .state")).to_have_class(re.compile("signed|returned"))
        await page.reload()
        if await page.locator(".thumb button").count():
            await press(page, made, "returned")
        await expect(page.get_by_text("本工单已办结")).to_be_visible()
        await look(page, "8-returned-zh")
        await page.get_by_role("link", name="返回我的工单").click()
        await expect(page.get_by_text("现在没有工单")).to_be_visible()
    done = await order_of(made)
    assert done["status"] == "returned"
    steps = {step["move"]: step for step in done["steps"]}
    assert [len(steps[name]["photos"]) for name in ("accept", "arrive", "complete")] == [0, 2, 1]
    assert steps["sign"]["signature"]
    assert steps["complete"]["note"] == "更换了角阀\n试水无渗漏"
    assert len(set(files) - before) == 8, "four pictures, each with its small one"
    assert [name for name, content in files.items() if MODEL.encode() in content] == []


async def test_the_list_in_english_is_light_and_another_language_away(chromium: Browser, estate: tuple[Estate, Served]) -> None:
    _, served = estate
    async with at_page(chromium, served, lang="en", size=PHONE) as (page, _):  # type: ignore[arg-type]
        loaded: list[int] = []

        async def weigh(response: Any) -> None:
            sizes = await response.request.sizes()
            loaded.append(sizes["responseBodySize"] + sizes["responseHeadersSize"])

        await sign_in(page)
        await expect(page.get_by_role("heading", level=1)).to_have_text("My orders")
        await look(page, "9-list-en")
        await page.context.clear_cookies(name="never")
        page.on("response", weigh)
        await page.locator(".order").click()
        await expect(page.get_by_role("button", name="Accept")).to_be_visible()
        await page.wait_for_load_state("networkidle")
        page.remove_listener("response", weigh)  # what is loaded later may still be on its way when the page is closed
        assert 0 < sum(loaded) < BUDGET
        await look(page, "10-issued-en")
        await page.get_by_role("link", name="中文").click()
        await expect(page.get_by_role("button", name="接单")).to_be_visible()


async def test_what_is_refused_is_said_and_what_was_written_stays(chromium: Browser, estate: tuple[Estate, Served]) -> None:
    """Not a picture: said at the photo, with a button to try again. A rule: said above the form, which keeps what was typed."""
    made, served = estate
    async with at_page(chromium, served, size=PHONE) as (page, seen):  # type: ignore[arg-type]
        await sign_in(page, f"/work/{made.things[OURS]['order']}")
        await press(page, made, "accepted")
        await page.locator("input[type=file]").set_input_files({"name": "x.jpg", "mimeType": "image/jpeg", "buffer": HTML})
        await expect(page.locator("li[data-state=failed]")).to_contain_text("不是可用的图片")
        await page.get_by_role("button", name="重试").click()
        await expect(page.locator("li[data-state=failed]")).to_contain_text("不是可用的图片")
        await look(page, "11-refused-photo-zh")
        await page.get_by_role("button", name="移除").click()
        await expect(page.locator("li[data-state]")).to_have_count(0)

        await page.get_by_label("特殊原因").first.fill("路上堵车")
        by = made.staff(OURS, person=made.things[OURS]["assignee"])
        await made.call("dispatch", "POST", f"/v1/work-orders/{made.things[OURS]['order']}/arrive", by=by, json={})
        await page.locator(".thumb button").click()
        await expect(page.get_by_role("alert")).to_have_text("当前状态不允许此操作 已到场")
        await expect(page.locator("header .state")).to_have_class("state on_site")
        await look(page, "12-refused-move-zh")
        seen.complaints.clear()  # the browser itself remarks on refusals


async def test_a_move_that_did_not_get_through_is_sent_again_and_happens_once(chromium: Browser, estate: tuple[Estate, Served]) -> None:
    made, served = estate
    async with at_page(chromium, served, size=PHONE) as (page, seen):  # type: ignore[arg-type]
        await sign_in(page, f"/work/{made.things[OURS]['order']}")
        await page.route("**/accept", lambda route: route.abort())
        await page.locator(".thumb button").click()
        await expect(page.get_by_role("alert")).to_have_text("没有收到回复。内容都还在，再按一次不会重复登记")
        await page.unroute("**/accept")
        await press(page, made, "accepted")
        seen.complaints.clear()
    assert [step["move"] for step in (await order_of(made))["steps"]] == ["accept"]


async def test_a_move_without_an_answer_is_given_up_after_its_time(chromium: Browser, estate: tuple[Estate, Served]) -> None:
    """Not before 45 seconds, in which the server waits for its own peers; then the button can be pressed again."""
    made, served = estate
    async with at_page(chromium, served, size=PHONE) as (page, seen):  # type: ignore[arg-type]
        await page.add_init_script(LIMIT)
        await page.clock.install()
        await sign_in(page, f"/work/{made.things[OURS]['order']}")
        held: list[Route] = []

        async def hold(route: Route) -> None:
            held.append(route)

        await page.route("**/accept", hold)
        await page.locator(".thumb button").click()
        await expect(page.locator(".thumb button")).to_have_text("正在发送")
        await page.clock.fast_forward(40_000)
        await expect(page.locator(".thumb button")).to_be_disabled()
        await expect(page.get_by_role("alert")).to_have_count(0)
        await page.clock.fast_forward(5_000)
        await expect(page.get_by_role("alert")).to_have_text("没有收到回复。内容都还在，再按一次不会重复登记")
        await page.unroute("**/accept")
        await press(page, made, "accepted")
        seen.complaints.clear()
    assert len(held) == 1


async def test_a_drawn_signature_is_kept_where_its_move_did_not_get_through(chromium: Browser, estate: tuple[Estate, Served]) -> None:
    """The customer signs once and the picture travels once, however often the button is pressed."""
    made, served = estate
    number = made.things[OURS]["order"]
    for name, body in {"accept": {}, "arrive": {}, "assess": {"outcome": "normal"}, "complete": {"record": "换了阀门"}}.items():
        token = made.staff(OURS, person=made.things[OURS]["assignee"])
        await made.world.doors.surely("dispatch", "POST", f"/v1/work-orders/{number}/{name}", body=body, bearer=token)
    await made.rest()
    async with at_page(chromium, served, size=PHONE) as (page, seen):  # type: ignore[arg-type]
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.url.rsplit("/", 1)[1]) if request.method == "POST" else None)
        await sign_in(page, f"/work/{number}")
        sent.clear()
        await scrawl(page)
        await page.route("**/sign", lambda route: route.abort())
        await page.locator(".thumb button").click()
        await expect(page.get_by_role("alert")).to_have_text("没有收到回复。内容都还在，再按一次不会重复登记")
        await page.unroute("**/sign")
        await page.locator(".thumb button").click()
        await expect(page.locator("header .state")).to_have_class(re.compile("signed|returned"))
        seen.complaints.clear()  # the browser itself remarks on what was lost
    assert sent == ["attachments?kind=signature", "sign", "sign"]
    (signed,) = [step for step in (await order_of(made))["steps"] if step["move"] == "sign"]
    assert signed["signature"]


async def test_the_plain_moves_work_without_a_script(chromium: Browser, estate: tuple[Estate, Served]) -> None:
    made, served = estate
    context = await chromium.new_context(locale="zh-CN", viewport=PHONE, base_url=served.url, java_script_enabled=False)  # type: ignore[arg-type]
    page = await context.new_page()
    await sign_in(page, f"/work/{made.things[OURS]['order']}")
    for state in ("accepted", "on_site"):
        await page.locator(".thumb button").click()
        await expect(page.locator("header .state")).to_have_class(f"state {state}")
    await page.get_by_text("正常维修").click()
    await page.locator(".thumb button").click()
    await page.get_by_label("维修完成记录").fill("已修复")
    await page.locator(".thumb button").click()
    await page.get_by_text("客户已在纸质单上签字").click()
    await page.locator(".thumb button").click()
    await expect(page.locator("header .state")).to_have_class(re.compile("signed|returned"))
    await context.close()


async def test_a_second_look_on_a_phone(chromium: Browser, estate: tuple[Estate, Served]) -> None:
    """DEF-09: who looks at repeated work finds it on their own list, in both languages, and says that it is good."""
    made, served = estate
    number, holder = made.things[OURS]["order"], made.things[OURS]["assignee"]
    second = next(person for person in ("jn-wei", "jn-zheng") if person != holder)
    await account(made, "second", second)
    steps: dict[str, dict[str, Any]] = {
        "accept": {}, "arrive": {}, "assess": {"outcome": "normal"}, "complete": {"record": "换了阀门"},
        "name-second": {"to": second, "reason": "重复报修"},
    }  # fmt: skip
    for name, body in steps.items():
        token = made.staff(OURS, person=holder)
        await made.world.doors.surely("dispatch", "POST", f"/v1/work-orders/{number}/{name}", body=body, bearer=token)
    await made.rest()
    async with at_page(chromium, served, size=PHONE) as (page, _):  # type: ignore[arg-type]
        await sign_in(page, "/work", "second")
        await expect(page.locator("#h-work_to_recheck")).to_contain_text("待我复检")
        await look(page, "second-1-list-zh")
        await page.locator(".order").click()
        await look(page, "second-2-order-zh")
        async with at_page(chromium, served, lang="en", size=PHONE) as (abroad, _):  # type: ignore[arg-type]
            await sign_in(abroad, f"/work/{number}", "second")
            await expect(abroad.get_by_text("second inspection wanted")).to_be_visible()
            await look(abroad, "second-2-order-en")
        await page.get_by_text("已亲自查看").click()
        await press(page, made, "completed")
        await look(page, "second-3-done-zh")
        await page.get_by_role("link", name="返回我的工单").click()
        await expect(page.get_by_text("现在没有工单")).to_be_visible()
    order = await order_of(made)
    assert (order["recheck_due"], order["accepted_by"], order["steps"][-1]["by"]) == (False, ["second_inspector"], second)
