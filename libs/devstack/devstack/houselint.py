"""House rules that no ready-made linter knows: `python -m devstack.houselint FOLDER`. One table of rules, each a function over one file.

Not here: what ruff, mypy and import-linter say (pyproject.toml).
"""

import ast
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from common.logs import ALLOWED

MOST_LINES = 350
HERE = "libs/devstack/devstack/houselint.py"  #: says the forbidden names, to forbid them
TIME_SOURCE = "libs/common/common/timesource.py"
CLOCKS = frozenset({"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"})
LOGS = frozenset({"log", "logger"})
LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical"})
EMPTY_NAMES = frozenset({"utils", "helpers", "manager", "base", "models", "service"})
LOSING = {
    "SkipMessage": "leaves a message unacknowledged for ever",
    "StopConsume": "rejects the message: it is lost",
    "NACK_ON_ERROR": "redelivers without end",
    "MANUAL": "a forgotten acknowledgement occupies a slot for ever",
}  #: reliability.md X1, X2
NAMES = re.compile(r"\bpack-s\d|\bS[0-4][abc]?\b|\b(?:JN|XZ|RQ|SO|GD)\b")  #: packs, sources, sites of the sources
SKIPPED = frozenset({".git", ".venv", ".local", "node_modules", "__pycache__"})


@dataclass(frozen=True)
class File:
    """One Python file: its path below the root, its text and its tree."""

    path: str
    text: str

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes of the tree."""
        return list(ast.walk(ast.parse(self.text, self.path)))

    @property
    def is_test(self) -> bool:
        """Tests, benches and the documentation may name packs and sites, and may set the clock."""
        return self.path.startswith(("tests/", "bench/", "docs/"))


Broken = Iterator[tuple[int, str]]  #: line, sentence


def is_short(file: File) -> Broken:
    """A file fits in a head."""
    lines = file.text.count("\n")
    if lines > MOST_LINES:
        yield MOST_LINES, f"{lines} lines; at most {MOST_LINES}"


def is_named(file: File) -> Broken:
    """A name says what may not go in."""
    if Path(file.path).stem in EMPTY_NAMES:
        yield 1, "this name forbids nothing: say what the module holds"


def reads_no_clock(file: File) -> Broken:
    """Time is given, never taken."""
    if file.path == TIME_SOURCE or file.is_test:
        return
    for node in file.nodes:
        if isinstance(node, ast.Attribute) and ".".join(ast.unparse(node).split(".")[-2:]) in CLOCKS:
            yield node.lineno, f"{ast.unparse(node)}: only common.timesource reads a clock"


def logs_static_events(file: File) -> Broken:
    """A log event is static, ids are fields that the log keeps: so it can be counted, and holds no personal data."""
    for node in file.nodes:
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS and node.args):
            continue
        if ast.unparse(node.func.value).split(".")[-1] not in LOGS:
            continue
        if not isinstance(node.args[0], ast.Constant):
            yield node.lineno, "the event of a log call is a plain string; what varies is a field"
        for field in node.keywords:
            if field.arg not in ALLOWED:
                yield node.lineno, f"{field.arg or '**'}: the log drops this field (common.logs.ALLOWED)"


def names_no_pack(file: File) -> Broken:
    """Code knows no pack, no site and no source document (decisions.md 3); docstrings may quote one."""
    if file.is_test or file.path == HERE or file.path.startswith("packs/"):
        return
    quoted = {id(node.value) for node in file.nodes if isinstance(node, ast.Expr)}
    for node in file.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in quoted and (found := NAMES.search(node.value)):
            yield node.lineno, f"{found[0]!r} names a pack, a site or a source: that belongs in packs/"


def loses_no_message(file: File) -> Broken:
    """Ways of FastStream to lose a message."""
    for node in file.nodes:
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else getattr(node, "name", None)
        if isinstance(node, ast.Name | ast.Attribute | ast.alias) and name in LOSING:
            yield node.lineno, f"{name} {LOSING[name]}"


RULES: tuple[Callable[[File], Broken], ...] = (is_short, is_named, reads_no_clock, logs_static_events, names_no_pack, loses_no_message)


def lint(root: Path) -> Iterator[str]:
    """One line for each broken rule under `root`."""
    for folder, below, names in os.walk(root):
        below[:] = sorted(set(below) - SKIPPED)
        for path in (Path(folder, name) for name in sorted(names) if name.endswith(".py")):
            file = File(path.relative_to(root).as_posix(), path.read_text())
            for rule in RULES:
                yield from (f"{file.path}:{line}: {sentence}" for line, sentence in rule(file))


if __name__ == "__main__":
    broken = list(lint(Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
    print(*broken, sep="\n", end="\n" if broken else "")
    sys.exit(1 if broken else 0)
