"""Publishing with open cases, looking first, taking back, and trying on the past: through the public doors of a world in memory."""

import csv
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from common.policy import Majeure
from huiyin import changes
from huiyin.main import app
from huiyin.past import of_system
from huiyin.sites import Site, apply_site, load_site
from huiyin.what_if import compared, rows
from huiyin.world.memory import memory_world
from huiyin.world.world import World
from typer.testing import CliRunner

pytestmark = pytest.mark.anyio
PACKS = Path(__file__).parents[3] / "packs" / "sites"
START = datetime(2026, 3, 16, 1, 0, tzinfo=UTC)
REPORT = {"site": "XZ", "kind": "repair", "channel": "phone", "fault": "light_bulb", "subject": "灯不亮", "unit": "1-101"}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """One site with two open repairs."""
    async with memory_world(START) as made:
        await apply_site(made.doors, load_site(PACKS / "XZ.yaml"))
        await made.settle()
        for number in range(2):
            reporter = {"name": "测试业主", "phone": f"1390000000{number}"}
            await made.doors.surely("intake", "POST", "/v1/cases", body=REPORT | {"reporter": reporter}, key=f"k{number}")
        await made.settle()
        yield made


def halved() -> Site:
    """The site with every limit in hours halved."""
    site = load_site(PACKS / "XZ.yaml")
    rules = [
        rule.model_copy(update={"duration": rule.duration.model_copy(update={"value": max(1, rule.duration.value // 2)})})
        if rule.duration and rule.duration.value
        else rule
        for rule in site.policy.clocks
    ]
    return Site(site.policy.model_copy(update={"clocks": tuple(rules)}), site.staff)


async def changed(world: World, body: dict[str, Any], path: str = "policy/changes") -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A change as it ended, with its cases."""
    begun = await changes.begin(world.doors, f"/v1/sites/XZ/{path}", body)
    ended = (await changes.watch(world.doors, [begun]))[0]
    await world.settle()
    return ended, await changes.cases_of(world.doors, ended)


async def dues(world: World) -> dict[str, Any]:
    clocks = await world.doors.surely("sla", "GET", "/v1/clocks", site="XZ")
    return {clock["id"]: (clock["state"], clock["due_at"], clock["policy"]) for clock in clocks}


async def test_look_first_then_change_then_take_it_back(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    before, policy = await dues(world), halved().policy.model_dump(mode="json", by_alias=True)
    look, seen = await changed(world, {"policy": policy, "open_cases": "recompute", "preview": True})
    assert await dues(world) == before
    done, did = await changed(world, {"policy": policy, "open_cases": "recompute"})
    assert [row["clocks"] for row in did] == [row["clocks"] for row in seen]
    assert (look["version_to"], done["version_to"], done["looked"], done["changed"]) == (None, 2, 2, 2)
    assert {due for id_, (_, due, _) in (await dues(world)).items()} != {due for _, due, _ in before.values()}
    changes.show(done, did, "Asia/Shanghai")
    assert "version 1 → 2" in capsys.readouterr().out
    back, _ = await changed(world, {}, f"changes/{done['id']}/rollback")
    assert (back["kind"], back["version_to"], await dues(world)) == ("rollback", 3, before)
    kept = (await world.doors.surely("sla", "GET", "/v1/sites/XZ/changes"))["changes"]
    assert [(one["kind"], one["preview"], one["by"]) for one in kept] == [
        ("rollback", False, "operator"), ("policy", False, "operator"), ("policy", True, "operator"),
    ]  # fmt: skip
    assert kept[1]["undone_by"] == back["id"]


async def test_a_new_case_goes_by_the_new_version_everywhere(world: World) -> None:
    """Intake stamps it; sla gives its clocks by it; the open ones were kept."""
    before = await dues(world)
    await changed(world, {"policy": halved().policy.model_dump(mode="json", by_alias=True), "open_cases": "keep"})
    assert await dues(world) == before
    await world.doors.surely("intake", "POST", "/v1/cases", body=REPORT | {"reporter": {"phone": "13900000009"}}, key="new")
    await world.settle()
    assert sorted({version for _, _, version in (await dues(world)).values()}) == [1, 2]


async def test_what_cannot_be_is_refused(world: World) -> None:
    policy = halved().policy.model_dump(mode="json", by_alias=True)
    done, _ = await changed(world, {"policy": policy, "open_cases": "later"})
    await changed(world, {"open_cases": "recompute"})
    for path, body, status, slug in (
        ("policy/changes", {"policy": policy | {"site": "JN"}}, 422, "invalid"),
        ("policy/changes", {"open_cases": "sometimes"}, 422, "invalid"),
        (f"changes/{done['id']}/rollback", {}, 409, "guard-refused"),
        (f"changes/ch-{'0' * 32}/rollback", {}, 404, "not-found"),
    ):
        answer = await world.doors.call("sla", "POST", f"/v1/sites/XZ/{path}", body=body)
        assert (answer.status, answer.type) == (status, slug), answer.problem()
    answer = await world.doors.call("sla", "POST", "/v1/sites/QQ/policy/changes", body={})
    assert (answer.status, answer.type) == (404, "unknown-site")


async def test_a_storm_is_declared_ended_and_taken_back(world: World) -> None:
    """By a duty manager of the site, through the doors: time stands still, the desk may not, and nothing is left of it in the end."""
    outdoor = {"id": "outdoor", "title": {"zh": "户外", "en": "Outdoors"}, "applies": {"urgency": ["P2", "P3"]}, "may_stop": True}
    section = {"reasons": {"storm": {"zh": "暴雨", "en": "Storm"}}, "classes": [outdoor], "longest_hours": 24}
    policy = load_site(PACKS / "XZ.yaml").policy.model_copy(update={"majeure": Majeure.model_validate(section)})
    await changed(world, {"policy": policy.model_dump(mode="json", by_alias=True)})
    before = await dues(world)
    body = {"sites": ["XZ"], "reason": "storm", "begin": "2026-03-16T01:00:00Z", "until": "2026-03-16T07:00:00Z", "classes": {"outdoor": None}}
    desk = world.doors.staff("d", ("receptionist",), ("XZ",))
    assert (await world.doors.call("sla", "POST", "/v1/majeure", bearer=desk, body=body)).type == "forbidden"
    manager = world.doors.staff("m", ("duty_manager",), ("XZ",))
    made = await world.doors.surely("sla", "POST", "/v1/majeure", bearer=manager, body=body)
    await changes.watch(world.doors, made["changes"])
    moved = await dues(world)
    assert [due for _, due, _ in moved.values()] != [due for _, due, _ in before.values()]
    gone = await world.doors.surely("sla", "POST", f"/v1/majeure/{made['id']}/undo", bearer=manager, body={})
    await changes.watch(world.doors, gone["changes"])
    assert await dues(world) == before
    held = await world.doors.surely("sla", "GET", "/v1/majeure", bearer=desk, site="XZ")
    assert [(one["id"], one["by"], one["undone_by"]) for one in held] == [(made["id"], "m", "m")]
    kinds = [one["kind"] for one in (await world.doors.surely("sla", "GET", "/v1/sites/XZ/changes"))["changes"]]
    assert kinds == ["majeure_undone", "majeure", "policy"]


async def test_a_draft_on_the_recorded_past(world: World) -> None:
    """Two open repairs, four hours on: under the draft their survey would have been breached."""
    await world.advance_to(datetime(2026, 3, 16, 4, 30, tzinfo=UTC))
    past = await of_system(world.doors, ["XZ"], {"XZ": halved()}, 3, 1.0)
    present, tried = compared(past)
    found = {row["class"]: (row["present"]["breached"], row["draft"]["breached"]) for row in rows(present, tried, past.names) if row["by"] == "code"}
    assert (past.total, found["CLK_SURVEY"]) == (2, (0, 2))


def test_what_lint_finds_is_said_first_and_errors_stop_it(tmp_path: Path) -> None:
    """A site whose first level reaches nobody is not published; what is only to be looked at is said and does not stop it."""
    for file in PACKS.parent.rglob("*.yaml"):
        copy = tmp_path / file.relative_to(PACKS.parent)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    site = tmp_path / "sites" / "JN.yaml"
    nobody = "policy:\n  escalation: {recipients: {L1: [], origin: {site: JN}}}"
    site.write_text(site.read_text(encoding="utf-8").replace("policy: {}", nobody), encoding="utf-8")
    told = CliRunner().invoke(app, ["pack", "publish", str(site), "--dry-run"])
    assert told.exit_code == 4, told.output
    assert "[no-recipient]" in told.stderr
    assert "nothing was published" in told.stderr


COLUMNS = ("request_id", "created_at", "closed_at", "channel", "category", "descriptor", "site", "unit_ref", "sla_target_at")
ROWS = (
    ("1", "2026-03-02T10:00:00-05:00", "2026-03-02T15:00:00-05:00", "phone", "Trees", "Tree Down", "North", "u1", "2026-03-02T18:00:00-05:00"),
    ("2", "2026-03-02T10:00:00-05:00", "2026-03-02T12:00:00-05:00", "phone", "Trees", "Tree Down", "North", "u2", "2026-03-02T18:00:00-05:00"),
    ("3", "2026-03-02T10:00:00-05:00", "2026-03-02T19:00:00-05:00", "phone", "Signs", "Sign", "South", "u3", "2026-03-02T18:00:00-05:00"),
)


def test_halved_targets_on_a_file_of_requests(tmp_path: Path) -> None:
    file = tmp_path / "requests.csv"
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([COLUMNS, *ROWS])
    told = CliRunner().invoke(app, ["pack", "what-if", "--history", str(file), "--scale", "0.5", "--json"])
    assert told.exit_code == 0, told.output
    counts = {(row["name"], row["by"], row["class"]): (row["present"], row["draft"]) for row in json.loads(told.stdout)["rows"]}
    present, draft = counts["North", "category", "trees"]
    assert ((present["met"], present["late"]), (draft["met"], draft["late"])) == ((2, 0), (1, 1))
    present, draft = counts["South", "", ""]
    assert ((present["late"], present["L2"]), (draft["late"], draft["breached"])) == ((1, 0), (1, 1))
    table = CliRunner().invoke(app, ["pack", "what-if", "--history", str(file), "--scale", "0.5", "--by", "urgency"])
    assert table.exit_code == 0
    assert "2 → 1" in table.stdout
    wrong = CliRunner().invoke(app, ["pack", "what-if", "--history", str(file), "--by", "colour"])
    assert wrong.exit_code == 2
