"""Who reads a page, in which language, and how errors look in a browser. Not here: what pages show."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from common.auth import Caller
from common.errors import Forbidden, HuiyinError, NotFound
from common.runtime import Runtime
from common.topology import PEERS
from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import RedirectResponse

from console import gateway, handlers
from console.api.accounts import COOKIE, from_here
from console.domain.wording import Locale, choose_locale
from console.gateway import Answered
from console.pages.live import Live
from console.pages.names import Named, Names
from console.pages.render import html
from console.store import Store

LANGUAGE = "huiyin_lang"
TOKEN_TTL = timedelta(minutes=2)


class SignInNeeded(Exception):
    """Nobody is signed in."""


@dataclass(frozen=True)
class Reader:
    """Who is at a page."""

    rt: Runtime[Store]
    signed: handlers.SignedIn
    token: str
    locale: Locale
    live: Live
    names: Names

    @property
    def by(self) -> Caller:
        """Return the reader as a caller."""
        return self.signed.caller

    @property
    def store(self) -> Store:
        """Return the store, for reading."""
        return self.rt.store

    def see(self, site: str) -> None:
        """Raise NotFound for a site out of scope: it looks like a missing one."""
        if not self.by.sees(site):
            raise NotFound

    async def dispatch(self, method: str, path: str, *, content: bytes = b"", media: str = "", key: str = "") -> Answered:
        """Ask dispatch as this person. Raises PeerAway, OutcomeUnknown."""
        mine = self.signed.account
        token = self.rt.tokens.issue(mine.person, kind="staff", roles=mine.roles, sites=mine.sites, ttl=TOKEN_TTL)
        named = {"Authorization": f"Bearer {token}", "Accept-Language": self.locale, "Content-Type": media, "Idempotency-Key": key}
        base = str(getattr(self.rt.settings, PEERS["dispatch"])).rstrip("/")
        headers = {name: value for name, value in named.items() if value}
        return await gateway.ask(self.rt.http, base + path, peer="dispatch", method=method, headers=headers, content=content)

    async def named(self, site: str) -> Named:
        """Return what the people of a site are called, nothing for a reader who may not know."""
        return await self.names.of(site, lambda: self._names(site)) if self.by.may("names.read") else Named()

    async def _names(self, site: str) -> dict[str, str] | None:
        answer = await self.dispatch("GET", f"/v1/sites/{site}/names")
        return dict(answer.json()["names"]) if answer.status == 200 else None


def locale_of(request: Request, account_locale: str | None = None) -> Locale:
    """Return the language: asked for in the URL, chosen before, of the account, of the browser."""
    asked, chosen = request.query_params.get("lang"), request.cookies.get(LANGUAGE)
    return choose_locale(asked, chosen, account_locale, request.headers.get("accept-language"))


def page(permission: str, *, from_form: bool = False) -> Any:
    """Return the dependency that lets in a signed-in reader who holds `permission`. `from_form`: only from a page of ours."""

    async def enter(request: Request) -> Reader:
        if from_form:
            await from_here(request)
        rt: Runtime[Store] = request.app.state.runtime
        token = request.cookies.get(COOKIE, "")
        signed = await handlers.signed_in(rt.store, token) if token else None
        if signed is None:
            raise SignInNeeded
        if not signed.caller.may(permission):
            raise Forbidden(None, permission=permission)
        return Reader(rt, signed, token, locale_of(request, signed.account.locale), request.app.state.live, request.app.state.names)

    enter.permission = permission  # type: ignore[attr-defined]
    return Depends(enter)


class Page(APIRoute):
    """A route for people: its errors are pages, and who is not signed in is led to the door."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            response = await _answer(inner, request)
            if (asked := request.query_params.get("lang")) is not None:
                response.set_cookie(LANGUAGE, choose_locale(asked), max_age=31536000, httponly=True, samesite="lax", path="/")
            return response

        return handle


async def _answer(inner: Callable[[Request], Awaitable[Response]], request: Request) -> Response:
    try:
        return await inner(request)
    except SignInNeeded:
        return _to_sign_in(request)
    except HuiyinError as error:
        return _problem(request, error)
    except RequestValidationError:
        return _problem(request, NotFound())


def _to_sign_in(request: Request) -> Response:
    if "hx-request" in request.headers:  # a live page whose session ended: htmx loads it again, and then it is led to the door
        return Response(status_code=401, headers={"HX-Refresh": "true"})
    path = request.url.path if request.method in {"GET", "HEAD"} else request.url.path.rsplit("/", 1)[0]  # a form's page, not the form
    wanted = path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/sign-in?next={quote(wanted, safe='')}" if wanted != "/" else "/sign-in", 303)


def _problem(request: Request, error: HuiyinError) -> Response:
    locale = locale_of(request)
    return html("problem.html", locale, error.status, document=error.problem(locale))
