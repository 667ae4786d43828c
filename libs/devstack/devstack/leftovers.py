"""Processes of an earlier run whose supervisor was killed: they end by themselves, but the next run must not meet them half dead.

A process is told apart by its start time: a process id alone may belong to somebody else by now.
"""

import asyncio
import os
import signal
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from devstack.processes import POLL, Child

PATIENCE = timedelta(seconds=15)  #: what an ending process gets before KILL

Fingerprint = tuple[int, int]  #: process id, start time in clock ticks since boot


def born(pid: int) -> int | None:
    """Start time of a process in clock ticks since boot; None if there is no such process or it is a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


def fingerprints(children: Iterable[Child]) -> dict[str, Fingerprint]:
    """Process id and start time of each child that runs."""
    return {child.name: (child.pid, born(child.pid) or 0) for child in children if child.pid}


async def end_leftovers(before: Mapping[str, Fingerprint], *, patience: timedelta = PATIENCE) -> None:
    """Wait until the processes of an earlier run are gone; ask them, then force them."""
    deadline = time.monotonic() + patience.total_seconds()
    asked = False
    while left := [pid for pid, start in before.values() if born(pid) == start]:
        number = signal.SIGKILL if time.monotonic() > deadline else signal.SIGTERM
        if not asked or number is signal.SIGKILL:
            for pid in left:
                with suppress(ProcessLookupError):
                    os.killpg(pid, number)
        asked = True
        await asyncio.sleep(POLL)
