"""What a running `./dev up` leaves for the other verbs: a lock, its state, its events. Not here: who writes them (`supervisor`).

The lock is held by the supervisor's open file, so it ends with the process whatever happens: no stale pid file is ever believed.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO

from huiyin.secret_keys import kept_secrets, write_private

EVERYTHING = "everything"  #: the part that all others are parts of


class What(StrEnum):
    """What may happen to a part."""

    STARTING = "starting"  #: begun, not yet ready
    READY = "ready"  #: answers
    ENDED = "ended"  #: the process is gone and nobody asked for it
    FAILED = "failed"  #: a start did not succeed
    STOPPING = "stopping"  #: asked to end


@dataclass(frozen=True)
class Event:
    """One line of `events.jsonl`: something happened to one part."""

    part: str  #: service, server or step
    what: What
    note: str = ""
    seconds: float | None = None


class AlreadyRuns(Exception):
    """Somebody holds the lock."""


class StateFiles:
    """The files under one `.local`."""

    def __init__(self, local: Path) -> None:
        """Nothing is read or made yet."""
        self.local = local
        self._lock, self._state, self._events = local / "lock", local / "state.json", local / "events.jsonl"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock. Raises `AlreadyRuns`."""
        self.local.mkdir(parents=True, exist_ok=True)
        with self._lock.open("a+") as file:
            if not _locked(file, fcntl.LOCK_EX, tries=20):
                raise AlreadyRuns
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield
            self._state.unlink(missing_ok=True)

    def runner(self) -> int | None:
        """Process id of the supervisor that runs, or None."""
        if not self._lock.exists():
            return None
        with self._lock.open() as file:
            return None if _locked(file, fcntl.LOCK_SH, tries=1) else int(file.read() or 0) or None

    def write(self, **facts: Any) -> None:
        """Replace the state (mode 600: addresses may hold passwords)."""
        write_private(self._state, json.dumps(facts, indent=1))

    def read(self) -> dict[str, Any]:
        """State of the running stack, or of the last one that did not stop in order; empty if there is none."""
        facts: dict[str, Any] = json.loads(self._state.read_text()) if self._state.exists() else {}
        return facts

    def environment(self) -> dict[str, str]:
        """Environment for commands that talk to the running stack; empty if none runs."""
        if self.runner() is None:
            return {}
        return {**self.read().get("env", {}), **kept_secrets(self.local / "secrets.json")}

    def forget_events(self) -> None:
        """Begin an empty list of events."""
        self._events.write_text("")

    def tell(self, event: Event) -> None:
        """Append an event."""
        with self._events.open("a") as file:
            file.write(json.dumps(vars(event), ensure_ascii=False) + "\n")

    def events(self, seen: int = 0) -> list[Event]:
        """Events after the first `seen`; a line still being written waits for the next call."""
        if not self._events.exists():
            return []
        lines = [line for line in self._events.read_text().splitlines(keepends=True) if line.endswith("\n")]
        return [_event(json.loads(line)) for line in lines[seen:]]


def _event(facts: dict[str, Any]) -> Event:
    return Event(**{**facts, "what": What(facts["what"])})


def _locked(file: TextIO, how: int, *, tries: int) -> bool:
    """Take the lock; more than one try, because a reader holds it for an instant."""
    for left in reversed(range(tries)):
        with suppress(BlockingIOError):
            fcntl.flock(file, how | fcntl.LOCK_NB)
            return True
        time.sleep(0.05 if left else 0)
    return False
