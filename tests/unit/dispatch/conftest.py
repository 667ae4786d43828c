"""The world that most of dispatch's tests begin with."""

import pytest
from dispatch import handlers
from dispatch.store import INDEXES

from tests.unit.dispatch.world import World, a_policy, as_site


@pytest.fixture
async def world() -> World:
    """A site with policy and people; what that said is put aside."""
    made = World()
    await made.db.start(INDEXES)
    await made.hear(a_policy())
    await made.command(handlers.put_people, as_site())
    await made.db.delete("outbox", {})
    return made
