"""Packs: every value says where it comes from, files are read strictly, layers lie over one another, a pack of nobody's runs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from common.clock_rules import SHAPES as NAMES
from common.clock_rules import ClockRule
from common.packs import PackError, read, read_pack, read_site, read_sites
from common.policy import Pack, SitePolicy, is_open, overlay, resolve
from common.sourced import Section, Sourced
from common.states import Level
from pydantic import ValidationError
from sla.domain.deadlines import SHAPES

from tests.unit.sla.build import a_policy, a_rule

PACKS = Path(__file__).parents[3] / "packs"
FILES = [file for file in sorted(PACKS.glob("**/*.yaml")) if "pack" in read(file).values]
NO_VALUES = {"id", "code", "title", "origin", "origins", "subject"}


def unsourced(section: Any, path: str = "", *, covered: bool = False) -> Iterator[str]:
    """Paths of values that were set and say nothing about their source."""
    if isinstance(section, Section):
        origins = getattr(section, "origins", {})
        covered = covered or getattr(section, "origin", None) is not None
        for name in section.model_fields_set - NO_VALUES:
            yield from unsourced(getattr(section, name), f"{path}.{name}", covered=covered or name in origins)
    elif isinstance(section, dict):
        for key, value in section.items():
            yield from unsourced(value, f"{path}.{key}", covered=covered)
    elif isinstance(section, tuple) and any(isinstance(item, Section) for item in section):
        for index, item in enumerate(section):
            yield from unsourced(item, f"{path}.{index}", covered=covered)
    elif not covered:
        yield path


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_value_of_a_pack_carries_its_origin(file: Path) -> None:
    """Document and quote, or a default of the catalogue."""
    assert list(unsourced(Pack.model_validate(read_pack(file).sections))) == []


def test_a_value_without_origin_is_found() -> None:
    assert list(unsourced(Pack.model_validate({"warranty_route": "contractor_first"}))) == [".warranty_route"]


def test_every_site_resolves_and_the_engine_counts_all_its_shapes() -> None:
    sites = read_sites(PACKS)
    assert {site.policy.site for site in sites} >= {"JN", "XZ"}
    for site in sites:
        assert {rule.shape for rule in site.policy.clocks} <= SHAPES.keys()
        assert all(rule.origin for rule in site.policy.clocks)
        assert all(site.policy.escalation.recipients.at(level) for level in Level)
        assert SitePolicy.model_validate_json(site.policy.model_dump_json()) == site.policy


def test_the_clocks_are_those_of_the_catalogue() -> None:
    """DEF-24, without the two shapes that come later."""
    codes = {site.policy.site: {rule.code.removeprefix("CLK_") for rule in site.policy.clocks} for site in read_sites(PACKS)}
    assert codes["JN"] == {"ONSITE", "WO_RETURN", "CONTRACTOR_ONSITE", "REPLY", "PROMISE", "SLIP_BATCH", "RETURN_VISIT"}
    assert codes["XZ"] == {
        "RESPOND", "ONSITE", "SURVEY", "ATTEND", "PRELIM_PLAN", "TEST_RESULT", "MEASURES", "RESOLVE", "REPLY", "TRIPARTITE",
        "CONTRACTOR_ONSITE", "RETURN_VISIT", "PROMISE",
    }  # fmt: skip


# --- layers -----------------------------------------------------------------------------------------------------------------------


def test_layers_lie_over_one_another() -> None:
    """Mappings by key, things with an id by id, null takes away, everything else replaces."""
    below = {"a": {"x": 1, "y": 2}, "rows": [{"id": "one", "v": 1}, {"id": "two", "v": 2}], "plain": [1, 2]}
    above = {"a": {"y": 3, "x": None}, "rows": [{"id": "two", "v": 9}, {"id": "three", "v": 3}], "plain": [5]}
    assert overlay(below, above) == {
        "a": {"y": 3},
        "rows": [{"id": "one", "v": 1}, {"id": "two", "v": 9}, {"id": "three", "v": 3}],
        "plain": [5],
    }
    assert overlay({"rows": [{"id": "one"}, {"id": "two"}]}, {"rows": [{"id": "one", "removed": True}]}) == {"rows": [{"id": "two"}]}


def test_a_site_overrides_one_value_of_its_pack() -> None:
    base = {"clocks": [a_rule(strength="should")], "calendar": {"holidays": "CN", "close_of_business": "18:00"}}
    site = {"calendar": {"close_of_business": "20:00"}, "clocks": [{"id": "kettle", "duration": {"value": 5}}]}
    policy = resolve([base, site, {"site": "AB", "name": {"zh": "示例", "en": "Example"}}])
    assert (policy.calendar.close_of_business, policy.calendar.holidays) == ("20:00", "CN")
    assert policy.clocks[0].duration is not None
    assert (policy.clocks[0].duration.value, policy.clocks[0].strength) == (5, "should")


WRONG: dict[str, dict[str, Any]] = {
    "two shapes": a_rule(daily_at="17:00"),
    "no value": a_rule(duration={"unit": "hour"}),
    "a value for the same day": a_rule(duration={"unit": "same_day", "value": 1}),
    "a party asked of a case": a_rule(applies={"party": "own"}),
    "a batch of a case": a_rule(batch={"weekday": "friday", "at": "17:00"}, duration=None),
    "after no batch": a_rule(after_batch={"code": "CLK_NONE"}, duration=None),
    "unknown condition": a_rule(applies={"colour": "red"}),
    "unknown moment": a_rule(stop="never"),
    "a promise that starts at receipt": a_rule(subject="promise"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_rule_that_could_never_work_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        a_policy(WRONG[name])


def test_two_rules_may_not_share_an_id() -> None:
    with pytest.raises(ValidationError, match="there twice"):
        a_policy(a_rule(), a_rule())


def test_the_engine_counts_every_shape_of_the_schema() -> None:
    assert set(SHAPES) == set(NAMES)


def test_daily_updates_say_what_ends_them() -> None:
    with pytest.raises(ValidationError, match="need `until`"):
        ClockRule.model_validate({"id": "later", "code": "CLK_LATER", "stop": "progress_told", "daily_at": "17:00"})


def test_hours_know_their_bounds_and_the_night() -> None:
    spans = a_policy(hours={"online": [{"from": "07:00", "to": "22:00"}], "desk": [{"from": "20:00", "to": "06:00"}]}).hours
    assert [is_open(spans.online, minute) for minute in (419, 420, 1319, 1320)] == [False, True, True, False]
    assert [is_open(spans.desk, minute) for minute in (0, 359, 360, 1199, 1200)] == [True, True, False, False, True]
    assert is_open((), 0)


def test_faults_and_categories_are_routed() -> None:
    faults = {"f": {"title": {"zh": "x", "en": "x"}, "category": "facility"}}
    policy = a_policy(faults=faults, routing={"facility": "engineering"})
    assert (policy.department_for("f", None), policy.department_for(None, "facility"), policy.department_for(None, None)) == (
        "engineering", "engineering", None,
    )  # fmt: skip
    assert policy.department_for("kettle_cold", "facility") == "engineering"


def test_only_what_is_sourced_can_say_so() -> None:
    with pytest.raises(ValidationError, match="quote, a default or a site"):
        Sourced.model_validate({"origin": {"req": "SLA-01"}})


# --- files ------------------------------------------------------------------------------------------------------------------------

HEAD = "pack: example\nversion: 1\nsource: example\ntitle: {zh: 示例, en: Example}\n"
SITE = "site: AB\nname: {zh: 示例, en: Example}\nbase: example\n"


def a_folder(tmp_path: Path, pack: str, site: str = SITE) -> Path:
    (tmp_path / "sites").mkdir()
    (tmp_path / "example.yaml").write_text(HEAD + pack, encoding="utf-8")
    (tmp_path / "sites" / "AB.yaml").write_text(site, encoding="utf-8")
    return tmp_path / "sites" / "AB.yaml"


RULE = "clocks:\n  - id: one\n    code: CLK_ONE\n    stop: closed\n    duration: {value: 1, unit: hour}\n"


@pytest.mark.parametrize(
    ("pack", "site", "where"),
    [
        ("calendar:\n  close_of_bussiness: '18:00'\n", SITE, "example.yaml:6: calendar.close_of_bussiness"),
        ("calendar:\n  timezone: Mars/Olympus\n", SITE, "example.yaml:6: calendar.timezone"),
        (RULE.replace("value: 1", "value: 0"), SITE, "example.yaml:9: clocks.one.duration.value"),
        (RULE, SITE + "policy:\n  clocks:\n    - id: one\n      strength: maybe\n", "AB.yaml:7: clocks.one.strength"),
        ("hours: {}\nhours: {}\n", SITE, "example.yaml:6: hours: is there twice"),
        ("hours: [\n", SITE, "example.yaml:6"),
        (RULE, SITE.replace("AB", "a b"), "AB.yaml:1: site"),
        (RULE, SITE.replace("example", "missing"), "missing.yaml:1: document: cannot be read"),
    ],
)
def test_an_error_names_file_line_and_field(tmp_path: Path, pack: str, site: str, where: str) -> None:
    with pytest.raises(PackError) as wrong:
        read_site(a_folder(tmp_path, pack, site))
    assert where in str(wrong.value).replace(str(tmp_path), "").replace("/sites", "")


def test_words_stay_words_and_the_rest_is_handed_on(tmp_path: Path) -> None:
    """`on`, `no` and 07:00 are text; people and rota are read by others."""
    site = read_site(a_folder(tmp_path, RULE, SITE + "people: [{id: no, shift: 07:00, on: on, count: 3, ready: true}]\n"))
    assert site.rest == {"people": [{"id": "no", "shift": "07:00", "on": "on", "count": 3, "ready": True}]}
    assert (site.policy.packs, site.policy.version) == (("example@1",), 0)
