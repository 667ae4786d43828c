"""docs/invariants.md: each promise names a test that exists, once; every test of the faults stands behind one."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from devstack.paths import REPOSITORY

TEXT = (REPOSITORY / "docs" / "invariants.md").read_text(encoding="utf-8")
LINES = re.findall(r"^\| (.+?) \| (.+) \|$", TEXT, re.MULTILINE)
PROMISES = [(promise, test.strip("`")) for promise, test in LINES if promise not in {"Promise", "---"}]


@cache
def names_in(file: Path) -> set[str]:
    """Names of the tests of a file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    return {name for name in found if name.startswith("test_")}


@pytest.mark.parametrize(("promise", "test"), PROMISES, ids=[test.rsplit("::", 1)[-1] for _, test in PROMISES])
def test_each_promise_names_a_test_that_exists(promise: str, test: str) -> None:
    file, _, name = test.partition("::")
    assert (REPOSITORY / file).is_file(), promise
    assert name in names_in(REPOSITORY / file), promise


def test_no_promise_and_no_proof_stands_there_twice() -> None:
    assert len({test for _, test in PROMISES}) == len(PROMISES) == len({promise for promise, _ in PROMISES})


def test_every_fault_is_behind_a_promise() -> None:
    named = {test for _, test in PROMISES}
    files = [REPOSITORY / "tests" / "faults" / f"test_{name}.py" for name in ("pipeline", "store_experiments")]
    assert {f"tests/faults/{file.name}::{name}" for file in files for name in names_in(file)} <= named
