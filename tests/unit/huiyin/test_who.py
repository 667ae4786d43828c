"""`huiyin who` on a world in memory: who would be called at night and by day, names, shifts and gaps, in both languages."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from huiyin.doors import Doors
from huiyin.exits import BadInput, Failed
from huiyin.main import app
from huiyin.sites import apply_site, load_site
from huiyin.who import look, table
from huiyin.world.memory import memory_world
from rich.console import Console
from typer.testing import CliRunner

pytestmark = pytest.mark.anyio
PACKS = Path(__file__).parents[3] / "packs"
SITES = PACKS / "sites"


@pytest.fixture(scope="module")
async def doors() -> AsyncIterator[Doors]:
    async with memory_world(datetime(2026, 3, 16, 2, tzinfo=UTC)) as world:
        await apply_site(world.doors, load_site(SITES / "XZ.yaml"))
        await world.settle()
        yield world.doors


async def shown(doors: Doors, at: str, locale: str = "zh-CN", **asked: str) -> list[str]:
    seen, names, zone = await look(doors, "XZ", at, asked, locale)
    out = StringIO()
    Console(file=out, width=200).print(table(seen, names, zone, locale))
    return out.getvalue().splitlines()


def row(lines: list[str], start: str) -> str:
    return next(line for line in lines if start in line)


async def test_at_night_the_night_recipient_is_named_with_shift(doors: Doors) -> None:
    """ESC-14, SC-02: 23:40, the duty manager of the night."""
    lines = await shown(doors, "2026-03-14 23:40", fault="water_burst")
    assert "XZ · 2026-03-14 23:40" in lines[0]
    assert "徐夜白 xz-xu (duty_night)" in row(lines, "夜间紧急")
    assert "此刻不适用" not in row(lines, "夜间紧急")
    assert "邓水生 xz-deng (night)" in row(lines, "维修值班")
    assert "此刻不适用" in row(await shown(doors, "2026-03-16 10:00"), "夜间紧急")


async def test_a_gap_is_named_in_the_language_that_is_asked_for(doors: Doors) -> None:
    """The desk is closed at night: the role is empty, the assignee hears it."""
    lines = await shown(doors, "2026-03-14 23:40", "en", fault="water_burst")
    assert any("nobody on duty" in line for line in lines)
    assert any("as the case says" in line for line in lines)
    assert any("无人在岗" in line for line in await shown(doors, "2026-03-14 23:40", fault="water_burst"))


async def test_managers_outside_shifts_are_reached_at_any_time(doors: Doors) -> None:
    lines = await shown(doors, "2026-03-14 23:40", fault="water_burst")
    assert "袁总明 xz-yuan (不排班)" in row(lines, "三级")


async def test_what_cannot_be_asked_is_said(doors: Doors) -> None:
    with pytest.raises(BadInput, match="not a time"):
        await look(doors, "XZ", "tonight", {}, "en")
    with pytest.raises(Failed, match="not-found"):
        await look(doors, "XZ", None, {"case": "XZ-1"}, "en")
    with pytest.raises(Failed, match="unknown-site"):
        await look(doors, "QQ", None, {}, "en")


def test_a_site_with_a_gap_is_named_before_it_is_applied(tmp_path: Path) -> None:
    """Without the night's duty manager: the span, the role, both languages; nothing serious in the site as it is."""
    calm = CliRunner().invoke(app, ["site", "apply", str(SITES / "XZ.yaml"), "--dry-run"])
    assert calm.exit_code == 0
    assert "! XZ" not in calm.stderr
    assert "· XZ 岗位空缺 [warning]:receptionist" in calm.stderr
    file = tmp_path / "packs" / "sites" / "XZ.yaml"
    file.parent.mkdir(parents=True)
    (tmp_path / "packs" / "pack-s2.yaml").write_text((PACKS / "pack-s2.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    text = (SITES / "XZ.yaml").read_text(encoding="utf-8")
    file.write_text(text.replace("{shift: duty_night, people: [xz-xu]}", "{shift: duty_day, people: [xz-xu]}"), encoding="utf-8")
    told = CliRunner().invoke(app, ["site", "apply", str(file), "--dry-run"])
    assert "! XZ 夜间接收人空缺:duty_manager" in told.stderr
    assert "07:00 无人" in told.stderr
    assert "night recipient: nobody as duty_manager from" in told.stderr
