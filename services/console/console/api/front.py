"""The front address: every `/v1/…` of another service goes to its owner, by the table of `domain.front`.

The owner's own door decides who may enter; nothing is read or kept on the way.
"""

from collections.abc import Awaitable, Callable

from common.errors import TYPE_BASE, NotFound
from common.problems import BY_STATUS, locale_of, respond
from common.runtime import Runtime
from common.topology import PEERS
from fastapi import APIRouter, Request
from starlette.background import BackgroundTask
from starlette.responses import Response, StreamingResponse

from console import gateway
from console.domain.front import ANSWERED, METHODS, OWN, STREETS, Street, is_plain, route_paths
from console.store import Store

Forward = Callable[[Request], Awaitable[Response]]


def _to(street: Street) -> Forward:
    async def forward(request: Request) -> Response:
        raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
        path = raw.decode("ascii", "replace").partition("?")[0]
        if street.owner is None or not is_plain(path):
            raise NotFound
        if street.owner == OWN:  # the method that it answers was asked before
            return _only_get(request)
        rt: Runtime[Store] = request.app.state.runtime
        base = str(getattr(rt.settings, PEERS[street.owner])).rstrip("/")
        query = f"?{request.url.query}" if request.url.query else ""
        answer = await gateway.forward(
            rt.http, base + path + query, peer=street.owner, method=request.method, headers=request.headers, body=request.stream()
        )
        headers = {name: value for name, value in answer.headers.items() if name in ANSWERED}
        return StreamingResponse(answer.aiter_raw(), answer.status_code, headers, background=BackgroundTask(answer.aclose))

    forward.permission = "owner's door"  # type: ignore[attr-defined]  # the owner asks for its own
    return forward


def _only_get(request: Request) -> Response:
    locale = locale_of(request.headers.get("accept-language"))
    slug, title = BY_STATUS[405]
    return respond({"type": TYPE_BASE + slug, "title": title.in_(locale), "status": 405}, locale=locale, headers={"Allow": "GET"})


def front() -> APIRouter:
    """Return the routes of the table, in its order."""
    router = APIRouter(include_in_schema=False)
    for street in STREETS:
        forward = _to(street)
        for path in route_paths(street):
            router.add_api_route(path, forward, methods=list(METHODS), response_class=Response, response_model=None)
    return router
