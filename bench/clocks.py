"""`./dev bench clocks`: scheduling, cancelling, firing and dating again with many open clocks, beside the reference scripts in the same run.

Ours is the product's own path: facts through the worker, `Store.claim_due` and `fire_due`, the loop that keeps them, `redate`, `domain.dates`.
The reference lies outside the repository (`../shared/bench_ref`, or HUIYIN_BENCH_REF); without it only our own figures are printed.
"""

import argparse
import asyncio
import json
import os
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import psutil
from common.clock_rules import Moment, Unit
from common.loop import keep
from common.policy import SitePolicy, Span
from common.tasks import end
from common.timesource import machine_now
from devstack.paths import LOCAL
from devstack.servers import Servers
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from sla.domain.calendar import WorkingDays
from sla.domain.deadlines import ELAPSED, Site, Start, dates
from sla.domain.office_hours import office_after
from sla.handlers.firing import LOOPS, fire_due
from sla.handlers.redating import count_stale, redate

from bench import reference
from bench.clockhouse import LETTER, REPAIR, WORKING_DAYS, ClockHouse
from bench.pipeline import percentiles

CASES, IN_FLIGHT = 300, 64
TICKS = 200
BACKLOG = 10_000
FAR = timedelta(days=30)
Figures = dict[str, Any]
MUSTS = {
    "G9 firing lag p99 at the largest size, ms": ("<=", 250, 120),
    "G10 empty tick, largest ÷ smallest size": ("<=", 3, 2),
    "G11 drain of a backlog, clocks/s": (">=", 1200, 4000),
    "G12 clocks opened one by one/s ÷ APScheduler add_job/s": (">=", 10, 50),
    "G12 clocks dated together/s ÷ APScheduler add_job/s": (">=", 10, 50),
    "G13 one deadline in working minutes, times businesstimedelta": (">=", 100, 500),
    "G13 clocks dated again with their writes, s for a million": ("<=", 180, 90),
}  #: goal -> direction, must, ambitious (performance.md E)


def _words() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench clocks", description=__doc__)
    parser.add_argument("--sizes", default="10000,100000,1000000", help="open clocks (default: 10000,100000,1000000)")
    parser.add_argument("--reps", type=int, default=3, help="interleaved repetitions of every size but the largest, which is run once (default: 3)")
    parser.add_argument("--rate", type=int, default=333, help="clocks that fall due in a second (default: 333)")
    parser.add_argument("--due", type=int, default=2664, help="clocks that fall due while lag is measured (default: 2664)")
    parser.add_argument("--recompute", type=int, default=1_000_000, help="clocks dated again after a new holiday, 0: none (default: 1000000)")
    parser.add_argument("--no-reference", action="store_true", help="our own figures only")
    parser.add_argument("--json", type=Path, default=LOCAL / "bench" / "clocks.json", help="where the figures are written")
    return parser.parse_args()


# --- our own figures -----------------------------------------------------------------------------------------------------------


async def _rate(count: int, one: Callable[[int], Awaitable[None]]) -> float:
    """Return seconds for `count` calls, so many in flight as a busy broker delivers."""
    numbers, began = iter(range(count)), time.perf_counter()

    async def worker() -> None:
        for number in numbers:
            await one(number)

    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
    return time.perf_counter() - began


async def _opened_and_closed(house: ClockHouse) -> Figures:
    """Cases are reported, and closed again: clocks opened and cancelled a second, each with its facts."""
    cases = [house.case(REPAIR) for _ in range(CASES)]
    took = await _rate(CASES, lambda number: house.report(cases[number]))
    clocks = await house.db.count("clocks", {"case": {"$in": [case.id for case in cases]}})
    ended = await _rate(CASES, lambda number: house.close(cases[number]))
    return {"opened_s": round(clocks / took), "cancelled_s": round(clocks / ended)}


async def _tick(house: ClockHouse) -> float:
    took = []
    for _ in range(TICKS):
        began = time.perf_counter()
        await fire_due(house.rt)
        took.append(time.perf_counter() - began)
    return percentiles(took)[0]


async def _lag(house: ClockHouse, template: tuple[Any, Any], due: int, rate: int, told: Callable[[int], None]) -> Figures:
    """Clocks fall due at an even rate while the product's loop runs; the lag is measured in business time at the commit."""
    file, clock = template
    start = house.rt.now() + timedelta(seconds=1 + due / 600)  # filling takes a while
    await house.fill(due, clock, lambda number: start + timedelta(seconds=number / rate), name=f"lag{time.monotonic_ns()}", told=told, file=file)
    house.lags.values.clear()
    late_start = house.rt.now() > start
    task = asyncio.create_task(keep(LOOPS[0], house.rt))
    with suppress(TimeoutError):
        async with asyncio.timeout(due / rate + 90):
            while len(house.lags.values) < due:  # noqa: ASYNC110 - the product's loop tells nobody
                await asyncio.sleep(0.1)
    await end(task)
    p50, p95, p99 = percentiles(house.lags.values)
    return {"lag_ms": [p50, p95, p99], "fired": len(house.lags.values), "filled_late": late_start}


async def _drain(house: ClockHouse, template: tuple[Any, Any], told: Callable[[int], None]) -> Figures:
    """A backlog that is overdue is fired as fast as it goes; `stall_ms` is the longest time for which nothing else of the process had its turn."""
    file, clock = template
    past = house.rt.now() - timedelta(seconds=5)
    await house.fill(
        BACKLOG, clock, lambda number: past + timedelta(milliseconds=number % 1000), name=f"back{time.monotonic_ns()}", told=told, file=file
    )
    stalls: list[float] = []

    async def watch() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            stalls.append(time.perf_counter() - before - 0.001)

    task, began, fired = asyncio.create_task(watch()), time.perf_counter(), 0
    while taken := await fire_due(house.rt):
        fired += taken
    took = time.perf_counter() - began
    await end(task)
    return {"drain_s": round(fired / took), "drained": fired, "stall_ms": round(max(stalls) * 1000)}


async def ours(mongo_url: str, size: int, words: argparse.Namespace, progress: Progress) -> Figures:
    """Measure one size in a database of its own."""
    bar = progress.add_task(f"Huiyin, {size} open", total=size + words.due + BACKLOG)

    def told(count: int) -> None:
        progress.advance(bar, count)

    house = ClockHouse(mongo_url)
    await house.start()
    try:
        file, clock = await house.template(REPAIR)
        began = time.perf_counter()
        await house.fill(size, clock, lambda number: house.rt.now() + FAR + timedelta(seconds=number), name="far", told=told)
        figures: Figures = {"open": size, "filled_s": round(size / (time.perf_counter() - began))}
        figures |= await _opened_and_closed(house)
        figures |= {"tick_ms": await _tick(house), **await _lag(house, (file, clock), words.due, words.rate, told)}
        figures |= await _drain(house, (file, clock), told)
        figures["rss_mb"] = round(psutil.Process().memory_info().rss / 1e6)
    finally:
        await house.stop()
        progress.remove_task(bar)
    return figures


async def recompute(mongo_url: str, size: int, progress: Progress) -> Figures:
    """Every open clock spans a day that becomes a holiday: date all again and write each with its fact."""
    bar = progress.add_task(f"{size} clocks of three working days", total=size)
    house = ClockHouse(mongo_url, WORKING_DAYS)
    await house.start()
    try:
        file, clock = await house.template(LETTER, "CLK_REPLY")
        holiday = await house.fill_spanning(size, file, clock, lambda count: progress.advance(bar, count))
        await house.holiday(holiday)
        progress.reset(bar, description=f"{size} clocks dated again", total=size)
        began, done = time.perf_counter(), 0
        while more := await redate(house.rt):
            done += more
            progress.update(bar, completed=done)
        took = time.perf_counter() - began
        left = await count_stale(house.rt)
        return {"recomputed": done, "left": left, "took_s": round(took, 1), "clocks_s": round(done / took), **await house.checked(clock)}
    finally:
        await house.stop()
        progress.remove_task(bar)


def _working_minutes(policy: SitePolicy, days: WorkingDays) -> float:
    """Return what one deadline in working minutes takes, Monday to Friday 9 to 12 and 13 to 18 o'clock: the question of `calendar_bench.py`."""
    spans = tuple(Span.model_validate({"from": begin, "to": end}) for begin, end in (("09:00", "12:00"), ("13:00", "18:00")))
    asked = policy.model_copy(update={"hours": policy.hours.model_copy(update={"office": spans})})
    random = Random(7)
    begin = datetime.fromisoformat("2025-01-06T01:00:00+00:00")
    starts = [begin + timedelta(minutes=random.randrange(500 * 1440)) for _ in range(2000)]
    amounts = [timedelta(minutes=random.choice((30, 60, 240, 480, 1440, 4320))) for _ in starts]
    took = []
    for _ in range(6):
        began = time.perf_counter()
        for start, amount in zip(starts, amounts, strict=True):
            office_after(start, amount, asked, days)
        took.append((time.perf_counter() - began) / len(starts))
    return round(statistics.median(took[1:]) * 1e6, 2)  # the first builds the tables of the years


def deadline(house_site: Any, days: Any) -> Figures:
    """Microseconds by our engine: for one deadline as the reference asks for it, and for a clock's deadline and all its levels."""
    site, found = Site(house_site.policy, days), {"us": _working_minutes(house_site.policy, days)}
    for name, units in (("elapsed_us", ELAPSED), ("working_days_us", {Unit.WORKING_DAY})):
        rule = next(rule for rule in house_site.policy.clocks if rule.duration and rule.duration.value and rule.duration.unit in units)
        starts = [Start(datetime.fromisoformat("2026-01-05T01:00:00+00:00") + timedelta(minutes=97 * n), Moment.CLASSIFIED) for n in range(2000)]
        began = time.perf_counter()
        for start in starts:
            dates(rule, start, site)
        found[name] = round((time.perf_counter() - began) / len(starts) * 1e6, 1)
    return found


# --- the run -------------------------------------------------------------------------------------------------------------------


def _load() -> float:
    return round(os.getloadavg()[0], 1)


async def _interleaved(servers: Servers, words: argparse.Namespace, console: Console, progress: Progress) -> list[Figures]:
    sizes, runs = [int(size) for size in words.sizes.split(",")], []
    for size in sizes:
        for repetition in range(words.reps if size < max(sizes) else 1):
            console.print(f"{size} open clocks, repetition {repetition + 1}, load {_load()}", style="dim")
            runs.append({"what": "Huiyin", "load": _load(), **await ours(servers.mongo_url, size, words, progress)})
            if not words.no_reference:
                runs += await asyncio.to_thread(reference.timers, servers, size)
    return runs


async def bench() -> None:
    """Run everything, print tables, write JSON."""
    words, console = _words(), Console()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    home = LOCAL / "bench"
    async with Servers(home, environ={}) as servers:
        with Progress(*columns, console=console, transient=True) as progress:
            report: Figures = {"at": machine_now().isoformat(), "load_before": _load(), "runs": await _interleaved(servers, words, console, progress)}
            report["deadline"] = await _deadlines(servers.mongo_url, words)
            if words.recompute:
                report["recompute"] = {"load": _load(), **await recompute(servers.mongo_url, words.recompute, progress)}
    report |= {"load_after": _load(), "goals": goals(report)}
    _print(console, report)
    words.json.parent.mkdir(parents=True, exist_ok=True)
    words.json.write_text(json.dumps(report, indent=1, ensure_ascii=False))
    console.print(f"figures: {words.json}")


async def _deadlines(mongo_url: str, words: argparse.Namespace) -> list[Figures]:
    house, found = ClockHouse(mongo_url, WORKING_DAYS), []
    days = await house.rt.store.days(house.site.policy.calendar.holidays)
    for _ in range(words.reps):
        found.append({"what": "Huiyin", **deadline(house.site, days)})
        if not words.no_reference:
            found += await asyncio.to_thread(reference.calendars)
    await house.db.stop()
    return found


def _median(rows: list[Figures], key: str, *, what: str, largest: bool | None = None) -> float | None:
    sizes = [row["open"] for row in rows if "open" in row]
    wanted = None if largest is None else (max(sizes) if largest else min(sizes))
    values = sorted(float(row[key]) for row in rows if row["what"] == what and row.get(key) is not None and wanted in {None, row.get("open")})
    return values[len(values) // 2] if values else None


def goals(report: Figures) -> list[Figures]:
    """Return each goal with what was reached."""
    runs, deadlines = report["runs"], report["deadline"]
    flat = [{**row, "lag_p99": row["lag_ms"][2]} if "lag_ms" in row else row for row in runs]
    ticks = _median(flat, "tick_ms", what="Huiyin", largest=True), _median(flat, "tick_ms", what="Huiyin", largest=False)
    adds, opened = _median(flat, "add_s", what="APScheduler"), _median(flat, "opened_s", what="Huiyin", largest=False)
    theirs, own = _median(deadlines, "us", what="businesstimedelta"), _median(deadlines, "us", what="Huiyin")
    together = report["recompute"]["clocks_s"] if "recompute" in report else None
    reached = (
        _median(flat, "lag_p99", what="Huiyin", largest=True),
        ticks[0] / ticks[1] if ticks[0] and ticks[1] else None,
        min((row["drain_s"] for row in runs if "drain_s" in row), default=None),
        opened / adds if opened and adds else None,
        together / adds if together and adds else None,
        theirs / own if theirs and own else None,
        1e6 / together if together else None,
    )
    return [_judged(goal, value) for goal, value in zip(MUSTS, reached, strict=True)]


def _judged(goal: str, value: float | None) -> Figures:
    way, must, ambitious = MUSTS[goal]
    verdict = "not measured"
    if value is not None:
        kept = [(value <= bound) if way == "<=" else (value >= bound) for bound in (must, ambitious)]
        verdict = "ambitious" if kept[1] else "must" if kept[0] else "missed"
    return {
        "goal": goal,
        "must": f"{way} {must}",
        "ambitious": f"{way} {ambitious}",
        "reached": round(value, 2) if value is not None else None,
        "verdict": verdict,
    }


COLUMNS = ("what", "open", "opened_s", "cancelled_s", "tick_ms", "lag_ms", "drain_s", "stall_ms", "rss_mb", "load")


def _print(console: Console, report: Figures) -> None:
    tables = [
        ("clocks, in the order measured", COLUMNS, report["runs"]),
        ("one deadline, µs", ("what", "us", "elapsed_us", "working_days_us"), report["deadline"]),
        ("after a new holiday", ("recomputed", "left", "took_s", "clocks_s", "checked", "wrong", "load"), [report.get("recompute", {})]),
        ("goals", ("goal", "must", "ambitious", "reached", "verdict"), report["goals"]),
    ]
    for title, columns, rows in tables:
        table = Table(*columns, title=title)
        for row in rows:
            table.add_row(*(str(row.get(name, "–")) for name in columns))
        console.print(table)
