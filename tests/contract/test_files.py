"""One suite holds the files in memory and GridFS, under both drivers, to the same promises."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from common.files import Files
from common.memory import MemoryDocuments
from common.mongo import MongoDatabase

from tests.support.servers import Addresses

pytestmark = pytest.mark.anyio
LARGE = bytes(range(256)) * 4096  # 1 MiB: several chunks


@dataclass(frozen=True)
class Ground:
    """What files stand on."""

    driver: str
    servers: Addresses | None


@pytest.fixture(params=["memory", "motor", "pymongo"])
def ground(request: pytest.FixtureRequest) -> Ground:
    """Each place for files; the servers are started only where one is real."""
    return Ground(request.param, None if request.param == "memory" else request.getfixturevalue("servers"))


@pytest.fixture
async def files(ground: Ground, namespace: str) -> AsyncIterator[Files]:
    """A fresh place of each kind."""
    if ground.servers is None:
        yield MemoryDocuments().files
        return
    database = MongoDatabase(ground.servers.mongo_url, namespace, ground.driver)
    await database.start([])
    yield database.files
    await database.drop()
    await database.stop()


async def test_what_is_put_comes_back(files: Files) -> None:
    await files.put("a", LARGE)
    await files.put("b", b"")
    assert await files.get("a") == LARGE
    assert await files.get("b") == b""
    assert await files.get("c") is None


async def test_putting_again_leaves_one(files: Files) -> None:
    """A client that did not get its answer sends the same again."""
    for _ in range(3):
        await files.put("a", LARGE)
    assert await files.get("a") == LARGE


async def test_what_is_deleted_is_gone_and_may_be_deleted_again(files: Files) -> None:
    await files.put("a", LARGE)
    await files.put("b", b"2")
    await files.delete("a", "never there")
    await files.delete("a")
    assert await files.get("a") is None
    assert await files.get("b") == b"2"


async def test_a_name_is_a_name_and_never_a_question(files: Files) -> None:
    await files.put("a", b"1")
    for name in ("$ne", "{}", "a\x00", "../a", "a.b$"):
        assert await files.get(name) is None
