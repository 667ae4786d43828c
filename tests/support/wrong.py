"""What may be wrong with a request, made from the schemas of the OpenAPI documents: every place of a body with values of other types.

Not here: what should come of it (`tests/contract/test_bad_input.py`).
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from itertools import pairwise
from typing import Any

Json = Any
Path = tuple[str | int, ...]
DEEPEST = 8

OPERATORS: tuple[Any, ...] = ({"$ne": None}, {"$gt": ""}, {"$where": "1"}, {"$regex": ".*"})
WRONG: dict[str, tuple[Any, ...]] = {
    "string": (12, True, ["x"], *OPERATORS),
    "integer": ("12", True, 1.5, ["x"], *OPERATORS),
    "number": ("12", True, ["x"], *OPERATORS),
    "boolean": ("yes", 1, "true", *OPERATORS),
    "array": ("x", 7, *OPERATORS[:1]),
    "object": ("x", 7, ["x"]),
}  #: type in the schema -> values that are none of it
HIDDEN = ("a\u0000b", "a\u202eb", "a\u2028b", "a\u0007b", "\u2066x\u2069")  #: NUL, bidi controls, line separator, bell


def resolved(schema: Json, components: Json) -> list[Json]:
    """The alternatives of a schema, references followed, null left out."""
    if "$ref" in schema:
        return resolved(components["schemas"][schema["$ref"].rsplit("/", 1)[1]], components)
    if "anyOf" in schema or "oneOf" in schema:
        return [one for part in schema.get("anyOf") or schema["oneOf"] for one in resolved(part, components) if one.get("type") != "null"]
    return [schema]


def places(schema: Json, components: Json, path: Path = ()) -> Iterator[tuple[Path, list[Json]]]:
    """Every place of a body with its alternatives; one element stands for all of a list or a map."""
    kinds = resolved(schema, components)
    if path:
        yield path, kinds
    if len(path) >= DEEPEST:
        return
    for kind in kinds:
        for name, inner in kind.get("properties", {}).items():
            yield from places(inner, components, (*path, name))
        if isinstance(kind.get("items"), dict):
            yield from places(kind["items"], components, (*path, 0))
        if isinstance(kind.get("additionalProperties"), dict):
            yield from places(kind["additionalProperties"], components, (*path, "some_key"))


def types_of(kinds: list[Json]) -> set[str]:
    """The JSON types that a place takes; a place without any takes everything."""
    found = {kind.get("type") or ("string" if "enum" in kind or "const" in kind else "") for kind in kinds}
    return {"number", "integer"} | found if "number" in found else found


def distinct(found: Iterator[tuple[Path, list[Json]]]) -> Iterator[tuple[Path, list[Json]]]:
    """Each kind of place once: a policy says `origin` in eighty sections, always of the same shape."""
    seen: set[str] = set()
    for path, kinds in found:
        shape = json.dumps([path[-2:], kinds], sort_keys=True)
        if shape not in seen:
            seen.add(shape)
            yield path, kinds


def wrong_values(kinds: list[Json]) -> list[Any]:
    """Values that are of none of the types of this place."""
    types = types_of(kinds)
    if "" in types or not types:
        return []
    return [value for value in WRONG[min(types)] if not any(_is(value, one) for one in types)]


def _is(value: Any, kind: str) -> bool:
    python: dict[str, tuple[type, ...]] = {
        "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "array": (list,), "object": (dict,),
    }  # fmt: skip
    return isinstance(value, python[kind]) and (kind == "boolean" or not isinstance(value, bool))


def with_value(body: Json, path: Path, value: Any) -> Json:
    """The body with `value` at that place; what is missing above it is made."""
    made = deepcopy(body)
    here = made
    for step, following in pairwise(path):
        empty: Any = [] if isinstance(following, int) else {}
        if isinstance(step, int):
            if not here:
                here.append(empty)
        elif not isinstance(here.get(step), type(empty)):
            here[step] = empty
        here = here[step]
    last = path[-1]
    if isinstance(last, int) and not here:
        here.append(value)
    else:
        here[last] = value
    return made


def named(path: Path) -> str:
    """How a problem names this place."""
    return ".".join(str(step) for step in path)
