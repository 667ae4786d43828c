"""The way from the front address, and from a page, to the service that owns a door: body and answer go through as they are.

Not here: which door is whose (`domain.front`), problems in words (`common.problems`).
"""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
from common import tracing
from common.errors import OutcomeUnknown, PeerAway

from console.domain.front import ASKED, SAFE

PATIENCE = httpx2.Timeout(30.0, connect=2.0)  # longer than any service takes to give up by itself


async def forward(
    http: httpx2.AsyncClient, url: str, *, peer: str, method: str, headers: Mapping[str, str], body: AsyncIterator[bytes]
) -> httpx2.Response:
    """Return the owner's answer, its body still to be read. Raises PeerAway (surely nothing done) or OutcomeUnknown."""
    content = None if method in SAFE else body
    return await _sent(http, http.build_request(method, url, headers=_crossing(headers), content=content, timeout=PATIENCE), peer)


def _crossing(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() in ASKED} | {"traceparent": tracing.current()}


async def _sent(http: httpx2.AsyncClient, request: httpx2.Request, peer: str) -> httpx2.Response:
    try:
        return await http.send(request, stream=True)
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
        raise PeerAway(None, peer=peer) from error
    except httpx2.HTTPError as error:
        raise (PeerAway(None, peer=peer) if request.method in SAFE else OutcomeUnknown(None, peer=peer)) from error


@dataclass(frozen=True)
class Answered:
    """A whole answer of another service."""

    status: int
    content: bytes
    headers: Mapping[str, str]

    def json(self) -> Any:
        """Return it as JSON."""
        return json.loads(self.content)


async def ask(http: httpx2.AsyncClient, url: str, *, peer: str, method: str, headers: Mapping[str, str], content: bytes) -> Answered:
    """Return the owner's whole answer to a page's question or command. Raises PeerAway (surely nothing done) or OutcomeUnknown."""
    answer = await _sent(http, http.build_request(method, url, headers=_crossing(headers), content=content or None, timeout=PATIENCE), peer)
    try:
        return Answered(answer.status_code, await answer.aread(), answer.headers)
    except httpx2.HTTPError as error:
        raise (PeerAway(None, peer=peer) if method in SAFE else OutcomeUnknown(None, peer=peer)) from error
    finally:
        await answer.aclose()
