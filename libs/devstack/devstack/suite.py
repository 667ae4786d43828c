"""`./dev test` and `./dev faults`: checks, what browser and metrics tests need, then pytest on servers of its own.

Not here: the servers of the tests (`tests/support/servers.py`).
"""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from devstack.checks import check
from devstack.packages import unpacked
from devstack.paths import LOCAL, REPOSITORY, TOOLS
from devstack.processes import StepFailed

BROWSER = ("chromium", "fonts-noto-cjk")  #: installed as root: a browser does not run from an unpacked archive
FAULTS = "tests/faults"
#: each worker starts servers of its own; the tests of one file stay together, and long files come before the many short ones of tests/unit
WORKERS = min(4, os.cpu_count() or 1)


def test(words: Sequence[str]) -> int:
    """Run all checks and tests but the faults; with arguments only pytest, with these arguments."""
    ready_tools()
    if words:
        return pytest(words)
    checked = check([])
    tested = pytest([f"--ignore={FAULTS}", "--durations=15", f"--numprocesses={WORKERS}", "--dist=loadfile", "--no-loadscope-reorder"])
    return checked or tested


def faults(words: Sequence[str]) -> int:
    """Run the tests that kill, freeze and wipe servers and services (arguments go to pytest)."""
    return pytest([FAULTS, "--durations=15", *words])


def pytest(words: Sequence[str]) -> int:
    """Exit code of pytest. Programs unpacked for tests come last on the path: what the machine has wins."""
    began = time.monotonic()
    environment = {**os.environ, "PATH": f"{os.environ.get('PATH', os.defpath)}:{TOOLS / 'usr/bin'}"}
    code = subprocess.run([sys.executable, "-m", "pytest", *words], cwd=REPOSITORY, env=environment, check=False).returncode
    print(f"pytest ended with {code} after {time.monotonic() - began:.0f} s", flush=True)
    return code


def ready_tools() -> None:
    """Fetch what only tests need; a browser needs root, and its tests say so when it is missing."""
    try:
        if not shutil.which("promtool"):
            asyncio.run(unpacked("prometheus", instead="Tests of /metrics need promtool."))
    except StepFailed as error:
        print(f"promtool is missing: {error}", flush=True)
    missing = [package for package in BROWSER if not _installed(package)]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        _install(missing)
    elif missing:
        print(f"browser tests are left out: {', '.join(missing)} can only be installed as root", flush=True)


def _installed(package: str) -> bool:
    if package == "chromium" and (shutil.which("chromium") or shutil.which("google-chrome")):
        return True
    return Path(f"/usr/share/doc/{package}").exists()


def _install(packages: Sequence[str]) -> None:
    print(f"installing {', '.join(packages)} …", flush=True)
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / "apt-install.log").open("ab") as log:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", *packages]):
            subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)
