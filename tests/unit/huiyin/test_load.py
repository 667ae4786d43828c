from pathlib import Path

import pytest
from huiyin.exits import BadInput
from huiyin.story.format import Deadline, Story
from huiyin.story.load import cast_of, read_story, stories

HEAD = """
scenario: T-1
title: test
sites: [JN]
given: {time: 2026-03-13 18:00}
"""
STEP = "{at: 2026-03-13 18:30, by: receptionist, do: report, as: lobby, with: {kind: complaint}}"


def _story(tmp_path: Path, text: str) -> Story:
    file = tmp_path / "story.yaml"
    file.write_text(HEAD + text, encoding="utf-8")
    return read_story(file)


def test_times_stay_as_written(tmp_path: Path) -> None:
    story = _story(tmp_path, f"when: [{STEP}]\n")
    assert story.when[0].at == "2026-03-13 18:30"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("when: [{at: 2026-03-13 18:30, by: x, do: fly}]", "unknown verb 'fly'"),
        ("when: [{at: 2026-03-13 18:30, by: x, do: reply}]", "reply needs `of`"),
        ("when: [{at: 2026-03-13 18:30, by: x, do: reply, of: a, as: b}]", "makes no case"),
        ("when: [{at: tomorrow, by: x, do: report}]", "when.0.at"),
        ("then: {records: [{of: a, path: b, is: 1, count: 2}]}", "exactly one of is, has, count"),
        ("then: {moves: [{of: a, state: closed}]}", "then.moves.0"),
        ("expectations: []", "expectations: Extra inputs"),
    ],
)
def test_a_wrong_place_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput) as wrong:
        _story(tmp_path, text + "\n")
    assert said in str(wrong.value)
    assert "story.yaml:" in str(wrong.value)


def test_an_unbuilt_verb_is_allowed_together_with_needs(tmp_path: Path) -> None:
    story = _story(tmp_path, "when: [{at: 2026-03-13 18:30, by: x, do: fly, needs: 7}]\n")
    assert story.when[0].needs == 7


def test_variants_replace_drop_and_add(tmp_path: Path) -> None:
    story = _story(
        tmp_path,
        """
when:
  - {id: late, at: 2026-03-14 09:00, by: receptionist, do: reply, of: lobby, with: {final: true}}
  - {at: 2026-03-13 18:30, by: receptionist, do: report, as: lobby}
then:
  moves: [{id: end, of: lobby, status: closed}, {id: gone, of: lobby, status: in_work, at: 2026-03-13 19:00}]
variants:
  B:
    without: [gone]
    when:
      - {id: late, at: 2026-03-15 09:00, by: receptionist, do: reply, of: lobby, with: {final: false}}
      - {at: 2026-03-13 18:00, by: receptionist, do: report, as: first}
    then:
      moves: [{id: end, of: lobby, status: classified}, {of: first, status: classified}]
""",
    )
    (base, plain), (name, varied) = stories(story)
    assert (base, name) == ("T-1", "T-1 B")
    assert [step.at for step in plain.when] == ["2026-03-13 18:30", "2026-03-14 09:00"]
    assert [step.at for step in varied.when] == ["2026-03-13 18:00", "2026-03-13 18:30", "2026-03-15 09:00"]
    assert [line.status for line in plain.then.moves] == ["closed", "in_work"]
    assert [(line.of, line.status) for line in varied.then.moves] == [("lobby", "classified"), ("first", "classified")]


def test_without_has_to_name_a_line(tmp_path: Path) -> None:
    story = _story(tmp_path, "variants: {B: {without: [nothing]}}\n")
    with pytest.raises(BadInput, match="nothing"):
        list(stories(story))


def test_only_the_variants_run_when_the_base_is_shared(tmp_path: Path) -> None:
    story = _story(tmp_path, "base: false\nvariants: {A: {}, B: {}}\n")
    assert [name for name, _ in stories(story)] == ["T-1 A", "T-1 B"]


def test_an_unknown_site_is_named_with_its_file(tmp_path: Path) -> None:
    story = _story(tmp_path, "").model_copy(update={"sites": ("QQ",)})
    with pytest.raises(BadInput, match=r"QQ\.yaml"):
        cast_of(story, tmp_path / "story.yaml")


def test_a_site_of_the_story_needs_its_pack(tmp_path: Path) -> None:
    story = _story(tmp_path, "").model_copy(update={"sites": ({"site": "QQ", "name": {"zh": "q", "en": "q"}, "base": "nowhere"},)})
    with pytest.raises(BadInput, match="nowhere"):
        cast_of(story, tmp_path / "story.yaml")


@pytest.mark.parametrize(
    "rule", ["15m", "2h", "1wd@20:00", "7cd@18:00", "7cd@24:00", "appt", "promise", "same_day", "batch", "batch+1week", "daily@17:00"]
)
def test_rules_of_the_deadline_tables_are_known(rule: str) -> None:
    row = {"clock": "CLK_REPLY", "of": "a", "rule": rule, "start": "2026-03-13 18:30", "result": "running"}
    assert Deadline.model_validate(row | dict.fromkeys(("warning", "l1", "l2", "l3"), "-")).rule == rule
