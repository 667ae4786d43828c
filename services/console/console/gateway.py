"""The way from the front address to the service that owns a door: body and answer go through as they are.

Not here: which door is whose (`domain.front`), problems in words (`common.problems`).
"""

from collections.abc import AsyncIterator, Mapping

import httpx2
from common import tracing
from common.errors import OutcomeUnknown, PeerAway

from console.domain.front import ASKED, SAFE

PATIENCE = httpx2.Timeout(30.0, connect=2.0)  # longer than any service takes to give up by itself


async def forward(
    http: httpx2.AsyncClient, url: str, *, peer: str, method: str, headers: Mapping[str, str], body: AsyncIterator[bytes]
) -> httpx2.Response:
    """Return the owner's answer, its body still to be read. Raises PeerAway (surely nothing done) or OutcomeUnknown."""
    crossing = {name: value for name, value in headers.items() if name in ASKED} | {"traceparent": tracing.current()}
    content = None if method in SAFE else body
    request = http.build_request(method, url, headers=crossing, content=content, timeout=PATIENCE)
    try:
        return await http.send(request, stream=True)
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
        raise PeerAway(None, peer=peer) from error
    except httpx2.HTTPError as error:
        raise (PeerAway(None, peer=peer) if method in SAFE else OutcomeUnknown(None, peer=peer)) from error
