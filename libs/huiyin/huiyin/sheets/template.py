"""The empty file that a site office fills in, written from the tables of columns: text columns are text, so that Excel changes nothing."""

from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from huiyin.sheets.columns import SHEETS, UNITS, Sheet
from huiyin.sheets.values import ROLES

NOTES = (
    ("房屋 units:一行一人,同一房号可有多行;没有联系人时只填房号", "One row a person; a unit may have several rows, or one without a person."),
    ("* 为必填列;列的次序随意,不需要的列可以删去", "* has to be filled; order is free, columns that are not needed may go."),
    ("先试:huiyin site import 文件 --site 代码 --dry-run", "Try it first: huiyin site import FILE --site CODE --dry-run"),
    ("岗位:" + ", ".join(ROLES), "Roles as above."),
)


def write(path: Path) -> None:
    """Write the template. Raises OSError."""
    book = Workbook()
    first = book.active
    for sheet in SHEETS:
        _sheet(book.create_sheet(sheet.title), sheet)
    notes = book.create_sheet("说明 notes")
    for row in (*NOTES, *((f"{column.heading}:{column.example}", sheet.title) for sheet in SHEETS for column in sheet.columns)):
        notes.append(row)
    notes.column_dimensions["A"].width = 80
    if first is not None:
        book.remove(first)
    book.save(path)


def _sheet(page: Worksheet, sheet: Sheet) -> None:
    page.append([column.heading for column in sheet.columns])
    page.freeze_panes = "A2"
    for place, column in enumerate(sheet.columns, 1):
        letter = get_column_letter(place)
        page.cell(row=1, column=place).font = Font(bold=True)
        page.column_dimensions[letter].width = column.width
        page.column_dimensions[letter].number_format = "@"
        if sheet is UNITS and column.name == "relation":
            choice = DataValidation(type="list", formula1='"业主,租户,家属"', allow_blank=True)
            choice.add(f"{letter}2:{letter}20001")
            page.add_data_validation(choice)
