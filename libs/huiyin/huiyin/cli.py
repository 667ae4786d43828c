"""What every command shares: two consoles, running a coroutine, ending with the right code, printing tables and JSON.

Data goes to stdout, progress and errors to stderr. Not here: the commands, nor the errors (`exits`).
"""

import asyncio
import json
import sys
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import structlog
import typer
from common.errors import HuiyinError, StartRefused, Transient
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from huiyin.exits import BadInput, Ends, Failed, NotHere

T = TypeVar("T")
INTERRUPTED = 130
CRITICAL = 50
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check and show what would be done, change nothing.")]


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command to its end. An expected error is one sentence on stderr and its exit code; Ctrl-C is 130."""
    before = structlog.get_config()
    quiet = structlog.make_filtering_bound_logger(CRITICAL)
    structlog.configure(wrapper_class=quiet, logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        return asyncio.run(work)
    except Ends as end:
        err.print(f"huiyin: {end}", markup=False, soft_wrap=True)
        raise typer.Exit(end.code) from None
    except HuiyinError as error:
        err.print(f"huiyin: {error.slug}: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(NotHere.code if isinstance(error, Transient | StartRefused) else Failed.code) from None
    except KeyboardInterrupt:
        err.print("huiyin: interrupted", markup=False)
        raise typer.Exit(INTERRUPTED) from None
    finally:
        structlog.configure(**before)  # whoever called this in a process of its own goes on as before


def writable(path: Path | None) -> None:
    """Make sure, before any work is done, that a result can be written. Raises BadInput."""
    if path is None:
        return
    try:
        path.touch()
    except OSError as wrong:
        raise BadInput(f"{path} cannot be written: {wrong.strerror}") from wrong


def progress() -> Progress:
    """Return a progress bar on stderr, with counts and times."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    return Progress(*columns, console=err, transient=False)


def tracked(things: Iterable[T], what: str, total: int) -> Iterator[T]:
    """Yield the things while a bar shows how far it is."""
    with progress() as bar:
        yield from bar.track(things, total=total, description=what)


def show_json(value: Any) -> None:
    """Print a value as JSON on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def save_json(path: Path, value: Any) -> None:
    """Write a value as JSON."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n", encoding="utf-8")


def show_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str | None = None, empty: str = "nothing there") -> None:
    """Print a table on stdout, or on stderr that there is nothing."""
    if not rows:
        err.print(empty)
        return
    table = Table(*columns, title=title, title_justify="left", header_style="bold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    out.print(table)
