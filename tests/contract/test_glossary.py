"""docs/glossary.md has a row for every state, role, kind, code and problem of the code, and no row that the code does not know.

Its Chinese is what the pages and the problems say.
"""

import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator, Mapping

import pytest
from common import states
from common.auth import PERMISSIONS
from common.clock_rules import Moment, Unit
from common.errors import HuiyinError, Text
from common.events import FACTS
from common.topology import LISTENS
from console.domain import labels
from devstack.paths import REPOSITORY
from huiyin import who
from intake.domain.visit import VisitState
from notify.domain.notice import Status

TEXT = (REPOSITORY / "docs" / "glossary.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def rows(title: str) -> dict[str, str]:
    """Code and Chinese of each row of one section."""
    part = TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]
    return {code: zh for code, zh, _ in ROW.findall(part) if code not in {"Code", "Word"}}


def problems() -> dict[str, Text]:
    """The title of each problem that any service can answer."""
    for service in LISTENS:
        for module in pkgutil.walk_packages(importlib.import_module(service).__path__, f"{service}."):
            importlib.import_module(module.name)
    return {kind.slug: kind.title for kind in _kinds(HuiyinError) if kind.__module__.split(".", 1)[0] in {"common", *LISTENS}}


def _kinds(base: type[HuiyinError]) -> Iterator[type[HuiyinError]]:
    yield base
    for child in base.__subclasses__():
        yield from _kinds(child)


CODES: dict[str, Iterable[str]] = {
    "Kinds of cases": states.CaseKind,
    "Channels of cases": states.Channel,
    "Urgency": states.Urgency,
    "States of a case": states.CaseStatus,
    "States of a work order": states.OrderStatus,
    "What an order waits for": states.Awaited,
    "States of a clock": states.ClockState,
    "Units of a duration": Unit,
    "States of a return visit": VisitState,
    "States of a notice": Status,
    "Levels": states.Level,
    "Why nobody fills a role": states.WhyNobody,
    "Parties": states.Party,
    "Lanes": states.Lane,
    "Clock codes": labels.CLOCK,
    "Roles": PERMISSIONS,
    "Moments that start and stop clocks": Moment,
    "Facts": FACTS,
    "Problems": problems(),
}

SAID: dict[str, Mapping[str, Text]] = {
    "Kinds of cases": labels.KIND,
    "Channels of cases": labels.CHANNEL,
    "Urgency": labels.URGENCY,
    "States of a case": labels.STATUS,
    "States of a work order": labels.ORDER_STATUS,
    "States of a clock": labels.CLOCK_STATE,
    "Levels": labels.LEVEL,
    "Why nobody fills a role": who.WHY,
    "Parties": labels.PARTY,
    "Clock codes": labels.CLOCK,
    "Roles": labels.ROLE,
    "Problems": problems(),
}


@pytest.mark.parametrize("title", CODES)
def test_every_code_has_its_row_and_every_row_its_code(title: str) -> None:
    assert set(rows(title)) == set(CODES[title])


@pytest.mark.parametrize("title", SAID)
def test_the_chinese_is_what_people_read(title: str) -> None:
    written, said = rows(title), SAID[title]
    assert {code: zh for code, zh in written.items() if code in said} == {code: said[code].zh for code in written if code in said}


def test_every_section_is_held_to_the_code() -> None:
    assert set(re.findall(r"^## (.+)$", TEXT, re.MULTILINE)) == {"Things", *CODES}
    assert len(rows("Things")) > 30
