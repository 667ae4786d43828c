"""Ports: remembered while free, replaced when taken, preferred where possible."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from devstack import ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_ports_survive_a_restart(tmp_path: Path) -> None:
    first = ports.remembered(tmp_path / "ports.json", ["amqp", "mongo"])
    assert ports.remembered(tmp_path / "ports.json", ["amqp", "mongo"]) == first
    assert len(set(first.values())) == 2


def test_a_taken_port_is_replaced_and_the_others_stay(tmp_path: Path, taken: int) -> None:
    first = ports.remembered(tmp_path / "ports.json", ["amqp"])
    (tmp_path / "ports.json").write_text(json.dumps({**first, "mongo": taken}))
    second = ports.remembered(tmp_path / "ports.json", ["amqp", "mongo"])
    assert second["amqp"] == first["amqp"]
    assert second["mongo"] != taken


def test_more_names_do_not_forget_the_first(tmp_path: Path) -> None:
    first = ports.remembered(tmp_path / "ports.json", ["amqp"])
    ports.remembered(tmp_path / "ports.json", ["mongo"])
    assert ports.remembered(tmp_path / "ports.json", ["amqp"]) == first


def test_a_preferred_port_that_is_taken_becomes_the_next_free_one(taken: int) -> None:
    chosen = ports.preferred({"console": taken})
    assert chosen["console"] > taken
    assert ports.is_free(chosen["console"])


CHOOSE = "import sys; from devstack import ports; print(ports.preferred({'a': int(sys.argv[1])})['a'], flush=True); sys.stdin.read()"


def test_two_stacks_that_start_at_once_choose_apart(tmp_path: Path) -> None:
    """Nobody listens yet, and still the second one does not choose what the first one did; once that has ended, it may."""
    wanted = next(port for port in range(20_000, 32_000) if ports.is_free(port) and ports.is_free(port + 1) and ports.is_free(port + 2))
    command = [sys.executable, "-c", CHOOSE, str(wanted)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout
        chosen = int(first.stdout.readline())
        assert ports.preferred({"a": chosen})["a"] != chosen
        (tmp_path / "ports.json").write_text(json.dumps({"a": chosen}))
        assert ports.remembered(tmp_path / "ports.json", ["a"])["a"] != chosen
        first.communicate()
    assert ports.preferred({"a": chosen})["a"] == chosen


def test_preferred_ports_are_taken_when_free(tmp_path: Path) -> None:
    free = ports.remembered(tmp_path / "ports.json", ["one", "two"])
    assert ports.preferred(free) == free
