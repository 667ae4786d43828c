"""Packs and site files as YAML: read strictly, laid over one another, every error with file, line and field.

Strictly: a key twice is an error, and only `true`, `false`, numbers and `null` are not text (so `07:00`, `on` and `no` stay words).
Not here: what a policy may say (`policy`), how layers lie over one another (`layers`), how a refusal is worded (`reasons`), who stores and
publishes it (sla), people and rota of a site (`rota`: handed on as read).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, Field, ValidationError

from common.errors import Text
from common.layers import LayerError, Raw
from common.policy import Pack, SitePolicy, lay, resolved
from common.reasons import reason
from common.sourced import Flag, Section, Slug

Path_ = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)
INCOMPLETE = frozenset({"missing", "value_error", "refused"})  #: what an overlay may still lack: it shows when it is laid over a base


class PackError(ValueError):
    """A pack or site file is wrong: `file:line: field: reason`; `others` are further errors of the same reading."""

    def __init__(self, file: Path, line: int, field: str, reason: Text) -> None:
        """`line` counts from 1; `field` is a dotted path."""
        super().__init__(f"{file}:{line}: {field or 'document'}: {reason.en}")
        self.file, self.line, self.field, self.reason = file, line, field, reason
        self.others: tuple[PackError, ...] = ()

    def __str__(self) -> str:
        """Return the first error and how many more there are."""
        return str(self.args[0]) + (f" (and {len(self.others)} more)" if self.others else "")


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML reads this class attribute
        first: [(tag, pattern) for tag, pattern in rows if tag in {"tag:yaml.org,2002:null", "tag:yaml.org,2002:merge"}]
        for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9]\d*)$"), list("-0123456789"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"^-?\d+\.\d+$"), list("-0123456789"))


@dataclass(frozen=True)
class Document:
    """A file as read: plain values, and the line of each path."""

    file: Path
    values: dict[str, Any]
    lines: Mapping[Path_, int]

    def line(self, path: Path_) -> int:
        """Return the line of `path`, or of the nearest part above it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def holds(self, path: Path_) -> bool:
        """Say whether this file itself says something at `path`."""
        return path in self.lines


def read(file: Path) -> Document:
    """Return the file's one mapping. Raises PackError."""
    try:
        loader = _Loader(file.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        lines: dict[Path_, int] = {}
        _note_lines(file, node, (), lines)
        values = loader.construct_document(node) if node else {}
    except yaml.MarkedYAMLError as wrong:
        said = str(wrong.problem)
        raise PackError(file, wrong.problem_mark.line + 1 if wrong.problem_mark else 1, "", Text(f"YAML 语法:{said}", said)) from wrong
    except (OSError, UnicodeDecodeError) as wrong:
        why = type(wrong).__name__
        raise PackError(file, 1, "", Text(f"无法读取:{why}", f"cannot be read: {why}")) from wrong
    if not isinstance(values, dict):
        raise PackError(file, 1, "", Text("应为映射(字段: 值)", "must be a mapping"))
    return Document(file, values, lines)


def _note_lines(file: Path, node: yaml.Node | None, path: Path_, lines: dict[Path_, int]) -> None:
    if node is None:
        return
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise PackError(file, key.start_mark.line + 1, _dotted((*path, key.value)), Text("重复出现", "is there twice"))
            seen.add(key.value)
            lines[(*path, key.value)] = key.start_mark.line + 1
            _note_lines(file, value, (*path, key.value), lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _note_lines(file, value, (*path, index), lines)
            name = next((v.value for k, v in value.value if k.value == "id"), None) if isinstance(value, yaml.MappingNode) else None
            if name:  # things with an id are found by it, whatever their place in the merged list
                _note_lines(file, value, (*path, f"#{name}"), lines)


class PackHead(Section):
    """What a pack file says about itself."""

    pack: Slug
    version: int = Field(ge=1)
    source: str = Field(min_length=1, max_length=40)
    title: Text
    overlay: Flag = False  #: laid over a base; alone it is no policy


class SiteHead(BaseModel):
    """The policy part of a site file; other keys belong to other readers."""

    site: str = Field(pattern=r"^[A-Z0-9]{2,8}$")
    name: Text
    base: Slug
    overlays: tuple[Slug, ...] = ()
    policy: dict[str, Any] = {}


@dataclass(frozen=True)
class PackFile:
    """A pack: its head and its raw sections."""

    head: PackHead
    sections: dict[str, Any]
    document: Document

    @property
    def ref(self) -> str:
        """Return `id@version`."""
        return f"{self.head.pack}@{self.head.version}"


@dataclass(frozen=True)
class SiteFile:
    """A site: its resolved policy, and what the file says for others (people, rota, contractors …), as read."""

    policy: SitePolicy
    head: SiteHead
    packs: tuple[PackFile, ...]
    rest: dict[str, Any]
    document: Document


def read_pack(file: Path) -> PackFile:
    """Return one pack: a base valid by itself, an overlay in all that it says. Raises PackError."""
    document = read(file)
    heads = {key: document.values[key] for key in PackHead.model_fields if key in document.values}
    sections = {key: value for key, value in document.values.items() if key not in heads}
    head = checked(PackHead, heads, document)
    checked(Pack, sections, document, parts=head.overlay)
    return PackFile(head, sections, document)


def read_site(file: Path, packs: Path | None = None) -> SiteFile:
    """Return the site with its policy resolved from base, overlays and its own values; packs stand in `packs` or beside `sites/`."""
    document = read(file)
    folder = packs or file.parent.parent
    head = checked(SiteHead, document.values, document)
    chosen = tuple(_chosen(folder, name, document, ("overlays", index - 1)) for index, name in enumerate((head.base, *head.overlays)))
    identity = {"site": head.site, "name": {"zh": head.name.zh, "en": head.name.en}, "packs": [pack.ref for pack in chosen]}
    merged = _laid(head, chosen, identity, document)
    try:
        policy = SitePolicy.model_validate(merged)
    except ValidationError as wrong:
        raise _located(wrong, merged, [pack.document for pack in chosen], document) from None
    rest = {key: value for key, value in document.values.items() if key not in SiteHead.model_fields}
    return SiteFile(policy, head, chosen, rest, document)


def _chosen(folder: Path, name: str, site: Document, place: Path_) -> PackFile:
    """Return the base (at place −1) or an overlay: exactly one base, and nothing but overlays over it (DEF-22)."""
    pack, wanted = read_pack(folder / f"{name}.yaml"), place[-1] != -1
    if pack.head.overlay is wanted:
        return pack
    where: Path_ = place if wanted else ("base",)
    said = Text("须为叠加包", "has to be an overlay") if wanted else Text("须为基础包", "has to be a base pack")
    raise PackError(site.file, site.line(where), _dotted(where), Text(f"{name} {said.zh}", f"{name} {said.en}"))


def _laid(head: SiteHead, chosen: Sequence[PackFile], identity: Raw, site: Document) -> dict[str, Any]:
    below: dict[str, Any] = {}
    for pack in chosen:
        try:
            below = lay(below, pack.sections, Pack) if below else dict(pack.sections)
        except LayerError as wrong:
            raise PackError(pack.document.file, pack.document.line(wrong.path), _dotted(wrong.path), wrong.reason) from None
    try:
        return resolved([below, identity], head.policy)
    except LayerError as wrong:
        path = ("policy", *wrong.path)
        raise PackError(site.file, site.line(path), _dotted(path), wrong.reason) from None


def read_sites(folder: Path) -> list[SiteFile]:
    """Return every site of a packs folder, by name of file."""
    return [read_site(file, folder) for file in sorted((folder / "sites").glob("*.yaml"))]


def checked(model: type[M], values: Raw, document: Document, *, parts: bool = False) -> M:
    """Return values of a document as `model`; `parts`: they are laid over others, so nothing is missing yet. Raises PackError."""
    try:
        return model.model_validate(values)
    except ValidationError as wrong:
        found = [error for error in wrong.errors() if not (parts and error["type"] in INCOMPLETE)]
        if parts and not found:
            return model.model_construct()
        places = [_known(tuple(error["loc"]), values) for error in found]
        raise _first(
            PackError(document.file, document.line(path), _dotted(path), reason(error, model)) for path, error in zip(places, found, strict=True)
        ) from None


def _located(wrong: ValidationError, merged: Raw, packs: Sequence[Document], site: Document) -> PackError:
    """Return the errors, each at the topmost file that says the wrong value."""
    return _first(_one_located(error, merged, packs, site) for error in wrong.errors())


def _one_located(error: Any, merged: Raw, packs: Sequence[Document], site: Document) -> PackError:
    path, said = _known(tuple(error["loc"]), merged), reason(error, SitePolicy)
    if error["type"] == "set_by_site":
        return PackError(site.file, site.line(("policy",)), "policy", said)
    layers = [(site, ("policy", *path)), *((pack, path) for pack in reversed(packs))]
    document, where = next(((one, way) for one, way in layers if one.holds(way)), layers[0])
    return PackError(document.file, document.line(where), _dotted(where), said)


def _first(errors: Iterable[PackError]) -> PackError:
    """Return the first error with the others in it, each place once."""
    first, *others = {str(error): error for error in errors}.values()
    first.others = tuple(others)
    return first


def _known(loc: Path_, values: Any) -> Path_:
    """Return the part of pydantic's location that exists in the file, things with an id by their id."""
    path: list[str | int] = []
    here = values
    for step in loc:
        if isinstance(here, Mapping) and step in here:
            path.append(step)
            here = here[step]
        elif isinstance(here, list | tuple) and isinstance(step, int) and step < len(here):
            here = here[step]
            named = isinstance(here, Mapping) and isinstance(here.get("id"), str)
            path.append(f"#{here['id']}" if named else step)
        elif isinstance(here, Mapping) and isinstance(step, str):
            path.extend(() if step == "[key]" else (step,))
            break
    return tuple(path)


def _dotted(path: Path_) -> str:
    return ".".join(str(step).removeprefix("#") for step in path)
