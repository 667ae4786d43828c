"""The services as processes on given servers, for `./dev up`, fault tests and benches.

    stack = Stack(folder, amqp_url=…, mongo_url=…, namespace="t1", extra={"HUIYIN_TIME": "shared"})
    async with stack:
        await stack.children["sla"].kill(); await stack.children["sla"].start()
        subprocess(…, env=stack.env)

Not here: the servers themselves (`servers`), who restarts a service that ended (`supervisor`).
"""

import asyncio
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from huiyin.secret_keys import kept_secrets

from devstack import ports
from devstack.paths import SERVICES
from devstack.processes import Child, Probe, connection, together

PROVIDER = "provider"  #: simulator of mail server and webhook receiver


class Stack:
    """Five services, each a process of its own, and the provider simulator."""

    def __init__(
        self,
        home: Path,
        *,
        amqp_url: str,
        mongo_url: str,
        namespace: str = "huiyin",
        fixed: bool = False,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        """Logs, secrets and ports lie under `home`. `fixed` prefers the well-known ports; `extra` is more environment for every service."""
        self.home = home
        remembered = ports.remembered(home / "ports.json", [*(() if fixed else SERVICES), "smtp", "http"])
        self.ports = {**remembered, **(ports.preferred(SERVICES) if fixed else {})}
        self.secrets = kept_secrets(home / "secrets.json")
        servers = {"HUIYIN_MONGO_URL": mongo_url, "HUIYIN_AMQP_URL": amqp_url, "HUIYIN_NAMESPACE": namespace}
        self.env = {**servers, **_addresses(self.ports), **self.secrets, **(extra or {})}
        self.children = {PROVIDER: self._provider(), **{name: self.service(name, self.ports[name]) for name in SERVICES}}

    def service(self, name: str, port: int, *, number: int = 1) -> Child:
        """One process of a service; `number` tells several workers of one service apart. Not started."""
        command = [sys.executable, "-m", "uvicorn", "--factory", f"{name}.main:create_app", "--host", "127.0.0.1", "--port", str(port)]
        options = ["--timeout-graceful-shutdown", "5", "--no-access-log"]
        title = name if number == 1 else f"{name}-{number}"
        return Child(title, [*command, *options], self._log(title), {**self.env, "HUIYIN_SERVICE": name}, _ready(port), grace=timedelta(seconds=15))

    def _provider(self) -> Child:
        smtp, http = self.ports["smtp"], self.ports["http"]
        command = [sys.executable, "-m", "huiyin", "provider", "--smtp-port", str(smtp), "--http-port", str(http)]
        return Child(PROVIDER, command, self._log(PROVIDER), self.env, _listening(smtp, http))

    def _log(self, name: str) -> Path:
        return self.home / "log" / f"{name}.log"

    async def start(self) -> None:
        """Start all together and wait until each answers 200 on `/readyz`. If one fails the others are stopped."""
        try:
            await together(*(child.start() for child in self.children.values()))
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop all, side by side."""
        await asyncio.gather(*(child.stop() for child in self.children.values()))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()


def _addresses(port: Mapping[str, int]) -> dict[str, str]:
    """Where the services and the outside world answer; webhooks may go to this machine."""
    return {
        **{f"HUIYIN_{name.upper()}_URL": f"http://127.0.0.1:{port[name]}" for name in SERVICES},
        "HUIYIN_SMTP_URL": f"smtp://127.0.0.1:{port['smtp']}",
        "HUIYIN_PROVIDER_URL": f"http://127.0.0.1:{port['http']}",
        "HUIYIN_WEBHOOK_ALLOW_PRIVATE": "true",
    }


def _ready(port: int) -> Probe:
    async def probe() -> bool:
        return await http_status(port, "/readyz") == 200

    return probe


def _listening(*wanted: int) -> Probe:
    async def probe() -> bool:
        for port in wanted:
            async with connection("127.0.0.1", port):
                pass
        return True

    return probe


async def http_status(port: int, path: str) -> int:
    """HTTP status of a GET, on a connection of its own; 0 if the answer is not HTTP."""
    async with asyncio.timeout(5), connection("127.0.0.1", port) as (reader, writer):
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        words = (await reader.readline()).split()
    return int(words[1]) if len(words) > 1 and words[0].startswith(b"HTTP/") else 0
