"""`./dev up`, `down`, `status` and `logs`: what the user sees of the supervisor.

Not here: what runs and how it is kept alive (`supervisor`).
"""

import argparse
import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table

from devstack.leftovers import born
from devstack.paths import LOCAL, REPOSITORY, SERVICES
from devstack.processes import tail
from devstack.stack import http_status
from devstack.state import EVERYTHING, Event, StateFiles, What

LOOK = 0.1  #: seconds between two looks at the events
PATIENCE = 60.0  #: seconds `down` waits before it kills
KEPT = ("root", "test-")  #: what `down --purge` leaves: fetched programs, and test runs that may be going on
FILES = StateFiles(LOCAL)
LOG = LOCAL / "log" / "supervisor.log"
MARKS = {What.READY: ("✓", "green"), What.ENDED: ("!", "yellow"), What.FAILED: ("✗", "red"), What.STOPPING: ("…", "dim")}

console = Console(highlight=False, soft_wrap=True)


class StartFailed(Exception):
    """The start did not succeed and nothing of it is left; `code` is the exit code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def up(words: Sequence[str]) -> int:
    """Start the whole system, run the demo and leave the system running."""
    parser = argparse.ArgumentParser("./dev up", description=up.__doc__)
    parser.add_argument("--foreground", action="store_true", help="stay and show what happens; Ctrl-C stops everything")
    parser.add_argument("--no-demo", action="store_true", help="start only")
    options = parser.parse_args(words)
    if FILES.runner():
        say(f"It runs already: {_front()} (./dev status, ./dev down)")
        return 0
    try:
        with _supervisor() as process:
            seen = _until_ready(process)
            code = 0 if options.no_demo else _demo()
            say(f"Running: {_front()}   ./dev status · ./dev logs SERVICE -f · ./dev down", style="bold")
            if options.foreground:
                _watch(process, seen)
    except StartFailed as failure:
        say(f"✗ {failure}", style="red")
        return failure.code
    return code


def down(words: Sequence[str]) -> int:
    """Stop what `up` started; nothing else is touched."""
    parser = argparse.ArgumentParser("./dev down", description=down.__doc__)
    parser.add_argument("--purge", action="store_true", help="also delete the data, secrets and logs of the local system")
    options = parser.parse_args(words)
    runner = FILES.runner()
    if runner:
        began = time.monotonic()
        _end(runner)
        say(f"Stopped in {time.monotonic() - began:.1f} s.")
    else:
        say("Nothing runs.")
    if options.purge and LOCAL.exists():
        for path in LOCAL.iterdir():
            if not path.name.startswith(KEPT):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        say("Data, secrets and logs are gone; fetched programs stay in .local/root.")
    return 0


def status(words: Sequence[str]) -> int:
    """Show what runs, where, and how often it was restarted."""
    argparse.ArgumentParser("./dev status", description=status.__doc__).parse_args(words)
    if not FILES.runner():
        say("Nothing runs: ./dev up")
        return 3
    facts = FILES.read()
    table = Table("part", "process", "ready", "restarts", "address")
    good = True
    for name, (pid, start) in facts["children"].items():
        address = facts["env"].get(f"HUIYIN_{name.upper()}_URL", "")
        ready = born(pid) == start and (name not in SERVICES or _answers(address))
        good = good and ready
        table.add_row(name, str(pid), "yes" if ready else "NO", str(facts["restarts"].get(name, 0)), address)
    console.print(table)
    return 0 if good else 1


def logs(words: Sequence[str]) -> int:
    """Print the last lines of the logs of all parts, or of one."""
    parser = argparse.ArgumentParser("./dev logs", description=logs.__doc__)
    parser.add_argument("part", nargs="?", default="*", help="service or server, such as sla or rabbitmq")
    parser.add_argument("-f", "--follow", action="store_true", help="go on printing")
    parser.add_argument("-n", "--lines", type=int, default=40, help="lines of each log (40)")
    options = parser.parse_args(words)
    found = sorted(path for folder in ("log", "rabbit", "mongo") for path in (LOCAL / folder).glob(f"{options.part}.log"))
    if not found:
        say("No log of that name. There are: " + (", ".join(sorted(path.stem for path in LOCAL.glob("*/*.log"))) or "none"))
        return 2
    follow = ["-F"] if options.follow else []
    return subprocess.run(["tail", "-n", str(options.lines), *follow, *map(str, found)], check=False).returncode


def say(text: str, style: str = "") -> None:
    """Print one line; square brackets are text."""
    console.print(text, style=style or None, markup=False)


@contextmanager
def _supervisor() -> Iterator["subprocess.Popen[bytes]"]:
    """The detached process. Leaving this block early, for whatever reason, ends it and everything it started."""
    LOG.parent.mkdir(parents=True, exist_ok=True)
    FILES.forget_events()
    with LOG.open("ab") as out:
        command = [sys.executable, "-m", "devstack.supervisor"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=out, cwd=REPOSITORY, start_new_session=True)
    lease = process.stdin
    assert lease is not None  # noqa: S101 - for mypy: stdin is a pipe
    try:
        yield process
    except BaseException:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave half of it behind
        if process.poll() is None:
            say("stopping everything …", style="dim")
        lease.close()
        process.wait()
        raise
    lease.write(b"stay")
    lease.close()


def _until_ready(process: "subprocess.Popen[bytes]") -> int:
    """Show the start; return the number of events seen. Raises `StartFailed`."""
    seen = 0
    waiting: dict[str, None] = {}
    with console.status("starting") as spinner:
        while True:
            ended = process.poll()
            for event in FILES.events(seen):
                seen += 1
                if event.part == EVERYTHING and event.what is What.FAILED:
                    raise StartFailed(process.wait(), event.note)
                _show(event)
                waiting.pop(event.part, None)
                if event.what is What.STARTING:
                    waiting[event.part] = None
                if event.part == EVERYTHING and event.what is What.READY:
                    return seen
            if ended is not None:
                raise StartFailed(ended or 1, f"the start was stopped{tail(LOG) if ended else ''}")
            spinner.update(f"waiting for {', '.join(waiting) or 'the next step'}")
            time.sleep(LOOK)


def _watch(process: "subprocess.Popen[bytes]", seen: int) -> None:
    """Show events until Ctrl-C or `./dev down`."""
    while process.poll() is None:
        for event in FILES.events(seen):
            seen += 1
            _show(event)
        time.sleep(LOOK)
    raise StartFailed(0, "stopped")


def _show(event: Event) -> None:
    if event.what in MARKS:
        mark, style = MARKS[event.what]
        seconds = "" if event.seconds is None else f"{event.seconds:6.1f} s"
        say(f"  {mark} {event.part:<12}{seconds} {event.note}".rstrip(), style=style)


def _demo() -> int:
    """One repair and one complaint from the call centre's POST to the closed case; its output goes straight to the terminal."""
    sys.stdout.flush()
    code = subprocess.run([sys.executable, "-m", "huiyin", "demo"], env={**os.environ, **FILES.environment()}, check=False).returncode
    if code:
        say(f"✗ the demo ended with {code}; the system stays up, its logs: ./dev logs", style="red")
    return code


def _front() -> str:
    return str(FILES.read().get("env", {}).get("HUIYIN_CONSOLE_URL", "it is still starting"))


def _answers(address: str) -> bool:
    try:
        return asyncio.run(http_status(int(address.rpartition(":")[2]), "/readyz")) == 200
    except (OSError, TimeoutError, ValueError):
        return False


def _end(runner: int) -> None:
    """Ask the supervisor to stop; kill it when it does not, which ends its children too."""
    start = born(runner)
    os.kill(runner, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while start is not None and born(runner) == start:
        if time.monotonic() > deadline:
            os.kill(runner, signal.SIGKILL)
        time.sleep(LOOK)
