"""Templates to HTML: one environment, escaped by default, with the headers every page carries. Not here: what a page shows."""

from functools import lru_cache
from typing import Any

from common.errors import Text
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from console.domain.wording import Locale, typeset
from console.pages.assets import address
from console.pages.words import word

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@lru_cache(maxsize=1)
def _templates() -> Environment:
    made = Environment(loader=PackageLoader("console.pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.globals["asset"] = address
    return made


def fragment(template: str, locale: Locale, **given: Any) -> str:
    """Return a template as text; `t` in it looks words up, `zh` typesets a sentence that comes from elsewhere."""

    def t(key: str) -> str:
        return word(key, locale)

    def say(text: Text | str) -> str:
        return typeset(text if isinstance(text, str) else text.in_(locale), locale)

    return _templates().get_template(template).render(locale=locale, t=t, say=say, **given)


def html(template: str, locale: Locale, status: int = 200, /, **given: Any) -> HTMLResponse:
    """Return a page."""
    return HTMLResponse(fragment(template, locale, **given), status, HEADERS | {"Content-Language": locale})
