"""Errors as RFC 9457 documents in the caller's language, always with the trace id, never with the caller's input."""

import re
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from common import logs, tracing
from common.errors import TYPE_BASE, HuiyinError, Text, Transient

log = structlog.get_logger()
MEDIA = "application/problem+json"
INVALID = Text("内容不符合要求", "The content is not valid")
BY_STATUS = {
    404: ("not-found", Text("未找到", "Not found")),
    405: ("method-not-allowed", Text("不支持此方法", "Method not allowed")),
}
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}|\d{1,4}")  #: names of fields, codes of a policy, places in a list; no phone number, no address


class ProblemDocument(BaseModel):
    """RFC 9457 problem details, for the OpenAPI document."""

    type: str
    title: str
    status: int
    detail: str | None = None
    trace_id: str
    errors: list[dict[str, str]] | None = None


RESPONSES: dict[int | str, dict[str, Any]] = {
    code: {"model": ProblemDocument, "description": text, "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}}
    for code, text in {
        400: "The body or a header cannot be read",
        401: "Not authenticated",
        403: "Not permitted",
        404: "Missing, or of a site out of scope",
        409: "Contradicts the present state",
        413: "Body too large",
        415: "Not application/json",
        422: "A field is not valid",
        429: "Too many requests",
        503: "Temporarily unavailable",
    }.items()
}


def locale_of(accept: str | None) -> str:
    """Return `en` when English is wanted first, otherwise `zh-CN`."""
    first = (accept or "").split(",")[0].strip().lower()
    return "en" if first.startswith("en") else "zh-CN"


def respond(document: dict[str, Any], *, locale: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return the document as an answer."""
    document = {key: value for key, value in document.items() if value is not None}
    document["trace_id"] = tracing.trace_id(tracing.current())
    return JSONResponse(document, document["status"], media_type=MEDIA, headers={"Content-Language": locale, **(headers or {})})


def _locale(request: Request) -> str:
    return locale_of(request.headers.get("accept-language"))


async def _known(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HuiyinError)  # noqa: S101 - registered for this class only
    headers = {"Retry-After": str(error.retry_after_s)} if isinstance(error, Transient) else {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if error.status == 429:
        headers["Retry-After"] = "60"
    log.info("request_refused", error=error.slug, status=error.status, guard=error.facts.get("guard"))
    return respond(error.problem(_locale(request)), locale=_locale(request), headers=headers)


def field_of(place: tuple[int | str, ...]) -> str:
    """Return `reporter.phone` for ("body", "reporter", "phone"); a key that only the client can have made up is `?` unless it is a plain word."""
    parts = [str(part) for part in (place[1:] if place and place[0] in {"body", "query", "path", "header"} else place)]
    return ".".join(part if WORD.fullmatch(part) else "?" for part in parts) or "body"


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    locale = _locale(request)
    errors = [{"field": field_of(item["loc"]), "reason": item["type"].replace("_", "-")} for item in error.errors()]
    return respond({"type": TYPE_BASE + "invalid", "title": INVALID.in_(locale), "status": 422, "errors": errors}, locale=locale)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101
    slug, text = BY_STATUS.get(error.status_code, ("http-error", Text("请求无法处理", "The request cannot be handled")))
    locale = _locale(request)
    made = {"type": TYPE_BASE + slug, "title": text.in_(locale), "status": error.status_code}
    headers = dict(error.headers or {}) | ({"Allow": ", ".join(_allowed(request))} if error.status_code == 405 else {})
    return respond(made, locale=locale, headers=headers)


def _allowed(request: Request) -> list[str]:
    """Return the methods of every route of this path: the router itself only names those of the first."""
    routes = iter_route_contexts(request.app.routes)
    return sorted({method for route in routes if route.path_regex.fullmatch(request.scope["path"]) for method in route.methods or ()})


def document(error: Exception, locale: str) -> dict[str, Any]:
    """Return the problem of any error; one without a name is logged by class and place, never by what it says."""
    if isinstance(error, HuiyinError):
        return error.problem(locale)
    log.error("request_failed", error=type(error).__name__, where=logs.place_of(error))
    return HuiyinError().problem(locale)


def install(app: FastAPI) -> None:
    """Make every named error of the app leave as a problem document; `web.Frame` does it for those without a name."""
    app.add_exception_handler(HuiyinError, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
