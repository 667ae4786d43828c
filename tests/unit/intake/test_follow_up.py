"""The desk's duty does not end where another department has the work (DSP-17, DSP-24)."""

from typing import Any

import pytest
from common.errors import Refused
from common.states import CaseKind, CaseStatus, OrderStatus
from intake.domain.case import Act

from tests.unit.intake.build import DESK, HOUR, NOON, a_file, a_promise, after, an_order, classified, do, follow
from tests.unit.intake.world import a_world

S, W = CaseStatus, OrderStatus
GIVEN: list[tuple[str, dict[str, Any]]] = [
    ("notify-departments", {"departments": ["cleaning"], "text": "请查"}),
    ("classify", {"department": "cleaning"}),
    ("answer-department", {"department": "cleaning", "text": "已处理"}),
]


@pytest.mark.parametrize("kind", [CaseKind.COMPLAINT, CaseKind.REPAIR])
def test_dsp17_a_case_that_another_department_has_stays_open_with_its_owner_at_the_desk(kind: CaseKind) -> None:
    """Neither the notice nor the department's answer nor its finished work closes it: the promise and the call back are still the desk's."""
    file = a_file(classified(kind), a_promise())
    for move, body in GIVEN:
        file = after(file, do(file, move, **body))
        assert (file.case.owner, file.case.status, file.open_promises) == ("desk", S.CLASSIFIED, (a_promise(),)), move
        with pytest.raises(Refused):
            do(file, "close", explanation="已转清洁部")
    assert file.case.sorting.department == "cleaning"
    file, _ = follow(file, an_order(department="cleaning"), an_order(status=W.RETURNED, department="cleaning"))
    assert (file.case.owner, file.case.status is S.CLOSED, file.open_promises) == ("desk", False, (a_promise(),))
    assert [visit.role for visit in file.visits] == (["visitor"] if kind is CaseKind.REPAIR else [])
    with pytest.raises(Refused):
        do(file, "close", Act("desk", NOON + 3 * HOUR, roles=DESK.roles), explanation="清洁部已做")


@pytest.mark.anyio
async def test_dsp24_the_desk_sees_in_one_place_how_each_department_stands() -> None:
    """One order for each department with its state, and what each one that was notified has answered."""
    async with a_world() as world:
        number = (await world.report(kind="complaint", unit="3-0502", expected="修好", by=world.staff())).json()["number"]
        for body in ({"department": "engineering"}, {"department": "cleaning"}):
            assert (await world.move(number, "request-work", **body)).status_code == 200
        await world.hear_order(number, id=f"{number}-1")
        await world.hear_order(number, id=f"{number}-2", number=2, department="cleaning", status=W.ON_SITE)
        await world.move(number, "notify-departments", departments=["cleaning", "security"], text="请查")
        await world.move(number, "answer-department", department="security", text="已查")
        seen = await world.case(number)
        assert [(one["id"], one["status"]) for one in seen["orders"]] == [(f"{number}-1", "issued"), (f"{number}-2", "on_site")]
        assert [(one["department"], one["answer"]) for one in seen["notified"]] == [("cleaning", None), ("security", "已查")]
        assert (seen["owner"], seen["status"]) == ("desk", "in_work")
