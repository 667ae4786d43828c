"""The files that a running system leaves for the other verbs."""

import os
import stat
import subprocess
from pathlib import Path

import pytest
from devstack.state import EVERYTHING, AlreadyRuns, Event, StateFiles, What
from huiyin.secret_keys import environment_file, kept_secrets


def test_one_system_at_a_time(tmp_path: Path) -> None:
    files = StateFiles(tmp_path)
    assert files.runner() is None
    with files.held():
        assert files.runner() == os.getpid()
        with pytest.raises(AlreadyRuns), StateFiles(tmp_path).held():
            pass
    assert files.runner() is None


def test_a_lock_file_without_its_process_means_nothing(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("1")
    assert StateFiles(tmp_path).runner() is None


def test_events_are_read_once_and_half_a_line_waits(tmp_path: Path) -> None:
    files = StateFiles(tmp_path)
    files.tell(Event("sla", What.READY, seconds=1.5))
    with (tmp_path / "events.jsonl").open("a") as file:
        file.write('{"part": "not')
    assert files.events() == [Event("sla", What.READY, "", 1.5)]
    assert files.events(seen=1) == []
    files.forget_events()
    files.tell(Event(EVERYTHING, What.STOPPING))
    assert [event.part for event in files.events()] == [EVERYTHING]


def test_the_environment_is_that_of_a_running_system(tmp_path: Path) -> None:
    files = StateFiles(tmp_path)
    files.write(env={"HUIYIN_NAMESPACE": "x"})
    assert files.environment() == {}
    with files.held():
        environment = files.environment()
    assert environment["HUIYIN_NAMESPACE"] == "x"
    assert environment["HUIYIN_BLIND_KEY"]


def test_secrets_are_kept_and_private(tmp_path: Path) -> None:
    first = kept_secrets(tmp_path / "secrets.json")
    assert kept_secrets(tmp_path / "secrets.json") == first
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_a_shell_reads_the_environment_file(tmp_path: Path) -> None:
    (tmp_path / "keys.env").write_text(environment_file({"HUIYIN_BLIND_KEY": "given"}))
    read = 'set -a; . ./keys.env; printf "%s\\n%s" "$HUIYIN_BLIND_KEY" "$HUIYIN_TOKEN_PUBLIC_KEY"'
    said = subprocess.run(["sh", "-c", read], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert said.startswith("given\n-----BEGIN PUBLIC KEY-----")
