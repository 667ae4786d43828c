"""Child processes: readiness, orderly and forced ends, what a dead parent leaves."""

import signal
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from devstack.leftovers import born, end_leftovers, fingerprints
from devstack.processes import Child, StepFailed, run, together

from tests.support.until import until

pytestmark = pytest.mark.anyio
WAIT = "import time; print('here', flush=True); time.sleep(60)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(60)"


def child(tmp_path: Path, code: str, *, limit: float = 20, grace: float = 5) -> Child:
    """A Python child that is ready when it has printed something."""
    log = tmp_path / "child.log"

    async def spoke() -> bool:
        return log.exists() and "here" in log.read_text()

    return Child("child", [sys.executable, "-c", code], log, ready=spoke, limit=timedelta(seconds=limit), grace=timedelta(seconds=grace))


async def test_a_child_is_ready_when_its_probe_says_so(tmp_path: Path) -> None:
    one = child(tmp_path, WAIT)
    await one.start()
    assert one.running
    await one.stop()
    assert not one.running
    assert await one.exited() == -signal.SIGTERM


async def test_a_child_that_ends_early_fails_with_the_last_lines_of_its_log(tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match="ended with 3 before it was ready\n    no port left"):
        await child(tmp_path, "print('no port left'); raise SystemExit(3)").start()


async def test_a_silent_child_fails_after_its_limit_and_is_gone(tmp_path: Path) -> None:
    one = child(tmp_path, "import time; time.sleep(60)", limit=0.3)
    with pytest.raises(StepFailed, match="not ready"):
        await one.start()
    assert not one.running


async def test_a_child_that_does_not_hear_term_is_killed(tmp_path: Path) -> None:
    one = child(tmp_path, DEAF, grace=0.3)
    await one.start()
    await one.stop()
    assert await one.exited() == -signal.SIGKILL


async def test_a_frozen_child_stops_too(tmp_path: Path) -> None:
    one = child(tmp_path, WAIT)
    await one.start()
    one.freeze()
    await one.stop()
    assert await one.exited() == -signal.SIGTERM


async def test_a_command_that_fails_shows_its_log(tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match=r"fetch failed with 7.*\n    no network"):
        await run("fetch", [sys.executable, "-c", "print('no network'); raise SystemExit(7)"], tmp_path / "log")


async def test_the_first_failure_of_several_steps_is_raised_alone(tmp_path: Path) -> None:
    other = child(tmp_path, WAIT.replace("here", "nothing yet"))

    async def fails() -> None:
        raise StepFailed("this one")

    with pytest.raises(StepFailed, match="this one"):
        await together(other.start(), fails())
    assert not other.running


async def test_children_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom devstack.processes import Child\n"
        f"one = Child('grandchild', [sys.executable, '-c', {WAIT!r}], Path({str(tmp_path / 'grandchild.log')!r}))\n"
        "asyncio.run(one.start()); print('here', one.pid, flush=True); import time; time.sleep(60)"
    )
    parent = child(tmp_path, code)
    await parent.start()
    grandchild = int(parent.log.read_text().split()[1])
    assert born(grandchild)
    await parent.kill()

    async def gone() -> bool:
        return born(grandchild) is None

    await until(gone, True)


async def test_leftovers_are_ended_and_strangers_are_not(tmp_path: Path) -> None:
    left, stranger = child(tmp_path, DEAF), child(tmp_path / "other", WAIT)
    await left.start()
    await stranger.start()
    marks = fingerprints([left])
    reused = {"reused": (stranger.pid or 0, 1)}  # the same number, born at another time
    await end_leftovers({**marks, **reused}, patience=timedelta(seconds=0.3))
    assert not left.running
    assert stranger.running
    await stranger.kill()
