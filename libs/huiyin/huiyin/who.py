"""`huiyin who`: who would be called at each level at a moment, gaps by name. Not here: how it is decided (sla), names of people (dispatch)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from common.errors import Text
from console.domain.labels import ROLE
from rich.markup import escape
from rich.table import Table

from huiyin import cli
from huiyin.cases import English
from huiyin.doors import Doors, open_doors
from huiyin.exits import BadInput
from huiyin.timeline import EN, ZH, word

HEADS = (Text("层级", "step"), Text("岗位", "role"), Text("现在由谁", "who now"), Text("通知到", "told"))
STEP = {
    "warning": Text("预警", "warning"),
    "L1": Text("一级", "L1"),
    "L2": Text("二级", "L2"),
    "L3": Text("三级", "L3"),
    "night": Text("夜间紧急", "emergency at night"),
    "repeat": Text("重复报事", "repeated"),
}
WHY = {
    "not_held": Text("无人担任", "nobody holds it"),
    "not_in_department": Text("该部门无人担任", "nobody of that department"),
    "off_duty": Text("无人在岗", "nobody on duty"),
    "not_assigned": Text("尚未指派", "nobody assigned"),
    "no_rota": Text("未公布人员", "no people published"),
}
OF_CASE = Text("由案件决定", "as the case says")
ANY_TIME = Text("不排班", "no shifts")
NOBODY = Text("无人可通知", "nobody can be told")
STAND_IN = Text("由{step}代为接收", "passed on to {step}")
NOT_NOW = Text("此刻不适用", "not at this moment")
DUTY = Text("维修值班", "repair duty")
CASE_HEAD = Text("案件 {case}", "case {case}")
BY_LEVEL = Text("逐级上报", "level by level")

Site = Annotated[str, typer.Option("--site", help="Site code.")]
At = Annotated[str | None, typer.Option("--at", help="Local time of the site, e.g. '2026-03-14 23:40'; without it now.")]
Word = typer.Option


def who(  # noqa: PLR0913, PLR0917 - typer makes an option of each
    site: Site,
    at: At = None,
    case: Annotated[str | None, Word(help="A case: its chain, department and people who work on it.")] = None,
    kind: Annotated[str | None, Word(help="Without a case: repair (default), complaint, enquiry, help_request, suggestion.")] = None,
    fault: Annotated[str | None, Word(help="Its fault, which brings urgency and department.")] = None,
    urgency: Annotated[str | None, Word(help="P1, P2 or P3.")] = None,
    department: Annotated[str | None, Word(help="Its department.")] = None,
    major: Annotated[bool, Word("--major", help="A major one.")] = False,  # noqa: FBT002 - a flag
    json: cli.AsJson = False,  # noqa: FBT002 - a flag
    en: English = False,  # noqa: FBT002 - a flag
) -> None:
    """Say who would be called at each level at a moment, with shift and role; gaps are named.

    Example: huiyin who --site AB --at "2026-03-14 23:40" --fault water_burst

    Example: huiyin who --site AB --case AB-260314-7K3QX
    """
    locale = EN if en else ZH
    asked = {"case": case, "kind": kind, "fault": fault, "urgency": urgency, "department": department, "major": major or None}
    seen, names, zone = cli.run(_see(site, at, asked, locale))
    if json:
        cli.show_json(seen)
        return
    cli.out.print(table(seen, names, zone, locale))


async def _see(site: str, at: str | None, asked: Mapping[str, Any], locale: str) -> tuple[dict[str, Any], dict[str, str], str]:
    async with open_doors() as doors:
        return await look(doors, site, at, asked, locale)


async def look(doors: Doors, site: str, at: str | None, asked: Mapping[str, Any], locale: str) -> tuple[dict[str, Any], dict[str, str], str]:
    """Return what sla says, the names of people, and the site's zone. Raises BadInput, Failed."""
    policy = await doors.surely("sla", "GET", f"/v1/sites/{site}/policy")
    zone = str(policy["calendar"]["timezone"])
    seen = await doors.surely("sla", "GET", f"/v1/sites/{site}/escalation", locale=locale, at=_moment(at, zone), **asked)
    people = await doors.call("dispatch", "GET", f"/v1/sites/{site}/people")
    rows = [] if people.refused else [*people.body["people"], *people.body["contractors"]]  # who may not see names sees references
    return seen, {row["id"]: row["name"] for row in rows}, zone


def _moment(at: str | None, zone: str) -> str | None:
    if at is None:
        return None
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise BadInput(f"--at {at}: not a time like 2026-03-14 23:40") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).isoformat()


def table(seen: Mapping[str, Any], names: Mapping[str, str], zone: str, locale: str) -> Table:
    """Return one row for each level, the night recipient, each report at once and repair duty."""
    at = datetime.fromisoformat(seen["at"]).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
    about = CASE_HEAD.in_(locale).format(case=seen["case"]) if seen["case"] else ""
    rule = BY_LEVEL.in_(locale) if seen["level_by_level"] else ""
    title = " · ".join(part for part in (seen["site"], at, about, seen["chain"], rule) if part)
    table = Table(*(head.in_(locale) for head in HEADS), title=title, title_justify="left", header_style="bold", show_lines=True)
    for step in (*seen["levels"], *([seen["night"]] if seen["night"] else ()), *seen["at_once"]):
        table.add_row(*_row(step, names, locale))
    table.add_row(DUTY.in_(locale), "", _persons(seen["duty"], names, locale) or _bad(NOBODY.in_(locale)), "")
    return table


def _row(step: Mapping[str, Any], names: Mapping[str, str], locale: str) -> Sequence[str]:
    roles = "\n".join(word(ROLE, role["role"], locale) for role in step["roles"])
    held = "\n".join(_held(role, names, locale) for role in step["roles"])
    return word(STEP, step["step"], locale), roles, held, _told(step, names, locale)


def _held(role: Mapping[str, Any], names: Mapping[str, str], locale: str) -> str:
    if role["persons"]:
        return _persons(role["persons"], names, locale)
    return OF_CASE.in_(locale) if role["why"] is None else _bad(word(WHY, role["why"], locale))


def _told(step: Mapping[str, Any], names: Mapping[str, str], locale: str) -> str:
    if not step["applies"]:
        return NOT_NOW.in_(locale)
    if step["nobody"]:
        return _bad(NOBODY.in_(locale))
    told = ", ".join(_name(person, names) for person in step["persons"])
    stand_in = STAND_IN.in_(locale).format(step=word(STEP, step["reached"], locale)) if step["reached"] else ""
    return "\n".join(part for part in (told, stand_in) if part)


def _persons(persons: Iterable[Mapping[str, Any]], names: Mapping[str, str], locale: str) -> str:
    return ", ".join(f"{_name(one['id'], names)} ({one['shift'] or ANY_TIME.in_(locale)})" for one in persons)


def _name(person: str, names: Mapping[str, str]) -> str:
    return escape(f"{names[person]} {person}" if person in names else person)


def _bad(said: str) -> str:
    return f"[red]{said}[/]"
