"""Departments that a case concerns, and the steps that clocks wait for (K5, SLA-16, SLA-17, SLA-20, SLA-32, SLA-33)."""

from typing import Any

import pytest
from common.clock_rules import Moment
from common.envelope import Event
from common.states import Lane
from sla.domain.moments import read

from tests.unit.intake.build import NOON, NUMBER, a_file, case_of, classified, do, facts_of
from tests.unit.intake.test_moves import BODY


def moments(fact: Any) -> list[tuple[Moment, str]]:
    event: Event[Any] = Event(id="1", source="intake", subject=NUMBER, seq=1, at=NOON, site="AB", lane=Lane.NORMAL, fact=fact, trace="")
    return [(one.moment, one.of) for one in read(event)]


def test_k5_every_department_gets_a_notice_that_it_answers_for_itself() -> None:
    told = do(a_file(classified()), "notify-departments", departments=["cleaning", "security"], text="请查")
    case, facts = case_of(told), facts_of(told)
    assert [moment for fact in facts for moment in moments(fact)] == [
        (Moment.DEPARTMENT_NOTIFIED, f"{NUMBER}-D1"),
        (Moment.DEPARTMENT_NOTIFIED, f"{NUMBER}-D2"),
    ]
    assert case.state().departments == ("engineering", "cleaning", "security")  # its own first: customer service stays the hub
    answered = do(a_file(case), "answer-department", department="security", text="已查")
    assert moments(facts_of(answered)[0]) == [(Moment.DEPARTMENT_ANSWERED, f"{NUMBER}-D2")]
    assert [one.answer for one in case_of(answered).notified] == [None, "已查"]
    assert all("请查" not in fact.model_dump_json() and "已查" not in fact.model_dump_json() for fact in facts_of(told) + facts_of(answered))


def test_one_department_alone_is_not_several() -> None:
    assert case_of(do(a_file(classified()), "notify-departments", departments=["engineering"])).state().departments == ()


@pytest.mark.parametrize(
    ("move", "moment"),
    [
        ("decide-measures", Moment.MEASURES_DECIDED),
        ("tell-test-result", Moment.TEST_RESULT_TOLD),
        ("hold-tripartite", Moment.TRIPARTITE_HELD),
        ("report-result", Moment.RESULT_REPORTED),
    ],
)
def test_steps_that_clocks_wait_for_are_moments_of_their_case(move: str, moment: Moment) -> None:
    changes = do(a_file(classified()), move, **BODY[move])
    assert moments(facts_of(changes)[0]) == [(moment, NUMBER)]
    (kept,) = case_of(changes).taken
    assert set(kept.texts.values()) == {value for value in BODY[move].values() if isinstance(value, str)}
