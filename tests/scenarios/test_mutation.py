"""Each expectation of each story, changed one at a time, must fail: a story that cannot fail proves nothing.

The story is played once; the changed expectations are judged against what was seen then.
"""

import ast
from pathlib import Path

import pytest
from huiyin.story import judge as judging
from huiyin.story import judge_clocks, judge_notices
from huiyin.story.format import Deadline, Expectation, NoClock, Notice, Raised, Record, Silence, Status, Step
from huiyin.story.judge import JUDGES, judge
from huiyin.story.verdict import Outcome

from tests.scenarios.conftest import Told, all_stories, observation
from tests.scenarios.mutations import KINDS, mutations

PURE = {"collections.abc", "common.states", "datetime", "re", "typing"}
JUDGE_PARTS = {f"huiyin.story.{name}" for name in ("format", "judge_clocks", "judge_notices", "observation", "times", "verdict")}


@pytest.mark.parametrize("told", all_stories(), ids=str)
def test_every_changed_expectation_fails(told: Told) -> None:
    seen = observation(told)
    before = sum(verdict.outcome is Outcome.FAILED for verdict in judge(told.story, seen))
    assert before == 0
    changed = list(mutations(told.story, seen))
    survivors = [what for what, story in changed if not any(verdict.outcome is Outcome.FAILED for verdict in judge(story, seen))]
    assert survivors == []
    assert len(changed) >= 2 * len(judge(told.story, seen))


def test_every_kind_of_line_is_changed_and_judged() -> None:
    kinds = {Deadline, NoClock, Status, Raised, Notice, Silence, Record}
    assert set(JUDGES) == kinds
    assert set(KINDS) == kinds | {Step}
    assert {line for line in Expectation.__subclasses__() if line.__module__ == "huiyin.story.format"} == kinds | {Step}


@pytest.mark.parametrize("module", [judging, judge_clocks, judge_notices], ids=lambda module: module.__name__)
def test_judging_reads_only_the_observation(module: object) -> None:
    tree = ast.parse(Path(str(getattr(module, "__file__", ""))).read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert imported <= PURE | JUDGE_PARTS
