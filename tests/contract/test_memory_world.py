"""A world in memory ends whenever its story does: facts that are on their way hold nobody up."""

from datetime import UTC, datetime

import pytest
from devstack.paths import REPOSITORY
from huiyin.sites import apply_site, load_site
from huiyin.world.memory import memory_world

START = datetime(2026, 3, 16, 2, tzinfo=UTC)


@pytest.mark.anyio
@pytest.mark.timeout(60)
async def test_a_world_may_be_left_while_facts_are_on_their_way() -> None:
    async with memory_world(START) as world:
        await apply_site(world.doors, load_site(REPOSITORY / "packs" / "sites" / "XZ.yaml"))
        assert (await world.doors.call("sla", "GET", "/v1/sites/XZ/policy")).status == 200
