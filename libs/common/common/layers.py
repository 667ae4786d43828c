"""Packs laid over one another: base, overlays, a site's own values; each value keeps the origin of the layer that says it (ADR 0016).

Mappings go key by key, things with an id go by id, `null` takes a value away, `removed: true` takes a thing away, all else replaces.
A layer may not take away what is not there, nor change a thing that nothing below has. Pure; not here: files and lines (`packs`).
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from common.errors import Text
from common.sourced import Section, Sourced

Path_ = tuple[str | int, ...]
Raw = Mapping[str, Any]
NOT_VALUES = frozenset({"id", "origin", "origins", "removed"})


class LayerError(ValueError):
    """A layer says something about nothing; `path` is where in the layer."""

    def __init__(self, path: Path_, reason: Text) -> None:
        """Things with an id stand in the path as `#id`."""
        super().__init__(f"{'.'.join(map(str, path))}: {reason.en}")
        self.path, self.reason = path, reason


class Kind(NamedTuple):
    """What a field holds: one section, a mapping of sections, or rows of them."""

    form: str
    model: type[Section]

    @property
    def sourced(self) -> bool:
        """Say whether its values carry origins of their own."""
        return issubclass(self.model, Sourced)

    @property
    def by_id(self) -> bool:
        """Say whether its rows have an id."""
        return self.form == "rows" and "id" in self.model.model_fields


def lay(below: Raw, above: Raw, model: type[BaseModel], by: Raw | None = None) -> dict[str, Any]:
    """Return raw values of `model` with those of `above` in place; `by` is the origin of values above that say none. Raises LayerError."""
    return _section(below, above, model, (), by)


def _section(below: Raw, above: Raw, model: type[BaseModel], path: Path_, by: Raw | None) -> dict[str, Any]:
    merged, noted = dict(below), dict(below.get("origins") or {})
    own, named = above.get("origin") or by, above.get("origins") or {}
    for key, value in above.items():
        where = (*path, key)
        if key in NOT_VALUES:
            continue
        if value is None:
            _must_be_there(key, below, where)
            merged.pop(key)
            noted.pop(key, None)
            continue
        kind = kind_of(model, key)
        merged[key] = _value(below.get(key), value, kind, where, by)
        if (origin := named.get(key, own)) and not (kind and kind.sourced):
            noted[key] = origin
    if noted and "origins" in model.model_fields:
        merged["origins"] = noted
    return merged


def _value(below: Any, above: Any, kind: Kind | None, path: Path_, by: Raw | None) -> Any:
    if kind is None:
        return above
    if kind.form == "section" and isinstance(above, Mapping):
        return _section(below, above, kind.model, path, by) if isinstance(below, Mapping) else _fresh(above, kind, by)
    if kind.form == "mapping" and isinstance(above, Mapping):
        return _entries(below if isinstance(below, Mapping) else {}, above, kind, path, by)
    if kind.by_id and _rows_with_id(above):
        return _rows(below if _rows_with_id(below) else (), above, kind, path, by)
    return [_fresh(row, kind, by) for row in above] if isinstance(above, list | tuple) else above


def _entries(below: Raw, above: Raw, kind: Kind, path: Path_, by: Raw | None) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        if value is None:
            _must_be_there(key, below, (*path, key))
            merged.pop(key)
        elif isinstance(value, Mapping) and isinstance(below.get(key), Mapping):
            merged[key] = _section(below[key], value, kind.model, (*path, key), by)
        else:
            merged[key] = _new(value, kind, (*path, key), tuple(below), by)
    return merged


def _rows(below: Sequence[Raw], above: Sequence[Raw], kind: Kind, path: Path_, by: Raw | None) -> list[Any]:
    rows = {row["id"]: dict(row) for row in below}
    for row in above:
        id_, where = row["id"], (*path, f"#{row['id']}")
        if row.get("removed"):
            _must_be_there(id_, rows, where)
            del rows[id_]
        elif id_ in rows:
            rows[id_] = _section(rows[id_], row, kind.model, where, by)
        else:
            rows[id_] = _new(row, kind, where, tuple(rows), by)
    return list(rows.values())


def _new(value: Any, kind: Kind, path: Path_, known: tuple[str, ...], by: Raw | None) -> Any:
    """Return a thing that nothing below has, which therefore has to be whole."""
    fresh = _fresh(value, kind, by)
    try:
        kind.model.model_validate(fresh)
    except ValidationError as wrong:
        if known and any(error["type"] == "missing" for error in wrong.errors()):
            listed = ", ".join(sorted(known))
            zh, en = f"下层没有可修改的此项;已有:{listed}", f"there is nothing of this name below to change; known: {listed}"
            raise LayerError(path, Text(zh, en)) from None
    return fresh


def _fresh(value: Any, kind: Kind, by: Raw | None) -> Any:
    return {"origin": by, **value} if by and kind.sourced and isinstance(value, Mapping) else value


def _must_be_there(key: str, below: Raw, path: Path_) -> None:
    if key not in below:
        raise LayerError(path, Text("下层没有此项,无从去掉", "there is nothing below to take away"))


def _rows_with_id(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(row, Mapping) and "id" in row for row in value)


@lru_cache(maxsize=1024)
def kind_of(model: type[BaseModel], field: str) -> Kind | None:
    """Return what sections a field holds, None for plain values and unknown fields."""
    known = model.model_fields.get(field)
    return _kind(known.annotation) if known else None


def _kind(annotation: Any) -> Kind | None:
    outer, inner = get_origin(annotation), get_args(annotation)
    if outer is Annotated:
        return _kind(inner[0])
    if outer in {Union, UnionType}:
        return next((kind for one in inner if (kind := _kind(one))), None)
    form = "rows" if outer is tuple else "mapping" if isinstance(outer, type) and issubclass(outer, Mapping) else ""
    if form and (found := _kind(inner[-1] if form == "mapping" else inner[0])):
        return Kind(form, found.model)
    return Kind("section", annotation) if isinstance(annotation, type) and issubclass(annotation, Section) else None
