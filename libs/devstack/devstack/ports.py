"""Free ports on the loopback address, remembered, so that addresses survive a restart. Not here: who listens on them.

A port that is chosen is reserved until this process ends, by a lock on a file: two stacks that start in the same second choose apart.
"""

import fcntl
import json
import os
import random
import socket
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

SERVER_RANGE = range(20000, 32000)  #: below the kernel's own range, so that no outgoing connection takes one between choice and use


def is_free(port: int) -> bool:
    """Whether somebody could listen on 127.0.0.1:`port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


_reserved: dict[int, int] = {}  #: port -> its lock; the locks end with it, whatever happens


def take(port: int) -> bool:
    """Reserve 127.0.0.1:`port` for this process, if it is free and no other process of this user has chosen it."""
    if not is_free(port):
        return False
    if port in _reserved:
        return True
    folder = Path(tempfile.gettempdir()) / f"huiyin-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    lock = os.open(folder / str(port), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return False
    _reserved[port] = lock
    return True


def remembered(path: Path, names: Iterable[str]) -> dict[str, int]:
    """Port of each name: the one in the file at `path` while it is free, else a new one. Writes the file."""
    before: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
    chosen: dict[str, int] = {}
    for name in names:
        port = before.get(name)
        while port is None or port in chosen.values() or not take(port):
            port = random.choice(SERVER_RANGE)
        chosen[name] = port
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**before, **chosen}, indent=1) + "\n")
    return chosen


def preferred(wanted: Mapping[str, int]) -> dict[str, int]:
    """Port of each name: the wanted one, or the next free one above all wanted ones."""
    chosen: dict[str, int] = {}
    spare = max(wanted.values()) + 1
    for name, port in wanted.items():
        free = port
        while not take(free):
            free, spare = spare, spare + 1
        chosen[name] = free
    return chosen
