"""Signing in and out at a page. Not here: sessions (`handlers.accounts`), throttling (`api.accounts`), the words (`words`)."""

from typing import Annotated

from common.errors import HuiyinError, TooManyRequests, Unauthorized
from fastapi import APIRouter, Depends, Form, Request, Response
from pydantic import ValidationError
from starlette.responses import RedirectResponse

from console import handlers
from console.api.accounts import COOKIE, SignIn, from_here, let_in, set_cookie
from console.pages.reader import Page, Reader, locale_of, page
from console.pages.render import html

router = APIRouter(include_in_schema=False, route_class=Page, default_response_class=Response)
MayEnter = Annotated[Reader, page("order.read")]  # whoever may see anything may see orders


def _local(target: str) -> str:
    """Return where to go after signing in: only ever a page of ours."""
    fine = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if fine else "/"


@router.get("/", response_model=None)
async def root(reader: MayEnter) -> Response:
    """Go to what the reader works with: the cases, or the orders of a technician."""
    return RedirectResponse("/cases" if reader.by.may("case.read") else "/work", 303)


@router.get("/sign-in", response_model=None)
async def sign_in_page(request: Request, next: str = "") -> Response:
    """Show the form."""
    return html("sign_in.html", locale_of(request), next=_local(next), login="", wrong=None)


@router.post("/sign-in", response_model=None, dependencies=[Depends(from_here)])
async def sign_in(
    request: Request, login: Annotated[str, Form()] = "", password: Annotated[str, Form()] = "", next: Annotated[str, Form()] = ""
) -> Response:
    """Let in, or show the form again with a reason that says nothing about what was wrong."""
    try:
        token, _ = await let_in(request, SignIn(login=login.strip().lower(), password=password))
    except (HuiyinError, ValidationError) as error:
        wrong = "too_many" if isinstance(error, TooManyRequests) else "wrong" if isinstance(error, Unauthorized | ValidationError) else "away"
        status = error.status if isinstance(error, HuiyinError) else 401
        return html("sign_in.html", locale_of(request), status, next=_local(next), login=login[:40], wrong=wrong)
    response = RedirectResponse(_local(next), 303)
    set_cookie(request, response, token)
    return response


@router.post("/sign-out", response_model=None, dependencies=[Depends(from_here)])
async def sign_out(request: Request) -> Response:
    """End the session."""
    if token := request.cookies.get(COOKIE):
        await handlers.sign_out(request.app.state.runtime.store, token)
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(COOKIE, path="/")
    return response


sign_in_page.permission = "public"  # type: ignore[attr-defined]
