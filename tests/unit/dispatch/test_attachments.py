"""Photos and signatures of orders, at dispatch's doors: who sees them, and that a move refers to what is there, its own, and not used before."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from common.album import MOST_UNUSED
from common.attachments import sweep
from common.documents import Doc
from common.timesource import machine_now

from tests.support.pictures import MODEL, a_photo, a_signature
from tests.unit.dispatch.test_doors import NUMBER, Front, front
from tests.unit.dispatch.world import classified

__all__ = ["front"]
pytestmark = pytest.mark.anyio
OTHER = "JN-260316-BBBBB-1"


async def send(
    front: Front, content: bytes, *, number: str = NUMBER, kind: str = "photo", by: str = "ann", key: str = "", **who: Any
) -> httpx2.Response:
    token = front.tokens.issue(
        by, kind="staff", roles=who.get("roles", ("repair_worker",)), sites=who.get("sites", ("JN",)), ttl=timedelta(minutes=5)
    )
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "image/png" if kind == "signature" else "image/jpeg"}
    headers |= {"Idempotency-Key": key} if key else {}
    return await front.client.post(f"/v1/work-orders/{number}/attachments?kind={kind}", content=content, headers=headers)


async def sent(front: Front, content: bytes | None = None, **how: Any) -> str:
    answer = await send(front, content or a_photo(), **how)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def move(front: Front, name: str, number: str = NUMBER, **body: Any) -> httpx2.Response:
    return await front.knock("POST", f"/v1/work-orders/{number}/{name}", body=body)


def problem(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("urn:huiyin:problem:")


def stored(front: Front) -> dict[str, dict[str, Doc]]:
    data: dict[str, dict[str, Doc]] = front.app.state.runtime.documents._data  # noqa: SLF001 - to look, not to touch
    return {name: deepcopy(rows) for name, rows in data.items() if name != "jobs"}


async def test_moves_refer_to_photos_and_a_signature(front: Front) -> None:
    """Optional on each; kept with the step, told in the fact by number only."""
    await move(front, "accept")
    first, second = await sent(front), await sent(front, a_photo(shade=10))
    assert (await move(front, "arrive", photos=[first, second])).json()["steps"][-1]["photos"] == [first, second]
    await move(front, "assess", outcome="normal")
    third = await sent(front, a_photo(shade=20))
    await move(front, "complete", record="换了阀门", photos=[third])
    drawn = await sent(front, a_signature(), kind="signature")
    assert (await move(front, "sign", signature=drawn)).json()["steps"][-1]["signature"] == drawn
    listed = (await front.knock("GET", f"/v1/work-orders/{NUMBER}/attachments")).json()["attachments"]
    assert {one["id"]: one["used_by"] for one in listed} == {first: "arrive:2", second: "arrive:2", third: "complete:4", drawn: "sign:5"}
    said = [row["body"] for row in await front.app.state.runtime.documents.find("outbox", sort=[("order", 1)])]
    told = [body for body in said if first in body]
    assert len(told) == 1
    assert "work_order.arrived" in told[0]
    assert MODEL not in "".join(said)


async def test_what_is_not_there_another_orders_or_of_another_kind_is_invalid(front: Front) -> None:
    await front.hear(classified(id="JN-260316-BBBBB"))
    await move(front, "accept")
    others, drawn = await sent(front, number=OTHER), await sent(front, a_signature(), kind="signature")
    before = stored(front)
    for ids in (["0" * 32], [others], [drawn], ["../" + "0" * 29], ["0" * 32] * 11):
        answer = await move(front, "arrive", photos=ids)
        assert problem(answer) == (422, "invalid")
        assert answer.json()["errors"][0]["field"].startswith("photos")
    assert stored(front) == before


async def test_nothing_is_referred_to_twice(front: Front) -> None:
    await move(front, "accept")
    photo = await sent(front)
    assert problem(await move(front, "arrive", photos=[photo, photo])) == (422, "invalid")
    assert (await move(front, "arrive", photos=[photo])).status_code == 200
    await move(front, "assess", outcome="normal")
    before = stored(front)
    refused = await move(front, "complete", record="x", photos=[photo])
    assert problem(refused) == (409, "attachment-used")
    assert refused.json()["field"] == "photos.0"
    assert stored(front) == before, "the refused move left everything as it was"


async def test_a_refused_move_uses_nothing(front: Front) -> None:
    photo = await sent(front)
    before = stored(front)
    assert problem(await move(front, "complete", record="x", photos=[photo])) == (409, "illegal-move")
    assert stored(front) == before


async def test_out_of_scope_looks_like_missing(front: Front) -> None:
    """Another site, and a contractor whose order it is not (DSP-13)."""
    photo = await sent(front)
    for who in ({"by": "zed", "sites": ("ZZ",)}, {"by": "lift-co", "roles": ("contractor",)}):
        assert problem(await send(front, a_photo(), **who)) == (404, "not-found")
        for path in (f"/v1/work-orders/{NUMBER}/attachments", f"/v1/work-orders/{NUMBER}/attachments/{photo}"):
            answer = await front.knock("GET", path, str(who["by"]), *who.get("roles", ()), sites=who.get("sites", ("JN",)))
            assert problem(answer) == (404, "not-found")


async def test_only_so_many_wait_for_a_move_and_the_same_key_is_one(front: Front) -> None:
    small = a_photo((64, 48))
    for n in range(MOST_UNUSED):
        assert (await send(front, small, key=f"k{n}")).status_code == 201
    assert (await send(front, small, key="k0")).headers["idempotency-replayed"] == "true"
    assert problem(await send(front, small, key="one more")) == (409, "too-many-attachments")


async def test_what_no_move_refers_to_is_swept_after_a_day(front: Front) -> None:
    await move(front, "accept")
    used, unused = await sent(front), await sent(front)
    await move(front, "arrive", photos=[used])
    assert await sweep(front.app.state.runtime, machine_now() + timedelta(minutes=1)) == 1
    for photo, status in ((used, 200), (unused, 404)):
        assert (await front.knock("GET", f"/v1/work-orders/{NUMBER}/attachments/{photo}")).status_code == status
    assert problem(await move(front, "assess", outcome="normal", photos=[unused])) == (422, "invalid")


async def test_the_sweep_goes_on_until_nothing_is_left(front: Front) -> None:
    """More albums than one look returns; one that is too young stays."""
    photo = await sent(front)
    (row,) = stored(front)["albums"].values()
    old = row["unused_since"] - timedelta(days=2)
    items = [item | {"uploaded_at": old} for item in row["items"]]
    rows = [row | {"_id": f"JN-{n}", "items": items, "unused_since": old} for n in range(205)]
    await front.app.state.runtime.documents.put("albums", *rows)
    assert await sweep(front.app.state.runtime, old + timedelta(minutes=1)) == 205
    assert [one["id"] for one in stored(front)["albums"][NUMBER]["items"]] == [photo]
