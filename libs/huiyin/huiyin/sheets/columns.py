"""The two sheets and their columns, as data: the template is written from it and files are read by it. Not here: reading cells (`values`)."""

from dataclasses import dataclass

from huiyin.sheets import values
from huiyin.sheets.values import Read


@dataclass(frozen=True)
class Column:
    """One column: its heading in both languages, how a cell is read, and what an example looks like."""

    name: str
    zh: str
    read: Read
    example: str
    needed: bool = False
    width: int = 14

    @property
    def heading(self) -> str:
        """Return the heading of the template; a star says that it has to be filled."""
        return f"{self.zh} {self.name}{' *' if self.needed else ''}"

    def is_headed(self, heading: str) -> bool:
        """Say whether a heading means this column: the template's, or either word alone."""
        words = heading.replace("*", " ").split()
        return bool(words) and set(words) <= {self.zh, self.name}


@dataclass(frozen=True)
class Sheet:
    """One sheet."""

    name: str
    zh: str
    columns: tuple[Column, ...]

    @property
    def title(self) -> str:
        """Return the name of the sheet in the template."""
        return f"{self.zh} {self.name}"


UNITS = Sheet(
    "units",
    "房屋",
    (
        Column("unit", "房号", values.place, "3-0502", needed=True),
        Column("building", "楼栋", values.place, "3"),
        Column("floor", "楼层", values.whole(-20, 300), "5"),
        Column("area_m2", "面积", values.area, "89.5"),
        Column("name", "姓名", values.text, "示例业主", width=18),
        Column("relation", "关系", values.relation, "业主"),
        Column("phone", "电话", values.phone, "138 0000 0000", width=20),
        Column("email", "邮箱", values.email, "owner@example.com", width=26),
    ),
)
PEOPLE = Sheet(
    "people",
    "人员",
    (
        Column("id", "工号", values.code, "xz-li", needed=True),
        Column("name", "姓名", values.text, "示例员工", needed=True, width=18),
        Column("roles", "岗位", values.roles, "repair_worker", needed=True, width=26),
        Column("department", "部门", values.code, "engineering", width=18),
        Column("trades", "工种", values.codes, "plumbing, electrical", width=24),
        Column("skills", "技能", values.codes, "gas", width=18),
        Column("phone", "电话", values.staff_phone, "138 0000 0000", width=20),
        Column("email", "邮箱", values.email, "staff@example.com", width=26),
    ),
)
SHEETS = (UNITS, PEOPLE)
