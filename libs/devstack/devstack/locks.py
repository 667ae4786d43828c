"""`./dev lock`: one hashed lock of the workspace, and a hashed subset for each image. No lock file holds the address of a registry."""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from devstack.paths import REPOSITORY

LOCK = REPOSITORY / "requirements.lock"
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*==[^ ;]+) \\$", re.MULTILINE)  #: an unconditional pin
SHAPE = ("--no-emit-workspace", "--no-header", "--no-annotate", "--quiet")


def images() -> dict[str, Path]:
    """Distribution of each image -> folder of its subset: the five services and the operator's command line."""
    services = {f"huiyin-{path.parent.name}": path.parent for path in sorted(REPOSITORY.glob("services/*/pyproject.toml"))}
    return {**services, "huiyin": REPOSITORY / "libs" / "huiyin"}


def lock(words: Sequence[str]) -> int:
    """Make requirements.lock and the subsets again; pins stay unless --upgrade is given."""
    parser = argparse.ArgumentParser("./dev lock", description=lock.__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that the pyproject files allow")
    options = parser.parse_args(words)
    resolve(["--upgrade"] if options.upgrade else _pins())
    export(["--all-packages"], LOCK)
    for distribution, folder in images().items():
        export(["--package", distribution, "--no-dev"], folder / "requirements.lock")
    print(f"requirements.lock and {len(images())} subsets are made.")
    return 0


def resolve(options: Sequence[str]) -> None:
    """Make uv.lock, which is not committed: it holds the addresses of a registry."""
    _uv("lock", "--quiet", *options)


def export(options: Sequence[str], path: Path) -> None:
    """Write the hashed requirements that `options` select to `path`."""
    _uv("export", "--frozen", *options, *SHAPE, "--output-file", str(path))


def _pins() -> list[str]:
    """Options that keep every pin of requirements.lock where no uv.lock remembers them (a fresh clone)."""
    if (REPOSITORY / "uv.lock").exists() or not LOCK.exists():
        return []
    return [word for pin in PIN.findall(LOCK.read_text()) for word in ("--upgrade-package", pin)]


def uv() -> str:
    """The uv of this environment."""
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.exists() else shutil.which("uv") or "uv"


def _uv(*words: str) -> None:
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "UV_PYTHON": sys.executable}
    subprocess.run([uv(), *words], cwd=REPOSITORY, env=environment, check=True, stdout=subprocess.DEVNULL)
