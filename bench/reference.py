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
TIMERS_S, LIMIT_S = 1200, 300
SCHEDULER_MOST = 100_000  # APScheduler is not measured beyond

Run = tuple[str, dict[str, Any]]


def _lines(servers: Servers | None, *words: str, limit_s: int = LIMIT_S) -> list[dict[str, Any]]:
    given = {"REF_MONGO": servers.mongo_url, "REF_AMQP": servers.amqp_url} if servers else {}
    env = {**os.environ, **given, "PYTHONPATH": str(HERE)}
    done = subprocess.run([sys.executable, *words], cwd=HERE, env=env, capture_output=True, text=True, timeout=limit_s, check=False)  # noqa: S603
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


def timers(servers: Servers, size: int) -> list[dict[str, Any]]:
    """Return the figures of the reference's timers with `size` open, in our words; nothing where the scripts are absent."""
    if not HERE.exists():
        print(f"no reference scripts at {HERE}", file=sys.stderr)
        return []
    lines = _lines(servers, "peer_timers.py", "mongo", "--sizes", str(size), limit_s=TIMERS_S)
    if size <= SCHEDULER_MOST:
        lines += _lines(servers, "peer_timers.py", "apscheduler", "--sizes", str(size), "--fire", "600", limit_s=TIMERS_S)
    merged: dict[str, dict[str, Any]] = {}
    for line in lines:
        name = {"mongo": "bare range claim", "apscheduler": "APScheduler"}[line["part"]]
        merged.setdefault(name, {"what": name, "open": size}).update(_in_our_words(line))
    return list(merged.values())


def _in_our_words(line: dict[str, Any]) -> dict[str, Any]:
    lag = line.get("fire_lag", {}).get("range", {})
    found = {
        "opened_s": line.get("schedule_single_c90_per_s"),
        "bulk_s": line.get("schedule_bulk1000_per_s"),
        "cancelled_s": line.get("cancel_single_c90_per_s") or line.get("cancel_per_s"),
        "tick_ms": (line.get("empty_tick_range_ms") or line.get("tick_ms") or [None])[0],
        "lag_ms": [lag["p50_ms"], None, lag["p99_ms"]] if lag else [line["lag_ms"][0], None, line["lag_ms"][1]] if "lag_ms" in line else None,
        "drain_s": line.get("drain_backlog_per_s"),
        "add_s": line.get("add_per_s"),
        "rss_mb": line.get("client_rss_mb") or line.get("rss_mb"),
    }
    return {key: value for key, value in found.items() if value is not None}


def calendars() -> list[dict[str, Any]]:
    """Return the reference's time for one deadline by businesstimedelta and by a bare table; nothing where the scripts are absent."""
    if not HERE.exists():
        return []
    names = {"businesstimedelta": "businesstimedelta", "precomputed table, 2 bisects (datetime in/out)": "bare table"}
    lines = _lines(None, "calendar_bench.py")
    return [{"what": what, "us": line["us"]} for line in lines for start, what in names.items() if line["test"].startswith(start) and "us" in line]
