"""Both READMEs and every document: links lead somewhere, commands exist, nothing is too long, and the first report works as printed."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from devstack.__main__ import VERBS
from devstack.paths import REPOSITORY
from huiyin.main import verbs
from huiyin.sites import apply_site, load_site
from huiyin.world.actors import Actors
from huiyin.world.memory import memory_world

READMES = (REPOSITORY / "README.md", REPOSITORY / "README.zh-CN.md")
DOCUMENTS = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])
VARIABLES = set(re.findall(r"^#? ?([A-Z_]+)=", (REPOSITORY / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
OF_COMMANDS = {"HUIYIN_LOCAL", "HUIYIN_PASSWORD", "HUIYIN_PROVIDER_URL", "HUIYIN_WRITE_SNAPSHOTS"}
FAULTS = "".join(file.read_text(encoding="utf-8") for file in (REPOSITORY / "tests" / "faults").glob("*.py"))
OF_TESTS = set(re.findall(r'environ\.get\("(HUIYIN_[A-Z_]+)"', FAULTS))
OUTSIDE = ("http://", "https://", "#", "mailto:")


def name(file: Path) -> str:
    return str(file.relative_to(REPOSITORY))


def code(file: Path) -> list[str]:
    """The lines of the shell blocks of a document, without their comments and languages."""
    blocks = re.findall(r"^```sh\n(.*?)^```", file.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [re.sub(r"\s+#.*| --en$", "", line).rstrip() for block in blocks for line in block.splitlines()]


@pytest.mark.parametrize("file", READMES, ids=name)
def test_a_readme_fits_in_150_lines(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 150


def test_the_readmes_print_the_same_commands() -> None:
    assert code(READMES[0]) == code(READMES[1]) != []


@pytest.mark.parametrize("file", DOCUMENTS, ids=name)
def test_links_lead_somewhere(file: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", file.read_text(encoding="utf-8"))
    assert [link for link in links if not link.startswith(OUTSIDE) and not (file.parent / link.split("#")[0]).exists()] == []


@pytest.mark.parametrize("file", DOCUMENTS, ids=name)
def test_commands_and_variables_exist(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    known = {verb.split()[0] for verb in verbs()} | set(verbs())
    asked = re.findall(r"(?:\./dev |`)huiyin ([a-z]+)(?: ([a-z]+(?:-[a-z]+)*))?", text)
    assert [words for words in asked if words[0] not in known] == []
    assert [words for words in asked if words[1] and words[0] not in verbs() and " ".join(words) not in known] == []
    assert set(re.findall(r"\./dev ([a-z]+)", text)) - set(VERBS) == set()
    assert set(re.findall(r"\bHUIYIN_[A-Z_]+[A-Z]\b", text)) - VARIABLES - OF_COMMANDS - OF_TESTS == set()


@pytest.mark.parametrize("file", [file for file in DOCUMENTS if file.name != "moves.md"], ids=name)
def test_lines_are_short_enough_to_read(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    assert [number for number, line in enumerate(lines, 1) if len(line) > 160 and not line.startswith(("|", "!["))] == []


@pytest.mark.anyio
async def test_the_report_of_the_readme_is_accepted() -> None:
    start = datetime(2026, 3, 16, 2, tzinfo=UTC)
    (sent,) = re.findall(r" -d '(\{.*?\})'$", READMES[0].read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    body = json.loads(sent)
    async with memory_world(start) as world:
        site = load_site(REPOSITORY / "packs" / "sites" / f"{body['site']}.yaml")
        await apply_site(world.doors, site)
        await world.settle()
        key = await Actors(world.doors, [site]).bearer("call_centre", site.id, start)
        answer = await world.doors.call("intake", "POST", "/v1/cases", bearer=key, body=body, key="call-4711")
        assert (answer.status, answer.body["status"], answer.body["urgency"]) == (201, "classified", "P1")
