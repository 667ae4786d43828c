"""People stand on pages by their names: asked once for all pages, never waited for long, never in JSON, never told to contractors."""

import asyncio
from collections.abc import Mapping

import pytest
from common.errors import PeerAway
from console.domain.filters import Filter
from console.pages import names as clock
from console.pages.names import FRESH_S, PAUSE_S, Names, distinct

from tests.unit.console import story
from tests.unit.console.technician import NUMBER, VIEW, at_work
from tests.unit.console.world import LOGIN, PASSWORD, Peers, add_account, browser, following, parts, reader_of, running

pytestmark = pytest.mark.anyio
CASE = "JN-260313-D5N1C"
NAMES = {"jn-li": "李师傅", "jn-chen": "陈小姐", "jn-worker": "王工", "jn-wei": "魏工"}


class Asked:
    """Answers as the test says, and counts."""

    def __init__(self, *answers: Mapping[str, str] | Exception | None) -> None:
        self.answers = list(answers)
        self.times = 0
        self.put = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def __call__(self) -> Mapping[str, str] | None:
        self.times += 1
        self.put.set()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        await self.go_on.wait()
        if isinstance(answer, Exception):
            raise answer
        return answer


class Seconds:
    """The clock that says how long ago names were asked; it stands still."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> Seconds:
    made = Seconds()
    monkeypatch.setattr(clock, "monotonic", made)
    return made


async def asking(names: Names, ask: Asked) -> tuple[Mapping[str, str], int]:
    """What is known once a question that was put has its answer."""
    named = await names.of("JN", ask)
    if named.asking:
        await asyncio.wait({named.asking})
    return named.names, named.version


def test_who_shares_a_name_has_the_reference_behind_it() -> None:
    assert distinct({"a": "张伟", "b": "李强", "c": "张伟"}) == {"a": "张伟 (a)", "b": "李强", "c": "张伟 (c)"}


async def test_names_are_asked_once_for_all_pages_and_again_after_a_minute(seconds: Seconds) -> None:
    turns: list[None] = []
    names, ask = Names(lambda: turns.append(None)), Asked({"a": "甲"}, {"a": "甲"}, {"a": "乙"})
    found = await asyncio.gather(*(names.of("JN", ask) for _ in range(5)))
    assert ([one.names for one in found], ask.times, len(turns)) == ([{"a": "甲"}] * 5, 1, 1)
    seconds.now += FRESH_S - 1
    assert (await asking(names, ask), ask.times) == (({"a": "甲"}, 1), 1)
    seconds.now += 1
    assert (await asking(names, ask), ask.times, len(turns)) == (({"a": "甲"}, 1), 2, 1), "the same names: nothing is drawn again"
    seconds.now += FRESH_S
    assert (await asking(names, ask), ask.times, len(turns)) == (({"a": "乙"}, 2), 3, 2)


@pytest.mark.parametrize("failure", [PeerAway(None, peer="dispatch"), None])
async def test_who_does_not_answer_is_asked_again_soon_and_what_was_known_stays(seconds: Seconds, failure: Exception | None) -> None:
    names, ask = Names(lambda: None), Asked(failure, {"a": "甲"}, failure)
    assert await asking(names, ask) == ({}, 0)
    seconds.now += PAUSE_S - 1
    assert (await asking(names, ask), ask.times) == (({}, 0), 1)
    seconds.now += 1
    assert await asking(names, ask) == ({"a": "甲"}, 1)
    seconds.now += FRESH_S
    assert (await asking(names, ask), ask.times) == (({"a": "甲"}, 1), 3)


async def test_a_page_that_waited_long_enough_for_others_does_not_wait_again(seconds: Seconds, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dispatch that hangs holds the first pages up for a second (an hour here: who waited would be seen), and nobody after that."""
    monkeypatch.setattr(clock, "WAIT_S", 3600.0)
    names, ask = Names(lambda: None), Asked({"a": "甲"})
    ask.go_on.clear()
    first = asyncio.create_task(names.of("JN", ask))
    await ask.put.wait()
    seconds.now += clock.WAIT_S
    async with asyncio.timeout(5):
        assert (await names.of("JN", ask)).names == {}
    ask.go_on.set()
    assert ((await first).names, ask.times) == ({"a": "甲"}, 1)


async def test_the_list_and_the_page_of_a_case_name_people_and_their_json_does_not() -> None:
    peers = Peers()
    peers.names = NAMES
    async with running(parts(transport=peers), story.day()) as app, browser(app) as client:
        listed, page = (await client.get("/cases?status=all")).text, (await client.get(f"/cases/{CASE}")).text
        token = (await client.post("/v1/session", json={"login": LOGIN, "password": PASSWORD})).json()["token"]
        told = await client.get(f"/v1/cases/{CASE}/timeline", headers={"Authorization": f"Bearer {token}"})
    assert "李师傅" in listed
    assert "李师傅 维修人员" in page
    assert "派给 李师傅" in page
    assert "jn-li" not in page
    assert "jn-li" in told.text
    assert "李师傅" not in told.text
    assert sorted(request.url.path for request in peers.asked) == ["/v1/sites/JN/names", "/v1/sites/XZ/names"]


async def test_a_list_that_is_open_says_a_new_name_when_it_is_known(seconds: Seconds) -> None:
    peers = Peers()
    peers.names = NAMES
    async with running(parts(transport=peers), story.day()) as app, browser(app) as client:
        stream = following(await reader_of(app, client), Filter(status="all"))
        assert "李师傅" in await anext(stream)
        peers.names = NAMES | {"jn-li": "李班长"}
        seconds.now += FRESH_S
        app.state.live.turn()
        async with asyncio.timeout(10):
            while "李班长" not in await anext(stream):
                pass
        app.state.live.close()


async def test_while_dispatch_is_away_people_stand_there_by_their_references() -> None:
    peers = Peers()
    peers.names = None
    async with running(parts(transport=peers), story.day()) as app, browser(app) as client:
        page = await client.get(f"/cases/{CASE}")
    assert (page.status_code, "jn-li 维修人员" in page.text, len(peers.asked)) == (200, True, 1)


async def test_a_technician_reads_names_and_chooses_by_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VIEW, "candidates", ["jn-wei"])
    monkeypatch.setitem(VIEW, "moves", ["arrive", "transfer"])
    async with at_work() as (app, dispatch):
        dispatch.names = NAMES
        async with browser(app, login="worker") as client:
            page = (await client.get(f"/work/{NUMBER}-1")).text
    assert 'value="jn-wei"' in page
    assert "<span>魏工</span>" in page
    assert "<small>王工</small>" in page


async def test_a_contractor_is_told_no_names_and_nobody_is_asked() -> None:
    """DSP-13: a firm sees its own orders; who works at the site is not its business."""
    async with at_work() as (app, dispatch):
        dispatch.names = NAMES
        await add_account(app.state.runtime, "firm", roles=("contractor",))
        async with browser(app, login="firm") as client:
            page = await client.get(f"/work/{NUMBER}-1")
    assert (page.status_code, "jn-worker" in page.text, "王工" in page.text, dispatch.asked) == (200, True, False, [])
