"""Console before a dispatch that tells one order as the test says: what the technician's pages are tried on without a browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from fastapi import FastAPI

from tests.unit.console import story
from tests.unit.console.world import Peers, add_account, parts, running

NUMBER = "JN-260314-7K3QX"
VIEW = {
    "id": f"{NUMBER}-1", "case": NUMBER, "case_kind": "repair", "number": 1, "status": "accepted", "party": "own", "trade": "plumbing",
    "assignee": "jn-worker", "issued_at": "2026-03-14T09:00:00Z", "moves": ["arrive", "excuse", "sing"],
    "steps": [{"move": "accept", "at": "2026-03-14T09:05:00Z", "by": "jn-worker", "note": "<script>alert(1)</script>", "photos": ["a" * 32]}],
}  # fmt: skip
REFUSAL = {"type": "urn:huiyin:problem:guard-refused", "title": "规则不允许", "detail": "还不行", "status": 409}


class Dispatch(Peers):
    """Answers as dispatch does."""

    refusal: dict[str, Any] | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await super().handle_async_request(request)
        if request.method == "GET" and request.url.path.startswith("/v1/work-orders"):
            return httpx2.Response(200, json=VIEW) if request.url.path.endswith(f"{NUMBER}-1") else httpx2.Response(404, json={})
        if self.refusal:
            return httpx2.Response(self.refusal["status"], json=self.refusal)
        return answer


@asynccontextmanager
async def at_work() -> AsyncIterator[tuple[FastAPI, Dispatch]]:
    """Yield a running console with a worker's and finance's account, and the dispatch it asks."""
    dispatch = Dispatch()
    async with running(parts(transport=dispatch), story.day()) as app:
        await add_account(app.state.runtime, "worker", roles=("repair_worker",))
        await add_account(app.state.runtime, "money", roles=("finance",))
        yield app, dispatch
