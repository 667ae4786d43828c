"""Real requests through the doors of real servers: nothing lost, nothing parked, sla's verdict is the city's own. No fault, but minutes."""

import json
from pathlib import Path

import pytest
from huiyin.main import app
from typer.testing import CliRunner

from tests.scenarios.test_replay import DATA, agrees_with_the_city, needs_data, rows_of, verdicts
from tests.support.servers import Addresses

pytestmark = pytest.mark.faults
ROWS = 300


@needs_data
@pytest.mark.timeout(900)
def test_real_requests_get_the_citys_verdict(servers: Addresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIYIN_MONGO_URL", servers.mongo_url)
    monkeypatch.setenv("HUIYIN_AMQP_URL", servers.amqp_url)
    out = tmp_path / "verdicts.csv"
    told = CliRunner().invoke(app, ["replay", str(DATA), "--limit", str(ROWS), "--out", str(out), "--json"])
    assert told.exit_code == 0, told.output
    counts = json.loads(told.stdout)
    assert counts["rows"] == counts["accepted"] == counts["stored"] == counts["dispatched"] == ROWS
    assert counts["clocked"] == counts["targets"]
    assert counts["parked"] == 0
    assert agrees_with_the_city(verdicts(out), list(rows_of(ROWS))) >= ROWS // 2
