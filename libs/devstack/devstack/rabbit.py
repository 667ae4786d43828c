"""A private RabbitMQ node: own data, own ports, own epmd, no management plugin. Not here: queues and exchanges (`common.messaging`).

The node is the Erlang process itself, not a shell around it, so a signal reaches it at once. epmd is ours and in the foreground: started
by Erlang it would outlive the broker. The node name holds no port, or a start on other ports would find no data.
"""

import asyncio
import os
import shutil
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from devstack import ports
from devstack.packages import library_path, unpacked
from devstack.paths import TOOLS
from devstack.processes import Child, StepFailed, connection, tail

NODE = "huiyin@127.0.0.1"  #: needs no host name: a container without a hosts file has none
PORTS = ("amqp", "dist", "epmd")
INSTEAD = "Install RabbitMQ 3.10 or newer, or give the address of one in HUIYIN_AMQP_URL."
GREETING = b"AMQP\x00\x00\x09\x01"
CONF = """\
listeners.tcp.default = 127.0.0.1:{amqp}
loopback_users.guest = true
disk_free_limit.absolute = 200MB
log.console = true
log.console.level = warning
log.file = false
"""
ERL = """\
#!/bin/sh
export ROOTDIR={erlang} BINDIR={erts}/bin EMU=beam PROGNAME=erl
exec "$BINDIR/erlexec" "$@"
"""
SCRIPTS = "usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin"


class Rabbit:
    """One node whose data lie under `home`. `freeze`, `thaw` and `kill` do to the node what faults do."""

    def __init__(self, home: Path, number: Mapping[str, int], scripts: Path, root: Path) -> None:
        """`scripts` holds `rabbitmq-server` and `rabbitmqctl`; `root` is `/` or where the packages are unpacked. See `at`."""
        self.home, self.scripts = home, scripts
        self.url = f"amqp://guest:guest@127.0.0.1:{number['amqp']}/"
        self._env = _environment(home, number, root)
        erts = next((root / "usr/lib/erlang").glob("erts-*"), Path("/usr"))
        epmd = [str(erts / "bin/epmd"), "-port", str(number["epmd"]), "-address", "127.0.0.1"]
        self.epmd = Child("epmd", epmd, home / "epmd.log", self._env, lambda: _connects(number["epmd"]))
        server = ["sh", str(scripts / "rabbitmq-server")]
        self.node = Child("rabbitmq", server, home / "rabbitmq.log", self._env, lambda: _greets(number["amqp"]), grace=timedelta(seconds=20))

    @classmethod
    async def at(cls, home: Path) -> "Rabbit":
        """A node under `home` on ports remembered there, its programs fetched if the machine has none. Not yet started."""
        scripts, root = await _programs()
        home.mkdir(parents=True, exist_ok=True)
        number = ports.remembered(home / "ports.json", PORTS)
        (home / "plugins").write_text("[].\n")
        (home / "rabbitmq.conf").write_text(CONF.format_map(number))
        if root != Path("/"):
            _write_erl(home, root)
        return cls(home, number, scripts, root)

    @property
    def children(self) -> Sequence[Child]:
        """In the order of their start."""
        return (self.epmd, self.node)

    async def start(self) -> None:
        """Start what does not run (epmd, node) and wait for the AMQP greeting: 5-10 s, more on a busy machine."""
        for child in self.children:
            if not child.running:
                await child.start()

    async def stop(self) -> None:
        """Orderly end of node and epmd."""
        await self.node.stop()
        await self.epmd.stop()

    async def kill(self) -> None:
        """SIGKILL of the node; the data stay."""
        await self.node.kill()

    async def wipe(self) -> None:
        """SIGKILL, lose all data, start again empty."""
        await self.kill()
        await asyncio.to_thread(shutil.rmtree, self.home / "data", ignore_errors=True)
        await self.start()

    async def ctl(self, *words: str) -> str:
        """Output of `rabbitmqctl words…` (about 2 s). Raises `StepFailed`."""
        log = self.home / "ctl.log"
        log.unlink(missing_ok=True)
        child = Child("rabbitmqctl", ["sh", str(self.scripts / "rabbitmqctl"), "-q", *words], log, self._env)
        child.spawn()
        if await child.exited():
            raise StepFailed(f"rabbitmqctl {' '.join(words)} failed{tail(log)}")
        return log.read_text()


async def _programs() -> tuple[Path, Path]:
    """Folder of the scripts and the root they lie under."""
    installed = next(Path("/").glob(SCRIPTS), None)
    if installed:
        return installed, Path("/")
    on_path = shutil.which("rabbitmq-server")
    if on_path:
        return Path(on_path).resolve().parent, Path("/")
    root = await unpacked("rabbitmq-server", instead=INSTEAD)
    return next(root.glob(SCRIPTS)), root


def _write_erl(home: Path, root: Path) -> None:
    """`erl` of the unpacked Erlang: Debian's own has `/usr/lib/erlang` written into it."""
    erlang = root / "usr/lib/erlang"
    script = home / "bin" / "erl"
    script.parent.mkdir(exist_ok=True)
    script.write_text(ERL.format(erlang=erlang, erts=next(erlang.glob("erts-*"))))
    script.chmod(0o755)


def _environment(home: Path, number: Mapping[str, int], root: Path) -> dict[str, str]:
    own = root != Path("/")
    folders = [str(home / "bin"), str(root / "usr/lib/erlang/bin")] if own else []
    return {
        "HOME": str(home),
        "PATH": ":".join([*folders, os.environ.get("PATH", os.defpath)]),
        **({"LD_LIBRARY_PATH": library_path(TOOLS)} if own else {}),
        "RABBITMQ_NODENAME": NODE,
        "RABBITMQ_USE_LONGNAME": "true",
        "RABBITMQ_DIST_PORT": str(number["dist"]),
        "ERL_EPMD_PORT": str(number["epmd"]),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_MNESIA_BASE": str(home / "data"),
        "RABBITMQ_MNESIA_DIR": str(home / "data" / "node"),
        "RABBITMQ_LOG_BASE": str(home / "data"),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_PID_FILE": str(home / "data" / "pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}",
        "RUNNING_UNDER_SYSTEMD": "true",  # the script replaces itself by Erlang instead of watching it
    }


async def _connects(port: int) -> bool:
    async with connection("127.0.0.1", port):
        return True


async def _greets(port: int) -> bool:
    async with asyncio.timeout(2), connection("127.0.0.1", port) as (reader, writer):
        writer.write(GREETING)
        return await reader.read(1) == b"\x01"
