"""What the documents say is what the program has."""

import re
from pathlib import Path

import pytest
from common.auth import PERMISSIONS
from huiyin.main import app, verbs
from huiyin.story.schema import schema
from huiyin.story.verbs import VERBS
from huiyin.token import ROLES
from typer.testing import CliRunner

DOCS = Path(__file__).parents[3] / "docs"


def test_the_schema_file_is_the_formats() -> None:
    """`python -m huiyin.story.schema > docs/scenario.schema.json` after a change of the format."""
    assert (DOCS / "scenario.schema.json").read_text(encoding="utf-8") == schema()


def test_the_commands_table_is_the_programs() -> None:
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `huiyin ([a-z -]+)` \| (.+) \|$", text, re.MULTILINE))
    assert rows == verbs()


def test_the_table_of_story_verbs_is_the_programs() -> None:
    text = (DOCS / "scenarios.md").read_text(encoding="utf-8")
    part = text.split("<!-- verbs -->")[1].split("<!-- /verbs -->")[0]
    rows = set(re.findall(r"^\| `([a-z-]+)` \| ([a-z]+) \| ([a-z]+) `([A-Z]+) ([^`]+)` \| (.+) \|$", part, re.MULTILINE))
    assert rows == {(name, verb.on, verb.service, verb.method, verb.path, verb.says) for name, verb in VERBS.items()}


@pytest.mark.parametrize("verb", sorted(verbs()))
def test_every_verb_has_help_with_an_example(verb: str) -> None:
    told = CliRunner().invoke(app, [*verb.split(), "--help"])
    assert told.exit_code == 0
    assert verbs()[verb].split()[0] in told.output
    if verb != "provider":
        assert f"Example: huiyin {verb}" in told.output


def test_roles_of_people_can_be_given_and_no_others() -> None:
    assert set(ROLES) == set(PERMISSIONS) - {"service", "call_centre"}
