"""The verbs of `./dev`, the exit codes, and what a skip means in CI."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from devstack.__main__ import VERBS, main
from devstack.paths import REPOSITORY

PASSED_ON = {"huiyin", "scenarios", "bench", "test", "faults"}  #: their arguments go to other programs
SKIPS = """\
import pytest
def test_data(): pytest.skip("no shared/ data here")
def test_engine(): pytest.skip("no Docker engine answers")
def test_other(): pytest.skip("not today")
"""


def test_dev_alone_lists_every_verb_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()[2:]
    assert [line.split()[0] for line in lines] == list(VERBS)
    assert all(line.endswith((".", ").")) for line in lines)


def test_an_unknown_verb_is_wrong_usage() -> None:
    assert main(["start"]) == 2


@pytest.mark.parametrize("verb", sorted(set(VERBS) - PASSED_ON))
def test_a_verb_explains_itself(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([verb, "--help"])
    assert end.value.code == 0
    assert f"./dev {verb}" in capsys.readouterr().out


def test_stories_that_are_named_run_alone(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["scenarios", "nowhere.yaml"]) != 0
    said = capfd.readouterr()
    assert "nowhere.yaml" in said.out + said.err
    assert "SC-" not in said.out + said.err


def test_make_knows_the_same_verbs() -> None:
    listed = (REPOSITORY / "Makefile").read_text().split("VERBS = ")[1].splitlines()[0].split()
    assert set(listed) == set(VERBS) - {"huiyin", "servers"}


def test_the_entry_script_is_plain_posix_shell() -> None:
    subprocess.run(["sh", "-n", str(REPOSITORY / "dev")], check=True)
    assert os.access(REPOSITORY / "dev", os.X_OK)
    assert (REPOSITORY / "dev").read_text().startswith("#!/bin/sh\n")


@pytest.mark.parametrize(("environment", "said"), [({"CI": "1"}, "1 failed, 2 skipped"), ({}, "3 skipped")])
def test_in_ci_a_skip_is_a_failure_unless_the_machine_is_excused(tmp_path: Path, environment: dict[str, str], said: str) -> None:
    (tmp_path / "test_skips.py").write_text(SKIPS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    inherited = {name: value for name, value in os.environ.items() if name not in {"CI", "PYTEST_ADDOPTS"}}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", str(tmp_path)]
    done = subprocess.run(command, cwd=REPOSITORY, env={**inherited, **environment}, capture_output=True, text=True, check=False)
    assert said in done.stdout, done.stdout
