"""Pack and site files: read strictly, every error with file, line, field and what is allowed."""

from pathlib import Path

import pytest
from common.packs import PackError, read_pack, read_site

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
        (RULE, SITE + "policy:\n  clocks:\n    - id: one\n      strength: maybe\n", "AB.yaml:7: policy.clocks.one.strength"),
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


ALLOWED = {
    "calendar:\n  close: '18:00'\n": ("calendar.close", "is unknown; known here: close_by_weekday, close_of_business, holidays,"),
    "calendar:\n  close_of_business: '25:00'\n": ("calendar.close_of_business", "a time of day, 00:00 to 24:00"),
    "repeat: {window_days: 0}\n": ("repeat.window_days", "has to be a whole number, at least 1"),
    "repeat: {window_days: '30'}\n": ("repeat.window_days", "has to be a whole number, at least 1"),
    "bands: {green: 195.0, yellow: 90.0}\n": ("bands.green", "has to be a whole number, 0 to 100"),
    "bands: {green: 80.0, yellow: 90.0}\n": ("bands", "yellow has to lie below green"),
    "warranty_route: nobody\n": ("warranty_route", "has to be one of: contractor_first, own_team_first"),
    "orders: {signature_required: 'yes'}\n": ("orders.signature_required", "has to be true or false"),
    "bands: {green: 95.0}\n": ("bands.yellow", "is missing"),
    "routing: [engineering]\n": ("routing", "has to be a mapping"),
    "faults: {Wet: {title: {zh: 湿, en: Wet}}}\n": ("faults.Wet", "lower-case letters"),
    "faults: {wet: {title: {zh: 湿}}}\n": ("faults.wet.title.en", "is missing"),
    RULE.replace("stop: closed", "stop: never"): ("clocks.one.stop", "has to be one of: received, classified"),
    RULE + "    repeat: {every: 1, unit: hour, until: restored}\n": ("clocks.one", "exactly one of duration, batch"),
    "approval:\n  bands: [{up_to: 500, roles: [a]}, {up_to: 400, roles: [b]}]\n": ("approval.bands", "bands rise"),
}


@pytest.mark.parametrize("text", ALLOWED)
def test_a_refusal_says_what_is_allowed_in_both_languages(tmp_path: Path, text: str) -> None:
    """In a pack by itself."""
    file = tmp_path / "example.yaml"
    file.write_text(HEAD + text, encoding="utf-8")
    with pytest.raises(PackError) as wrong:
        read_pack(file)
    field, said = ALLOWED[text]
    assert (wrong.value.field, said in wrong.value.reason.en) == (field, True), wrong.value.reason
    assert wrong.value.reason.zh
    assert wrong.value.line > 4


def test_all_errors_are_found_at_once(tmp_path: Path) -> None:
    """The first is raised, the others come with it."""
    file = tmp_path / "example.yaml"
    file.write_text(HEAD + "phone_rings: 0\nrepeat: {window_days: 0}\narchive: {approver: boss}\n", encoding="utf-8")
    with pytest.raises(PackError, match=r"phone_rings: .* \(and 2 more\)") as wrong:
        read_pack(file)
    assert [(one.field, one.line) for one in wrong.value.others] == [("repeat.window_days", 6), ("archive.approver", 7)]


OVERLAY = HEAD.replace("pack: example", "pack: over") + "overlay: true\n"


def test_an_overlay_may_be_incomplete_but_not_wrong(tmp_path: Path) -> None:
    """What it says is checked alone; what it lacks shows on a base."""
    file = tmp_path / "over.yaml"
    file.write_text(OVERLAY + "clocks:\n  - {id: one, duration: {value: 5, unit: minute}}\n", encoding="utf-8")
    assert read_pack(file).head.overlay
    file.write_text(OVERLAY + "clocks:\n  - {id: one, duration: {value: 0, unit: minute}}\n", encoding="utf-8")
    with pytest.raises(PackError, match=r"over.yaml:7: clocks.one.duration.value: has to be a whole number, 1 to 100000"):
        read_pack(file)


@pytest.mark.parametrize(
    ("site", "said"),
    [
        (SITE.replace("base: example", "base: over"), "AB.yaml:3: base: over has to be a base pack"),
        (SITE + "overlays: [over, example]\n", "AB.yaml:4: overlays.1: example has to be an overlay"),
        (SITE + "policy:\n  clocks:\n    - {id: two, strength: should}\n", "AB.yaml:6: policy.clocks.two: there is nothing of this name below"),
        (SITE + "policy:\n  clocks:\n    - {id: two, removed: true}\n", "AB.yaml:6: policy.clocks.two: there is nothing below to take away"),
        (SITE + "policy:\n  hours: null\n", "AB.yaml:5: policy.hours: there is nothing below to take away"),
        (SITE + "policy:\n  ours: {}\n", "AB.yaml:5: policy.ours: is unknown; known here: approval"),
        (
            SITE + "policy:\n  clocks:\n    - {id: one, duration: {value: -5}}\n",
            "AB.yaml:6: policy.clocks.one.duration.value: has to be a whole number, 1 to 100000",
        ),
    ],
)
def test_a_site_has_one_base_and_overrides_what_is_there(tmp_path: Path, site: str, said: str) -> None:
    """DEF-22; a single override refuses unknown fields, wrong ranges and a change of nothing."""
    file = a_folder(tmp_path, RULE, site)
    (tmp_path / "over.yaml").write_text(OVERLAY + "phone_rings: 3\n", encoding="utf-8")
    with pytest.raises(PackError) as wrong:
        read_site(file)
    assert said in str(wrong.value)


def test_a_missing_limit_of_the_site_is_told_at_the_site(tmp_path: Path) -> None:
    """SLA-35."""
    with pytest.raises(PackError, match=r"AB.yaml:4: policy: the site has to set a limit: clocks.one.duration"):
        read_site(a_folder(tmp_path, RULE.replace("{value: 1, unit: hour}", "{unit: set_by_site}"), SITE + "policy: {}\n"))
