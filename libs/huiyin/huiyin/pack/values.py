"""A policy taken apart: every value that was said, under its path, with its origin. Not here: where in which file it stands (`looked`)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from common.clock_rules import Applies, ClockRule
from common.errors import Text
from common.policy import Pack
from common.sourced import Origin, Section, Sourced
from pydantic import BaseModel

from huiyin.pack import words

SILENT = frozenset({"id", "origin", "origins", "version", "packs", "site", "name"})
UNSOURCED = frozenset({"title", "code", "subject"})  #: what a thing is called needs no source
Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class Value:
    """One value: `path` has things with an id as `#id`; `raw` is as in JSON."""

    path: Path_
    raw: Any
    origin: Origin | None
    of: Section

    @property
    def name(self) -> str:
        """Return the path as people write it."""
        return ".".join(str(step).removeprefix("#") for step in self.path)

    @property
    def given(self) -> bool:
        """Say whether it is what the schema gives where nobody says anything."""
        field = type(self.of).model_fields.get(str(self.path[-1]))
        return field is not None and not field.is_required() and _raw(field.get_default(call_default_factory=True)) == self.raw

    @property
    def sourced(self) -> bool:
        """Say whether the value says where it comes from, or need not."""
        return self.origin is not None or self.path[-1] in UNSOURCED

    def shown(self, locale: str) -> str:
        """Return the value on one line."""
        field = str(self.path[-1])
        here = getattr(self.of, field, None) if len(self.path) > 1 else None
        if isinstance(self.of, ClockRule) and field == self.of.shape:
            return words.limit(self.of, locale)
        if field in {"start", "stop", "until"} and isinstance(self.of, ClockRule):
            return words.several(words.MOMENT, getattr(self.of, field), locale)
        if isinstance(here, tuple) and here and all(isinstance(one, Applies) for one in here):
            return words.condition(here, locale)
        if isinstance(here, Text):
            return here.in_(locale)
        return words.shown(self.raw, field, locale)


def values(policy: Pack, *, whole: bool = False) -> dict[str, Value]:
    """Return every value that a policy says itself, by name; `whole`: also those that the schema gives where nobody says anything."""
    return {value.name: value for value in _section(policy, (), None, whole=whole)}


def said(policy: Pack) -> dict[str, Value]:
    """Return what a policy says that came whole from the running system: without what the schema gives where nobody says anything."""
    return {name: value for name, value in values(policy).items() if not value.given or value.path[-1] in getattr(value.of, "origins", {})}


def _section(section: Section, path: Path_, above: Origin | None, *, whole: bool) -> Iterator[Value]:
    own = getattr(section, "origin", None) or above
    named = getattr(section, "origins", {})
    for name in type(section).model_fields:
        if name in SILENT or not (whole or name in section.model_fields_set):
            continue
        inner = getattr(section, name)
        yield from _value(inner, (*path, name), named.get(name, own), section, whole=whole)


def _value(inner: Any, path: Path_, origin: Origin | None, of: Section, *, whole: bool) -> Iterator[Value]:
    if isinstance(inner, Sourced):
        yield from _section(inner, path, origin, whole=whole)
    elif isinstance(inner, dict) and any(isinstance(one, Sourced) for one in inner.values()):
        for key, one in inner.items():
            yield from _section(one, (*path, key), origin, whole=whole)
    elif isinstance(inner, tuple) and any(isinstance(one, Sourced) for one in inner):
        for index, one in enumerate(inner):
            yield from _section(one, (*path, f"#{one.id}" if hasattr(one, "id") else index), origin, whole=whole)
    elif inner is not None:
        yield Value(path, _raw(inner), origin, of)


def _raw(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_none=True)
    if isinstance(value, Text):
        return {"zh": value.zh, "en": value.en}
    if isinstance(value, dict):
        return {str(key): _raw(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return [_raw(inner) for inner in value]
    return value
