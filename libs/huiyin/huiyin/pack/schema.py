"""JSON Schemas of packs, overlays and site files, for editors: docs/pack.schema.json and its sisters are the output of `huiyin pack schema`.

An overlay and the `policy` of a site file say parts: nothing is required, `null` and `removed: true` take away.
Not here: what the fields mean (`common.policy` …), the verbs (`huiyin.packs`).
"""

import json
from enum import StrEnum
from typing import Any

from common.packs import PackHead, SiteHead
from common.policy import Pack
from dispatch.domain.money.charge import FeeStandard
from dispatch.domain.people import SitePeople

DIALECT = "https://json-schema.org/draft/2020-12/schema"
REMOVED = {"type": "boolean", "description": "true: take this away from what lies below"}


class Document(StrEnum):
    """The files that have a schema."""

    PACK = "pack"
    OVERLAY = "overlay"
    SITE = "site"


class _Pack(PackHead, Pack):
    """A base pack: a written procedure as data, every value with its origin."""


class _Site(SiteHead, SitePeople):
    """A site: its base pack, overlays and own values; people, rota, contractors, fee standard and subscriptions."""

    fees: FeeStandard | None = None
    subscriptions: tuple[dict[str, Any], ...] = ()


def schema(document: Document) -> str:
    """Return the schema as the text of its file."""
    made = {"$schema": DIALECT, "$id": f"urn:huiyin:{document}", **MAKERS[document]()}
    return json.dumps(made, ensure_ascii=False, indent=2, sort_keys=False) + "\n"


def _pack() -> dict[str, Any]:
    return _Pack.model_json_schema(by_alias=True)


def _overlay() -> dict[str, Any]:
    made = _partial(_Pack.model_json_schema(by_alias=True))
    made["required"] = [name for name, field in PackHead.model_fields.items() if field.is_required()] + ["overlay"]
    made["properties"]["overlay"] = {"const": True}
    made["description"] = "An overlay: laid over a base pack, it says only what differs."
    return made


def _site() -> dict[str, Any]:
    made = _Site.model_json_schema(by_alias=True)
    policy = _partial(Pack.model_json_schema(by_alias=True))
    shared = made["$defs"].keys() & policy["$defs"].keys()
    renamed = json.loads(_renamed(json.dumps(policy), shared))
    made["$defs"] |= renamed.pop("$defs")
    made["properties"]["policy"] = renamed | {"description": "What this site does differently from its packs."}
    made["additionalProperties"] = False
    return made


def _renamed(text: str, names: set[str]) -> str:
    """Return a schema as text whose definitions of these names are called `<name>Part`: parts and wholes stand side by side."""
    for name in names:
        text = text.replace(f'"#/$defs/{name}"', f'"#/$defs/{name}Part"').replace(f'"{name}": {{', f'"{name}Part": {{')
    return text


def _partial(made: dict[str, Any]) -> dict[str, Any]:
    """Return a schema in which nothing is required and everything can be taken away."""
    for definition in (made, *made["$defs"].values()):
        if definition.get("title") in WHOLE or "properties" not in definition:
            continue
        definition.pop("required", None)
        definition["properties"] = {name: {"anyOf": [field, {"type": "null"}]} for name, field in definition["properties"].items()}
        if "id" in definition["properties"]:
            definition["properties"]["removed"] = REMOVED
    return made


WHOLE = frozenset({"Text", "Origin"})  #: said whole or not at all
MAKERS = {Document.PACK: _pack, Document.OVERLAY: _overlay, Document.SITE: _site}
