"""Signing in and out, and creating accounts. Not here: hashing and sessions (`handlers.accounts`), the sign-in page (`pages`)."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from common.auth import ALL_SITES, permissions_of
from common.doors import Door, permit
from common.errors import Forbidden, TooManyRequests
from common.problems import RESPONSES
from common.runtime import Runtime
from fastapi import APIRouter, Depends, Request, Response
from limits import RateLimitItemPerMinute
from limits.aio.strategies import MovingWindowRateLimiter
from pydantic import BaseModel, ConfigDict, Field

from console import handlers
from console.domain.account import AccountIn, AccountOut
from console.store import Store

router = APIRouter(tags=["console"], responses={code: RESPONSES[code] for code in (400, 401, 403, 413, 415, 422, 429, 503)})
COOKIE = "huiyin_session"
TOKEN_TTL = timedelta(minutes=15)
PER_LOGIN = RateLimitItemPerMinute(20, 5)  # twenty tries in five minutes, good or bad
PER_ADDRESS = RateLimitItemPerMinute(120, 5)  # a whole desk behind one address


class SignIn(BaseModel):
    """Login and password."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    login: str = Field(min_length=1, max_length=40)
    password: str = Field(min_length=1, max_length=200)


class SessionOut(BaseModel):
    """A staff token for the `Authorization` header; browsers also get a cookie for the pages."""

    token: str
    token_type: str = "Bearer"  # noqa: S105 - not a secret
    expires_in: int
    person: str
    roles: tuple[str, ...]
    sites: tuple[str, ...]


async def from_here(request: Request) -> None:
    """Let in what does not come from another site's page. Raises Forbidden. Programs send no Origin and hold no cookie."""
    origin = request.headers.get("origin")
    fetched = request.headers.get("sec-fetch-site", "same-origin" if origin else "none")
    foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    if foreign or fetched not in {"same-origin", "none"}:
        raise Forbidden


from_here.permission = "public"  # type: ignore[attr-defined]  # whoever signs in has no permission yet


async def let_in(request: Request, given: SignIn) -> tuple[str, handlers.SignedIn]:
    """Return a browser's token and who signed in. Raises Unauthorized, TooManyRequests."""
    limiter: MovingWindowRateLimiter = request.app.state.limiter
    address = request.client.host if request.client else ""
    for share, name in ((PER_ADDRESS, f"address:{address}"), (PER_LOGIN, f"login:{given.login}")):
        if not await limiter.hit(share, "sign-in", name):
            raise TooManyRequests
    rt: Runtime[Store] = request.app.state.runtime
    return await handlers.sign_in(rt.store, given.login, given.password)


def set_cookie(request: Request, response: Response, token: str) -> None:
    """Give the browser its token: out of reach of scripts, and never sent from another site's form."""
    rt: Runtime[Store] = request.app.state.runtime
    secure = request.url.scheme == "https" or rt.settings.console_url.startswith("https:")
    response.set_cookie(COOKIE, token, httponly=True, samesite="lax", secure=secure, path="/")


@router.post("/v1/session", dependencies=[Depends(from_here)])
async def begin_session(request: Request, response: Response, body: SignIn) -> SessionOut:
    """Sign in: a token for 15 minutes, and a cookie for the pages that lasts while it is used."""
    token, signed = await let_in(request, body)
    set_cookie(request, response, token)
    mine, rt = signed.account, request.app.state.runtime
    issued = rt.tokens.issue(mine.person, kind="staff", roles=mine.roles, sites=mine.sites, ttl=TOKEN_TTL)
    response.headers["Cache-Control"] = "no-store"
    return SessionOut(token=issued, expires_in=int(TOKEN_TTL.total_seconds()), person=mine.person, roles=mine.roles, sites=mine.sites)


@router.delete("/v1/session", status_code=204, dependencies=[Depends(from_here)])
async def end_session(request: Request, response: Response) -> None:
    """Sign out: the cookie's session ends; a token ends by itself."""
    rt: Runtime[Store] = request.app.state.runtime
    if token := request.cookies.get(COOKIE):
        await handlers.sign_out(rt.store, token)
    response.delete_cookie(COOKIE, path="/")


@router.post("/v1/accounts", status_code=201, responses={409: RESPONSES[409]})
async def create_account(body: AccountIn, door: Annotated[Door[Store], permit("account.manage")]) -> AccountOut:
    """Create an account; nobody can give away sites or permissions they do not hold."""
    all_sites = ALL_SITES in door.by.sites
    if not (all_sites or all(site in door.by.sites for site in body.sites)) or not permissions_of(body.roles) <= door.by.permissions:
        raise Forbidden
    return AccountOut.model_validate(await door.command(handlers.create_account, body, await handlers.hashed(body.password)))
