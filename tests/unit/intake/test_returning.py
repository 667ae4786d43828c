"""From the last order or the told result to the call back, and from the call back to the end or to work again."""

from typing import Any

import pytest
from common.errors import FieldsMissing, Invalid
from common.states import CaseKind, CaseStatus, OrderStatus, Party
from intake.domain import orders
from intake.domain.attempt import File
from intake.domain.case import Act
from intake.domain.parts import Asked
from intake.domain.visit import VisitState

from tests.unit.intake.build import (
    DESK,
    HOUR,
    NOON,
    NUMBER,
    a_case,
    a_file,
    a_promise,
    after,
    an_order,
    case_of,
    classified,
    do,
    facts_of,
    follow,
    kinds_of,
)

S, W = CaseStatus, OrderStatus
CALLED = {"form": "phone", "satisfied": True, "attitude": "good", "quality": "fair"}
ASKED = (Asked(department="engineering", trade="plumbing"),)


def a_repair(**policy: Any) -> File:
    return a_file(classified(CaseKind.REPAIR, asked=ASKED), **policy)


def test_the_first_order_begins_the_work() -> None:
    file, said = follow(a_repair(), an_order())
    assert (file.case.status, file.case.since, file.case.asked, said) == (S.IN_WORK, NOON + 2 * HOUR, (), [])


def test_the_last_returned_order_makes_the_call_back_due() -> None:
    file, said = follow(a_repair(), an_order(), an_order(status=W.SIGNED), an_order(status=W.RETURNED))
    assert said == ["case.work_done", "visit.due"]
    assert (file.case.status, file.visits[0].role, file.visits[0].orders) == (S.RETURN_VISIT_DUE, "visitor", (f"{NUMBER}-1",))


def test_the_due_visit_names_its_case_and_role() -> None:
    file, _ = follow(a_repair(), an_order())
    done, due = facts_of(orders.follow(file.case, an_order(status=W.RETURNED), file.policy, NOON + 3 * HOUR))
    assert (done.case.status, due.case.status, due.visit) == (S.IN_WORK, S.RETURN_VISIT_DUE, f"{NUMBER}-V1")


def test_d6_7_a_contractors_work_is_inspected_first() -> None:
    firm: dict[str, Any] = {"party": Party.CONTRACTOR, "assignee": "lift-co"}
    file, said = follow(a_repair(), an_order(status=W.RETURNED, **firm))
    assert (file.case.status, said) == (S.IN_WORK, [])
    assert follow(file, an_order(status=W.INSPECTED, **firm))[1] == ["case.work_done", "visit.due"]
    uninspected = a_repair(orders={"contractor_inspected": False})
    assert follow(uninspected, an_order(status=W.RETURNED, **firm))[1] == ["case.work_done", "visit.due"]


def test_all_orders_have_to_be_done_cancelled_ones_are() -> None:
    file, said = follow(a_repair(), an_order(1), an_order(2), an_order(1, W.RETURNED))
    assert said == []
    file, said = follow(file, an_order(2, W.CANCELLED))
    assert (said, file.visits[0].orders) == (["case.work_done", "visit.due"], (f"{NUMBER}-1",))


def test_orders_that_were_all_cancelled_are_no_work_done() -> None:
    """The order of a contractor who did not come is cancelled before the company's own is issued (R9)."""
    file, said = follow(a_repair(), an_order(1), an_order(1, W.CANCELLED))
    assert (said, file.case.status) == ([], S.IN_WORK)
    file, said = follow(file, an_order(2), an_order(2, W.RETURNED))
    assert said == ["case.work_done", "visit.due"]


def test_a_repair_that_nobody_wants_any_more_ends_with_a_call() -> None:
    file, _ = follow(a_repair(), an_order(1), an_order(1, W.CANCELLED))
    at = {"at": NOON + 3 * HOUR}
    changes = do(file, "visit", _act(3), **CALLED, **at)
    assert kinds_of(changes) == ["visit.due", "visit.recorded", "case.closed"]


def test_the_same_state_told_twice_says_nothing_twice() -> None:
    file, _ = follow(a_repair(), an_order(), an_order(status=W.RETURNED))
    again, said = follow(file, an_order(status=W.RETURNED))
    assert (said, again.case) == ([], file.case)


def test_a_complaints_orders_do_not_make_the_call_back_due() -> None:
    file = after(a_file(classified()), do(a_file(classified()), "request-work"))
    file, said = follow(file, an_order(), an_order(status=W.RETURNED))
    assert (said, file.case.status, file.case.work_done) == (["case.work_done"], S.IN_WORK, True)


def test_two_requests_wait_for_two_orders() -> None:
    file = a_file(classified())
    for body in ({}, {"party": "contractor"}):
        file = after(file, do(file, "request-work", **body))
    file, said = follow(file, an_order(1, W.RETURNED))
    assert (said, [one.party for one in file.case.asked]) == ([], [Party.CONTRACTOR])
    firm: dict[str, Any] = {"party": Party.CONTRACTOR, "assignee": "lift-co"}
    assert follow(file, an_order(2, W.INSPECTED, **firm))[1] == ["case.work_done"]


def _told() -> File:
    file = a_file(classified())
    for move, body in (("record-result", {"text": "已清洁"}), ("tell-result", {"forms": ["phone"]})):
        file = after(file, do(file, move, **body))
    return file


def _act(hours: int) -> Act:
    return Act("desk", NOON + hours * HOUR, roles=DESK.roles)


def test_a_named_complaint_is_called_back_when_its_result_is_told() -> None:
    file = _told()
    assert (file.case.status, file.visits[0].state, file.case.results[0].told) == (S.RETURN_VISIT_DUE, VisitState.DUE, ("phone",))


def test_an_anonymous_one_is_not() -> None:
    file = a_file(classified(anonymous=True))
    file = after(file, do(file, "record-result", text="已清洁"))
    changes = do(file, "tell-result", forms=["written"])
    assert (kinds_of(changes), case_of(changes).status) == (["case.result_told"], S.RESULT_TOLD)
    changes = do(after(file, changes), "waive-visit", outcome="已清洁,调整排班")
    assert kinds_of(changes) == ["visit.waived", "case.closed"]
    case = case_of(changes)
    assert (case.status, case.outcome, case.waived_outcome) == (S.CLOSED, "waived", "已清洁,调整排班")


def test_an_anonymous_repair_waives_the_visit_that_is_due() -> None:
    file = a_file(classified(CaseKind.REPAIR, asked=ASKED, anonymous=True))
    file, _ = follow(file, an_order(), an_order(status=W.RETURNED))
    changes = do(file, "waive-visit", _act(3), outcome="路灯已修")
    file = after(file, changes)
    assert (len(file.visits), file.visits[0].state, file.case.status) == (1, VisitState.WAIVED, S.CLOSED)


def test_satisfied_closes() -> None:
    changes = do(_told(), "visit", **CALLED)
    assert kinds_of(changes) == ["visit.recorded", "case.closed"]
    recorded, closed = facts_of(changes)
    assert (recorded.form, recorded.satisfied, closed.outcome, closed.case.status) == ("phone", True, "visited", S.CLOSED)


def test_satisfied_with_an_open_promise_waits_for_it() -> None:
    file = _told()
    file = after(file, do(file, "promise", text="换灯", due_date="2026-03-19", approver="boss"))
    changes = do(file, "visit", **CALLED)
    assert kinds_of(changes) == ["visit.recorded"]
    file = after(file, changes)
    assert (file.case.status, file.case.called_back) == (S.RETURN_VISIT_DUE, "visited")
    file = after(file, do(file, "keep-promise"))
    assert kinds_of(do(file, "close")) == ["case.closed"]


def test_dissatisfied_brings_the_repair_back_to_dispatch() -> None:
    file, _ = follow(a_repair(), an_order(1), an_order(2), an_order(1, W.CANCELLED), an_order(2, W.RETURNED))
    answers = CALLED | {"satisfied": False, "quality": "bad", "note": "还在漏"}
    changes = do(file, "visit", _act(3), **answers)
    assert kinds_of(changes) == ["visit.recorded", "case.reopened"]
    assert facts_of(changes)[1].rework_of == (f"{NUMBER}-2",)
    file = after(file, changes)
    assert (file.case.status, file.case.work_done) == (S.IN_WORK, False)
    file, said = follow(file, an_order(2, W.RETURNED), at=NOON + 4 * HOUR)  # a late word about the old order ends nothing
    assert said == []
    file, said = follow(file, an_order(3, rework_of=f"{NUMBER}-2"), an_order(3, W.RETURNED, rework_of=f"{NUMBER}-2"), at=NOON + 5 * HOUR)
    assert said == ["case.work_done", "visit.due"]
    assert (file.visits[1].orders, file.visits[1].number) == ((f"{NUMBER}-3",), 2)
    assert kinds_of(do(file, "visit", _act(6), **CALLED)) == ["visit.recorded", "case.closed"]


def test_dissatisfied_brings_a_complaint_back_into_handling() -> None:
    file = _told()
    changes = do(file, "visit", **CALLED | {"satisfied": False})
    assert (case_of(changes).status, facts_of(changes)[1].rework_of) == (S.IN_WORK, ())
    file = after(file, changes)
    for move, body in (("record-result", {"text": "再次清洁"}), ("tell-result", {"forms": ["phone"]}), ("visit", CALLED)):
        file = after(file, do(file, move, **body))
    assert (file.case.status, len(file.case.results), len(file.visits)) == (S.CLOSED, 2, 2)


def test_an_unanswered_call_is_no_visit() -> None:
    changes = do(_told(), "visit", form="phone", answered=False)
    assert kinds_of(changes) == []
    file = after(_told(), changes)
    assert (file.case.status, len(file.visits[0].calls), file.visits[0].state) == (S.RETURN_VISIT_DUE, 1, VisitState.DUE)


def test_a_visit_has_its_answers() -> None:
    with pytest.raises(FieldsMissing) as refused:
        do(_told(), "visit", form="phone")
    assert [one["field"] for one in refused.value.facts["errors"]] == ["satisfied"]
    file, _ = follow(a_repair(), an_order(), an_order(status=W.RETURNED))
    with pytest.raises(FieldsMissing) as refused:
        do(file, "visit", _act(3), form="phone", satisfied=True, attitude="good")
    assert [one["field"] for one in refused.value.facts["errors"]] == ["quality"]
    with pytest.raises(Invalid) as wrong:
        do(_told(), "visit", form="open_letter", satisfied=True)
    assert wrong.value.facts["errors"][0]["field"] == "form"


def test_a_pack_without_the_section_still_calls_back() -> None:
    file, _ = follow(a_repair(return_visit=None), an_order(), an_order(status=W.RETURNED))
    assert file.visits[0].role == "receptionist"


def test_out_of_scope_is_explained_and_closed() -> None:
    file = a_file(a_case())
    file = after(file, do(file, "classify", in_scope=False, scope_reason="市政"))
    changes = do(file, "close", explanation="请联系公交公司")
    assert (kinds_of(changes), facts_of(changes)[0].outcome, case_of(changes).explanation) == (["case.closed"], "explained", "请联系公交公司")


def test_a_transfer_is_recorded() -> None:
    changes = do(a_file(classified()), "transfer", to="other", reason="调岗")
    assert (facts_of(changes)[0].previous_owner, case_of(changes).owner, case_of(changes).transfers[0].reason) == ("desk", "other", "调岗")
    with pytest.raises(Invalid):
        do(a_file(classified()), "transfer", to="desk", reason="调岗")


def test_the_first_response_is_on_record_however_late_it_is_entered() -> None:
    file = a_file(classified())
    for hours in (2, 3, 1):
        changes = do(file, "respond", _act(hours), department="security")
        file = after(file, changes)
    assert (file.case.responded_at, facts_of(changes)[0].department) == (NOON + HOUR, "security")


def test_an_open_promise_of_another_case_does_not_matter_here() -> None:
    kept = a_promise(kept_at=NOON + HOUR, kept_by="desk")
    assert a_file(classified(), kept).open_promises == ()


def test_an_order_that_another_one_takes_the_place_of_ends_nothing_before_that_one_is_known() -> None:
    firm: dict[str, Any] = {"party": Party.CONTRACTOR, "assignee": "lift-co"}
    passed_on = an_order(1, W.RETURNED, replaced_by=f"{NUMBER}-2")
    taken_over = an_order(2, W.CANCELLED, replaced_by=f"{NUMBER}-3", **firm)
    file, said = follow(a_repair(), passed_on, taken_over)
    assert (file.case.work_done, file.case.status, said) == (False, S.IN_WORK, [])
    file, said = follow(file, an_order(3, W.RETURNED))
    assert (said, file.visits[0].orders) == (["case.work_done", "visit.due"], (f"{NUMBER}-3",))
