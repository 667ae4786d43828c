"""Each house rule refuses what it names and lets the rest pass."""

from pathlib import Path

import pytest
from devstack.houselint import lint
from devstack.paths import REPOSITORY

SERVICE = "services/sla/sla/handlers.py"
BROKEN = [
    (SERVICE, "x = 1\n" * 351, "at most 350"),
    ("services/sla/sla/utils.py", "", "forbids nothing"),
    (SERVICE, "from datetime import UTC, datetime\nx = datetime.now(UTC)\n", "only common.timesource"),
    (SERVICE, "import datetime\nx = datetime.datetime.utcnow()\n", "only common.timesource"),
    (SERVICE, "import time\nx = time.time()\n", "only common.timesource"),
    (SERVICE, "log.info(f'case {id}')\n", "plain string"),
    (SERVICE, "self.log.warning('case %s' % id)\n", "plain string"),
    (SERVICE, "log.info('clock_breached', clocks=id)\n", "the log drops this field"),
    (SERVICE, "log.info('clock_breached', **found)\n", "the log drops this field"),
    (SERVICE, "x = 'pack-s2'\n", "'pack-s2'"),
    (SERVICE, "x = site == 'JN'\n", "'JN'"),
    (SERVICE, "x = f'{x} of S2a'\n", "'S2a'"),
    (SERVICE, "from faststream.exceptions import StopConsume\n", "StopConsume"),
    (SERVICE, "x = AckPolicy.MANUAL\n", "MANUAL"),
]
FINE = [
    (SERVICE, "x = 1\n" * 350),
    (SERVICE, '"""Source: S2, as at JN."""\n'),
    (SERVICE, "import time\nx = time.monotonic()\n"),
    (SERVICE, "log.info('clock_breached', case=f'{id}')\n"),
    (SERVICE, "math.log(x + 1)\n"),
    ("libs/common/common/timesource.py", "x = datetime.now(UTC)\n"),
    ("tests/unit/sla/test_clock.py", "x = 'pack-s2'\n"),
    (".venv/lib/utils.py", "x = datetime.now()\n"),
]


def written(root: Path, path: str, text: str) -> list[str]:
    """What the lint says when a tree has only this file."""
    (root / path).parent.mkdir(parents=True)
    (root / path).write_text(text)
    return list(lint(root))


@pytest.mark.parametrize(("path", "text", "said"), BROKEN)
def test_a_broken_rule_is_named(tmp_path: Path, path: str, text: str, said: str) -> None:
    sentences = written(tmp_path, path, text)
    assert len(sentences) == 1
    assert sentences[0].startswith(f"{path}:")
    assert said in sentences[0]


@pytest.mark.parametrize(("path", "text"), FINE)
def test_what_is_allowed_passes(tmp_path: Path, path: str, text: str) -> None:
    assert written(tmp_path, path, text) == []


def test_the_house_keeps_its_rules() -> None:
    assert list(lint(REPOSITORY)) == []
