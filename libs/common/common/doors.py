"""The door of a route: who knocks, what they may, and one idempotent transaction for what they command.

`door: Annotated[Door[Store], permit("case.report")]`; a route without a permission fails a test. Not here: the answers to errors (`problems`).
"""

import hashlib
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, Generic, Literal, TypeVar

from fastapi import Depends, Header, Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from pydantic import BaseModel

from common.auth import Caller, KeyRecord, check_key, split_key
from common.documents import storable
from common.errors import Forbidden, Invalid, KeyMissing, KeyReused, NotFound, Taken, TooManyRequests, Unauthorized
from common.problems import field_of, locale_of
from common.runtime import Runtime
from common.timesource import machine_now

S = TypeVar("S")
KEEP_ANSWERS = timedelta(days=7)
TRIES = 5
KEY_LENGTH = 200
LookUp = Callable[[Any, str], Awaitable[KeyRecord | None]]
bearer = HTTPBearer(auto_error=False, description="an API key (hy_…) of a call centre, or a signed token of a member of staff or a service")
Idempotent = Literal["no", "optional", "required"]


class Door(Generic[S]):
    """What a route needs to know and do."""

    def __init__(self, rt: Runtime[S], by: Caller, locale: str, key: str | None, route: str, response: Response) -> None:
        """Stand between the caller and the runtime."""
        self.rt, self.by, self.locale = rt, by, locale
        self._key, self._route, self._response = key, route, response

    @property
    def now(self) -> datetime:
        """Return business time."""
        return self.rt.now()

    @property
    def store(self) -> S:
        """Return the store, for reading."""
        return self.rt.store

    def see(self, site: str) -> None:
        """Raise NotFound for a site out of scope: it looks like a missing one."""
        if not self.by.sees(site):
            raise NotFound

    async def command(self, fn: Callable[..., Awaitable[Any]], body: Any = None, *args: Any) -> Any:
        """Run `fn(body, *args, store=, by=, now=)` in one transaction and return its answer as JSON; the same key gives the same answer."""
        row_id, fingerprint = self._identity(body, args)
        for attempt in range(TRIES):
            try:
                return await self._once(fn, body, args, row_id, fingerprint)
            except Taken:
                if attempt == TRIES - 1:
                    raise
        raise Taken

    def _identity(self, body: Any, args: tuple[Any, ...]) -> tuple[str | None, str]:
        content = body.model_dump(mode="json") if isinstance(body, BaseModel) else body
        print_of = json.dumps([self._route, content, [str(item) for item in args]], sort_keys=True, ensure_ascii=False, default=str)
        fingerprint = hashlib.sha256(print_of.encode()).hexdigest()
        row_id = hashlib.sha256(f"{self.by.id}|{self._key}".encode()).hexdigest() if self._key else None
        return row_id, fingerprint

    async def _once(self, fn: Callable[..., Awaitable[Any]], body: Any, args: tuple[Any, ...], row_id: str | None, fingerprint: str) -> Any:
        now = self.now
        replayed = False

        async def work(store: Any) -> Any:
            nonlocal replayed
            tx = store.db
            row = await tx.get("requests", row_id) if row_id else None
            if row:
                if row["fingerprint"] != fingerprint:
                    raise KeyReused
                replayed = True
                return row["answer"]
            made = await fn(body, *args, store=store, by=self.by, now=now)
            answer = made.model_dump(mode="json") if isinstance(made, BaseModel) else storable(made)
            if row_id:
                expires = machine_now() + KEEP_ANSWERS
                await tx.insert("requests", {"_id": row_id, "fingerprint": fingerprint, "answer": answer, "expires_at": expires})
            return answer

        answer = await self.rt.transact(work)
        if replayed:
            self._response.headers["Idempotency-Replayed"] = "true"
        return answer


async def caller_of(request: Request, credentials: HTTPAuthorizationCredentials | None) -> Caller:
    """Return who knocks. Raises Unauthorized."""
    if credentials is None:
        raise Unauthorized
    rt: Runtime[Any] = request.app.state.runtime
    if not credentials.credentials.startswith("hy_"):
        return rt.tokens.check(credentials.credentials)
    look_up: LookUp | None = request.app.state.look_up_key
    key_id, secret = split_key(credentials.credentials)
    if look_up is None:
        raise Unauthorized
    pepper = rt.settings.key_pepper.get_secret_value()
    return check_key(pepper, secret, await look_up(rt.store, key_id), machine_now())


async def _within_share(request: Request, caller: Caller) -> None:
    if caller.kind == "service":
        return
    limiter: MovingWindowRateLimiter = request.app.state.limiter
    rt: Runtime[Any] = request.app.state.runtime
    if not await limiter.hit(RateLimitItemPerMinute(rt.settings.rate_per_minute), caller.id):
        raise TooManyRequests


def limiter() -> MovingWindowRateLimiter:
    """Return a limiter of this process."""
    return MovingWindowRateLimiter(MemoryStorage())


def _no_strange_parameters(request: Request) -> None:
    """Raise Invalid for a query parameter that the route does not read: a misspelt filter must not silently show everything."""
    known = {field.alias for field in get_flat_params(request.scope["route"].dependant)}
    strange = next((name for name in request.query_params if name not in known), None)
    if strange is not None:
        raise Invalid(field_of(("query", strange)), "未知的查询参数", "no such query parameter")


def permit(permission: str, *, idempotent: Idempotent = "no") -> Any:
    """Return the dependency that lets in who holds `permission`. `idempotent`: whether the Idempotency-Key header is read, or required."""

    async def enter(request: Request, response: Response, credentials: HTTPAuthorizationCredentials | None, key: str | None) -> Door[Any]:
        caller = await caller_of(request, credentials)
        await _within_share(request, caller)
        if not caller.may(permission):
            raise Forbidden(None, permission=permission)
        if request.url.query:
            _no_strange_parameters(request)
        if idempotent == "required" and not key:
            raise KeyMissing
        if key and not (len(key) <= KEY_LENGTH and key.isascii() and key.isprintable()):
            raise Invalid("Idempotency-Key", "格式错误", "up to 200 printable ASCII characters")
        locale = locale_of(request.headers.get("accept-language"))
        path = f"{request.method} {request.scope['path']}"
        return Door(request.app.state.runtime, caller, locale, key, path, response)

    async def plain(request: Request, response: Response, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> Door[Any]:
        return await enter(request, response, credentials, None)

    async def keyed(
        request: Request,
        response: Response,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
        key: Annotated[str | None, Header(alias="Idempotency-Key", description="the same key gives the same answer for 7 days")] = None,
    ) -> Door[Any]:
        return await enter(request, response, credentials, key)

    chosen: Any = plain if idempotent == "no" else keyed
    chosen.permission = permission
    return Depends(chosen)
