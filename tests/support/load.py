"""A call centre under load: posts repairs, repeats with the same key until it knows, and remembers every acknowledged number."""

import asyncio
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from uuid import uuid4

import httpx2

BODY: dict[str, Any] = {
    "site": "XZ",
    "kind": "repair",
    "channel": "app",
    "subject": "厨房下水道堵塞",
    "fault": "blocked_pipe",
    "reporter": {"name": "测试业主", "phone": "13900000000", "email": "owner@example.com"},
}
GIVE_UP_S = 120.0


def body_of(key: str) -> dict[str, Any]:
    """Return a report by a flat of its own: reports by one flat about one problem would be repeats, which wait for each other."""
    return BODY | {"unit": f"{int(key[:2], 16) + 1}-{int(key[2:8], 16)}"}


@dataclass
class Load:
    """Posts through the door of intake and keeps the history."""

    url: str
    api_key: str
    acknowledged: dict[str, str] = field(default_factory=dict)  #: idempotency key -> case number
    repeats: int = 0
    refused: list[int] = field(default_factory=list)
    answered_s: list[float] = field(default_factory=list)

    async def _post(self, client: httpx2.AsyncClient, key: str) -> None:
        """One case: the same key until a final answer; busy, away and cut connections are repeated."""
        began, headers = monotonic(), {"Authorization": f"Bearer {self.api_key}", "Idempotency-Key": key}
        while monotonic() - began < GIVE_UP_S:
            try:
                answer = await client.post("/v1/cases", json=body_of(key), headers=headers)
            except httpx2.HTTPError:
                self.repeats += 1
                await asyncio.sleep(0.2)
                continue
            if answer.status_code == 201:
                self.answered_s.append(monotonic() - began)
                self.acknowledged[key] = answer.json()["number"]
                return
            if answer.status_code < 500:
                self.refused.append(answer.status_code)
                return
            self.repeats += 1
            await asyncio.sleep(0.2)
        msg = f"{key} was never answered"
        raise AssertionError(msg)

    def _client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(base_url=self.url, timeout=15, trust_env=False, limits=httpx2.Limits(max_connections=64))

    async def saturate(self, count: int, workers: int = 32) -> float:
        """Post as fast as the door lets; return cases per second."""
        async with self._client() as client:
            left = iter(range(count))

            async def worker() -> None:
                for _ in left:
                    await self._post(client, uuid4().hex)

            began = monotonic()
            await asyncio.gather(*(worker() for _ in range(workers)))
            return count / (monotonic() - began)

    async def run(self, count: int, rate: float) -> None:
        """Post at a steady rate whatever the answers (open loop)."""
        async with self._client() as client, asyncio.TaskGroup() as group:
            began = monotonic()
            for n in range(count):
                await asyncio.sleep(max(0.0, began + n / rate - monotonic()))
                group.create_task(self._post(client, uuid4().hex))
