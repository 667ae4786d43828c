"""Wording of notices: subject and body in both languages, rendered strictly (a missing variable is an error, never an empty place). Pure.

Every text for owners has two parts of its own, empathy and commitment (NTF-06), around what it has to say. Here is how texts are put
together; the texts are in `owner`, `staff` and `money`, words for codes in `labels`. Variables are listed (`needs`), a test compares them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from common.errors import Text
from jinja2 import Environment, StrictUndefined, Template

from notify.domain.site import SiteView
from notify.domain.templates import labels
from notify.domain.templates.money import MONEY
from notify.domain.templates.owner import OWNER
from notify.domain.templates.staff import STAFF
from notify.domain.templates.text import COLLEAGUE, STRANGER, Wording

_JINJA = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 - plain text, never HTML
DESK = Text("客户服务中心", "customer service")

TEMPLATES: Mapping[str, Wording] = {**OWNER, **STAFF, **MONEY}
WORDS: Mapping[str, tuple[str, Mapping[str, Text]]] = {
    "kind": ("kind", labels.KIND),
    "feeling": ("kind", labels.FEELING),
    "urgency": ("urgency", labels.URGENCY),
    "department": ("department", labels.DEPARTMENT),
    "level": ("level", labels.LEVEL),
    "clock": ("code", labels.CLOCK),
    "coin": ("currency", labels.CURRENCY),
    "task": ("step", labels.STEP),
    "office": ("post", labels.POST),
}  #: variable -> the parameter it is a word for, and the words


@dataclass(frozen=True)
class Message:
    """What leaves: plain text, one line of subject."""

    subject: str
    body: str


@dataclass(frozen=True)
class Names:
    """Who is written to and who received the case: fetched when the notice leaves, never stored."""

    person: str | None = None
    receiver: str | None = None
    receiver_department: str | None = None
    receiver_contact: str | None = None


def render(template: str, params: Mapping[str, Any], site: SiteView, locale: str, names: Names) -> Message:
    """Return the message. Raises KeyError for an unknown template, jinja2.UndefinedError for a variable nobody gave."""
    context = words(params, site, locale) | _named(template, names, locale) | {"site_name": site.name.in_(locale)}
    subject, body = _compiled(template, locale)
    return Message(" ".join(subject.render(context).split()), body.render(context))


def words(params: Mapping[str, Any], site: SiteView, locale: str) -> dict[str, Any]:
    """Return the parameters as people read them: local times, words for codes, the matter of the case."""
    zone = ZoneInfo(site.zone)
    told = {key: value.astimezone(zone).strftime("%Y-%m-%d %H:%M") if isinstance(value, datetime) else value for key, value in params.items()}
    told |= {variable: labels.word(table, params[source], locale) for variable, (source, table) in WORDS.items() if source in params}
    if "fault" in params:
        fault = site.faults.get(params["fault"] or "")
        told["matter"] = fault.in_(locale) if fault else told["kind"]
    if "amount" in params:
        told["amount"] = f"{params['amount'] // 100:,}.{params['amount'] % 100:02}"
    return told


def _named(template: str, names: Names, locale: str) -> dict[str, Any]:
    stranger = STRANGER if template in OWNER else COLLEAGUE
    return {
        "person_name": names.person or stranger.in_(locale),
        "receiver": names.receiver or DESK.in_(locale),
        "receiver_department": labels.word(labels.DEPARTMENT, names.receiver_department, locale),
        "receiver_contact": names.receiver_contact,
    }


@lru_cache(maxsize=64)
def _compiled(template: str, locale: str) -> tuple[Template, Template]:
    subject, body = TEMPLATES[template].whole(locale)
    return _JINJA.from_string(subject), _JINJA.from_string(body)
