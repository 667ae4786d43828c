"""The variants of the stories on real servers: no fault, but minutes, so they run with the faults."""

import pytest
from huiyin.scenario import WorldName

from tests.scenarios.conftest import Told, all_stories, check
from tests.scenarios.test_stack import BASE
from tests.support.servers import Addresses

pytestmark = pytest.mark.faults
VARIANTS = [told for told in all_stories() if told not in BASE.values()]


@pytest.mark.stack
@pytest.mark.parametrize("told", VARIANTS, ids=str)
def test_variant_passes_on_real_servers(told: Told, servers: Addresses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIYIN_MONGO_URL", servers.mongo_url)
    monkeypatch.setenv("HUIYIN_AMQP_URL", servers.amqp_url)
    check(told, WorldName.STACK)
