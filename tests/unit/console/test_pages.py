"""The pages without a browser: who may see what, in which language, with which headers, and what the streams send."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest
from common.doors import limiter
from common.memory import MemoryDocuments
from console.api.accounts import COOKIE
from console.pages import assets
from console.pages.words import WORDS
from fastapi import FastAPI

from tests.unit.console import story
from tests.unit.console.world import LOGIN, PASSWORD, add_account, browser, feed, parts, running

pytestmark = pytest.mark.anyio
NUMBER = "JN-260314-7K3QX"


@pytest.fixture(scope="module")
async def app() -> AsyncIterator[FastAPI]:
    """Console after a day, with people of different scopes."""
    async with running(parts(), story.day()) as app:
        await add_account(app.state.runtime, "one-site", sites=("XZ",))
        await add_account(app.state.runtime, "worker", roles=("repair_worker",))
        yield app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody who sees both sites."""
    app.state.limiter = limiter()  # one account for all these tests
    async with browser(app) as client:
        yield client


async def test_who_is_not_signed_in_is_led_to_the_door_and_back(app: FastAPI) -> None:
    async with browser(app, login=None) as client:
        answer = await client.get("/cases?kind=repair&q=%E4%B8%AD")
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fcases%3Fkind%3Drepair%26q%3D%25E4%25B8%25AD")
        door = await client.get(answer.headers["location"])
        assert 'name="next" value="/cases?kind=repair&amp;q=%E4%B8%AD"' in door.text
        back = await client.post("/sign-in", data={"login": LOGIN, "password": PASSWORD, "next": "/cases?kind=repair"})
        assert back.headers["location"] == "/cases?kind=repair"


@pytest.mark.parametrize("target", ["https://evil.test", "//evil.test", "/\\evil.test", "javascript:alert(1)", "", "/a\r\nX: y"])
async def test_only_our_own_pages_come_after_signing_in(client: httpx2.AsyncClient, target: str) -> None:
    answer = await client.post("/sign-in", data={"login": LOGIN, "password": PASSWORD, "next": target})
    assert answer.headers["location"] == "/"


async def test_a_live_page_whose_session_ended_loads_again(app: FastAPI) -> None:
    async with browser(app, login=None) as client:
        answer = await client.get("/live/cases", headers={"HX-Request": "true"})
        assert (answer.status_code, answer.headers["hx-refresh"]) == (401, "true")


PATHS = ["/cases", f"/cases/{NUMBER}", "/sign-in", "/cases/XX-1234-NOPE", "/cases?status=closed"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_a_page_loads_nothing_from_elsewhere_and_runs_nothing_inline(client: httpx2.AsyncClient, path: str, lang: str) -> None:
    answer = await client.get(path, params={"lang": lang} if "?" not in path else None)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    for found in re.findall(r'(?:src|href|action)="([^"]*)"', answer.text):
        assert found.startswith(("/", "#", "?")), found
        assert not found.startswith("//")
    assert re.findall(r"<script(?![^>]*\bsrc=)", answer.text) == []
    assert re.findall(r'\sstyle="|\son[a-z]+="|<style', answer.text) == []
    for asset in re.findall(r'"(/assets/[^"]+)"', answer.text):
        loaded = await client.get(asset)
        assert (loaded.status_code, "immutable" in loaded.headers["cache-control"]) == (200, True)


async def test_scope_hides_what_is_foreign(app: FastAPI) -> None:
    async with browser(app, login="one-site") as client:
        page = await client.get("/cases")
        assert "XZ-260314-9QW4T" in page.text
        assert "JN-" not in page.text
        missing = await client.get("/cases/JN-000000-00000")
        for path in (f"/cases/{NUMBER}", "/cases?site=JN", f"/live/cases/{NUMBER}", "/live/cases?site=JN"):
            answer = await client.get(path)
            assert (answer.status_code, answer.text) == (404, missing.text)


async def test_who_may_not_is_told_so_in_a_page(app: FastAPI) -> None:
    async with browser(app, login="worker") as client:
        answer = await client.get("/cases")
        assert (answer.status_code, "无此权限" in answer.text, "/sign-out" in answer.text) == (403, True, True)


async def test_languages(app: FastAPI) -> None:
    async with browser(app, **{"Accept-Language": "en-GB,en"}) as client:
        assert '<html lang="en">' in (await client.get("/cases")).text
        assert "burst pipe" in (await client.get("/cases")).text
        chosen = await client.get("/cases?lang=zh-CN")
        assert '<html lang="zh-CN">' in chosen.text
        assert '<html lang="zh-CN">' in (await client.get(f"/cases/{NUMBER}")).text
        assert "水管爆裂" in (await client.get("/cases")).text


async def test_the_url_is_the_state(client: httpx2.AsyncClient) -> None:
    page = await client.get("/cases?site=JN&kind=complaint&status=all")
    assert re.findall(r'<tr id="row-([^"]+)"', page.text) == ["JN-260311-QB3XN"]
    assert re.findall(r'<option value="(\w+)" selected>', page.text) == ["JN", "complaint", "all"]
    assert 'hx-sse:connect="/live/cases?site=JN&amp;kind=complaint&amp;status=all"' in page.text
    assert (await client.get("/cases?kind=nonsense")).status_code == 404


async def test_a_search_that_finds_nothing_and_one_that_bites(client: httpx2.AsyncClient) -> None:
    page = await client.get("/cases", params={"q": '"><script>alert(1)</script>'})
    assert "没有符合条件的案件" in page.text
    assert "<script>alert" not in page.text


async def test_a_case_shows_its_clocks_orders_and_days(client: httpx2.AsyncClient) -> None:
    page = (await client.get("/cases/JN-260313-D5N1C")).text
    assert re.findall(r"<h3>([^<]+)</h3>", page) == ["3月13日"]
    assert "门锁故障" in page
    assert "jn-li 维修人员" in page
    assert page.count('class="tag good">按时') == 1
    assert re.findall(r'class="left" data-due="(\d+)"', page) == [str(int((story.NOW + timedelta(days=2, hours=3)).timestamp() * 1000))]


async def test_a_delivery_to_a_machine_is_in_the_facts_but_not_on_the_page(app: FastAPI, client: httpx2.AsyncClient) -> None:
    teller = story.Teller()
    case = story.CaseStory(teller, "XZ-260314-HOOK1", received=story.NOW)
    case.notice(story.NOW, recipient="endpoint:e-1", channel="webhook", template="case.registered")
    await feed(app.state.runtime, teller.bodies)
    assert "接口推送" not in (await client.get(f"/cases/{case.number}")).text
    token = (await client.post("/v1/session", json={"login": LOGIN, "password": PASSWORD})).json()["token"]
    facts = await client.get(f"/v1/cases/{case.number}/timeline", headers={"Authorization": f"Bearer {token}"})
    assert [entry["kind"] for entry in facts.json()["entries"]] == ["case.registered", "notice.sent"]
    await app.state.runtime.documents.delete("cases", {"_id": case.number})


# --- JSON ---------------------------------------------------------------------------------------------------------------------


async def test_the_timeline_as_json(client: httpx2.AsyncClient) -> None:
    token = (await client.post("/v1/session", json={"login": LOGIN, "password": PASSWORD})).json()["token"]
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
    answer = await client.get(f"/v1/cases/{NUMBER}/timeline", headers=headers)
    entries = answer.json()["entries"]
    assert (answer.json()["site"], answer.headers["content-language"]) == ("JN", "en")
    assert entries[0] == {"at": "2026-03-14T09:10:00Z", "kind": "case.registered", "text": "Recorded: Repair, by call centre", "by": "jn-chen"}
    assert {"clock": "CLK_ONSITE", "level": "L2"}.items() <= entries[-2].items()
    assert [entry["at"] for entry in entries] == sorted(entry["at"] for entry in entries)
    zh = await client.get(f"/v1/cases/{NUMBER}/timeline", headers=headers | {"Accept-Language": "zh-CN"})
    assert zh.json()["entries"][0]["text"] == "受理登记：报修，呼叫中心"


async def test_the_timeline_of_a_foreign_case_looks_like_a_missing_one(app: FastAPI) -> None:
    async with browser(app, login="one-site") as client:
        token = (await client.post("/v1/session", json={"login": "one-site", "password": PASSWORD})).json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        foreign = await client.get(f"/v1/cases/{NUMBER}/timeline", headers=headers)
        missing = await client.get("/v1/cases/JN-000000-00000/timeline", headers=headers)
    assert foreign.status_code == missing.status_code == 404
    assert {**foreign.json(), "trace_id": ""} == {**missing.json(), "trace_id": ""}


async def test_the_cookie_opens_no_json_door(client: httpx2.AsyncClient) -> None:
    assert COOKIE in client.cookies
    assert (await client.get(f"/v1/cases/{NUMBER}/timeline")).status_code == 401


# --- assets -------------------------------------------------------------------------------------------------------------------


async def test_assets(client: httpx2.AsyncClient) -> None:
    for name, asset in assets.assets().items():
        packed = await client.get(assets.address(name), headers={"Accept-Encoding": "gzip"})
        plain = await client.get(assets.address(name), headers={"Accept-Encoding": "identity"})
        assert packed.content == plain.content == asset.plain
        assert packed.headers["content-encoding"] == "gzip"
        assert "immutable" in plain.headers["cache-control"]
    old = await client.get("/assets/0123456789ab/console.js")
    assert (old.status_code, old.headers["cache-control"]) == (200, "no-cache")
    for path in ("/assets/x/nothing.js", "/assets/x/..%2f..%2fmain.py"):
        assert (await client.get(path)).status_code == 404


def test_htmx_comes_from_its_package_and_stays_small() -> None:
    htmx = assets.assets()["htmx.js"]
    assert b"hx-sse" in htmx.plain
    assert b"outerMorph" in htmx.plain
    assert sum(len(asset.packed) for asset in assets.assets().values()) < 40_000


def test_every_word_is_there_in_both_languages_and_used() -> None:
    from pathlib import Path

    import console.pages

    here = Path(console.pages.__file__).parent
    text = "".join(path.read_text() for path in [*here.glob("templates/*.html"), *here.glob("*.py")])
    for key, word in WORDS.items():
        assert word.zh, key
        assert word.en, key
        assert re.search(f"[\"']{key}[\"']", text.replace(f'"{key}": Text', "")), f"{key} is never used"


def test_the_fake_store_is_the_store() -> None:
    assert isinstance(parts().documents, MemoryDocuments)
