"""The first story of each file on real servers and in real processes.

Not here: the variants, which take minutes: `huiyin scenario run FILE --world stack` plays any.
"""

import pytest
from huiyin.scenario import WorldName

from tests.scenarios.conftest import Told, all_stories, check
from tests.support.servers import Addresses

BASE = {told.file: told for told in reversed(all_stories())}


@pytest.mark.stack
@pytest.mark.parametrize("told", [*reversed(BASE.values())], ids=str)
def test_story_passes_on_real_servers(told: Told, servers: Addresses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIYIN_MONGO_URL", servers.mongo_url)
    monkeypatch.setenv("HUIYIN_AMQP_URL", servers.amqp_url)
    check(told, WorldName.STACK)
