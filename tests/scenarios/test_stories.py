"""The stories of this folder in memory: everything built passes, everything else says *not yet* and fails under --strict.

Not here: real servers (`test_stack`).
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from huiyin.main import app
from huiyin.scenario import WorldName
from huiyin.world.world import SERVICES
from typer.testing import CliRunner

from tests.scenarios.conftest import HERE, Told, all_stories, check
from tests.support.servers import Addresses
from tests.support.until import until


@pytest.mark.parametrize("told", all_stories(), ids=str)
def test_story_passes_in_memory(told: Told) -> None:
    check(told, WorldName.MEMORY)


@pytest.mark.stack
def test_ctrl_c_leaves_no_process_behind(servers: Addresses) -> None:
    env = os.environ | {"HUIYIN_MONGO_URL": servers.mongo_url, "HUIYIN_AMQP_URL": servers.amqp_url}
    command = [sys.executable, "-m", "huiyin", "scenario", "run", str(HERE / "sc-10.yaml"), "--world", "stack"]
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    children: list[psutil.Process] = []

    async def all_started() -> bool:
        children[:] = psutil.Process(process.pid).children(recursive=True)
        return len(children) >= len(SERVICES)

    asyncio.run(until(all_started, wanted=True, seconds=120))
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert "interrupted" in said
    assert "Traceback" not in said
    assert [child for child in children if child.is_running()] == []


def test_a_pack_that_exists_in_no_source_runs_a_story() -> None:
    told = next(one for one in all_stories() if one.story.packs)
    known = {path.stem for path in (HERE.parents[1] / "packs").glob("*.yaml")}
    assert {str(pack["pack"]) for pack in told.story.packs}.isdisjoint(known)


def test_strict_fails_on_what_is_not_built(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    plain = CliRunner().invoke(app, ["scenario", "run", str(HERE / "sc-02.yaml"), "--json", str(out)])
    assert plain.exit_code == 0
    assert "not yet (a later issue)" in plain.output
    (row,) = json.loads(out.read_text(encoding="utf-8"))
    assert row["outcome"] == "not yet"
    assert row["parts"] == {"deadlines": "passed", "moves": "passed", "refusals": "passed", "notices": "not yet", "records": "passed"}
    assert CliRunner().invoke(app, ["scenario", "run", str(HERE / "sc-02.yaml"), "--strict"]).exit_code == 1


def test_a_failed_expectation_shows_expected_actual_and_the_rule(tmp_path: Path) -> None:
    text = (HERE / "sc-10.yaml").read_text(encoding="utf-8")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(text.replace("result: met 2026-03-16 09:30", "result: met 2026-03-16 09:31"), encoding="utf-8")
    told = CliRunner().invoke(app, ["scenario", "run", str(wrong)])
    assert told.exit_code == 1
    assert "expected  result met 2026-03-16 09:31" in told.output
    assert "actual    result met 2026-03-16 09:30" in told.output
    assert "rule      SLA-05 S0 投訴處理規定 「一般不應超過一個工作日」" in told.output


def test_the_example_of_the_documentation_is_true(tmp_path: Path) -> None:
    text = (HERE.parents[1] / "docs" / "scenarios.md").read_text(encoding="utf-8")
    example = tmp_path / "example.yaml"
    example.write_text(text.split("```yaml\n", 1)[1].split("```", 1)[0], encoding="utf-8")
    told = CliRunner().invoke(app, ["scenario", "run", str(example), "--strict"])
    assert told.exit_code == 0, told.output
    assert "EX-1 B" in told.output
