"""The process behind `./dev up`: starts servers and services in order, keeps them alive, stops them in order.

It runs detached from the terminal. Its standard input is a lease: while the command that started it has not said "stay", the end of that
pipe means that the user is gone (Ctrl-C, closed terminal, SIGKILL), and everything stops. Killed itself, its children die with it
(`processes`). Not here: what is shown to the user (`up`).
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from devstack.leftovers import end_leftovers, fingerprints
from devstack.paths import LOCAL
from devstack.processes import Child, NotHere, StepFailed, together
from devstack.servers import Servers
from devstack.stack import Stack
from devstack.state import EVERYTHING, AlreadyRuns, Event, StateFiles, What

FIRST_PAUSE, LAST_PAUSE = 0.5, 30.0  #: seconds before a restart, doubled each time
STEADY = 60.0  #: seconds of life after which the pause is short again
STAY = b"stay"


class Supervisor:
    """One run, from the first step to the last stop."""

    def __init__(self, local: Path) -> None:
        """Data, logs and state lie under `local`."""
        self.local, self.files = local, StateFiles(local)
        self.servers = Servers(local)
        self.stack: Stack | None = None
        self.restarts: dict[str, int] = {}

    async def run(self) -> None:
        """Start everything and keep it alive until cancelled; whatever happens, everything is stopped. Raises `StepFailed`."""
        try:
            await self._start()
            await asyncio.gather(*(self._keep(child) for child in self._children()))
        finally:
            self._tell(EVERYTHING, What.STOPPING)
            if self.stack:
                await self.stack.stop()
            await self.servers.stop()

    async def _start(self) -> None:
        began = time.monotonic()
        await end_leftovers(self.files.read().get("children", {}))
        await self._step("programs", self.servers.prepare())
        await together(*(self._step(name, part.start()) for name, part in self.servers.parts.items()))
        amqp, mongo = self.servers.amqp_url, self.servers.mongo_url
        namespace = os.environ.get("HUIYIN_NAMESPACE", "huiyin")
        self.stack = Stack(self.local, amqp_url=amqp, mongo_url=mongo, namespace=namespace, fixed=True, extra={"HUIYIN_TIME": "shared"})
        await together(*(self._step(name, child.start()) for name, child in self.stack.children.items()))
        self._tell(EVERYTHING, What.READY, since=began)

    async def _step(self, name: str, work: Coroutine[Any, Any, object]) -> None:
        """Do one step of the start and say so before and after."""
        began = time.monotonic()
        self._tell(name, What.STARTING)
        await work
        self._tell(name, What.READY, since=began)

    async def _keep(self, child: Child) -> None:
        """Start `child` again whenever it ends, after a pause that doubles while it does not live long."""
        pause = FIRST_PAUSE
        while True:
            began = time.monotonic()
            code = await child.exited()
            pause = FIRST_PAUSE if time.monotonic() - began > STEADY else min(pause * 2, LAST_PAUSE)
            self.restarts[child.name] = self.restarts.get(child.name, 0) + 1
            self._tell(child.name, What.ENDED, f"code {code}; starts again in {pause:.0f} s")
            await asyncio.sleep(pause)
            try:
                await self._step(child.name, child.start())
            except StepFailed as error:
                self._tell(child.name, What.FAILED, str(error))

    def _children(self) -> Sequence[Child]:
        return [*self.servers.children, *(self.stack.children.values() if self.stack else ())]

    def _tell(self, part: str, what: What, note: str = "", *, since: float | None = None) -> None:
        """Note an event and write the state as it is after it."""
        seconds = None if since is None else round(time.monotonic() - since, 1)
        env = {name: value for name, value in self.stack.env.items() if name not in self.stack.secrets} if self.stack else {}
        self.files.write(pid=os.getpid(), env=env, restarts=self.restarts, children=fingerprints(self._children()))
        self.files.tell(Event(part, what, note, seconds))


async def main(local: Path = LOCAL) -> int:
    """Run until told to stop. Returns 0 when asked to end, 1 when a step failed, 3 when something needed cannot be had."""
    files = StateFiles(local)
    try:
        with files.held():
            return await _run(Supervisor(local), files)
    except AlreadyRuns:
        return 1


async def _run(supervisor: Supervisor, files: StateFiles) -> int:
    files.forget_events()
    run = asyncio.ensure_future(supervisor.run())
    _obey(run)
    try:
        await run
    except asyncio.CancelledError:
        return 0
    except StepFailed as error:
        files.tell(Event(EVERYTHING, What.FAILED, str(error)))
        return 3 if isinstance(error, NotHere) else 1
    return 0


def _obey(run: "asyncio.Future[None]") -> None:
    """End `run` at the first signal or at the end of the lease; later ones do not disturb the stopping."""
    loop = asyncio.get_running_loop()
    asked = False

    def end() -> None:
        nonlocal asked
        if not asked:
            asked = True
            run.cancel()

    def lease() -> None:
        word = os.read(sys.stdin.fileno(), 64)
        if STAY in word or not word:
            loop.remove_reader(sys.stdin.fileno())
        if not word:
            end()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end)
    loop.add_reader(sys.stdin.fileno(), lease)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
