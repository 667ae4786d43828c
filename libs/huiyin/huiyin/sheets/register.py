"""Rows become units with their people, and members of staff; what contradicts across rows is named by its cell. Pure."""

from dataclasses import dataclass
from typing import Any

from huiyin.sheets.columns import PEOPLE, UNITS
from huiyin.sheets.reading import Page, Problem, Row

OF_UNIT = ("building", "floor", "area_m2")
OF_PERSON = ("name", "relation", "phone", "email")
MOST_PEOPLE = 10  #: of one unit


@dataclass(frozen=True)
class Found:
    """What a file brings, as the doors take it, and what is wrong with it."""

    units: tuple[dict[str, Any], ...]
    people: tuple[dict[str, Any], ...]
    problems: tuple[Problem, ...]


def found(pages: dict[str, Page]) -> Found:
    """Return what the sheets of a file bring."""
    units, wrong_units = _units(pages[UNITS.name]) if UNITS.name in pages else ([], [])
    people, wrong_people = _people(pages[PEOPLE.name]) if PEOPLE.name in pages else ([], [])
    problems = [problem for page in pages.values() for problem in page.problems]
    return Found(tuple(units), tuple(people), tuple(sorted([*problems, *wrong_units, *wrong_people], key=_place)))


def _place(problem: Problem) -> tuple[str, int, str]:
    letters = problem.cell.rstrip("0123456789")
    return problem.sheet, int(problem.cell[len(letters) :]), letters.rjust(3)


def _units(page: Page) -> tuple[list[dict[str, Any]], list[Problem]]:
    """Return units in the order of their first rows: every row may add one person."""
    made: dict[str, dict[str, Any]] = {}
    first: dict[str, Row] = {}
    problems: list[Problem] = []
    for row in page.rows:
        code = row.values["unit"]
        unit = made.setdefault(code, {"unit": code, "people": []})
        first.setdefault(code, row)
        problems += [*_contradicted(page, row, unit, first[code]), *_occupant(page, row, unit)]
    return list(made.values()), problems


def _contradicted(page: Page, row: Row, unit: dict[str, Any], first: Row) -> list[Problem]:
    problems = []
    for name in OF_UNIT:
        value = row.values.get(name)
        if value is not None and unit.setdefault(name, value) != value:
            problems.append(page.problem(row, name, f"与第 {first.number} 行同一房号的内容不同", f"differs from row {first.number} of the same unit"))
    return problems


def _occupant(page: Page, row: Row, unit: dict[str, Any]) -> list[Problem]:
    who = {name: row.values[name] for name in OF_PERSON if name in row.values}
    if not who:
        return []
    if "name" not in who:
        return [page.problem(row, "name", "填了联系方式就要填姓名", "a name is needed where there is a phone, an e-mail address or a relation")]
    if who in unit["people"]:
        return [page.problem(row, "name", "同一房屋的此人已在前面登记", "this person of this unit stands above already")]
    if len(unit["people"]) == MOST_PEOPLE:
        return [page.problem(row, "name", f"每套房屋最多 {MOST_PEOPLE} 人", f"a unit has at most {MOST_PEOPLE} people")]
    unit["people"].append(who)
    return []


def _people(page: Page) -> tuple[list[dict[str, Any]], list[Problem]]:
    made: dict[str, dict[str, Any]] = {}
    problems = []
    for row in page.rows:
        if row.values["id"] in made:
            problems.append(page.problem(row, "id", "工号重复", "this id stands above already"))
        made.setdefault(row.values["id"], dict(row.values))
    return list(made.values()), problems
