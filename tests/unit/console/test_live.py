"""Live pages without a browser: what the streams send, when they end, and how fast business time runs."""

import asyncio
import re
from datetime import timedelta

import pytest
from common.errors import StoreAway
from common.timesource import FakeTime, SharedTime, SystemTime, scaled, stepped
from console.domain.filters import Filter
from console.pages.live import Live, Part, Parts, changes, differences, pace
from console.pages.reader import Reader
from fastapi import FastAPI

from tests.support.until import until
from tests.unit.console import story
from tests.unit.console.world import browser, feed, following, parts, reader_of, running

pytestmark = pytest.mark.anyio
NUMBER = "JN-260314-7K3QX"


def part(text: str) -> Part:
    return Part(text, text)


def test_rows_are_sent_whole_when_they_move_and_alone_when_they_change() -> None:
    one, two = {"row-a": part('<tr id="row-a">1</tr>'), "row-b": part('<tr id="row-b">1</tr>')}, part('<p id="tally">2</p>')
    before = one | {"tally": two}
    whole = '<tbody id="rows" hx-swap-oob="outerMorph"><tr id="row-a">1</tr><tr id="row-b">1</tr></tbody>'
    assert differences({}, before) == [whole, '<p hx-swap-oob="outerMorph" id="tally">2</p>']
    assert differences(before, before) == []
    changed = before | {"row-b": part('<tr id="row-b">2</tr>')}
    assert differences(before, changed) == ['<tr hx-swap-oob="outerMorph" id="row-b">2</tr>']
    moved = {"row-b": before["row-b"], "row-a": before["row-a"], "tally": two}
    assert differences(before, moved) == ['<tbody id="rows" hx-swap-oob="outerMorph"><tr id="row-b">1</tr><tr id="row-a">1</tr></tbody>']


async def test_a_stream_begins_with_everything_then_follows_and_ends_with_the_server() -> None:
    time = FakeTime(story.NOW)
    async with running(parts(time), story.day()) as app, browser(app) as client:
        reader = await reader_of(app, client)
        stream = following(reader, Filter(urgency="P1"))
        first = [await anext(stream) for _ in range(3)]
        assert re.findall(r'<tr id="row-([^"]+)"', first[0]) == [NUMBER, "XZ-260314-9QW4T"]
        assert [text[:2] for text in first[1:]] == ["<p", "<s"]

        teller = story.Teller()
        case = story.CaseStory(teller, "XZ-260314-NEW01", received=story.NOW, urgency=story.Urgency.P1, fault="power_outage")
        case.clock("CLK_ONSITE", story.NOW, story.NOW + timedelta(minutes=5))
        await feed(app.state.runtime, teller.bodies)
        async with asyncio.timeout(10):
            text = ""
            while "XZ-260314-NEW01" not in text:
                text = await anext(stream)
        assert re.findall(r'<tr id="row-([^"]+)"', text)[1] == "XZ-260314-NEW01"

        time.advance(timedelta(minutes=6))  # nothing is written, and yet it is late now
        async with asyncio.timeout(10):
            while 'id="row-XZ-260314-NEW01" role="row" class="row late"' not in text:
                text = await anext(stream)

        app.state.live.close()
        async with asyncio.timeout(10):
            assert [text async for text in stream if "row-" in text] == []


async def test_a_stream_ends_when_the_session_does() -> None:
    async with running(parts(), story.day()) as app, browser(app) as client:
        stream = following(await reader_of(app, client), Filter())
        await anext(stream)
        await client.post("/sign-out")
        app.state.live.close()
        assert [text async for text in stream if "row-" in text] == []
        fresh = following(await reader_of_nobody(app), Filter())
        assert [text async for text in fresh] == []


async def as_answer(value: object) -> object:
    """What `until` asks for."""
    return value


async def reader_of_nobody(app: FastAPI) -> Reader:
    """A page that stayed open after its session ended."""
    async with browser(app) as client:
        reader = await reader_of(app, client)
        await client.post("/sign-out")
    return Reader(reader.rt, reader.signed, reader.token, "zh-CN", Live(reader.rt), reader.names)


async def test_nobody_looks_while_no_page_is_open() -> None:
    async with running(parts(), account=False) as app:
        live: Live = app.state.live
        turns = live.turns()
        await anext(turns)
        assert live.watching
        await turns.aclose()
        await until(lambda: as_answer(live.watching), wanted=False)


async def test_a_stream_survives_a_store_that_is_away() -> None:
    answers: list[Parts | Exception | None] = [StoreAway(), {"a": part('<p id="a">1</p>')}, None]

    async def render() -> Parts | None:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async with running(parts(), account=False) as app:
        stream = changes(app.state.live, render)
        async with asyncio.timeout(10):
            assert await anext(stream) == '<p hx-swap-oob="outerMorph" id="a">1</p>'


# --- time ---------------------------------------------------------------------------------------------------------------------


async def shared(document: dict[str, object]) -> SharedTime:
    """Time as the authority says it."""

    async def read() -> dict[str, object]:
        return document

    time = SharedTime(read)
    await time.start()
    return time


async def test_the_pace_of_business_time() -> None:
    assert (await pace(SystemTime())).speed == 1
    assert (await pace(FakeTime(story.NOW))).speed == 0
    for document, speeds in (
        (stepped(story.NOW, 1), (0, 0)),
        (scaled(story.NOW, 1, 1), (1, 1)),
        (scaled(story.NOW, 600, 1), (480, 720)),
        (scaled(SystemTime().now(), 600, 1), (1, 1)),
    ):
        time = await shared(document)
        found = await pace(time)
        await time.stop()
        assert speeds[0] <= found.speed <= speeds[1]
        assert found.lag_ms >= 0
