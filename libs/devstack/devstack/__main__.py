"""`./dev VERB …`: the verbs of the workspace, one table. Not here: what an operator does with a running system (`huiyin`)."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

from devstack import checks, locks, suite, up
from devstack.paths import LOCAL, REPOSITORY
from devstack.servers import hold, lent
from devstack.state import StateFiles


def huiyin(words: Sequence[str]) -> int:
    """Run the operator's command line against the running system."""
    return _python("-m", "huiyin", *words, env=StateFiles(LOCAL).environment())


def scenarios(words: Sequence[str]) -> int:
    """Run the stories of tests/scenarios, or those named (options as for `huiyin scenario run`; the stack world gets servers of its own)."""
    named = any(word.endswith((".yaml", ".yml")) for word in words)
    files = [] if named else sorted(str(path) for path in (REPOSITORY / "tests" / "scenarios").glob("*.yaml"))
    servers: AbstractContextManager[dict[str, str]] = lent() if "stack" in words else nullcontext({})
    with servers as env:
        return _python("-m", "huiyin", "scenario", "run", *files, *words, env=env)


def bench(words: Sequence[str]) -> int:
    """Measure the pipeline, or `clocks`, and print a table and JSON."""
    return _python("-m", "bench", *words, env={})


def _python(*words: str, env: Mapping[str, str]) -> int:
    """Run a module of the workspace; what the user has set in the environment wins over `env`."""
    return subprocess.run([sys.executable, *words], cwd=REPOSITORY, env={**env, **os.environ}, check=False).returncode


VERBS: dict[str, Callable[[Sequence[str]], int]] = {
    "up": up.up,
    "down": up.down,
    "status": up.status,
    "logs": up.logs,
    "test": suite.test,
    "faults": suite.faults,
    "check": checks.check,
    "scenarios": scenarios,
    "bench": bench,
    "huiyin": huiyin,
    "servers": hold,
    "lock": locks.lock,
}


def main(words: Sequence[str]) -> int:
    """Run the verb named first; without one, list the verbs. Returns the exit code (2: no such verb)."""
    if words and words[0] in VERBS:
        return VERBS[words[0]](words[1:])
    asked = not words or words[0] in {"-h", "--help", "help"}
    print("usage: ./dev VERB …\n")
    for name, verb in VERBS.items():
        print(f"  {name:<10} {(verb.__doc__ or '').splitlines()[0]}")
    return 0 if asked else 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
