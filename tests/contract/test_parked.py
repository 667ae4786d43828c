"""What a person may do with a parked fact: send it again, with the truth about what became of it, or give it up for a reason."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from common import reconcile
from common.memory import Broker, MemoryBus, MemoryDocuments
from common.runtime import Parts, Runtime
from common.timesource import FakeTime
from sla.main import create_app

from tests.support.settings import settings

pytestmark = pytest.mark.anyio
UNREADABLE = b'{"a": 1, "a": 2, "phone": "13900001111"}'


@pytest.fixture
async def sla() -> AsyncIterator[Runtime[Any]]:
    """One service in memory."""
    app = create_app(settings(log_level="error"), Parts(MemoryDocuments(), MemoryBus(Broker()), FakeTime(datetime(2026, 3, 16, 2, tzinfo=UTC))))
    async with app.router.lifespan_context(app):
        yield app.state.runtime


async def test_what_still_cannot_be_read_is_parked_again_and_says_so(sla: Runtime[Any]) -> None:
    await sla.worker.receive(UNREADABLE)
    (row,) = await sla.documents.find("parked")
    assert await reconcile.redrive(sla, row, by="operator") == "parked again"
    (again,) = await sla.documents.find("parked")
    assert again["reason"] == "bad-body"


async def test_what_is_given_up_keeps_its_reason_and_nothing_of_its_content(sla: Runtime[Any]) -> None:
    await sla.worker.receive(UNREADABLE)
    (row,) = await sla.documents.find("parked")
    await reconcile.discard(sla, row, by="operator", reason="a test message")
    assert await sla.documents.find("parked") == []
    (kept,) = await sla.documents.find("audit")
    assert (kept["action"], kept["by"], kept["why"]) == ("discard", "operator", "a test message")
    assert "13900001111" not in str(kept)
