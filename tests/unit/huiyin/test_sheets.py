"""Units, owners and people from Excel: every wrong cell is named, bounds hold, and what is right arrives."""

import json
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from huiyin.exits import BadInput
from huiyin.main import app
from huiyin.sheets import reading, register, template
from huiyin.sheets.bringing import Brought, bring
from huiyin.sheets.columns import PEOPLE, SHEETS, UNITS
from huiyin.sites import apply_site, load_site
from huiyin.world.memory import memory_world
from openpyxl import Workbook, load_workbook
from typer.testing import CliRunner

PACKS = Path(__file__).parents[3] / "packs"
START = datetime(2026, 3, 16, 1, 0, tzinfo=UTC)
HEAD = ["房号", "楼栋", "楼层", "面积", "姓名", "关系", "电话", "邮箱"]
BAD: dict[str, tuple[Any, str, str]] = {
    "A9": ("", "房号 必填", "unit is required"),
    "B17": ("=HYPERLINK(1)", "以 = + - @ 开头,像是公式", "begins like a formula"),
    "C33": ("五", "须是 -20 到 300 的整数", "is no whole number between -20 and 300"),
    "F101": ("房东", "须是 业主、租户 或 家属", "is none of owner, tenant, family"),
    "G202": ("1380000012", "手机号缺 1 位(应为 11 位)", "phone has 10 digits, a mobile number has 11"),
    "H303": ("owner@nowhere", "不是邮箱地址", "is no e-mail address"),
    "A404": (date(2026, 3, 5), "Excel 把它变成了日期,请把该列设为文本再填", "Excel made a date of it: format the column as text"),
}


def a_row(n: int) -> list[Any]:
    building, floor, door = n // 100 + 1, n % 100 // 4 + 1, n % 4 + 1
    return [f"{building}-{floor:02d}{door:02d}", str(building), floor, 89.5, f"示例业主{n}", "业主", f"138{n:08d}", f"owner{n}@example.com"]


def a_book(path: Path, units: int = 500, people: list[list[Any]] | None = None, cells: dict[str, Any] | None = None) -> Path:
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = "房屋 units"
    page.append(HEAD)
    for n in range(units):
        page.append(a_row(n))
    for cell, value in (cells or {}).items():
        page[cell] = value
    if people:
        staff = book.create_sheet("人员")
        for row in [["工号", "姓名", "岗位", "部门", "工种", "技能", "电话"], *people]:
            staff.append(row)
    book.save(path)
    return path


def found(path: Path) -> register.Found:
    return register.found(reading.read(path))


def named(what: register.Found) -> dict[str, tuple[str, str]]:
    return {one.cell: (one.why.zh, one.why.en) for one in what.problems}


def test_five_hundred_units_with_seven_bad_rows_are_reported_by_cell(tmp_path: Path) -> None:
    file = a_book(tmp_path / "units.xlsx", cells={cell: value for cell, (value, _, _) in BAD.items()})
    what = found(file)
    assert named(what) == {cell: (zh, en) for cell, (_, zh, en) in BAD.items()}
    assert len(what.units) == 493
    for options in (["--dry-run"], []):  # with one wrong cell nothing is brought in: no service is asked at all
        told = CliRunner().invoke(app, ["site", "import", str(file), "--site", "XZ", *options])
        assert told.exit_code == 4
        assert "units G202: 手机号缺 1 位(应为 11 位) / phone has 10 digits, a mobile number has 11" in told.stdout
        assert "493 units, 0 people, 7 cells to mend; nothing was brought in" in told.stderr
        assert "1380000012" not in told.output
    told = CliRunner().invoke(app, ["site", "import", str(file), "--site", "XZ", "--dry-run", "--json"])
    assert [row["cell"] for row in json.loads(told.stdout)["problems"]] == sorted(BAD, key=lambda cell: int(cell[1:]))


@pytest.mark.anyio
async def test_a_good_file_arrives_and_the_same_again_changes_nothing(tmp_path: Path) -> None:
    people = [["xz-new", "示例新人", "repair_worker", "engineering", "plumbing、electrical", "gas", "138 0000 0009"]]
    what = found(a_book(tmp_path / "good.xlsx", people=people))
    assert what.problems == ()
    async with memory_world(START) as world:
        await apply_site(world.doors, load_site(PACKS / "sites" / "XZ.yaml"))
        await world.settle()
        assert await bring(world.doors, "XZ", what) == Brought(units_added=500, people_added=1)
        assert await bring(world.doors, "XZ", what) == Brought(units_replaced=500, people_replaced=1)
        shown = await world.doors.surely("dispatch", "GET", "/v1/sites/XZ/people")
        (new,) = [row for row in shown["people"] if row["id"] == "xz-new"]
        assert (new["trades"], new["skills"], new["phone"]) == (["plumbing", "electrical"], ["gas"], "138 0000 0009")
        assert len(shown["people"]) > 10  # who was not named is still there
        assert shown["rota"]["assignments"]
        listed = await world.doors.surely("intake", "GET", "/v1/sites/XZ/units", limit=500)
        assert (len(listed["units"]), listed["units"][0]["people"]) == (500, 1)


def test_the_template_is_what_is_read(tmp_path: Path) -> None:
    file = tmp_path / "template.xlsx"
    assert CliRunner().invoke(app, ["site", "template", str(file)]).exit_code == 0
    assert found(file) == register.Found((), (), ())
    book = load_workbook(file)
    for sheet in SHEETS:
        book[sheet.title].append([column.example for column in sheet.columns])
    book.save(file)
    what = found(file)
    assert (what.problems, len(what.units), len(what.people)) == ((), 1, 1)
    assert CliRunner().invoke(app, ["site", "template", str(file)]).exit_code == 4  # what somebody filled in is not written over


def test_several_people_of_a_unit_and_contradictions_between_rows(tmp_path: Path) -> None:
    second = ["1-0101", "1", 1, 89.5, "示例太太", "家属", "13900000001", None]
    file = a_book(tmp_path / "t.xlsx", units=1, cells={f"{letter}3": value for letter, value in zip("ABCDEFGH", second, strict=True)})
    what = found(file)
    assert [who["relation"] for who in what.units[0]["people"]] == ["owner", "family"]
    more = {"A3": "1-0101", "B3": "2", "C3": 1, "A4": "1-0101", "G4": "13900000002", "A5": "1-0101"} | {
        f"{letter}5": value for letter, value in zip("EFGH", a_row(0)[4:], strict=True)
    }
    assert named(found(a_book(tmp_path / "u.xlsx", units=1, cells=more))) == {
        "B3": ("与第 2 行同一房号的内容不同", "differs from row 2 of the same unit"),
        "E4": ("填了联系方式就要填姓名", "a name is needed where there is a phone, an e-mail address or a relation"),
        "E5": ("同一房屋的此人已在前面登记", "this person of this unit stands above already"),
    }


def test_people_need_a_role_that_there_is_and_an_id_once(tmp_path: Path) -> None:
    people = [["xz-a", "甲", "king"], ["xz-b", "乙", "repair_worker"], ["xz-b", "丙", "repair_worker"], ["XZ C", "丁", "security"]]
    what = found(a_book(tmp_path / "p.xlsx", units=1, people=people))
    assert {cell: en for cell, (_, en) in named(what).items()} == {
        "C2": "is no role; the sheet `notes` lists them",
        "A4": "this id stands above already",
        "A5": "takes small letters, digits, _ and -",
    }


@pytest.mark.parametrize(
    ("cell", "value", "en"),
    [
        ("A1", "门牌", "no such column: unit, building, floor, area_m2, name, relation, phone, email"),
        ("E2", "甲\n乙", "holds a line break or a hidden character"),
        ("E2", "x" * 201, "is longer than 200 characters"),
        ("E2", "@SUM(1)", "begins like a formula"),
        ("E2", "=1+1", "begins like a formula"),
        ("D2", True, "holds a truth value"),
        ("D2", "0", "is no number of square metres"),
        ("C2", 1.5, "is no whole number between -20 and 300"),
        ("G2", "138000000123", "phone has 12 digits, a mobile number has 11"),
        ("G2", "tel", "is no phone number"),
    ],
)
def test_each_wrong_cell_has_its_sentence(tmp_path: Path, cell: str, value: Any, en: str) -> None:
    what = found(a_book(tmp_path / "t.xlsx", units=1, cells={cell: value}))
    assert (cell, en) in {(one.cell, one.why.en) for one in what.problems}


@pytest.mark.parametrize(("cell", "value"), [("G2", 13800000001), ("G2", "+86 138-0000-0001"), ("G2", "0755-8601 3388"), ("C2", -1), ("A2", 501)])
def test_what_people_write_is_read(tmp_path: Path, cell: str, value: Any) -> None:
    assert found(a_book(tmp_path / "t.xlsx", units=1, cells={cell: value})).problems == ()


def test_a_file_that_is_none_or_too_large_ends_with_a_sentence(tmp_path: Path) -> None:
    for name, content in (("t.xlsx", b"no zip"), ("big.xlsx", b"x" * (reading.LARGEST + 1))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BadInput):
            reading.read(tmp_path / name)
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b" " * (reading.UNPACKED + 1))
    with pytest.raises(BadInput, match="unpacks"):
        reading.read(bomb)
    other = Workbook()
    other.save(tmp_path / "other.xlsx")
    with pytest.raises(BadInput, match="no sheet"):
        reading.read(tmp_path / "other.xlsx")


def test_rows_are_bounded_and_a_cell_far_away_does_no_harm(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="rows"):
        found(a_book(tmp_path / "long.xlsx", units=0, cells={f"A{n}": f"1-{n:05d}" for n in range(2, reading.MOST + 3)}))
    assert found(a_book(tmp_path / "far.xlsx", units=3, cells={"XFD90000": "far"})).problems == ()


def test_every_column_reads_its_own_example() -> None:
    for sheet in (UNITS, PEOPLE):
        for column in sheet.columns:
            column.read(column.example)
            assert column.is_headed(column.heading)
    assert template.NOTES
