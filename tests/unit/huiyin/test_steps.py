"""Steps of a replay: everything once, nobody completes what is not on record, time never runs back."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from huiyin.replay.rows import Request
from huiyin.replay.steps import steps
from hypothesis import given
from hypothesis import strategies as st

START = datetime(2011, 7, 1, tzinfo=UTC)


def _request(number: int, opened: int, took: int | None) -> Request:
    created = START + timedelta(minutes=opened)
    closed = created + timedelta(minutes=took) if took is not None else None
    return Request(f"r{number}", created, closed, None, "North", "phone", "", "", None)


REQUESTS = st.lists(st.tuples(st.integers(0, 500), st.one_of(st.none(), st.integers(0, 900))), min_size=1, max_size=60).map(
    lambda rows: sorted((_request(number, *row) for number, row in enumerate(rows)), key=lambda one: one.created)
)


@given(REQUESTS, st.integers(1, 12))
def test_every_request_is_entered_in_its_own_time(requests: list[Request], size: int) -> None:
    planned = list(steps(requests, size))
    entered = {one.id: step.at for step in planned for one in step.openings}
    assert sorted(entered) == sorted(one.id for one in requests)
    for one in requests:
        assert one.created <= entered[one.id]
        assert one.closed is None or entered[one.id] <= one.closed


@given(REQUESTS, st.integers(1, 12))
def test_every_completion_comes_once_in_a_later_step_and_not_before_it_happened(requests: list[Request], size: int) -> None:
    planned = list(steps(requests, size))
    opened = {one.id: index for index, step in enumerate(planned) for one in step.openings}
    completed = [(one, index, step.at) for index, step in enumerate(planned) for one in step.completions]
    assert sorted(one.id for one, _, _ in completed) == sorted(one.id for one in requests if one.closed)
    for one, index, at in completed:
        assert index > opened[one.id]
        assert one.closed is not None
        assert one.closed <= at


@given(REQUESTS, st.integers(1, 12))
def test_time_never_runs_back_and_steps_stay_small(requests: list[Request], size: int) -> None:
    planned = list(steps(requests, size))
    assert all(first.at <= second.at for first, second in pairwise(planned))
    assert all(len(step.openings) <= size and len(step.completions) <= size for step in planned)
