"""`./dev check`: everything that can be said about the code without running it, as one table of commands. Not here: tests (`suite`)."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from devstack.locks import images, uv
from devstack.paths import REPOSITORY

Command = Sequence[str]


def check(words: Sequence[str]) -> int:
    """Lint, format, types, import contracts and house rules; each service alone in CI or with --alone."""
    parser = argparse.ArgumentParser("./dev check", description=check.__doc__)
    parser.add_argument("--alone", action="store_true", help="import each service where only its own needs are installed")
    options = parser.parse_args(words)
    results = [_passes(title, command) for title, command in _commands().items()]
    if options.alone or os.environ.get("CI"):
        with tempfile.TemporaryDirectory(prefix="huiyin-alone-") as folder:
            results += [_alone(distribution, path, Path(folder)) for distribution, path in images().items()]
    return 0 if all(results) else 1


def _commands() -> Mapping[str, Command]:
    here = Path(sys.executable).parent
    return {
        "lint": [str(here / "ruff"), "check", "--quiet", "."],
        "format": [str(here / "ruff"), "format", "--check", "--quiet", "."],
        "house rules": [sys.executable, "-m", "devstack.houselint", "."],
        "imports": [str(here / "lint-imports"), "--no-cache"],
        "types": [str(here / "mypy")],
    }


def _passes(title: str, *commands: Command) -> bool:
    """Run commands until one fails and print how it went; their words only if one failed."""
    began = time.monotonic()
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    for command in commands:
        done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"  ✗ {title:<18}{time.monotonic() - began:6.1f} s\n{done.stdout}{done.stderr}", flush=True)
            return False
    print(f"  ✓ {title:<18}{time.monotonic() - began:6.1f} s", flush=True)
    return True


def _alone(distribution: str, folder: Path, scratch: Path) -> bool:
    """Import a distribution where nothing but its subset lock and the members it names is installed, in the way the image does it."""
    python, source = scratch / distribution / "bin" / "python", scratch / f"{distribution}-source"
    for member in _members(folder):
        shutil.copytree(member, source / member.relative_to(REPOSITORY), ignore=shutil.ignore_patterns("__pycache__"))
    members = [str(source / member.relative_to(REPOSITORY)) for member in _members(folder)]
    install = [uv(), "pip", "install", "--quiet", "--python", str(python)]
    module = "huiyin.main" if distribution == "huiyin" else f"{distribution.removeprefix('huiyin-')}.main"
    return _passes(
        f"{module} alone",
        [uv(), "venv", "--quiet", "--python", sys.executable, str(scratch / distribution)],
        [*install, "--require-hashes", "-r", str(folder / "requirements.lock")],
        [*install, "--no-deps", "--no-sources", *members],
        [str(python), "-I", "-c", f"import {module}"],
    )


def _members(folder: Path) -> list[Path]:
    """Folders of the workspace members that the one in `folder` needs, itself first."""
    declared = {path.parent: tomllib.loads(path.read_text())["project"] for path in REPOSITORY.glob("*/*/pyproject.toml")}
    by_name = {project["name"]: path for path, project in declared.items()}
    found = [folder]
    for path in found:  # grows while it is walked
        found += [by_name[name] for name in declared[path].get("dependencies", ()) if name in by_name and by_name[name] not in found]
    return found
