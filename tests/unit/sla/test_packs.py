"""Packs: every value says where it comes from, layers lie over one another and keep it, a pack of nobody's runs."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from common.clock_rules import SHAPES as NAMES
from common.clock_rules import ClockRule
from common.layers import LayerError, lay
from common.packs import read, read_pack, read_sites
from common.policy import Pack, SitePolicy, is_open, resolve
from common.routing import Asking
from common.sourced import Origin, Section, Sourced
from common.states import Level
from pydantic import ValidationError
from sla.domain.deadlines import SHAPES

from tests.unit.sla.build import a_policy, a_rule

ROOT = Path(__file__).parents[3]
PACKS = ROOT / "packs"
CATALOGUE = ROOT.parent / "shared" / "design" / "requirements.md"
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


def origins_in(value: Any) -> Iterator[Origin]:
    """Every origin inside raw values."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "origin":
                yield Origin.model_validate(inner)
            elif key == "origins":
                yield from (Origin.model_validate(one) for one in inner.values())
            else:
                yield from origins_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from origins_in(inner)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_value_of_a_pack_carries_its_origin(file: Path) -> None:
    """Document and quote, or a default of the catalogue."""
    assert list(unsourced(Pack.model_validate(read_pack(file).sections))) == []


def test_a_value_without_origin_is_found() -> None:
    assert list(unsourced(Pack.model_validate({"warranty_route": "contractor_first"}))) == [".warranty_route"]


@pytest.mark.skipif(not CATALOGUE.exists(), reason="shared/design/requirements.md is not on this machine")
@pytest.mark.parametrize("file", sorted(PACKS.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_quotation_and_every_requirement_of_a_pack_is_in_the_catalogue(file: Path) -> None:
    """Quotations keep the script of the source; what has no quotation says that it is a default or a reading of a requirement."""
    text = CATALOGUE.read_text(encoding="utf-8")
    ids = set(re.findall(r"\b(?:[A-Z]{3}|C|R|K)-?\d{2,3}\b|\b[RK]\d{1,2}\b", text))
    found = list(origins_in(read_pack(file).sections))
    assert found
    for origin in found:
        assert not origin.quote or origin.quote in text, origin
        assert not origin.req or origin.req in ids, origin
        assert not origin.default.startswith("DEF-") or origin.default in ids, origin
        assert origin.default.startswith("DEF-") or origin.default in {"", "not-in-sources", "reading"}, origin
        assert origin.default != "reading" or (origin.req and origin.doc), origin


def test_every_site_resolves_and_the_engine_counts_all_its_shapes() -> None:
    sites = read_sites(PACKS)
    assert {site.policy.site for site in sites} >= {"JN", "XZ", "RQ", "SO", "GD"}
    for site in sites:
        assert {rule.shape for rule in site.policy.clocks} <= SHAPES.keys()
        assert all(rule.origin for rule in site.policy.clocks)
        assert all(site.policy.escalation.recipients.at(level) for level in Level)
        assert SitePolicy.model_validate_json(site.policy.model_dump_json()) == site.policy


def test_the_clocks_are_those_of_the_catalogue() -> None:
    """DEF-24."""
    codes = {site.policy.site: {rule.code.removeprefix("CLK_") for rule in site.policy.clocks} for site in read_sites(PACKS)}
    assert codes["JN"] == {"ONSITE", "WO_RETURN", "CONTRACTOR_ONSITE", "REPLY", "PROMISE", "SLIP_BATCH", "RETURN_VISIT"}
    assert codes["XZ"] == {
        "RESPOND", "ONSITE", "SURVEY", "ATTEND", "PRELIM_PLAN", "TEST_RESULT", "MEASURES", "RESOLVE", "REPLY", "TRIPARTITE",
        "CONTRACTOR_ONSITE", "PROGRESS", "STAGE", "RETURN_VISIT", "PROMISE",
    }  # fmt: skip
    assert codes["RQ"] == {"SURVEY", "RESOLVE", "DEPT_FEEDBACK", "RESULT_REPORT", "RETURN_VISIT"}
    assert codes["SO"] == {"RESOLVE", "NOTICE", "PROMISE"}
    assert codes["GD"] == {"DEPT_FEEDBACK", "PROMISE"}


# --- layers -----------------------------------------------------------------------------------------------------------------------

QUOTED = {"doc": "D", "quote": "words"}
ABOVE = {"doc": "E", "quote": "other words"}


def test_layers_lie_over_one_another() -> None:
    """Sections by field, things with an id by id, null takes away, everything else replaces."""
    below = {
        "calendar": {"holidays": "CN", "close_of_business": "18:00", "origin": QUOTED},
        "rates": [{"id": "one", "floor": 60, "origin": QUOTED}, {"id": "two", "floor": 70, "origin": QUOTED}],
        "result_forms": [{"any_of": ["phone"], "origin": QUOTED}, {"any_of": ["letter"], "origin": QUOTED}],
        "routing": {"facility": "engineering"},
    }
    above = {
        "calendar": {"close_of_business": None},
        "rates": [{"id": "two", "target": 100, "origins": {"target": ABOVE}}, {"id": "three", "target": 5, "origin": ABOVE}],
        "result_forms": [{"any_of": ["written"], "origin": ABOVE}],
        "routing": {"fee": "finance"},
    }
    assert lay(below, above, Pack) == {
        "calendar": {"holidays": "CN", "origin": QUOTED},
        "rates": [
            {"id": "one", "floor": 60, "origin": QUOTED},
            {"id": "two", "floor": 70, "target": 100, "origin": QUOTED, "origins": {"target": ABOVE}},
            {"id": "three", "target": 5, "origin": ABOVE},
        ],
        "result_forms": [{"any_of": ["written"], "origin": ABOVE}],
        "routing": {"fee": "finance"},
    }
    assert lay(below, {"rates": [{"id": "two", "removed": True}]}, Pack)["rates"] == below["rates"][:1]


def test_a_value_keeps_the_origin_of_the_layer_that_says_it() -> None:
    """Neither does the pack's sentence stand behind a number of the site, nor the overlay's behind what the base says."""
    base = {"clocks": [a_rule(origin=QUOTED)], "repeat": {"reports": 2, "window_days": 30, "origin": QUOTED}}
    overlay = {"repeat": {"reports": 3, "origin": ABOVE}}
    own = {"clocks": [{"id": "kettle", "duration": {"value": 5}}], "phone_rings": 4, "bands": {"green": 95.0, "yellow": 90.0}}
    policy = resolve([base, overlay, {"site": "AB", "name": {"zh": "示例", "en": "Example"}}], own)
    rule = policy.clocks[0]
    assert rule.duration is not None
    assert (rule.duration.value, rule.origin_of("duration"), rule.origin_of("stop")) == (5, Origin(site="AB"), Origin(**QUOTED))
    assert (policy.repeat.origin_of("reports"), policy.repeat.origin_of("window_days")) == (Origin(**ABOVE), Origin(**QUOTED))
    assert policy.origins["phone_rings"] == Origin(site="AB")
    assert policy.bands is not None
    assert policy.bands.origin == Origin(site="AB")


NOTHING: dict[str, dict[str, Any]] = {
    "rates.#none": {"rates": [{"id": "none", "removed": True}]},
    "calendar.close_of_business": {"calendar": {"close_of_business": None}},
    "faults.none": {"faults": {"none": None}},
    "faults.other": {"faults": {"other": {"urgency": "P1"}}},
    "clocks.#other": {"clocks": [{"id": "other", "strength": "should"}]},
}


@pytest.mark.parametrize("place", NOTHING)
def test_a_change_of_nothing_is_refused(place: str) -> None:
    """What is taken away has to be there, what is changed has to be there too."""
    base = {"clocks": [a_rule()], "calendar": {"holidays": "CN"}, "faults": {"cold": {"title": {"zh": "冷", "en": "Cold"}}}}
    with pytest.raises(LayerError) as wrong:
        lay(base, NOTHING[place], Pack)
    assert ".".join(map(str, wrong.value.path)) == place


def test_a_limit_left_to_the_site_has_to_be_set() -> None:
    """SLA-35; an optional one without a value is no clock."""
    open_ = a_rule(duration={"unit": "set_by_site"})
    with pytest.raises(ValidationError, match=r"the site has to set a limit: clocks\.kettle\.duration"):
        a_policy(open_)
    assert a_policy(open_ | {"optional": True}).clocks == ()
    own = {"clocks": [{"id": "kettle", "duration": {"value": 1, "unit": "hour"}}]}
    assert resolve([{"clocks": [open_]}, {"site": "AB", "name": {"zh": "示例", "en": "Example"}}], own).clocks[0].duration is not None


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
    found = [
        policy.routed(Asking(fault=fault, category=category)) for fault, category in (("f", None), (None, "facility"), ("kettle_cold", "facility"))
    ]
    assert [one.department for one in found if one] == ["engineering"] * 3
    assert policy.routed(Asking()) is None


def test_only_what_is_sourced_can_say_so() -> None:
    with pytest.raises(ValidationError, match="quote, a default or a site"):
        Sourced.model_validate({"origin": {"req": "SLA-01"}})
