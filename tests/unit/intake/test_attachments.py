"""Photos on a case, at intake's doors: who may, what is kept, what is refused, what is swept."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from common.album import MOST
from common.attachments import sweep
from common.memory import MemoryFiles
from common.timesource import machine_now

from tests.support.pictures import HTML, MODEL, a_bomb, a_photo, a_signature
from tests.unit.intake.test_doors import problem
from tests.unit.intake.world import World, a_world

pytestmark = pytest.mark.anyio
JPEG = "image/jpeg"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as made:
        yield made


async def send(
    world: World, number: str, content: bytes, *, by: str | None = None, key: str | None = None, media: str = JPEG, kind: str = "photo"
) -> Any:
    headers = {"Authorization": f"Bearer {by or world.key}", "Content-Type": media} | ({"Idempotency-Key": key} if key else {})
    return await world.client.post(f"/v1/cases/{number}/attachments?kind={kind}", content=content, headers=headers)


async def a_case(world: World) -> str:
    return str((await world.report()).json()["number"])


def kept(world: World) -> dict[str, bytes]:
    files = world.runtime.documents.files
    assert isinstance(files, MemoryFiles)
    return files.kept


async def test_a_photo_is_kept_without_its_place_and_shown_as_nothing_else(world: World) -> None:
    number = await a_case(world)
    answer = await send(world, number, a_photo())
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["kind"], made["media"], made["width"], made["height"], made["used_by"]) == ("photo", JPEG, 640, 480, "case")
    shown = await world.call("GET", f"/v1/cases/{number}/attachments/{made['id']}", by=world.staff())
    assert (shown.status_code, shown.headers["content-type"], len(shown.content)) == (200, JPEG, made["size"])
    assert shown.headers["content-disposition"] == f'attachment; filename="photo-{made["id"][:8]}.jpg"'
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["content-security-policy"] == "default-src 'none'; sandbox"
    small = await world.call("GET", f"/v1/cases/{number}/attachments/{made['id']}?size=small", by=world.staff())
    assert len(small.content) < len(shown.content)
    assert [one["id"] for one in (await world.call("GET", f"/v1/cases/{number}/attachments", by=world.key)).json()["attachments"]] == [made["id"]]
    assert all(MODEL.encode() not in content for content in kept(world).values())
    assert MODEL not in repr(await world.documents.find("albums")) + repr(await world.documents.find("outbox"))


async def test_the_same_key_keeps_one_photo(world: World) -> None:
    number = await a_case(world)
    first, again = [await send(world, number, a_photo(), key="p1") for _ in range(2)]
    assert (first.json()["id"], again.status_code, again.headers["Idempotency-Replayed"]) == (again.json()["id"], 201, "true")
    assert len(kept(world)) == 2, "the picture and the small one"
    assert problem(await send(world, number, a_photo(shade=10), key="p1")) == (422, "idempotency-key-reused")


@pytest.mark.parametrize(
    ("content", "media", "expected"),
    [
        (HTML, JPEG, (422, "not-a-picture")),
        (b"", JPEG, (422, "not-a-picture")),
        (a_photo(), "text/html", (415, "picture-needed")),
        (a_photo(), "image/svg+xml", (415, "picture-needed")),
        (a_photo(), "application/json", (415, "picture-needed")),
        (a_bomb(), "image/png", (413, "picture-too-large")),
        (bytes(12 * 1024 * 1024 + 1), JPEG, (413, "body-too-large")),
    ],
    ids=["a page", "nothing", "said to be a page", "said to be SVG", "said to be JSON", "a bomb", "too large"],
)
async def test_what_is_refused_leaves_nothing(world: World, content: bytes, media: str, expected: tuple[int, str]) -> None:
    number = await a_case(world)
    assert problem(await send(world, number, content, media=media)) == expected
    assert kept(world) == {}
    assert await world.documents.find("albums") == []


async def test_there_are_only_so_many(world: World) -> None:
    number, photo = await a_case(world), a_photo((64, 48))
    for _ in range(MOST):
        assert (await send(world, number, photo)).status_code == 201
    assert problem(await send(world, number, photo)) == (409, "too-many-attachments")
    assert len(kept(world)) == 2 * MOST


async def test_a_foreign_case_looks_like_a_missing_one(world: World) -> None:
    number = await a_case(world)
    photo = (await send(world, number, a_photo())).json()["id"]
    stranger = world.staff(sites=("ZZ",))
    assert problem(await send(world, number, a_photo(), by=stranger)) == (404, "not-found")
    for path in (f"/v1/cases/{number}/attachments", f"/v1/cases/{number}/attachments/{photo}"):
        assert problem(await world.call("GET", path, by=stranger)) == (404, "not-found")
    other = str((await world.report("k2")).json()["number"])
    assert problem(await world.call("GET", f"/v1/cases/{other}/attachments/{photo}", by=world.staff())) == (404, "not-found")


async def test_only_what_nothing_refers_to_is_swept(world: World) -> None:
    number = await a_case(world)
    photo = (await send(world, number, a_photo())).json()["id"]
    signature = (await send(world, number, a_signature(), media="image/png", kind="signature", by=world.staff())).json()["id"]
    assert len(kept(world)) == 4
    assert await sweep(world.runtime, machine_now() - timedelta(minutes=1)) == 0
    assert await sweep(world.runtime, machine_now() + timedelta(minutes=1)) == 1
    assert set(kept(world)) == {photo, f"{photo}-small"}
    assert problem(await world.call("GET", f"/v1/cases/{number}/attachments/{signature}", by=world.staff())) == (404, "not-found")
    assert await sweep(world.runtime, machine_now() + timedelta(minutes=1)) == 0


async def test_a_row_without_bytes_is_swept_too(world: World) -> None:
    """A process that died between the row and the bytes leaves a row."""
    number = await a_case(world)
    photo = (await send(world, number, a_photo())).json()["id"]
    (row,) = await world.documents.find("albums")
    row["items"][0]["stored"], row["unused_since"] = False, row["items"][0]["uploaded_at"]
    await world.documents.put("albums", row)
    assert problem(await world.call("GET", f"/v1/cases/{number}/attachments/{photo}", by=world.staff())) == (404, "not-found")
    assert await sweep(world.runtime, machine_now() + timedelta(minutes=1)) == 1
    assert kept(world) == {}
