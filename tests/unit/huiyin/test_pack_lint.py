"""`huiyin pack lint`: what it finds in a pack that exists in no source, and that everything shipped is clean."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
from common.clock_rules import Moment
from common.packs import read_site
from common.sourced import Origin
from huiyin.main import app
from huiyin.pack.checks import MADE
from huiyin.pack.findings import Finding, Grade
from huiyin.pack.lint import files_in, lint
from typer.testing import CliRunner

ROOT = Path(__file__).parents[3]
RUN = CliRunner()
MONDAY = date(2026, 3, 16)

HEAD = "pack: kettles\nversion: 1\nsource: example\ntitle: {zh: 水壶, en: Kettles}\n"
BASE = """
faults:
  cold:
    {title: {zh: 不热, en: Cold}, category: kettle, department: engineering, urgency: P2, classes: [cold], origin: &mine {default: not-in-sources}}
  loud: {title: {zh: 太响, en: Loud}, category: kettle, department: engineering, urgency: P3, origin: *mine}
routing: {kettle: engineering}
clocks:
  - {id: come, code: CLK_ONSITE, applies: {kind: repair}, stop: on_site, duration: {value: 90, unit: minute}, origin: *mine}
escalation:
  recipients: {warning: [assignee], L1: [receptionist], L2: [site_manager], L3: [site_manager], origin: *mine}
origins: {routing: *mine}
"""
SITE = """site: KE
name: {zh: 示例, en: Example}
base: kettles
people:
  - {id: ann, name: 安, roles: [receptionist], department: customer_service}
  - {id: bob, name: 柏, roles: [site_manager], department: customer_service}
rota:
  shifts: [{name: day, from: "08:00", to: "20:00"}]
  assignments: [{shift: day, days: [mon, tue, wed, thu, fri], people: [ann]}]
"""


def a_folder(tmp_path: Path, pack: str = BASE, site: str = SITE) -> Path:
    (tmp_path / "sites").mkdir()
    (tmp_path / "kettles.yaml").write_text(HEAD + pack, encoding="utf-8")
    (tmp_path / "sites" / "KE.yaml").write_text(site, encoding="utf-8")
    return tmp_path


def of(found: list[Finding], check: str) -> list[Finding]:
    return [one for one in found if one.check == check]


@pytest.mark.parametrize("file", files_in([ROOT / "packs"]), ids=lambda file: file.stem)
def test_everything_shipped_is_without_errors(file: Path) -> None:
    assert [one.sentence("en") for one in lint(file, MONDAY) if one.grade is Grade.ERROR] == []


def test_a_sound_pack_has_only_what_it_is_silent_about(tmp_path: Path) -> None:
    found = lint(a_folder(tmp_path) / "kettles.yaml", MONDAY)
    assert [(one.check, one.text.en) for one in found] == [("no-clock", "no clock starts by itself: Complaint, Enquiry, Help request, Suggestion")]


LEVELS = "recipients: {warning: [assignee], L1: [receptionist], L2: [site_manager], L3: [site_manager], origin: *mine}"
BAD: dict[str, tuple[str, str, str, str]] = {
    "a level without anybody": (LEVELS, LEVELS.replace("L3: [site_manager], ", ""), "no-recipient", "nobody is told at L3; clocks: CLK_ONSITE"),
    "no fault of the class": (
        "applies: {kind: repair}",
        "applies: {kind: repair, fault_class: hot}",
        "unreachable",
        "no fault of this policy can ever meet it",
    ),
    "no such department": ("applies: {kind: repair}", "applies: {department: sales}", "unreachable", "no fault of this policy can ever meet it"),
    "a value without origin": ("duration: {value: 90, unit: minute}, origin: *mine", "duration: {value: 90, unit: minute}", "no-origin", "no origin"),
}


@pytest.mark.parametrize("name", BAD)
def test_an_error_is_found_with_its_line(tmp_path: Path, name: str) -> None:
    old, new, check, said = BAD[name]
    assert old in BASE
    found = of(lint(a_folder(tmp_path, BASE.replace(old, new)) / "kettles.yaml", MONDAY), check)
    assert found
    assert {one.grade for one in found} == {Grade.ERROR}
    assert said in found[0].text.en
    assert found[0].text.zh != found[0].text.en
    line = (HEAD + BASE).splitlines()[found[0].line - 1]
    assert "come" in line or "recipients" in line


RULES = """
routing_rules:
  - {id: r1, when: {fault: [cold, hot]}, department: sales, origin: *mine}
  - {id: r2, when: {fault: hot}, department: sales, origin: *mine}
"""


def test_a_routing_rule_for_no_fault_is_a_warning_and_its_department_is_known(tmp_path: Path) -> None:
    pack = BASE.replace("applies: {kind: repair}", "applies: {department: sales}") + RULES
    found = lint(a_folder(tmp_path, pack) / "kettles.yaml", MONDAY)
    assert [(one.field, one.grade) for one in of(found, "no-fault")] == [("routing_rules.r2.when.fault", Grade.WARNING)]
    assert of(found, "unreachable") == []


LATER = "  - {id: later, code: CLK_ONSITE, applies: {kind: repair, urgency: P2}, stop: on_site, duration: {value: 3, unit: hour}, origin: *mine}\n"


def test_a_rule_that_never_governs_is_found(tmp_path: Path) -> None:
    """DEF-17: the wider rule with the earlier deadline always wins; an earlier one for fewer cases, or another code, does not lose."""
    shadowed = BASE.replace("escalation:", LATER + "escalation:")
    assert [one.field for one in of(lint(a_folder(tmp_path, shadowed) / "kettles.yaml", MONDAY), "shadowed")] == ["clocks.later"]
    for change in (
        ("value: 3, unit: hour", "value: 1, unit: hour"),
        ("code: CLK_ONSITE, applies: {kind: repair, u", "code: CLK_ATTEND, applies: {kind: repair, u"),
    ):
        (tmp_path / "kettles.yaml").write_text(HEAD + shadowed.replace(*change), encoding="utf-8")
        assert of(lint(tmp_path / "kettles.yaml", MONDAY), "shadowed") == []


def test_holes_by_urgency_and_category_are_named(tmp_path: Path) -> None:
    base = BASE.replace("applies: {kind: repair}", "applies: {kind: repair, urgency: [P1, P2], fault_class: cold}").replace(
        "loud: {title", "loud: {title"
    )
    found = of(
        lint(
            a_folder(
                tmp_path,
                base.replace("category: kettle, department: engineering, urgency: P3", "category: noise, department: engineering, urgency: P3"),
            )
            / "kettles.yaml",
            MONDAY,
        ),
        "no-clock",
    )
    said = [one.text.en for one in found]
    assert "no clock starts by itself: Repair · Emergency, Important · noise" in said
    assert any("Repair" in one and "General" in one and "noise" not in one for one in said)


def test_codes_that_people_have_no_word_for_are_warnings(tmp_path: Path) -> None:
    base = BASE.replace("CLK_ONSITE", "CLK_KETTLE")
    found = lint(a_folder(tmp_path, base) / "kettles.yaml", MONDAY)
    assert [one.text.en for one in of(found, "no-words")] == ["CLK_KETTLE has no words in Chinese and English"]
    assert {one.grade for one in found} == {Grade.WARNING}


def test_a_gap_in_the_rota_is_named(tmp_path: Path) -> None:
    """The desk is empty at night and at weekends; L1 reaches nobody then, and nobody at all without a receptionist."""
    file = a_folder(tmp_path) / "sites" / "KE.yaml"
    gap = next(one for one in of(lint(file, MONDAY), "unmanned") if one.field == "escalation.L1")
    assert gap.grade is Grade.WARNING
    assert gap.text.en == "the level reaches nobody [L1]: receptionist, Monday 03-16 00:00 to Monday 03-16 08:00 …, 21 times in four weeks"
    assert SITE.splitlines()[gap.line - 1] == "rota:"
    file.write_text(SITE.replace("roles: [receptionist]", "roles: [cleaning]"), encoding="utf-8")
    errors = [one.text.en for one in of(lint(file, MONDAY), "unmanned") if one.grade is Grade.ERROR]
    assert errors == ["the level reaches nobody [L1]: receptionist, at no time"]


@pytest.mark.parametrize(
    ("old", "new", "field", "said"),
    [
        ("roles: [site_manager]", "roles: []", "people.bob.roles", "at least 1"),
        ("department: customer_service}\nrota", "colour: red}\nrota", "people.bob.colour", "is unknown; known here: department, email"),
        ('to: "20:00"', 'to: "25:00"', "rota.shifts.0.to", "has to be"),
        ("people: [ann]", "people: [zoe]", "rota", "shift day names unknown people: zoe"),
        ("rota:", "rotas:", "rotas", "is unknown; known here: base, contractors"),
    ],
)
def test_people_and_rota_are_refused_with_their_line(tmp_path: Path, old: str, new: str, field: str, said: str) -> None:
    assert old in SITE
    file = a_folder(tmp_path, site=SITE.replace(old, new)) / "sites" / "KE.yaml"
    found = of(lint(file, MONDAY), "schema")
    assert [(one.field, said in one.text.en) for one in found] == [(field, True)], found
    assert found[0].line > 3


def test_an_override_of_the_same_value_is_idle(tmp_path: Path) -> None:
    site = SITE + "policy:\n  clocks:\n    - {id: come, strength: should, duration: {value: 90, unit: minute}}\n"
    (idle,) = of(lint(a_folder(tmp_path, site=site) / "sites" / "KE.yaml", MONDAY), "idle")
    assert (idle.field, idle.grade) == ("policy.clocks.come.duration", Grade.WARNING)


def test_an_overlay_is_linted_alone(tmp_path: Path) -> None:
    file = tmp_path / "over.yaml"
    file.write_text(HEAD + "overlay: true\nrates: [{id: smile, target: 100.0}]\n", encoding="utf-8")
    assert [(one.check, one.field) for one in lint(file, MONDAY)] == [("no-origin", "rates.smile.target")]


def test_the_verb_ends_with_4_on_errors_and_strictly_on_warnings(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    told = RUN.invoke(app, ["pack", "lint", str(folder), "--en"])
    assert (told.exit_code, "0 errors" in told.stderr) == (0, True)
    assert RUN.invoke(app, ["pack", "lint", str(folder), "--strict"]).exit_code == 4
    (folder / "kettles.yaml").write_text(HEAD + BASE.replace("value: 90", "value: 0"), encoding="utf-8")
    told = RUN.invoke(app, ["pack", "lint", str(folder / "kettles.yaml")])
    assert told.exit_code == 4
    assert "kettles.yaml:12: clocks.come.duration.value: 应为 1 至 100000 的整数" in told.stdout.replace("\n", "")
    told = RUN.invoke(app, ["pack", "lint", str(folder / "kettles.yaml"), "--json"])
    assert [(row["grade"], row["line"]) for row in json.loads(told.stdout)] == [("error", 12)]


def test_a_file_of_another_kind_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("colour: red\n", encoding="utf-8")
    assert RUN.invoke(app, ["pack", "lint", str(tmp_path / "a.yaml")]).exit_code == 4
    assert RUN.invoke(app, ["pack", "lint", str(tmp_path)]).exit_code == 4


def test_every_moment_of_the_schema_is_one_that_facts_are() -> None:
    assert set(Moment) == MADE


def test_the_pack_of_the_documentation_is_sound(tmp_path: Path) -> None:
    """docs/packs.md: its pack and its site resolve, lint finds no error, and the site's own number is the site's."""
    text = (ROOT / "docs" / "packs.md").read_text(encoding="utf-8")
    (tmp_path / "sites").mkdir()
    for name, file in (("pack", "kettles.yaml"), ("site", "sites/KE.yaml")):
        block = re.search(rf"<!-- {name} -->\n```yaml\n(.*?)```", text, re.DOTALL)
        assert block
        (tmp_path / file).write_text(block[1], encoding="utf-8")
    found = [one for file in files_in([tmp_path]) for one in lint(file, MONDAY)]
    assert {one.check for one in found} == {"no-clock"}
    policy = read_site(tmp_path / "sites" / "KE.yaml").policy
    assert [(rule.id, rule.origin_of("duration")) for rule in policy.clocks] == [("come", Origin(site="KE"))]
