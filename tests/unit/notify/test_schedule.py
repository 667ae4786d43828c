"""Quiet hours and retries, to the second."""

from datetime import UTC, datetime, timedelta

import pytest
from notify.domain.breaker import FAILURES, REST, Breaker, Gate, after, gate, resting
from notify.domain.notice import Channel, Hold
from notify.domain.schedule import PAUSES, Hours, Window, is_open, next_try, not_before, opening

from tests.unit.notify.build import NOON, at

DESK = Hours(zone="Asia/Shanghai", windows=(Window(start=480, end=1020), Window(start=720, end=1200)))  # 08:00-17:00 and 12:00-20:00
OVERNIGHT = Hours(zone="Asia/Shanghai", windows=(Window(start=1200, end=480),))
ROUND_THE_CLOCK = Hours(zone="Asia/Shanghai", windows=(Window(start=0, end=1440),))


@pytest.mark.parametrize(
    ("hours", "when", "then"),
    [
        (DESK, "2026-03-16 07:59", "2026-03-16 08:00"),
        (DESK, "2026-03-16 08:00", "2026-03-16 08:00"),  # the start is open
        (DESK, "2026-03-16 19:59", "2026-03-16 19:59"),
        (DESK, "2026-03-16 20:00", "2026-03-17 08:00"),  # the end is closed (DEF-03)
        (DESK, "2026-03-14 23:45", "2026-03-15 08:00"),  # a Sunday is open like any day (DEF-21)
        (DESK, "2026-02-17 06:00", "2026-02-17 08:00"),  # so is a holiday
        (OVERNIGHT, "2026-03-16 03:00", "2026-03-16 03:00"),  # a window of yesterday
        (OVERNIGHT, "2026-03-16 12:00", "2026-03-16 20:00"),
        (OVERNIGHT, "2026-03-16 23:00", "2026-03-16 23:00"),
        (ROUND_THE_CLOCK, "2026-03-16 23:59", "2026-03-16 23:59"),
        (ROUND_THE_CLOCK, "2026-03-16 00:00", "2026-03-16 00:00"),
        (Hours(zone="Asia/Shanghai"), "2026-03-16 03:00", "2026-03-16 03:00"),  # not declared = always
    ],
)
def test_the_desk_opens(hours: Hours, when: str, then: str) -> None:
    assert opening(hours, at(when)) == at(then)
    assert is_open(hours, at(when)) is (when == then)
    assert not_before(hours, Hold.NEVER, at(when)) == at(when)
    assert not_before(hours, Hold.ALWAYS, at(when)) == at(then)


def test_wall_clocks_that_change_are_followed() -> None:
    hours = Hours(zone="America/New_York", windows=(Window(start=480, end=1020),))
    before, on_the_day = datetime(2026, 3, 8, 4, tzinfo=UTC), datetime(2026, 3, 8, 12, tzinfo=UTC)  # the clocks go forward on 8 March
    assert opening(hours, before) == on_the_day
    assert is_open(hours, on_the_day)


def test_webhooks_follow_the_schedule_of_the_specification() -> None:
    when, tries = NOON, [timedelta(0)]
    for failed in range(1, 10):
        following = next_try(Channel.WEBHOOK, failed=failed, now=when)
        assert following is not None
        tries.append(following - NOON)
        when = following
    assert [str(one) for one in tries] == [
        "0:00:00", "0:00:05", "0:05:05", "0:35:05", "2:35:05", "7:35:05", "17:35:05", "1 day, 7:35:05", "2 days, 3:35:05", "3 days, 3:35:05",
    ]  # fmt: skip
    assert next_try(Channel.WEBHOOK, failed=10, now=when) is None


def test_every_channel_has_pauses_that_grow() -> None:
    assert set(PAUSES) == set(Channel)
    assert all(list(pauses) == sorted(pauses) for pauses in PAUSES.values())


@pytest.mark.parametrize(("asked", "pause"), [(None, 5), (timedelta(seconds=2), 5), (timedelta(minutes=3), 180), (timedelta(days=30), 86_400)])
def test_a_longer_pause_is_given_when_asked_for_within_reason(asked: timedelta | None, pause: int) -> None:
    assert next_try(Channel.WEBHOOK, failed=1, now=NOON, asked=asked) == NOON + timedelta(seconds=pause)


def test_the_breaker_rests_after_failures_in_a_row_and_lets_one_probe() -> None:
    breaker = Breaker()
    for _ in range(FAILURES - 1):
        breaker = after(breaker, NOON, ok=False)
        assert gate(breaker, NOON) is Gate.CLOSED
    breaker = after(breaker, NOON, ok=False)
    assert gate(breaker, NOON) is Gate.RESTING
    assert gate(breaker, NOON + REST) is Gate.PROBE
    taken = resting(breaker, NOON + REST)
    assert gate(taken, NOON + REST) is Gate.RESTING  # for everybody else
    assert gate(after(taken, NOON + REST, ok=False), NOON + REST) is Gate.RESTING
    assert after(taken, NOON + REST, ok=True) == Breaker()
    assert after(Breaker(failures=2), NOON, ok=True) == Breaker()
