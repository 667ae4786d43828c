"""The reference scripts, run as they are on the same servers, in the same minutes. They write to a database of their own, which they drop."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from devstack.paths import REPOSITORY
from devstack.servers import Servers

HERE = Path(os.environ.get("HUIYIN_BENCH_REF") or REPOSITORY.parent / "shared" / "bench_ref")
FLOOR = (
    "floor_pipeline.py",
    "--variants",
    "plain,single,group-mini",
    "--n",
    "plain=150,single=400,group-mini=2000",
    "--reps",
    "1",
    "--lat-secs",
    "5",
)
CELERY = ("peer_celery.py", "--n", "150", "--reps", "1", "--secs50", "5")
LIMIT_S = 300

Run = tuple[str, dict[str, Any]]


def _lines(servers: Servers, *words: str) -> list[dict[str, Any]]:
    env = {**os.environ, "REF_MONGO": servers.mongo_url, "REF_AMQP": servers.amqp_url, "PYTHONPATH": str(HERE)}
    done = subprocess.run([sys.executable, *words], cwd=HERE, env=env, capture_output=True, text=True, timeout=LIMIT_S, check=False)  # noqa: S603
    if done.returncode:
        print(f"{words[0]} failed: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def run(servers: Servers) -> list[Run]:
    """Return the figures of the floor's variants and of Celery; nothing where the scripts are absent."""
    if not HERE.exists():
        print(f"no reference scripts at {HERE}", file=sys.stderr)
        return []
    runs: dict[str, dict[str, Any]] = {}
    for line in [*_lines(servers, *FLOOR), *_lines(servers, *CELERY)]:
        name = line.get("variant") or line.get("peer")
        if name is None:
            continue
        if line.get("phase") == "saturation":
            runs[name] = {"cases_s": line["cases_s"], "cpu_ms": line["cpu_total_ms"]}
        elif line.get("phase") == "latency at 50% load":
            runs.setdefault(name, {}).update({key: line[key] for key in ("http_ms", "e2e_ms") if key in line})
    return [(f"reference: {name}", figures) for name, figures in runs.items() if "cases_s" in figures]
