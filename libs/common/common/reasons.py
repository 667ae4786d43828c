"""Why a value of a pack or site file is refused, in words that name what is allowed: one row for each kind of error.

Not here: in which file and line it stands (`packs`), nor the errors that doors answer (`problems`).
"""

from collections.abc import Callable, Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from common.errors import Text

SHAPES_OF_TEXT = {
    r"^[a-z][a-z0-9_-]{0,59}$": Text("小写字母开头,由小写字母、数字、_ 和 - 组成", "lower-case letters, digits, _ and -, a letter first"),
    r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$": Text("时刻 00:00 至 24:00", "a time of day, 00:00 to 24:00"),
    r"^([01]\d|2[0-3]):[0-5]\d$": Text("时刻 00:00 至 23:59", "a time of day, 00:00 to 23:59"),
    r"^CLK_[A-Z_]{2,40}$": Text("CLK_ 加大写字母", "CLK_ and capital letters"),
    r"^[A-Z0-9]{2,8}$": Text("2 至 8 位大写字母或数字", "2 to 8 capital letters or digits"),
    r"^\d{2}$": Text("两位数字", "two digits"),
}  #: pattern -> what it means; a pattern that is not here is shown as it is
BOUNDS = {
    "ge": Text("不小于 {}", "at least {}"),
    "gt": Text("大于 {}", "more than {}"),
    "le": Text("不大于 {}", "at most {}"),
    "lt": Text("小于 {}", "less than {}"),
}
WHOLE, NUMBER = Text("整数", "a whole number"), Text("数", "a number")


def reason(error: Mapping[str, Any], model: type[BaseModel]) -> Text:
    """Return one error of pydantic about `model` in both languages."""
    return RULES.get(str(error["type"]), _as_said)(error, model)


def _unknown_field(error: Mapping[str, Any], model: type[BaseModel]) -> Text:
    owner = _owner(model, error["loc"][:-1])
    known = ", ".join(sorted(field.alias or name for name, field in owner.model_fields.items())) if owner else ""
    return Text(f"没有这个字段;可用:{known}", f"is unknown; known here: {known}") if known else Text("没有这个字段", "is unknown")


def _choice(error: Mapping[str, Any], _model: type[BaseModel]) -> Text:
    allowed = str(error["ctx"]["expected"]).replace("'", "").replace(" or ", ", ")
    return Text(f"只能是其中之一:{allowed}", f"has to be one of: {allowed}")


def _range(error: Mapping[str, Any], model: type[BaseModel]) -> Text:
    limits = _limits(_field(model, error["loc"])) or {key: value for key, value in error.get("ctx", {}).items() if key in BOUNDS}
    kind = WHOLE if all(isinstance(value, int) for value in limits.values()) else NUMBER
    if {"ge", "le"} <= limits.keys():
        low, high = limits["ge"], limits["le"]
        return Text(f"应为 {low} 至 {high} 的{kind.zh}", f"has to be {kind.en}, {low} to {high}")
    zh = "、".join(BOUNDS[key].zh.format(value) for key, value in limits.items())
    en = ", ".join(BOUNDS[key].en.format(value) for key, value in limits.items())
    return Text(f"应为{kind.zh},{zh}", f"has to be {kind.en}, {en}") if limits else _as_said(error, model)


def _type(error: Mapping[str, Any], model: type[BaseModel]) -> Text:
    if _limits(_field(model, error["loc"])):
        return _range(error, model)
    kind = NUMBER if "float" in str(error["type"]) else WHOLE
    return Text(f"应为{kind.zh}", f"has to be {kind.en}")


def _field(model: type[BaseModel], loc: tuple[str | int, ...]) -> FieldInfo | None:
    names = [step for step in loc if isinstance(step, str)]
    owner = _owner(model, loc[: loc.index(names[-1])]) if names else None
    return _named(owner, names[-1]) if owner else None


def _limits(field: FieldInfo | None) -> dict[str, Any]:
    if field is None:
        return {}
    found = {key: getattr(one, key) for one in _metadata(field) for key in BOUNDS if getattr(one, key, None) is not None}
    return {key: found[key] for key in BOUNDS if key in found}


def _metadata(field: FieldInfo) -> list[Any]:
    return [*field.metadata, *(one for part in _parts(field.annotation) if get_origin(part) is Annotated for one in _flat(get_args(part)[1:]))]


def _flat(metadata: tuple[Any, ...]) -> list[Any]:
    return [inner for one in metadata for inner in (one.metadata if isinstance(one, FieldInfo) else (one,))]


def _pattern(error: Mapping[str, Any], _model: type[BaseModel]) -> Text:
    pattern = str(error["ctx"]["pattern"])
    shape = SHAPES_OF_TEXT.get(pattern, Text(pattern, pattern))
    return Text(f"格式应为:{shape.zh}", f"has to be: {shape.en}")


def _count(error: Mapping[str, Any], _model: type[BaseModel]) -> Text:
    ctx = error["ctx"]
    if "min_length" in ctx:
        return Text(f"至少 {ctx['min_length']} 项(字)", f"has to have at least {ctx['min_length']}")
    return Text(f"至多 {ctx['max_length']} 项(字)", f"has to have at most {ctx['max_length']}")


def _said_twice(error: Mapping[str, Any], _model: type[BaseModel]) -> Text:
    return Text(str(error["ctx"]["zh"]), str(error["ctx"]["en"]))


def _as_said(error: Mapping[str, Any], _model: type[BaseModel]) -> Text:
    said = str(error["msg"]).removeprefix("Value error, ")
    return Text(said, said)


Rule = Callable[[Mapping[str, Any], type[BaseModel]], Text]
_FIXED: dict[str, Text] = {
    "missing": Text("缺少", "is missing"),
    "bool_type": Text("只能是 true 或 false", "has to be true or false"),
    "string_type": Text("应为文字", "has to be text"),
    "tuple_type": Text("应为列表", "has to be a list"),
    "dict_type": Text("应为映射(字段: 值)", "has to be a mapping"),
    "mapping_type": Text("应为映射(字段: 值)", "has to be a mapping"),
    "model_type": Text("应为映射(字段: 值)", "has to be a mapping"),
    "model_attributes_type": Text("应为映射(字段: 值)", "has to be a mapping"),
    "dataclass_type": Text("应为 {zh: …, en: …}", "has to be {zh: …, en: …}"),
}


def _fixed(text: Text) -> Rule:
    return lambda _error, _model: text


RULES: dict[str, Rule] = {
    "extra_forbidden": _unknown_field,
    "unexpected_keyword_argument": _unknown_field,
    "enum": _choice,
    "literal_error": _choice,
    **dict.fromkeys(("greater_than", "greater_than_equal", "less_than", "less_than_equal"), _range),
    **dict.fromkeys(("int_type", "float_type", "int_parsing", "float_parsing", "int_from_float"), _type),
    "string_pattern_mismatch": _pattern,
    **dict.fromkeys(("too_short", "too_long", "string_too_short", "string_too_long"), _count),
    **dict.fromkeys(("refused", "set_by_site"), _said_twice),
    **{kind: _fixed(text) for kind, text in _FIXED.items()},
}  #: type of pydantic's error -> how it is said


def _owner(model: type[BaseModel], loc: tuple[str | int, ...]) -> type[BaseModel] | None:
    """Return the model at a location, None where it leads through something else."""
    here: Any = model
    for step in loc:
        models = [part for part in _parts(here) if isinstance(part, type) and issubclass(part, BaseModel)]
        if isinstance(step, str) and models and (field := _named(models[0], step)):
            here = field.annotation
    return next((part for part in _parts(here) if isinstance(part, type) and issubclass(part, BaseModel)), None)


def _named(model: type[BaseModel], key: str) -> FieldInfo | None:
    return model.model_fields.get(key) or next((field for field in model.model_fields.values() if field.alias == key), None)


def _parts(annotation: Any) -> list[Any]:
    """Return an annotation and everything inside it."""
    inner = get_args(annotation) if get_origin(annotation) in {Annotated, Union, UnionType, tuple} or get_args(annotation) else ()
    return [annotation, *(part for one in inner if not isinstance(one, FieldInfo) for part in _parts(one))]
