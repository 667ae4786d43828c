"""Children do not outlive who started them, whenever that one is killed."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from devstack.leftovers import born
from huiyin.children import dying_with

from tests.support.until import until

#: starts a service of a world, says its process, and waits to be killed
PARENT = """
import os, signal, sys
from pathlib import Path
from huiyin.world.stack import Process, world_settings
one = Process("sla", world_settings("orphan"), Path(sys.argv[1]))
print(*Path(f"/proc/self/task/{os.getpid()}/children").read_text().split(), flush=True)
signal.pause()
"""


def words_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").split("\0")[:3]


def test_a_child_whose_parent_died_before_the_kernel_was_told_does_not_begin() -> None:
    say = [sys.executable, "-c", "print('here')"]
    said = {parent: subprocess.run(dying_with(parent, say), capture_output=True, text=True, check=False).stdout for parent in (os.getpid(), 1)}
    assert said == {os.getpid(): "here\n", 1: ""}


@pytest.mark.anyio
async def test_a_frozen_service_of_a_world_dies_with_the_world_that_is_killed(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, str(tmp_path), stdout=subprocess.PIPE)
    assert parent.stdout
    service = int(await parent.stdout.readline())
    mark = born(service)

    async def itself() -> bool:
        return "uvicorn" in words_of(service)

    await until(itself, True)
    os.kill(service, signal.SIGSTOP)
    parent.kill()
    await parent.wait()
    assert mark

    async def gone() -> bool:
        return born(service) != mark

    try:
        await until(gone, True)
    finally:
        if not await gone():
            os.kill(service, signal.SIGKILL)
