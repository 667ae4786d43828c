"""docs/alerts.yml: promtool reads it and its unit tests, every metric it names is in a live /metrics, every alert is in the runbook.

Not here: what a person does about an alert (docs/runbook.md).
"""

import asyncio
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from common.events import FACTS
from common.topology import LISTENS
from devstack.packages import unpacked
from devstack.paths import REPOSITORY, TOOLS
from devstack.processes import NotHere
from huiyin.sites import apply_site, load_site
from huiyin.world.memory import memory_world

ALERTS = REPOSITORY / "docs" / "alerts.yml"
RUNBOOK = REPOSITORY / "docs" / "runbook.md"
HERE = Path(__file__).parent
RULES = [rule for group in yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]
NAME = re.compile(r"\bhuiyin_[a-z_]+")
TYPE = re.compile(r"^# TYPE (\S+) (\S+)$", re.MULTILINE)
REPORT = {
    "site": "XZ",
    "kind": "repair",
    "channel": "front_desk",
    "fault": "light_bulb",
    "subject": "楼道灯不亮",
    "unit": "3-0502",
    "reporter": {"name": "某人"},
}
SERIES = {"counter": ("",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


@pytest.fixture(scope="module")
def promtool() -> str:
    """Prometheus' own checker: the machine's, else the one unpacked for tests."""
    found = shutil.which("promtool")
    if found is None:
        try:
            asyncio.run(unpacked("prometheus", instead="Tests of /metrics need promtool."))
        except NotHere as reason:
            pytest.skip(str(reason))
        found = str(TOOLS / "usr" / "bin" / "promtool")
    return found


@pytest.fixture(scope="module")
def exposed() -> dict[str, str]:
    """The /metrics of each service of a world in memory, after one case."""
    return asyncio.run(_exposed())


async def _exposed() -> dict[str, str]:
    async with memory_world(datetime(2026, 3, 16, 2, tzinfo=UTC)) as world:
        await apply_site(world.doors, load_site(REPOSITORY / "packs" / "sites" / "XZ.yaml"))
        await world.settle()
        await world.doors.surely("intake", "POST", "/v1/cases", body=REPORT, key="metrics-1")
        await world.advance_to(datetime(2026, 3, 16, 4, tzinfo=UTC))
        return {service: (await client.get("/metrics")).text for service, client in world.doors.clients.items()}


@pytest.mark.parametrize(("kind", "file"), [("rules", "alerts.yml"), ("config", "prometheus.yml")])
def test_prometheus_reads_the_files(promtool: str, kind: str, file: str) -> None:
    done = subprocess.run([promtool, "check", kind, str(REPOSITORY / "docs" / file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_alerts_fire_when_they_should_and_only_then(promtool: str) -> None:
    done = subprocess.run([promtool, "test", "rules", str(HERE / "alerts.test.yml")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_alert_is_tried_and_silent_in_the_calm_hour() -> None:
    tests = yaml.safe_load((HERE / "alerts.test.yml").read_text(encoding="utf-8"))["tests"]
    names = {rule["alert"] for rule in RULES}
    assert {one["alertname"] for one in tests[0]["alert_rule_test"]} == names
    lines = [one["expr"] for test in tests for one in test.get("promql_expr_test", ()) if one["exp_samples"]]
    fired = set(re.findall(r'alertname="(\w+)"', "\n".join(lines)))
    assert fired == names


@pytest.mark.parametrize("service", LISTENS)
def test_prometheus_reads_what_a_service_exposes(promtool: str, exposed: dict[str, str], service: str) -> None:
    done = subprocess.run([promtool, "check", "metrics"], input=exposed[service], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_every_metric_and_label_of_a_rule_is_there(exposed: dict[str, str], rule: dict[str, str]) -> None:
    text = "\n".join(exposed.values())
    there = {name + ending for name, kind in TYPE.findall(text) for ending in SERIES[kind]}
    assert set(NAME.findall(rule["expr"])) <= there
    labels = dict(re.findall(r'([a-z_]+)!?="([^"]+)"', rule["expr"]))
    assert labels.get("service", "intake") in LISTENS
    assert labels.get("kind", "notice.failed") in FACTS


def test_every_loop_says_when_it_last_turned(exposed: dict[str, str]) -> None:
    loops = set(re.findall(r'huiyin_loop_last_turn_seconds\{loop="(\w+)"', "\n".join(exposed.values())))
    assert loops >= {"fire_due", "redate", "deliver_owner", "deliver_staff", "deliver_machine", "reconcile"}


def test_every_alert_has_its_place_in_the_runbook_and_says_so() -> None:
    headings = re.findall(r"^### (Huiyin\w+)$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == [rule["alert"] for rule in RULES]
    for rule in RULES:
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert set(rule["annotations"]) == {"summary", "summary_zh", "runbook"}
