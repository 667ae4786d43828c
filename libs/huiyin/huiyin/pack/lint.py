"""Lints pack and site files: reading them, every check on what they say, the rota of each site, overrides that change nothing.

Not here: the checks themselves (`checks`, `manned`), the verb (`verbs`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from common.errors import Text
from common.layers import kind_of, lay
from common.packs import PackError, PackFile, read
from common.policy import Pack
from common.sourced import Section

from huiyin.exits import BadInput
from huiyin.pack.checks import CHECKS, WHOLE
from huiyin.pack.findings import Finding, Grade
from huiyin.pack.looked import Looked, look
from huiyin.pack.manned import unmanned

NOT_VALUES = frozenset({"id", "origin", "origins", "removed"})


def files_in(paths: Iterable[Path]) -> list[Path]:
    """Return the pack and site files among files and folders. Raises BadInput where a folder has none."""
    found: list[Path] = []
    for path in paths:
        inside = [file for file in sorted(path.rglob("*.yaml")) if _is_one(file)] if path.is_dir() else [path]
        if not inside:
            raise BadInput(f"{path}: no pack and no site file")
        found += inside
    return list(dict.fromkeys(found))


def _is_one(file: Path) -> bool:
    try:
        return not {"pack", "site"}.isdisjoint(read(file).values)
    except PackError:
        return True  # it cannot be read: that is a finding


def lint(file: Path, monday: date) -> list[Finding]:
    """Return what is wrong with one file, errors first; `monday` begins the week in which a site's rota is looked at."""
    try:
        looked = look(file)
    except PackError as wrong:
        return [Finding(Grade.ERROR, "schema", one.file, one.line, one.field, one.reason) for one in (wrong, *wrong.others)]
    except BadInput as wrong:  # a file of another kind
        return [Finding(Grade.ERROR, "schema", file, 1, "", Text(str(wrong), str(wrong)))]
    found = [*_checked(looked), *_rota(looked, monday), *_idle(looked)]
    return sorted(dict.fromkeys(found), key=lambda one: (one.grade is not Grade.ERROR, str(one.file), one.line))


def _checked(looked: Looked) -> Iterator[Finding]:
    overlay = bool(looked.pack and looked.pack.head.overlay)
    for name, check in CHECKS.items():
        if not (overlay and name in WHOLE):
            yield from (_placed(looked, name, *one) for one in check(looked.policy))


def _rota(looked: Looked, monday: date) -> Iterator[Finding]:
    """Told at the rota, which is where it can be mended."""
    if looked.resolved and looked.rota and looked.site:
        document = looked.site.document
        for grade, path, text in unmanned(looked.resolved, looked.rota, monday):
            yield Finding(grade, "unmanned", document.file, document.line(("rota",)), ".".join(map(str, path)), text)


def _placed(looked: Looked, check: str, grade: Grade, path: tuple[str | int, ...], text: Text) -> Finding:
    file, line = looked.place(path)
    return Finding(grade, check, file, line, ".".join(str(step).removeprefix("#") for step in path), text)


def _idle(looked: Looked) -> Iterator[Finding]:
    """Values of the site's own that its packs say already."""
    if looked.site is None:
        return
    below, document = _laid(looked.site.packs), looked.site.document
    for path, value in _leaves(looked.site.head.policy, Pack, ()):
        if _says(_at(below, path), value):
            where = ("policy", *path)
            text = Text("与下层的值相同,没有作用", "the same as below: it changes nothing")
            yield Finding(Grade.WARNING, "idle", document.file, document.line(where), ".".join(str(step).removeprefix("#") for step in where), text)


def _laid(packs: Sequence[PackFile]) -> Mapping[str, Any]:
    base, *overlays = packs
    below: Mapping[str, Any] = base.sections
    for overlay in overlays:
        below = lay(below, overlay.sections, Pack)
    return below


def _says(below: Any, value: Any) -> bool:
    """Say whether what lies below is the same already, or has all that a partial mapping says."""
    if isinstance(below, Mapping) and isinstance(value, Mapping):
        return all(below.get(key) == inner for key, inner in value.items())
    return bool(below == value)


def _leaves(raw: Mapping[str, Any], model: type[Section] | type[Pack], path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    for key, value in raw.items():
        kind = kind_of(model, key)
        if key in NOT_VALUES:
            continue
        if kind and kind.sourced and kind.form == "section" and isinstance(value, Mapping):
            yield from _leaves(value, kind.model, (*path, key))
        elif kind and kind.form == "mapping" and isinstance(value, Mapping):
            for name, inner in value.items():
                yield from _leaves(inner, kind.model, (*path, key, name)) if isinstance(inner, Mapping) else ()
        elif kind and kind.by_id and isinstance(value, list):
            for row in value:
                yield from _leaves(row, kind.model, (*path, key, f"#{row.get('id')}"))
        else:
            yield (*path, key), value


def _at(raw: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        if isinstance(raw, Mapping):
            raw = raw.get(step)
        elif isinstance(raw, list) and isinstance(step, str):
            raw = next((row for row in raw if isinstance(row, Mapping) and f"#{row.get('id')}" == step), None)
        else:
            return None
    return raw
