"""Debian packages without root: downloaded with apt and unpacked under `.local/root`; the system's own package state is only read.

Not here: what the packages are needed for (`rabbit`, `mongod`).
"""

import asyncio
import ctypes.util
import fcntl
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from devstack.paths import TOOLS
from devstack.processes import NotHere, run

STATUS = Path("/var/lib/dpkg/status")


def library_path(root: Path = TOOLS) -> str:
    """`LD_LIBRARY_PATH` of what is unpacked under `root`."""
    own = [str(path) for path in sorted(root.glob("usr/lib/*-linux-gnu"))]
    return ":".join(own + [path for path in [os.environ.get("LD_LIBRARY_PATH", "")] if path])


def has_library(name: str) -> bool:
    """Whether the dynamic linker of this machine finds `lib<name>`."""
    return ctypes.util.find_library(name) is not None


async def unpacked(package: str, *, instead: str, root: Path = TOOLS) -> Path:
    """Return `root`, with `package` and what it needs unpacked below. Raises `NotHere` (with `instead`, a hint) where there is no apt."""
    done = root / f".{package}"
    if done.exists():
        return root
    if not shutil.which("apt-get") or not STATUS.exists():
        raise NotHere(f"{package} is not on this machine and there is no apt to fetch it. {instead}")
    root.mkdir(parents=True, exist_ok=True)
    async with _alone(root.parent / "apt.lock"):
        if not done.exists():
            await _fetch(package, root)
            done.touch()
    return root


async def _fetch(package: str, root: Path) -> None:
    state, log = root.parent / "apt", root.parent / "log" / "apt.log"
    options = _options(state)
    (state / "status").write_text(_without_erlang(STATUS.read_text()))
    await run("apt-get update", ["apt-get", *options, "update"], log)
    await run("apt-get download", ["apt-get", *options, "install", "-y", "--no-install-recommends", "--download-only", package], log)
    for archive in sorted((state / "cache" / "archives").glob("*.deb")):
        await run("dpkg", ["dpkg", "-x", str(archive), str(root)], log)
    shutil.rmtree(state)  # lists and archives: 200 MB that nobody reads again


def _options(state: Path) -> Sequence[str]:
    """Options that give apt a state of its own; mirrors and keys stay those of the machine."""
    for folder in ("lists/partial", "cache/archives/partial"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    settings = {
        "Dir::State": state,
        "Dir::State::Lists": state / "lists",
        "Dir::State::status": state / "status",
        "Dir::Cache": state / "cache",
        "Debug::NoLocking": 1,
        "APT::Sandbox::User": "",
    }
    return ["-q", *(word for name, value in settings.items() for word in ("-o", f"{name}={value}"))]


def _without_erlang(status: str) -> str:
    """Package state as if no Erlang were installed: half of one here and half of it unpacked would not start."""
    return "\n\n".join(stanza for stanza in status.split("\n\n") if not stanza.lstrip().startswith("Package: erlang"))


@asynccontextmanager
async def _alone(path: Path) -> AsyncIterator[None]:
    """Only one process fetches at a time; the others wait and find the work done."""
    with path.open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(0.2)
        yield
