"""Moves behind "more", for who may: handing on, the joint survey and its class, inspection; and what becomes of words that were refused."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI

from tests.unit.console.technician import NUMBER, REFUSAL, VIEW, Dispatch, at_work
from tests.unit.console.world import browser

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world() -> AsyncIterator[tuple[FastAPI, Dispatch]]:
    async with at_work() as made:
        yield made


def shown_as(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Let dispatch tell the order so."""
    for name, value in changes.items():
        monkeypatch.setitem(VIEW, name, value)


async def test_dsp14_an_order_is_offered_to_those_whom_dispatch_names(world: tuple[FastAPI, Dispatch], monkeypatch: pytest.MonkeyPatch) -> None:
    """DSP-02: only to who has it; nobody named, nobody to choose; behind one disclosure."""
    app, dispatch = world
    shown_as(monkeypatch, moves=["arrive", "transfer", "send-back"], candidates=["jn-wei", "jn-zheng"])
    async with browser(app, login="worker") as client:
        page = (await client.get(f"/work/{NUMBER}-1")).text
        assert [page.count(text) for text in ("<summary>更多</summary>", "<summary>转单</summary>", "<summary>退单</summary>")] == [1, 1, 1]
        assert 'name="to" value="jn-wei" required' in page
        assert 'name="to" value="jn-zheng" required' in page
        answer = await client.post(f"/work/{NUMBER}-1/transfer", data={"key": "k", "to": "jn-wei", "reason": " 夜班接手 "})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/work/{NUMBER}-1")
        assert json.loads(dispatch.bodies[-1]) == {"to": "jn-wei", "reason": "夜班接手"}
        shown_as(monkeypatch, candidates=[])
        page = (await client.get(f"/work/{NUMBER}-1")).text
        assert ("<summary>转单</summary>" in page, "<summary>退单</summary>" in page) == (False, True)
        shown_as(monkeypatch, candidates=["jn-wei"], assignee="jn-bob")
        assert "<summary>更多</summary>" not in (await client.get(f"/work/{NUMBER}-1")).text


async def test_who_handed_an_order_on_is_told_so_and_does_not_take_it_back_by_a_slip(
    world: tuple[FastAPI, Dispatch], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, _ = world
    step = {"move": "send-back", "at": "2026-03-14T09:06:00Z", "by": "jn-worker", "note": "缺资质"}
    shown_as(monkeypatch, status="issued", moves=["accept"], assignee=None, steps=[step])
    async with browser(app, login="worker") as client:
        page = (await client.get(f"/work/{NUMBER}-1")).text
        assert "您已转出本工单" in page
        assert "/accept" not in page
        shown_as(monkeypatch, assignee="jn-worker")
        assert f'action="/work/{NUMBER}-1/accept"' in (await client.get(f"/work/{NUMBER}-1")).text, "somebody gave it to them again"


@pytest.mark.parametrize(("move", "told", "words"), [("assign", "assignable", "接手人"), ("name-second", "seconds", "复检人")])
async def test_def09_r3_a_lead_chooses_among_those_whom_dispatch_names_for_that_move(
    world: tuple[FastAPI, Dispatch], monkeypatch: pytest.MonkeyPatch, move: str, told: str, words: str
) -> None:
    app, dispatch = world
    shown_as(monkeypatch, moves=[move, "transfer"], assignee="jn-bob", candidates=["jn-cid"], **{told: ["jn-wei", "jn-zheng"]})
    async with browser(app, login="worker") as client:
        page = (await client.get(f"/work/{NUMBER}-1")).text
        assert [f'name="to" value="{one}"' in page for one in ("jn-wei", "jn-zheng", "jn-cid", "jn-bob")] == [True, True, False, False]
        assert f"<legend>{words}</legend>" in page
        await client.post(f"/work/{NUMBER}-1/{move}", data={"key": "k", "to": "jn-wei", "reason": "人手不足"})
        assert json.loads(dispatch.bodies[-1]) == {"to": "jn-wei", "reason": "人手不足"}
        shown_as(monkeypatch, **{told: []})
        assert f"/{move}" not in (await client.get(f"/work/{NUMBER}-1")).text


async def test_rep30_who_has_not_accepted_is_named_and_the_signature_waits(world: tuple[FastAPI, Dispatch], monkeypatch: pytest.MonkeyPatch) -> None:
    app, dispatch = world
    shown_as(monkeypatch, status="completed", moves=["accept-work", "sign"], yet_to_accept=["customer_service", "engineering_materials"])
    async with browser(app, login="worker") as client:
        page = (await client.get(f"/work/{NUMBER}-1")).text
        assert "<dd>客服部、工程材料部</dd>" in page
        assert "下一步：登记验收</h2>" in page
        assert f'action="/work/{NUMBER}-1/sign"' not in page
        await client.post(f"/work/{NUMBER}-1/accept-work", data={"key": "k", "party": "customer_service"})
        assert json.loads(dispatch.bodies[-1]) == {"party": "customer_service"}
        shown_as(monkeypatch, yet_to_accept=[])
        page = (await client.get(f"/work/{NUMBER}-1?lang=en")).text
        assert "Next step: Signed as good</h2>" in page
        assert "/accept-work" not in page


@pytest.mark.parametrize(
    ("locale", "said"), [("zh-CN", "会签不全 客服部、施工单位"), ("en", "not everybody has signed customer service, construction contractor")]
)
async def test_r10_who_has_not_signed_is_named_and_the_sheet_stays(
    world: tuple[FastAPI, Dispatch], monkeypatch: pytest.MonkeyPatch, locale: str, said: str
) -> None:
    app, dispatch = world
    parties = ["customer_service", "construction_contractor"]
    shown_as(monkeypatch, status="on_site", moves=["assess", "survey"], survey_by=parties)
    detail = {"zh-CN": "会签不全", "en": "not everybody has signed"}[locale]
    dispatch.refusal = REFUSAL | {"detail": detail, "lacking": parties}
    given = {"responsible": "owner", "in_warranty": "no", "trades": ["masonry"], "estimate": "88.80", "remark": "见附页"}
    async with browser(app, login="worker", **{"Accept-Language": locale}) as client:
        answer = await client.post(f"/work/{NUMBER}-1/survey", data=given)
    assert said in answer.text
    assert [f'name="signers" value="{party}"' in answer.text for party in parties] == [True, True]
    for kept in ('value="owner" checked', 'value="no" checked', 'value="masonry" checked', 'value="88.80"', ">见附页</textarea>"):
        assert kept in answer.text


async def test_r18_a_contractors_work_is_inspected_and_r11_a_survey_is_classed(
    world: tuple[FastAPI, Dispatch], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, dispatch = world
    shown_as(monkeypatch, status="returned", party="contractor", assignee="jn-lift", moves=["inspect"])
    async with browser(app, login="worker") as client:
        assert 'name="passed" value="no" required' in (await client.get(f"/work/{NUMBER}-1")).text
        await client.post(f"/work/{NUMBER}-1/inspect", data={"passed": "no", "remark": "门仍关不严"})
        assert json.loads(dispatch.bodies[-1]) == {"passed": False, "remark": "门仍关不严"}
        sheet = {"responsible": "company", "in_warranty": False, "trades": ["masonry", "plumbing"], "estimate": 50050, "signers": []}
        shown_as(monkeypatch, status="surveyed", party="own", moves=["class"], survey=sheet, complexity="multi_trade")
        page = (await client.get(f"/work/{NUMBER}-1")).text
        for fact in ("保修期外", "500.50", "泥瓦工、水工", "多工种", "本公司"):
            assert f"<dd>{fact}</dd>" in page
        dispatch.refusal = REFUSAL | {"detail": "类别与勘察结果不符", "fits": "B"}
        answer = await client.post(f"/work/{NUMBER}-1/class", data={"work_class": "A"})
    assert "类别与勘察结果不符 B 类" in answer.text


async def test_words_for_a_move_that_is_no_longer_possible_are_not_lost(world: tuple[FastAPI, Dispatch]) -> None:
    app, dispatch = world
    dispatch.refusal = {
        "type": "urn:huiyin:problem:illegal-move",
        "title": "当前状态不允许此操作",
        "status": 409,
        "state": "accepted",
        "move": "complete",
    }
    async with browser(app, login="worker") as client:
        answer = await client.post(f"/work/{NUMBER}-1/complete", data={"record": "换了 <b>角阀</b>"})
    assert "您填写的内容" in answer.text
    assert "换了 &lt;b&gt;角阀&lt;/b&gt;</dd>" in answer.text


async def test_what_was_changed_after_it_was_recorded_is_said_plainly(world: tuple[FastAPI, Dispatch]) -> None:
    """The answer was lost, the person wrote something else and pressed again: the first stands, and they are told."""
    app, dispatch = world
    dispatch.refusal = {"type": "urn:huiyin:problem:idempotency-key-reused", "title": "幂等键已用于不同内容", "status": 422}
    async with browser(app, login="worker") as client:
        answer = await client.post(f"/work/{NUMBER}-1/arrive", data={"reason": "堵车", "key": "k-1"})
    assert "上一次发送已经登记成功" in answer.text
    assert "幂等键" not in answer.text


async def test_who_signs_in_after_pressing_comes_back_to_the_order(world: tuple[FastAPI, Dispatch]) -> None:
    app, _ = world
    async with browser(app, login=None) as client:
        answer = await client.post(f"/work/{NUMBER}-1/arrive", data={"key": "k"})
    assert answer.headers["location"] == f"/sign-in?next=%2Fwork%2F{NUMBER}-1"
