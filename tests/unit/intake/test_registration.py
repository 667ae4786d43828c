"""A report becomes a case: required fields, anonymity, what the policy derives, who owns it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from common.errors import FieldsMissing, Invalid, TimeInFuture
from common.events.intake import CaseClassified, CaseRegistered
from common.states import CaseKind, CaseStatus, Lane, Urgency
from intake.domain.case import Act, Case, Change
from intake.domain.commands import Report
from intake.domain.registration import Names, lacking, register
from pydantic import ValidationError

from tests.unit.intake.build import NOON, NUMBER, a_policy

KEY = Act("key:ab12", NOON, staff=False)
REPAIR = {"site": "AB", "kind": "repair", "channel": "phone", "subject": "滴水"}
COMPLAINT = {"site": "AB", "kind": "complaint", "channel": "phone", "subject": "脏", "unit": "3-0502", "expected": "今天"}


def registered(body: dict[str, Any], act: Act = KEY) -> Change[Case]:
    return register(Report.model_validate(body), a_policy(), Names(NUMBER, "c-1"), act)[0]


def test_a_fault_of_the_policy_brings_type_urgency_trade_and_department() -> None:
    change = registered(REPAIR | {"fault": "burst"})
    assert [type(fact) for fact in change.facts] == [CaseRegistered, CaseClassified]
    case = change.facts[1].case
    assert (case.status, case.urgency, case.category, case.trade, case.department) == ("classified", "P1", "facility", "plumbing", "engineering")
    assert change.state.lane is Lane.URGENT
    assert change.state.asked[0].department == "engineering"  # a classified repair asks for its order
    assert change.facts[0].case.status is CaseStatus.REGISTERED


def test_what_is_given_wins_over_what_is_derived() -> None:
    sorting = registered(REPAIR | {"fault": "burst", "urgency": "P2", "department": "security", "needs_repair": False}).state.sorting
    assert (sorting.urgency, sorting.department, sorting.needs_repair, sorting.trade) == (Urgency.P2, "security", False, "plumbing")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (REPAIR, "registered"),
        (REPAIR | {"urgency": "P3"}, "registered"),
        (REPAIR | {"fault": "dirt"}, "registered"),  # the policy gives no urgency for it
        (REPAIR | {"trade": "plumbing", "urgency": "P3"}, "classified"),
        (COMPLAINT | {"category": "service"}, "registered"),
        (COMPLAINT | {"category": "service", "urgency": "P3"}, "classified"),
        (COMPLAINT | {"trade": "cleaning", "urgency": "P3"}, "registered"),
        ({"site": "AB", "kind": "enquiry", "channel": "app", "subject": "泳池", "reporter": {"phone": "13800138000"}}, "classified"),
        ({"site": "AB", "kind": "suggestion", "channel": "app"}, "classified"),
        ({"site": "AB", "kind": "help_request", "channel": "app"}, "registered"),
    ],
)
def test_both_or_not_classified(body: dict[str, Any], status: str) -> None:
    change = registered(body)
    assert (change.state.status, len(change.facts)) == (status, 1 if status == "registered" else 2)


def test_a_department_follows_from_the_category() -> None:
    assert registered(COMPLAINT | {"category": "fee", "urgency": "P3"}).state.sorting.department == "finance"


def test_an_unknown_fault_is_named() -> None:
    with pytest.raises(Invalid) as refused:
        registered(REPAIR | {"fault": "meteor"})
    assert refused.value.facts["errors"][0]["field"] == "fault"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"site": "AB", "kind": "complaint", "channel": "phone"}, ["unit", "subject", "expected", "reporter"]),
        ({"site": "AB", "kind": "complaint", "channel": "suggestion_box", "anonymous": True, "subject": "脏"}, ["expected"]),
        ({"site": "AB", "kind": "enquiry", "channel": "app", "subject": "泳池"}, ["reporter.phone"]),
        ({"site": "AB", "kind": "enquiry", "channel": "app", "subject": "泳池", "anonymous": True}, []),
        ({"site": "AB", "kind": "repair", "channel": "patrol"}, ["subject"]),
        (COMPLAINT | {"expected": None, "expected_at": "2026-03-17T00:00:00Z"}, []),
    ],
)
def test_each_missing_field_is_named(body: dict[str, Any], fields: list[str]) -> None:
    assert lacking(Report.model_validate(body), a_policy()) == fields
    if fields:
        with pytest.raises(FieldsMissing) as refused:
            registered(body)
        assert [one["field"] for one in refused.value.facts["errors"]] == fields


def test_k1_a_complaint_without_name_and_address_has_to_say_that_it_is_anonymous() -> None:
    bare = a_policy(required={"fields": {}})
    body = {"site": "AB", "kind": "complaint", "channel": "suggestion_box"}
    assert lacking(Report.model_validate(body), bare) == ["reporter"]
    assert lacking(Report.model_validate(body | {"anonymous": True}), bare) == []
    assert lacking(Report.model_validate(body | {"reporter": {"name": "某"}}), bare) == []


def test_anonymous_with_a_reporter_contradicts_itself() -> None:
    with pytest.raises(Invalid) as refused:
        registered(REPAIR | {"anonymous": True, "reporter": {"name": "某"}})
    assert refused.value.facts["errors"][0]["field"] == "reporter"


def test_the_first_receiver_owns_it_and_a_key_only_for_the_time_being() -> None:
    by_desk = registered(REPAIR, Act("desk", NOON)).state
    by_key = registered(REPAIR).state
    assert (by_desk.owner, by_desk.owner_provisional) == ("desk", False)
    assert (by_key.owner, by_key.owner_provisional, by_key.received_by) == ("key:ab12", True, "key:ab12")


def test_times_of_receipt() -> None:
    earlier = registered(REPAIR | {"received_at": "2026-03-16T03:00:00Z", "fault": "drip"}).state
    assert (earlier.received_at, earlier.registered_at, earlier.since) == (NOON - timedelta(hours=1), NOON, NOON - timedelta(hours=1))
    assert registered(REPAIR).state.received_at == NOON
    with pytest.raises(TimeInFuture) as refused:
        registered(REPAIR | {"received_at": "2026-03-16T04:00:01Z"})
    assert refused.value.facts["errors"][0]["field"] == "received_at"


def test_a_target_before_the_opening_is_accepted() -> None:
    assert registered(REPAIR | {"expected_at": "2020-01-01T00:00:00Z"}).state.expected_at == datetime(2020, 1, 1, tzinfo=UTC)


def test_facts_hold_references_only() -> None:
    told = {"name": "章北海", "phone": "13800138000", "email": "z@example.com", "address": "东风路一号"}
    change = registered(REPAIR | {"fault": "drip", "description": "厨房一直滴水", "expected": "尽快", "reporter": told})
    said = "".join(fact.model_dump_json() for fact in change.facts)
    for private in (*told.values(), "滴水", "厨房", "尽快"):
        assert private not in said
    assert change.facts[0].case.reporter == "c-1"
    assert change.state.kind is CaseKind.REPAIR


@pytest.mark.parametrize(
    "change",
    [
        {"site": "ab"},
        {"kind": "party"},
        {"channel": {"$ne": None}},
        {"anonymous": "yes"},
        {"urgency": 1},
        {"reporter": {}},
        {"reporter": {"phone": "13800138000", "role": "owner"}},
        {"reporter": {"email": "a@b.example\nBcc: x@y.example"}},
        {"reporter": {"email": "no address"}},
        {"fault": "Burst"},
        {"surprise": 1},
    ],
)
def test_a_body_of_the_wrong_shape_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Report.model_validate(REPAIR | change)
