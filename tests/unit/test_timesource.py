"""The clock of a process in step with the database's; when a wait has to be short. Not here: stories in scaled and stepped time."""

from datetime import UTC, datetime, timedelta

import pytest
from common.errors import TimeAway
from common.timesource import SystemTime, _Step, machine_now, runs_fast, scaled, stepped

pytestmark = pytest.mark.anyio
AT = datetime(2026, 3, 16, 2, tzinfo=UTC)


@pytest.fixture
def step() -> _Step:
    return _Step()


def test_what_is_kept_is_never_ahead_of_the_database(step: _Step) -> None:
    """The database read its clock somewhere between question and answer: the later it could have been, the earlier it is now."""
    step.heard(AT, asked=100.0, answered=101.0)
    assert step.ahead == AT.timestamp() - 101.0
    step.heard(AT + timedelta(seconds=10), asked=110.2, answered=110.4)
    assert step.ahead == AT.timestamp() + 10 - 110.4, "a quicker answer tells more"
    step.heard(AT + timedelta(seconds=20), asked=120.0, answered=123.0)
    assert step.ahead == AT.timestamp() + 10 - 110.4, "a slow one that contradicts nothing changes nothing"


def test_a_clock_of_the_database_that_is_set_is_followed(step: _Step) -> None:
    step.heard(AT, asked=100.0, answered=100.1)
    step.heard(AT - timedelta(hours=1), asked=105.0, answered=105.1)
    assert step.ahead == AT.timestamp() - 3600 - 105.1


async def test_a_wrong_clock_of_the_machine_moves_no_business_time() -> None:
    """The database's clock is a day behind this machine's: so is business time, until the process leaves the step."""

    async def a_day_ago() -> datetime:
        return datetime.now(UTC) - timedelta(days=1)

    time = SystemTime(a_day_ago)
    with pytest.raises(TimeAway):
        time.now()
    await time.start()
    assert abs(time.now() - (datetime.now(UTC) - timedelta(days=1))) < timedelta(seconds=5)
    await time.stop()
    assert abs(machine_now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_only_a_time_that_catches_up_is_looked_at_often() -> None:
    assert runs_fast(scaled(AT, 60.0, 1) | {"since": AT + timedelta(days=1)}, AT + timedelta(days=1))
    assert not runs_fast(scaled(AT, 60.0, 1) | {"since": AT}, AT + timedelta(hours=1)), "it has arrived"
    assert not runs_fast(scaled(AT, 1.0, 1) | {"since": AT + timedelta(days=1)}, AT + timedelta(days=1)), "as fast as the machine's"
    assert not runs_fast(stepped(AT, 1), AT + timedelta(days=1))
