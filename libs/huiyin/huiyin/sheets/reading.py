"""Reads an .xlsx row by row, bounded in bytes and rows, and names every wrong cell. Nothing is ever computed: a formula is refused as it stands.

Not here: what a cell may hold (`values`), what rows together mean (`register`).
"""

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from common.errors import Text
from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from huiyin.exits import BadInput
from huiyin.sheets.columns import SHEETS, Column, Sheet
from huiyin.sheets.values import Wrong

LARGEST = 5 * 1024 * 1024  #: bytes of a file
UNPACKED = 80 * 1024 * 1024  #: bytes of what is in it
MOST = 20_000  #: rows of a sheet
WIDEST = 40  #: columns that are looked at


@dataclass(frozen=True)
class Problem:
    """One cell that cannot be used."""

    sheet: str
    cell: str
    why: Text

    def __str__(self) -> str:
        return f"{self.sheet} {self.cell}: {self.why.zh} / {self.why.en}"


@dataclass(frozen=True)
class Row:
    """The good cells of one row, and where each stands."""

    number: int
    values: Mapping[str, Any]
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Page:
    """One sheet as it was read; a row with a wrong cell is among the problems and not among the rows."""

    sheet: Sheet
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]

    def problem(self, row: Row, column: str, zh: str, en: str) -> Problem:
        """Return a problem of one cell of a row."""
        return Problem(self.sheet.name, row.cells.get(column, f"A{row.number}"), Text(zh, en))


def read(path: Path) -> dict[str, Page]:
    """Return the sheets of a file that are known, by name. Raises BadInput for a file that is none or is too large."""
    with _opened(path) as book:
        pages = {sheet.name: _page(book, title, sheet) for title in book.sheetnames for sheet in SHEETS if _means(title, sheet)}
    if not pages:
        raise BadInput(f"{path}: 没有名为 {' 或 '.join(sheet.zh for sheet in SHEETS)} 的工作表 / no sheet is named units or people")
    return pages


@contextmanager
def _opened(path: Path) -> Iterator[Workbook]:
    _bounded(path)
    try:
        book = load_workbook(path, read_only=True, data_only=False, keep_links=False)
        try:
            yield book
        finally:
            book.close()
    except (InvalidFileException, KeyError, ValueError, ParseError, zipfile.BadZipFile) as wrong:
        raise BadInput(f"{path}: 无法读取 / cannot be read: {type(wrong).__name__}") from wrong


def _bounded(path: Path) -> None:
    """Raise BadInput before anything is unpacked that is not an .xlsx of a sensible size."""
    if path.stat().st_size > LARGEST:
        raise BadInput(f"{path}: 文件超过 {LARGEST >> 20} MiB / is larger than {LARGEST >> 20} MiB")
    try:
        with zipfile.ZipFile(path) as packed:
            sizes = [one.file_size for one in packed.infolist()]
            known = "xl/workbook.xml" in packed.namelist()
    except zipfile.BadZipFile:
        known, sizes = False, []
    if not known:
        raise BadInput(f"{path}: 不是 .xlsx 文件 / is no .xlsx file")
    if sum(sizes) > UNPACKED:
        raise BadInput(f"{path}: 解压后超过 {UNPACKED >> 20} MiB / unpacks to more than {UNPACKED >> 20} MiB")


def _means(title: str, sheet: Sheet) -> bool:
    words = title.split()
    return bool(words) and set(words) <= {sheet.zh, sheet.name}


def _page(book: Workbook, title: str, sheet: Sheet) -> Page:
    lines = ((number, line) for number, line in enumerate(book[title].iter_rows(max_col=WIDEST, values_only=True), 1) if any(map(_filled, line)))
    number, heads = next(lines, (1, ()))
    columns, problems = _headings(sheet, number, heads)
    if not {column for column in sheet.columns if column.needed} <= set(columns.values()):
        return Page(sheet, (), tuple(problems))
    rows: list[Row] = []
    for count, (place, line) in enumerate(lines, 1):
        if count > MOST:
            raise BadInput(f"{title}: 超过 {MOST} 行 / has more than {MOST} rows")
        row, wrong = _row(sheet, columns, place, line)
        problems += wrong
        if not wrong:
            rows.append(row)
    return Page(sheet, tuple(rows), tuple(problems))


def _headings(sheet: Sheet, number: int, heads: Sequence[Any]) -> tuple[dict[int, Column], list[Problem]]:
    columns: dict[int, Column] = {}
    problems: list[Problem] = []
    for place, head in enumerate(heads):
        found = next((column for column in sheet.columns if column.is_headed(str(head or ""))), None)
        if found and found not in columns.values():
            columns[place] = found
        elif _filled(head):
            known = "、".join(column.zh for column in sheet.columns)
            en = ", ".join(column.name for column in sheet.columns)
            problems.append(Problem(sheet.name, f"{get_column_letter(place + 1)}{number}", Text(f"没有这一列;可用:{known}", f"no such column: {en}")))
    problems += [
        Problem(sheet.name, f"A{number}", Text(f"缺少列 {column.zh}", f"column {column.name} is missing"))
        for column in sheet.columns
        if column.needed and column not in columns.values()
    ]
    return columns, problems


def _row(sheet: Sheet, columns: Mapping[int, Column], number: int, line: Sequence[Any]) -> tuple[Row, list[Problem]]:
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    cells = {column.name: f"{get_column_letter(place + 1)}{number}" for place, column in columns.items()}
    for place, column in columns.items():
        try:
            if _filled(line[place]):
                values[column.name] = column.read(line[place])
        except Wrong as wrong:
            problems.append(Problem(sheet.name, cells[column.name], wrong.why))
        if column.needed and not _filled(line[place]):
            problems.append(Problem(sheet.name, cells[column.name], Text(f"{column.zh} 必填", f"{column.name} is required")))
    return Row(number, values, cells), problems


def _filled(cell: Any) -> bool:
    return cell is not None and str(cell).strip() != ""
