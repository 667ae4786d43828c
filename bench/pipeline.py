"""Our own pipeline under load: a call centre's POST until case, order, two clocks and the acknowledgement are recorded; and a whole repair.

All services run on their normal settings. Nothing is asked of the API that is measured: the end of a case is read in notify's inbox, where its
registration, its order and both clocks leave a mark with the machine's time.
"""

import asyncio
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import psutil
from common.mongo import MongoDatabase
from common.settings import Settings
from common.timesource import machine_now
from devstack.paths import REPOSITORY
from devstack.processes import Child
from devstack.servers import Servers
from devstack.stack import Stack
from huiyin.doors import Doors, open_doors
from huiyin.sites import apply_site, load_site

Run = tuple[str, dict[str, Any]]
SITE = REPOSITORY / "packs" / "sites" / "XZ.yaml"
BODY = {
    "kind": "repair",
    "channel": "app",
    "subject": "厨房下水道堵塞",
    "fault": "blocked_pipe",
    "reporter": {"name": "压测", "phone": "13900000000", "email": "bench@example.com"},
}
MARKS = 4  # registration, order and two clocks
CONNECTIONS = 64
PATIENCE_S = 180.0
STEPS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("accept", {}),
    ("arrive", {}),
    ("assess", {"outcome": "normal", "plan_told": True}),
    ("complete", {"record": "done"}),
    ("sign", {"result": "good"}),
)


def percentiles(values: Sequence[float]) -> list[float]:
    """Return p50, p95, p99 in ms of seconds."""
    ordered = sorted(values)
    return [round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000, 1) for share in (0.50, 0.95, 0.99)] if ordered else []


def cpu_seconds(children: Sequence[Child]) -> float:
    """Return the CPU time of these processes and theirs."""
    total = 0.0
    for child in children:
        for process in [psutil.Process(child.pid), *psutil.Process(child.pid).children(recursive=True)] if child.pid else []:
            total += sum(process.cpu_times()[:2])
    return total


class Bench:
    """One started house and its load."""

    def __init__(self, stack: Stack, servers: Servers, doors: Doors, settings: Settings, site: str, key: str) -> None:
        """Everything is running."""
        self._site, self._body = site, {"site": site, **BODY}
        self.doors, self._children = doors, [*stack.children.values(), *servers.children]
        self._log = MongoDatabase(servers.mongo_url, f"{settings.namespace}_notify", "pymongo")
        self._client = httpx2.AsyncClient(
            base_url=settings.intake_url,
            timeout=60,
            trust_env=False,
            limits=httpx2.Limits(max_connections=CONNECTIONS),
            headers={"Authorization": f"Bearer {key}"},
        )
        self.began: dict[str, float] = {}
        self.http: list[float] = []

    async def close(self) -> None:
        """Let go."""
        await self._client.aclose()
        await self._log.stop()

    async def post(self) -> str:
        """Post one case; return its number."""
        wall, began = machine_now().timestamp(), time.perf_counter()
        key = uuid4().hex
        unit = f"{int(key[:2], 16) + 1}-{int(key[2:8], 16)}"  # reports by one flat about one problem would be repeats, which wait for each other
        answer = await self._client.post("/v1/cases", json=self._body | {"unit": unit}, headers={"Idempotency-Key": key})
        answer.raise_for_status()
        self.http.append(time.perf_counter() - began)
        number: str = answer.json()["number"]
        self.began[number] = wall
        return number

    async def recorded(self, numbers: set[str]) -> dict[str, float]:
        """Wait until every case left its four marks; return when each had, in Unix seconds."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            marks: dict[str, list[float]] = {}
            for row in await self._log.find("inbox"):
                _, prefix, subject, *_ = row["_id"].split(":")
                if prefix in {"case", "work_order", "clock"}:
                    case = row["_id"].split(":")[3] if prefix == "clock" else subject[: -len("-1")] if prefix == "work_order" else subject
                    if prefix != "case" or row["_id"].endswith(":1"):
                        marks.setdefault(case, []).append(row["at"].timestamp())
            done = {case: max(times) for case, times in marks.items() if case in numbers and len(times) >= MARKS}
            if len(done) == len(numbers):
                return done
            await asyncio.sleep(0.25)
        raise TimeoutError(f"{len(numbers) - len(done)} of {len(numbers)} cases were not recorded in {PATIENCE_S} s")

    async def saturated(self, cases: int) -> dict[str, Any]:
        """Post as fast as the door lets; return rate and CPU until the last mark."""
        before, began, left, numbers = cpu_seconds(self._children), machine_now().timestamp(), iter(range(cases)), set()

        async def worker() -> None:
            for _ in left:
                numbers.add(await self.post())

        await asyncio.gather(*(worker() for _ in range(CONNECTIONS)))
        ended = max((await self.recorded(numbers)).values())
        return {"cases_s": round(cases / (ended - began), 1), "cpu_ms": round((cpu_seconds(self._children) - before) / cases * 1000, 1), "n": cases}

    async def half_load(self, rate: float, seconds: float) -> dict[str, Any]:
        """Post at a steady rate; return latencies of the answer and of the last mark."""
        self.http, numbers = [], set()

        async def one() -> None:
            numbers.add(await self.post())

        async with asyncio.TaskGroup() as group:
            start = time.monotonic()
            for n in range(max(1, int(rate * seconds))):
                await asyncio.sleep(max(0.0, start + n / rate - time.monotonic()))
                group.create_task(one())
        ended = await self.recorded(numbers)
        return {
            "rate": round(rate, 1),
            "http_ms": percentiles(self.http),
            "e2e_ms": percentiles([at - self.began[case] for case, at in ended.items()]),
        }

    async def whole_repair(self) -> None:
        """One repair from the POST to the closed case, by whoever was chosen."""
        number = await self.post()
        order = await self._until("dispatch", "/v1/work-orders", lambda page: page["orders"] and page["orders"][0], case=number)
        worker = self.doors.staff(order["assignee"], ("repair_worker",), (self._site,))
        for move, body in STEPS:
            await self.doors.surely("dispatch", "POST", f"/v1/work-orders/{order['id']}/{move}", bearer=worker, body=body)
        await self._until("intake", f"/v1/cases/{number}", lambda case: case["status"] == "return_visit_due" and case)
        visit = {"form": "phone", "satisfied": True, "attitude": "good", "efficiency": "good", "quality": "good", "effect": "good"}
        await self.doors.surely("intake", "POST", f"/v1/cases/{number}/visit", body=visit)

    async def _until(self, service: str, path: str, found: Any, **params: Any) -> Any:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            answer = await self.doors.surely(service, "GET", path, **params)
            if got := found(answer):
                return got
            await asyncio.sleep(0.05)
        raise TimeoutError(path)

    async def repairs(self, count: int) -> dict[str, Any]:
        """Carry out whole repairs, sixteen at a time."""
        before, began, left = cpu_seconds(self._children), time.monotonic(), iter(range(count))

        async def worker() -> None:
            for _ in left:
                await self.whole_repair()

        await asyncio.gather(*(worker() for _ in range(16)))
        took = time.monotonic() - began
        return {"cases_s": round(count / took, 1), "cpu_ms": round((cpu_seconds(self._children) - before) / count * 1000, 1), "n": count}


async def run(servers: Servers, home: Path, *, cases: int, repairs: int, seconds: float) -> list[Run]:
    """Start a fresh house, measure, stop it."""
    namespace = f"bench_{secrets.token_hex(4)}"
    stack = Stack(
        home / "stack", amqp_url=servers.amqp_url, mongo_url=servers.mongo_url, namespace=namespace, extra={"HUIYIN_RATE_PER_MINUTE": "10000000"}
    )
    async with stack:
        settings = Settings.model_validate({name.removeprefix("HUIYIN_").lower(): value for name, value in stack.env.items()})
        async with open_doors(settings) as doors:
            site = load_site(SITE)
            await apply_site(doors, site)
            key = await doors.surely("intake", "POST", "/v1/keys", body={"name": "bench", "sites": [site.id]})
            bench = Bench(stack, servers, doors, settings, site.id, key["key"])
            await bench.saturated(CONNECTIONS)  # warm
            figures = await bench.saturated(cases)
            figures |= await bench.half_load(figures["cases_s"] / 2, seconds)
            whole = await bench.repairs(repairs)
            await bench.close()
    return [("Huiyin: POST → acknowledgement", figures), ("Huiyin: whole repair", whole)]
