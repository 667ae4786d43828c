"""`./dev bench [pipeline|clocks]`. Clocks: see `bench.clocks`, which has words of its own. Pipeline: cases a second, CPU per case, latency,
beside the reference scripts in the same run.

The reference lies outside the repository (`../shared/bench_ref`, or HUIYIN_BENCH_REF); without it only our own figures are printed.
"""

import argparse
import asyncio
import json
import sys
from pathlib import Path

from common.timesource import machine_now
from devstack.paths import LOCAL
from devstack.servers import Servers
from rich.console import Console
from rich.table import Table

from bench import clocks, pipeline, reference

COLUMNS = ("what", "cases/s", "CPU ms/case", "POST→201 p50/p95/p99 ms", "end to end p50/p95/p99 ms")


def _words() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("what", nargs="?", default="pipeline", choices=["pipeline", "clocks"], help="which bench (default: pipeline)")
    parser.add_argument("--reps", type=int, default=3, help="interleaved repetitions (default: 3)")
    parser.add_argument("--cases", type=int, default=300, help="cases of one saturation run (default: 300)")
    parser.add_argument("--repairs", type=int, default=60, help="whole repairs of one run (default: 60)")
    parser.add_argument("--seconds", type=float, default=8, help="length of the half-load phase (default: 8)")
    parser.add_argument("--no-reference", action="store_true", help="our own figures only")
    parser.add_argument("--json", type=Path, default=LOCAL / "bench" / "pipeline.json", help="where the figures are written")
    return parser.parse_args()


def _row(name: str, run: dict[str, object]) -> tuple[str, ...]:
    def three(key: str) -> str:
        values = run.get(key)
        return " / ".join(f"{value:.0f}" for value in values) if isinstance(values, list) else "–"

    return name, f"{run['cases_s']:.1f}", f"{run['cpu_ms']:.1f}", three("http_ms"), three("e2e_ms")


def _print(console: Console, runs: list[tuple[str, dict[str, object]]]) -> None:
    table = Table(*COLUMNS, title="pipeline, in the order measured; latency at half load")
    for name, run in runs:
        table.add_row(*_row(name, run))
    console.print(table)


async def _bench(words: argparse.Namespace) -> None:
    console, runs = Console(), []
    home = LOCAL / "bench"
    async with Servers(home, environ={}) as servers:
        for repetition in range(words.reps):
            console.print(f"repetition {repetition + 1} of {words.reps}: Huiyin", style="dim")
            runs += await pipeline.run(servers, home, cases=words.cases, repairs=words.repairs, seconds=words.seconds)
            if not words.no_reference:
                console.print(f"repetition {repetition + 1} of {words.reps}: reference", style="dim")
                runs += await asyncio.to_thread(reference.run, servers)
    _print(console, runs)
    words.json.parent.mkdir(parents=True, exist_ok=True)
    report = {"at": machine_now().isoformat(), "runs": [{"what": name} | run for name, run in runs]}
    words.json.write_text(json.dumps(report, indent=1))
    console.print(f"figures: {words.json}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["clocks"]:
        del sys.argv[1]
        asyncio.run(clocks.bench())
    else:
        asyncio.run(_bench(_words()))
