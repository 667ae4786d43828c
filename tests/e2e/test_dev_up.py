"""`./dev up` and its sisters on real servers: start, second call, a crash, the end – and Ctrl-C in the middle of everything."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from devstack.leftovers import born
from devstack.paths import REPOSITORY, SERVICES

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]
PATIENCE = 180.0  #: a busy machine takes a multiple of the usual 15 s


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Path]:
    """Folder of a system of its own, beside any other that runs here."""
    yield tmp_path / "local"
    dev(tmp_path / "local", "down")


def environment(local: Path) -> dict[str, str]:
    given = {name: value for name, value in os.environ.items() if not name.startswith("HUIYIN_")}
    return {**given, "HUIYIN_LOCAL": str(local)}


def dev(local: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(REPOSITORY / "dev"), *words]
    return subprocess.run(command, env=environment(local), capture_output=True, text=True, timeout=PATIENCE, check=False)


def processes_of(local: Path) -> dict[int, str]:
    """Every living process that was started for this system."""
    mark = f"HUIYIN_LOCAL={local}".encode()
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0") and born(int(folder.name)):
                found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found


def wait_for(said: Callable[[], bool], what: Callable[[], str]) -> None:
    """Ask again and again; when nothing comes, fail with what is to be seen then."""
    deadline = time.monotonic() + PATIENCE
    while not said():
        assert time.monotonic() < deadline, what()
        time.sleep(0.1)


def ends_by_itself(local: Path) -> None:
    wait_for(lambda: not processes_of(local), lambda: f"still there: {processes_of(local)}")


def wait_for_event(local: Path, reached: str) -> None:
    path = local / "events.jsonl"
    wait_for(lambda: path.exists() and bool(re.search(reached, events(local), re.DOTALL)), lambda: f"never came to {reached}: {events(local)}")


def events(local: Path) -> str:
    path = local / "events.jsonl"
    return path.read_text() if path.exists() else ""


def test_a_day_of_a_local_system(local: Path) -> None:
    first = dev(local, "up", "--no-demo")
    assert first.returncode == 0, first.stdout
    state = json.loads((local / "state.json").read_text())
    assert {"rabbitmq", "mongodb", "epmd", "provider", *SERVICES} == set(state["children"])

    second = dev(local, "up")
    assert second.returncode == 0
    assert "runs already" in second.stdout
    assert state["env"]["HUIYIN_CONSOLE_URL"] in second.stdout

    pid, start = state["children"]["sla"]
    os.kill(pid, signal.SIGKILL)
    wait_for_event(local, r'"sla", "what": "ended", "note": "code -9.*"sla", "what": "ready"')
    assert born(pid) != start
    said = dev(local, "status")
    assert said.returncode == 0, said.stdout
    assert re.search(r"sla +│ \d+ +│ yes +│ 1 ", said.stdout)

    os.kill(int((local / "lock").read_text()), signal.SIGKILL)  # whoever kills the supervisor kills everything, and the next start succeeds
    assert dev(local, "status").returncode == 3
    assert dev(local, "up", "--no-demo").returncode == 0
    assert len([name for name in processes_of(local).values() if "devstack.supervisor" in name]) == 1

    assert dev(local, "down").returncode == 0
    assert processes_of(local) == {}
    assert dev(local, "status").returncode == 3
    assert "Nothing runs" in dev(local, "down", "--purge").stdout
    assert not list(local.iterdir())


def test_a_killed_supervisor_takes_everything_with_it(local: Path) -> None:
    process = subprocess.Popen([str(REPOSITORY / "dev"), "up"], env=environment(local), stdout=subprocess.DEVNULL, start_new_session=True)
    wait_for_event(local, '"rabbitmq", "what": "ready"')
    os.kill(int((local / "lock").read_text()), signal.SIGKILL)
    process.wait()
    ends_by_itself(local)


@pytest.mark.parametrize("reached", ["", '"mongodb", "what": "starting"', '"rabbitmq", "what": "ready"', '"sla", "what": "starting"'])
def test_ctrl_c_at_any_moment_leaves_nothing_behind(local: Path, reached: str) -> None:
    command = [str(REPOSITORY / "dev"), "up"]
    process = subprocess.Popen(command, env=environment(local), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    wait_for_event(local, reached)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert processes_of(local) == {}


def test_a_closed_terminal_is_the_same_as_ctrl_c(local: Path) -> None:
    process = subprocess.Popen([str(REPOSITORY / "dev"), "up"], env=environment(local), stdout=subprocess.DEVNULL, start_new_session=True)
    wait_for_event(local, '"mongodb", "what": "ready"')
    process.kill()
    process.wait()
    ends_by_itself(local)


def test_a_start_that_fails_says_why_and_leaves_nothing(local: Path) -> None:
    given = {**environment(local), "HUIYIN_AMQP_URL": "amqp://guest:guest@127.0.0.1:1/", "HUIYIN_MONGO_URL": "mongodb://127.0.0.1:1/?replicaSet=rs0"}
    done = subprocess.run(
        [str(REPOSITORY / "dev"), "up"], env={**given, "HUIYIN_NAMESPACE": "NOT VALID"}, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 1
    assert "before it was ready" in done.stdout
    assert "namespace" in done.stdout
    assert processes_of(local) == {}
