"""Says in words which values differ between two policies. Not here: what a change means for open cases (`huiyin pack publish --dry-run`)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from common.errors import Text

from huiyin import cli
from huiyin.pack import words
from huiyin.pack.looked import Looked
from huiyin.pack.show import SECTION
from huiyin.pack.values import Value, values


@dataclass(frozen=True)
class Difference:
    """One value, or one whole thing, that is not the same on both sides."""

    name: str
    before: Value | None
    after: Value | None
    whole: bool = False  #: a thing that only one side has, told once

    def sentence(self, locale: str) -> str:
        """Return a changed value for people."""
        zh = locale == "zh"
        before, after = (side.shown(locale) if side else ("(无)" if zh else "(nothing)") for side in (self.before, self.after))
        return f"{self.name}: {before} → {after}"

    def sources(self, locale: str) -> str:
        """Return where both sides come from, one where they are the same."""
        sides = [words.source(side.origin, locale) for side in (self.before, self.after) if side]
        return " → ".join(dict.fromkeys(sides))

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "name": self.name,
            "before": self.before.raw if self.before else None,
            "after": self.after.raw if self.after else None,
            "whole": self.whole,
        }


def differences(before: Looked, after: Looked) -> list[Difference]:
    """Return what differs, in the order of the schema; values that only come from elsewhere are the same."""
    old, new = values(before.policy, whole=True), values(after.policy, whole=True)
    gone, come = _whole(old, new), _whole(new, old)
    found = [Difference(name, value, None, whole=True) for name, value in gone.items()]
    found += [Difference(name, None, value, whole=True) for name, value in come.items()]
    for name in dict.fromkeys((*old, *new)):
        one, other = old.get(name), new.get(name)
        inside = any(name.startswith(f"{thing}.") for thing in (*gone, *come))
        if not inside and _says(one) != _says(other):
            found.append(Difference(name, one, other))
    return found


def _says(value: Value | None) -> Any:
    """Return what a value says; an empty list or mapping says as little as none."""
    return None if value is None or value.raw in ([], {}) else value.raw


def _whole(mine: Mapping[str, Value], others: Mapping[str, Value]) -> dict[str, Value]:
    """Return the things with a name of their own that the others do not have at all, with one of their values."""
    there = set(_things(others))
    return {thing: value for thing, value in _things(mine).items() if thing not in there}


def _things(rows: Mapping[str, Value]) -> dict[str, Value]:
    return dict(_thing(value) for value in rows.values() if _is_thing(value)) if rows else {}


def _is_thing(value: Value) -> bool:
    return len(value.path) > 2 and (str(value.path[1]).startswith("#") or value.path[0] == "faults")


def _thing(value: Value) -> tuple[str, Value]:
    return ".".join(str(step).removeprefix("#") for step in value.path[:2]), value


def _of(value: Value | None, locale: str) -> str:
    if value is None:
        return ""
    named = getattr(value.of, "title", None) or getattr(value.of, "code", "")
    return named.in_(locale) if isinstance(named, Text) else str(named)


def show(found: list[Difference], before: Looked, after: Looked, locale: str) -> None:
    """Print one line for each difference, with where it comes from."""
    for line in _lines(found, before, after, locale):
        cli.out.print(line, markup=False, soft_wrap=True)


def _lines(found: list[Difference], before: Looked, after: Looked, locale: str) -> Iterator[str]:
    zh = locale == "zh"
    yield f"{before.name} → {after.name}: " + (f"{len(found)} 处不同" if zh else f"{len(found)} differences")
    yield from _things_of_one(found, before, after, locale)
    for one in found:
        if not one.whole:
            yield f"  {one.sentence(locale)}"
            yield from ((f"      {'来源' if zh else 'origin'}: {one.sources(locale)}",) if one.sources(locale) else ())


def _things_of_one(found: list[Difference], before: Looked, after: Looked, locale: str) -> Iterator[str]:
    """Yield a line for each section with the things that only one side has."""
    for side, looked in (("before", before), ("after", after)):
        sections: dict[str, list[str]] = {}
        for one in found:
            if one.whole and getattr(one, side):
                section, thing = one.name.split(".", 1)
                named = _of(one.before or one.after, locale)
                sections.setdefault(section, []).append(f"{thing} ({named})" if named else thing)
        for section, things in sections.items():
            listed = ("、" if locale == "zh" else ", ").join(things)
            yield f"  {words.said(SECTION, section, locale)}: " + (
                f"仅 {looked.name} 有:{listed}" if locale == "zh" else f"only in {looked.name}: {listed}"
            )
