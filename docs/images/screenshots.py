"""Makes the pictures of the READMEs from the running local system: `./dev up`, then `.venv/bin/python docs/images/screenshots.py`.

Reports a morning's cases through the public doors and photographs the list in both languages. Needs Debian's chromium.
"""

import asyncio
import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

from common.timesource import machine_now
from devstack.paths import LOCAL, REPOSITORY
from devstack.state import StateFiles
from huiyin.doors import Doors, open_doors
from huiyin.sites import load_site
from huiyin.world.actors import Actors
from playwright.async_api import async_playwright, expect

HERE = Path(__file__).parent
CHROMIUM = "/usr/bin/chromium"
SIZE = {"width": 1180, "height": 706}
MORNING: list[dict[str, Any]] = [  # `ago`: minutes since it was received; `moves`: what was done after so many minutes
    {"ago": 105, "site": "XZ", "fault": "power_failure", "unit": "3-0502", "subject": "全屋停电", "moves": [("respond", 9), ("accept", 12)]},
    {"ago": 196, "site": "XZ", "fault": "blocked_pipe", "unit": "5-1203", "subject": "厨房下水道堵塞", "moves": [("accept", 20)]},
    {"ago": 50, "site": "XZ", "fault": "light_bulb", "unit": "3-0202", "subject": "楼道灯不亮", "moves": [("accept", 8), ("arrive", 41)]},
    {"ago": 7, "site": "XZ", "fault": "lift_entrapment", "unit": "1-1101", "subject": "电梯困人", "asset": "lift-1", "moves": []},
    {"ago": 32, "site": "JN", "fault": "water_burst", "unit": "2-0803", "subject": "卫生间水管爆裂", "moves": [("accept", 3), ("arrive", 11)]},
    {"ago": 260, "site": "JN", "fault": "poor_cleaning", "kind": "complaint", "unit": "2-0801", "subject": "电梯厅地面脏", "moves": [("respond", 10)]},
    {"ago": 74, "site": "XZ", "fault": None, "kind": "enquiry", "category": "fee", "urgency": "P3", "subject": "物业费如何缴纳", "moves": []},
]


async def report(doors: Doors, actors: Actors, case: dict[str, Any]) -> str:
    """Report one case and do its moves; return its number."""
    began = machine_now() - timedelta(minutes=case["ago"])
    body = {key: value for key, value in case.items() if key not in {"ago", "moves"} and value}
    body = {"kind": "repair", "channel": "call_centre", "reporter": {"name": "示例业主", "phone": "+86 000 0009 0003"}} | body
    bearer = await actors.bearer("receptionist", case["site"], began)
    made = await doors.surely("intake", "POST", "/v1/cases", bearer=bearer, key=secrets.token_hex(8), body=body | {"received_at": began.isoformat()})
    number = str(made["number"])
    for move, after in case["moves"]:
        await step(doors, number, move, {"at": (began + timedelta(minutes=after)).isoformat()}, bearer)
    return number


async def step(doors: Doors, number: str, move: str, body: dict[str, Any], bearer: str) -> None:
    """Move the case, or its order as soon as there is one; as the person it was given to."""
    if move == "respond":
        await doors.surely("intake", "POST", f"/v1/cases/{number}/respond", bearer=bearer, body=body)
        return
    while not (orders := (await doors.surely("dispatch", "GET", "/v1/work-orders", case=number))["orders"]):
        await asyncio.sleep(0.1)
    order = orders[0]
    worker = doors.staff(order["assignee"], ("repair_worker",), (order["site"],))
    body = {"at": max(body["at"], order["issued_at"])}
    await doors.surely("dispatch", "POST", f"/v1/work-orders/{order['id']}/{move}", bearer=worker, body=body)


async def photograph(url: str, login: str, password: str) -> None:
    """Sign in and take the picture in each language."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for locale, name in (("zh-CN", "zh"), ("en", "en")):
            page = await browser.new_page(base_url=url, locale=locale, viewport=SIZE, device_scale_factor=1.5)  # type: ignore[arg-type]
            await page.goto("/cases")
            await page.locator("#login").fill(login)
            await page.locator("#password").fill(password)
            await page.locator("#password").press("Enter")
            await expect(page.locator("#link")).to_have_attribute("data-state", "live")
            await page.screenshot(path=HERE / f"cases-{name}.png")
        await browser.close()


async def main() -> None:
    """Do all of it on the system that `./dev up` started."""
    os.environ.update(StateFiles(LOCAL).environment())
    sites = [load_site(path) for path in sorted((REPOSITORY / "packs" / "sites").glob("*.yaml"))]
    account = {"login": f"photo-{secrets.token_hex(3)}", "password": secrets.token_urlsafe(12), "person": "demo", "roles": ["administrator"], "sites": ["*"]}
    async with open_doors() as doors:
        actors = Actors(doors, sites)
        numbers = [await report(doors, actors, case) for case in MORNING]
        await doors.surely("console", "POST", "/v1/accounts", body=account)
        await photograph(os.environ["HUIYIN_CONSOLE_URL"], str(account["login"]), str(account["password"]))
    print(*numbers)


asyncio.run(main())
