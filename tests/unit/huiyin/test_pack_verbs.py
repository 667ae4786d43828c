"""`huiyin pack show|diff|explain|schema`: what a person reads, and what programs and editors get."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from common.packs import read, read_site
from common.policy import resolve
from huiyin import cli
from huiyin.main import app
from huiyin.pack.diff import differences
from huiyin.pack.looked import look, published
from huiyin.pack.schema import Document, schema
from huiyin.pack.show import as_rows
from huiyin.sites import Site, apply_site, load_site
from huiyin.world.memory import memory_world
from typer.testing import CliRunner, Result

ROOT = Path(__file__).parents[3]
PACKS = ROOT / "packs"
RUN = CliRunner(env={"COLUMNS": "220"})


@pytest.fixture(autouse=True)
def _beside_the_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def said(*command: str) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli.out, "width", 200)  # no cell breaks, whatever the terminal
        told = RUN.invoke(app, ["pack", *command])
    assert told.exit_code == 0, told.output
    return told


# --- schema -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", Document)
def test_the_schema_file_is_what_the_verb_prints(document: Document) -> None:
    """HUIYIN_WRITE_SNAPSHOTS=1 writes it after a meant change of the schema; so does `huiyin pack schema site > docs/site.schema.json`."""
    file = ROOT / "docs" / f"{document}.schema.json"
    if os.environ.get("HUIYIN_WRITE_SNAPSHOTS"):
        file.write_text(schema(document), encoding="utf-8")
    assert file.read_text(encoding="utf-8") == schema(document) == said("schema", document).stdout


def document_of(values: dict[str, Any]) -> Document | None:
    if "site" in values:
        return Document.SITE
    return (Document.OVERLAY if values.get("overlay") else Document.PACK) if "pack" in values else None


FILES = [file for file in sorted(PACKS.glob("**/*.yaml")) if document_of(read(file).values)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_file_fits_its_schema_and_names_it_for_editors(file: Path) -> None:
    document = document_of(read(file).values)
    assert document
    jsonschema.Draft202012Validator(json.loads(schema(document))).validate(read(file).values)
    if file.parent in {PACKS, PACKS / "sites", PACKS / "examples"}:
        first = file.read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith("# yaml-language-server: $schema=")
        assert (file.parent / first.split("=")[1]).resolve() == ROOT / "docs" / f"{document}.schema.json"


@pytest.mark.parametrize(
    ("file", "path", "value"),
    [
        ("pack-s0.yaml", ("repeat", "window_days"), 0),
        ("pack-s0.yaml", ("colour",), "red"),
        ("pack-s1.yaml", ("rates", 0, "target"), 101),
        ("sites/GD.yaml", ("policy", "clocks", 0, "strength"), "maybe"),
        ("sites/GD.yaml", ("policy", "colour"), "red"),
        ("sites/GD.yaml", ("people", 0, "roles"), []),
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(file: str, path: tuple[Any, ...], value: object) -> None:
    values = read(PACKS / file).values
    document = document_of(values)
    assert document
    here: Any = values
    for step in path[:-1]:
        here = here[step]
    here[path[-1]] = value
    assert not jsonschema.Draft202012Validator(json.loads(schema(document))).is_valid(values)


def test_an_overlay_may_take_away() -> None:
    """`null` and `removed: true` are part of the schema of layers."""
    values = {
        "site": "AB",
        "name": {"zh": "例", "en": "x"},
        "base": "b",
        "people": [],
        "policy": {"hours": None, "rates": [{"id": "a", "removed": True}]},
    }
    jsonschema.Draft202012Validator(json.loads(schema(Document.SITE))).validate(values)


# --- show -------------------------------------------------------------------------------------------------------------------------


def test_a_site_shows_each_value_with_its_origin() -> None:
    """The pack's sentence, the default, and the site's own word stand apart."""
    lines = said("show", "GD", "--resolved", "--section", "clocks.department-feedback", "--en").stdout.splitlines()
    rows = {cells[0]: cells[1:] for line in lines if line.startswith("│") and (cells := [cell.strip() for cell in line.strip("│").split("│")])}
    assert rows["duration"] == ["1 working day", "site GD"]
    assert rows["start"] == ["department notified", "default DEF-07"]
    assert rows["strength"] == ["must", "S4 三(一)2 「应在规定时间内」 [SLA-35]"]
    assert rows["department-feedback"] == ["Department feedback", ""]


def test_without_resolved_only_the_sites_own_values_are_shown() -> None:
    own = json.loads(said("show", "GD", "--json").stdout)["values"]
    ladder = {"escalation.ladder.working_days", "escalation.ladder.same_day"}
    assert set(own) == {"calendar.close_of_business", "hours.desk", "clocks.department-feedback.duration"} | ladder
    assert {json.dumps(value["origin"]) for value in own.values()} == {'{"site": "GD"}'}


def test_money_intervals_and_roles_are_in_words() -> None:
    shown = said("show", "pack-s3c", "--section", "approval").stdout
    assert "副总工程师、副总经理" in shown
    assert "20,000.00 元" in shown
    assert "每周" in said("show", "pack-s3c", "--section", "cadence").stdout
    assert "宜" in said("show", "pack-s3c", "--section", "clocks.resolve-complaint").stdout


def test_the_resolved_policy_as_yaml_is_the_policy() -> None:
    text = said("show", "JN", "--resolved", "--yaml").stdout
    values = yaml.safe_load(text)
    identity = {key: values.pop(key) for key in ("site", "name", "packs")}
    assert resolve([values, identity]) == read_site(PACKS / "sites" / "JN.yaml").policy


# --- diff -------------------------------------------------------------------------------------------------------------------------


def test_a_difference_is_told_in_words_with_both_origins(tmp_path: Path) -> None:
    changed = (
        (PACKS / "sites" / "JN.yaml").read_text(encoding="utf-8").replace("policy: {}", "policy: {clocks: [{id: reply-oral, duration: {value: 2}}]}")
    )
    (tmp_path / "sites").mkdir()
    (tmp_path / "pack-s0.yaml").write_text((PACKS / "pack-s0.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "sites" / "JN.yaml").write_text(changed, encoding="utf-8")
    lines = said("diff", "JN", str(tmp_path / "sites" / "JN.yaml")).stdout.splitlines()
    assert lines == [
        "JN → JN: 1 处不同",
        "  clocks.reply-oral.duration: 1 个工作日 → 2 个工作日",
        "      来源: S0 投訴處理規定 「一般不應超過一個工作日」 [SLA-05] → 项目 JN 自定",
    ]
    assert json.loads(said("diff", "JN", "JN", "--json").stdout) == []


def test_an_overlay_adds_what_it_says_and_nothing_else(tmp_path: Path) -> None:
    """Each line is a value that the overlay names."""
    (tmp_path / "sites").mkdir()
    for name in ("pack-s2", "pack-s3a"):
        (tmp_path / f"{name}.yaml").write_text((PACKS / f"{name}.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    changed = (PACKS / "sites" / "XZ.yaml").read_text(encoding="utf-8").replace("overlays: []", "overlays: [pack-s3a]")
    (tmp_path / "sites" / "XZ.yaml").write_text(changed, encoding="utf-8")
    rows = json.loads(said("diff", "XZ", str(tmp_path / "sites" / "XZ.yaml"), "--json").stdout)
    assert {row["name"] for row in rows} == {"phone_rings", "conduct.prohibited", "penalties.prohibited_act", "penalties.not_reported"}


def test_things_that_only_one_side_has_are_told_once() -> None:
    shown = said("diff", "pack-s3b", "pack-s3c", "--en").stdout
    assert "  Clocks: only in pack-s3b@1: resolve (CLK_RESOLVE), notice (CLK_NOTICE), promise (CLK_PROMISE)\n" in shown
    assert "clocks.notice." not in shown
    assert "  archive.approver_role: sales director → (nothing)" in shown


@pytest.mark.anyio
async def test_a_published_version_is_compared_with_its_file() -> None:
    """What came whole from the running system is the same as what the file says in parts; a change of the file is one line."""
    site = load_site(PACKS / "sites" / "GD.yaml")
    mine = look(PACKS / "sites" / "GD.yaml")
    async with memory_world(datetime(2026, 3, 16, 1, 0, tzinfo=UTC)) as world:
        await apply_site(world.doors, site)
        await world.settle()
        newest = await published(world.doors, "GD", None)
        assert (newest.name, differences(newest, mine)) == ("GD@1", [])
        assert set(as_rows(newest, None)) < set(as_rows(mine, None))
        later = site.policy.model_copy(update={"phone_rings": 4})
        await apply_site(world.doors, Site(later, site.staff))
        await world.settle()
        assert [one.sentence("en") for one in differences(await published(world.doors, "GD", 1), await published(world.doors, "GD", 2))] == [
            "phone_rings: (nothing) → 4"
        ]


# --- explain ----------------------------------------------------------------------------------------------------------------------


def test_explain_says_when_who_and_why() -> None:
    """SC-10: an oral complaint on a Friday evening."""
    shown = said("explain", "JN", "--kind", "complaint", "--fault", "poor_cleaning", "--at", "2026-03-13 18:30").stdout
    reply = shown.split("\n\n")[1].splitlines()
    assert reply[0] == "答复 CLK_REPLY  1 个工作日  (一般不超过)  [reply-oral]"
    assert reply[2] == "  依据 S0 投訴處理規定 「一般不應超過一個工作日」 [SLA-05]"
    assert "2026-03-16 20:00" in reply[5]
    assert reply[5].endswith("客服主管、部门经理 → 陈静姝(jn-chen)、褚秀兰(jn-chu)")
    assert "后续时刻起算" in shown


def test_explain_says_who_is_told_at_once() -> None:
    """ESC-10: a major complaint goes to both at once, whatever its clocks say."""
    shown = said("explain", "RQ", "--kind", "complaint", "--major", "--at", "2026-06-08 09:30").stdout.splitlines()
    who = "副总经理、总经理 → 文副远(rq-wen)、庞总成(rq-pang)"
    assert shown[1] == f"立即告知: {who}  (S3c 3.4.7 「必須及時上報總經理、副總經理」 [ESC-10])"


def explained(*options: str) -> dict[str, dict[str, Any]]:
    return {row["rule"]: row for row in json.loads(said("explain", *options, "--json").stdout)}


def test_explain_computes_as_sla_does() -> None:
    """SC-02 and DEF-03: an emergency at night starts at once, an enquiry online at the opening; nobody is guessed."""
    night = explained("XZ", "--kind", "repair", "--fault", "water_burst", "--channel", "app", "--at", "2026-03-14 23:40")
    assert night["onsite"]["due_at"] == "2026-03-14T17:40:00+00:00"
    assert [level["persons"] for level in night["onsite"]["levels"] if level["level"] == "L2"] == [["xz-xu", "xz-luo"]]
    assert night["onsite"]["levels"][0]["skipped"] == ["assignee", "receptionist"]
    enquiry = explained("XZ", "--kind", "enquiry", "--channel", "app", "--at", "2026-03-14 23:45")
    assert enquiry["reply-enquiry"]["start_at"] == "2026-03-14T23:00:00+00:00"
    assert not enquiry["promise"]["starts_now"]


def test_explain_names_the_rule_that_governs() -> None:
    """DEF-17: the water emergency comes before the appointment."""
    both = explained("JN", "--kind", "repair", "--fault", "water_burst", "--at", "2026-03-16 09:10", "--appointment", "2026-03-16 14:00")
    assert (both["onsite-appointment"]["governed_by"], both["onsite-water-electric"]["governed_by"]) == ("onsite-water-electric", None)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (["explain", "JN", "--kind", "repair", "--fault", "kettle"], "knows no fault kettle; known: blocked_pipe"),
        (["explain", "pack-s0", "--kind", "repair"], "only a site has people"),
        (["explain", "JN", "--kind", "repair", "--at", "noon"], "is no local time"),
        (["show", "nowhere"], "neither a file, nor a site or pack"),
        (["diff", "JN", "docs/commands.md"], "commands.md"),
    ],
)
def test_what_cannot_be_answered_is_one_sentence(command: list[str], reason: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli.out, "width", 200)  # no cell breaks, whatever the terminal
        told = RUN.invoke(app, ["pack", *command])
    assert (told.exit_code, reason in told.stderr) == (4, True), told.output
    assert "Traceback" not in told.output
