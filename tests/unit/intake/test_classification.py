"""Classification: what a person gives, what the fault derives, what stays, and that nothing old is lost (CLS-20)."""

import pytest
from common.errors import FieldsMissing, Invalid, Refused
from common.policy import Applies
from common.states import CaseKind, CaseStatus, Lane, Urgency
from intake.domain.conditions import ASK, holds
from intake.domain.parts import Sorting

from tests.unit.intake.build import a_case, a_file, a_policy, case_of, classified, do, facts_of


def test_the_first_one_says_what_dispatch_and_sla_act_on() -> None:
    changes = do(a_file(a_case(kind=CaseKind.REPAIR)), "classify", fault="burst")
    (fact,) = facts_of(changes)
    assert (fact.kind, fact.previous, fact.case.status, fact.case.urgency) == ("case.classified", None, "classified", "P1")
    assert case_of(changes).lane is Lane.URGENT
    assert len(case_of(changes).asked) == 1


def test_a_change_keeps_the_old_value_who_when_and_why() -> None:
    changes = do(a_file(classified()), "classify", urgency="P1", why="老人独居")
    (fact,) = facts_of(changes)
    assert (fact.previous.urgency, fact.case.urgency, fact.case.category) == (Urgency.P3, Urgency.P1, "facility")
    (kept,) = case_of(changes).history
    assert (kept.before.urgency, kept.by, kept.why) == (Urgency.P3, "desk", "老人独居")


def test_a_reclassified_repair_asks_for_no_second_order() -> None:
    assert case_of(do(a_file(classified(CaseKind.REPAIR)), "classify", urgency="P1", why="老人独居")).asked == ()


def test_another_fault_brings_its_own_values_and_another_category_its_department() -> None:
    moved = case_of(do(a_file(classified()), "classify", fault="burst", why="听错了")).sorting
    assert (moved.urgency, moved.needs_repair) == (Urgency.P1, True)
    assert case_of(do(a_file(classified()), "classify", category="fee")).sorting.department == "finance"
    assert case_of(do(a_file(classified()), "classify", urgency="P2", why="老人独居")).sorting.department == "engineering"


@pytest.mark.parametrize(
    ("body", "fields"), [({}, ["category", "urgency"]), ({"urgency": "P3"}, ["category"]), ({"category": "service"}, ["urgency"])]
)
def test_both_are_needed(body: dict[str, str], fields: list[str]) -> None:
    with pytest.raises(FieldsMissing) as refused:
        do(a_file(a_case()), "classify", **body)
    assert [one["field"] for one in refused.value.facts["errors"]] == fields


def test_out_of_scope_needs_its_reason_and_no_type() -> None:
    with pytest.raises(FieldsMissing):
        do(a_file(a_case()), "classify", in_scope=False)
    case = case_of(do(a_file(a_case()), "classify", in_scope=False, scope_reason="市政"))
    assert (case.in_scope, case.scope_reason, case.status, case.sorting.urgency) == (False, "市政", CaseStatus.CLASSIFIED, Urgency.P3)
    with pytest.raises(Invalid):
        do(a_file(a_case(kind=CaseKind.REPAIR)), "classify", in_scope=False, scope_reason="市政", fault="drip")


def test_the_kind_changes_only_before_the_first_classification() -> None:
    turned = case_of(do(a_file(a_case()), "classify", kind="repair", fault="drip"))
    assert (turned.kind, len(turned.asked)) == (CaseKind.REPAIR, 1)
    with pytest.raises(Refused) as refused:
        do(a_file(classified()), "classify", kind="repair")
    assert refused.value.facts["guard"] == "CLS-20"


@pytest.mark.parametrize(
    ("condition", "so"),
    [
        ({}, True),
        ({"kind": "complaint", "urgency": ["P3"]}, True),
        ({"kind": ["repair", "enquiry"]}, False),
        ({"fault": "drip"}, True),
        ({"fault_class": "water"}, False),
        ({"not_fault_class": "water"}, True),
        ({"category": "facility", "department": "engineering"}, True),
        ({"channel": "phone", "channel_form": "oral"}, True),
        ({"channel_form": "letter"}, False),
        ({"needs_repair": False, "anonymous": False, "major": False, "appointment": False, "expected": False}, True),
        ({"out_of_scope": False}, True),
        ({"party": "own"}, False),  # nothing that a case could answer
    ],
)
def test_conditions_of_the_policy(condition: dict[str, object], so: bool) -> None:  # noqa: FBT001 - a column of the table above
    assert holds(Applies.model_validate(condition), classified(), a_policy()) is so


def test_every_condition_of_the_schema_is_known() -> None:
    assert set(Applies.model_fields) == set(ASK) | {"fault_class", "not_fault_class", "party", "complexity"}


def test_fault_classes_come_from_the_policy() -> None:
    burst = classified().with_(sorting=Sorting(fault="burst"))
    assert holds(Applies.model_validate({"fault_class": ["water", "fire"]}), burst, a_policy())
    assert not holds(Applies.model_validate({"not_fault_class": ["water"]}), burst, a_policy())
