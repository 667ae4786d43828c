"""Routing rules: the first that applies sends a case to its department, with the reason; what a person gives counts more (CLS-13)."""

from typing import Any

import pytest
from common.policy import Pack
from common.routing import Asking, RoutingRule
from common.states import CaseKind, Channel
from pydantic import ValidationError

from tests.unit.intake.build import a_case, a_file, a_policy, case_of, do
from tests.unit.intake.world import a_world

ZH = {"zh": "x", "en": "x"}
FAULTS = {
    "graffiti": {"title": ZH, "category": "facility", "urgency": "P3", "trade": "general"},
    "drip": {"title": ZH, "category": "facility", "urgency": "P3", "department": "engineering"},
    "other": {"title": ZH, "category": "facility", "urgency": "P3"},
}
RULES: list[dict[str, Any]] = [
    {"id": "r1", "when": {"fault": "graffiti", "channel": ["app", "phone"], "area": "A1"}, "department": "cleaning", "seen": 99, "right": 97},
    {"id": "r2", "when": {"fault": "graffiti", "site": "泉城花园"}, "department": "estate"},
    {"id": "r3", "when": {"words": ["sign", "标识"]}, "department": "security"},
    {"id": "r4", "when": {"category": "facility"}, "department": "customer_service", "seen": 3, "right": 2},
]


OWN: dict[str, Any] = {"name": {"zh": "泉城花园", "en": "Spring"}, "faults": FAULTS, "routing": {"facility": "finance"}, "routing_rules": RULES}


def _rule(**asked: Any) -> str | None:
    found = a_policy(**OWN).routed(Asking(**asked))
    return found and (found.rule or found.department)


@pytest.mark.parametrize(
    ("asked", "rule"),
    [
        ({"fault": "graffiti", "channel": Channel.APP, "area": "A1"}, "r1"),
        ({"fault": "graffiti", "channel": Channel.LETTER, "area": "A1"}, "r2"),  # one condition that fails is enough
        ({"fault": "graffiti", "channel": Channel.APP, "area": "A1", "subject": "sign"}, "r1"),  # the first counts
        ({"fault": "drip"}, "engineering"),  # the fault's own department goes before rules that do not name it
        ({"fault": "other", "subject": "A broken SIGN, again"}, "r3"),
        ({"fault": "other", "subject": "signal"}, "r4"),  # whole words only
        ({"fault": "other", "subject": "楼道标识脱落"}, "r3"),
        ({"fault": "never_heard_of", "category": "facility"}, "r4"),
        ({"category": "fee", "fault": "never_heard_of"}, None),  # unknown values fall back, here to nobody: the desk decides
        ({}, None),
    ],
)
def test_the_first_rule_that_applies_counts_and_the_rest_falls_back(asked: dict[str, Any], rule: str | None) -> None:
    assert _rule(**asked) == rule


def test_without_a_rule_it_goes_by_the_category() -> None:
    found = a_policy(**OWN | {"routing_rules": []}).routed(Asking(fault="graffiti"))
    assert found
    assert (found.department, found.rule, found.why.en) == ("finance", None, "the department of the category facility")


def test_a_classified_case_keeps_why() -> None:
    case = case_of(do(a_file(a_case(kind=CaseKind.REPAIR, area="A1"), **OWN), "classify", fault="graffiti"))
    assert (case.sorting.department, case.asked[0].department) == ("cleaning", "cleaning")
    assert case.sorting.route
    assert case.sorting.route.why.en == "routing rule r1 (fault graffiti, channel app or phone, area A1): 97 of 99 in the history"
    assert case.sorting.route.why.zh == "派往规则 r1(故障 graffiti、渠道 app/phone、区域 A1):历史 99 件中 97 件"


def test_what_a_person_gives_needs_no_rule() -> None:
    case = case_of(do(a_file(a_case(kind=CaseKind.REPAIR), **OWN), "classify", fault="graffiti", department="engineering"))
    assert (case.sorting.department, case.sorting.route) == ("engineering", None)
    again = case_of(do(a_file(case, **OWN), "classify", urgency="P1", why="老人独居"))
    assert (again.sorting.department, again.sorting.route) == ("engineering", None)


def test_a_change_of_urgency_keeps_the_reason() -> None:
    case = case_of(do(a_file(a_case(kind=CaseKind.REPAIR), **OWN), "classify", fault="graffiti"))
    again = case_of(do(a_file(case, **OWN), "classify", urgency="P1", why="老人独居"))
    assert again.sorting.route == case.sorting.route
    assert case.sorting.route


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"when": {}}, "at least one condition"),
        ({"when": {"queue": "q"}}, "Extra inputs"),  # nothing that is known only later can be asked for
        ({"when": {"department": "q"}}, "Extra inputs"),
        ({"seen": 3}, "go together"),
        ({"seen": 3, "right": 4}, "not more than seen"),
        ({"department": "No Q"}, "pattern"),
    ],
)
def test_a_wrong_rule_is_refused(wrong: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        RoutingRule.model_validate({"id": "r1", "when": {"fault": "drip"}, "department": "cleaning"} | wrong)


def test_rules_are_a_section_of_a_pack() -> None:
    assert Pack().routing_rules == ()


@pytest.mark.anyio
async def test_the_door_says_where_a_case_went_and_why() -> None:
    """The call centre names no department; dispatch is told the one of the rule, and `GET /v1/cases/{number}` says which rule that was."""
    async with a_world() as world:
        await world.hear_policy(version=4, **OWN)
        made = await world.report(fault="graffiti", channel="app", area="A1")
        assert made.status_code == 201, made.text
        seen = await world.case(made.json()["number"])
        assert (seen["department"], seen["route"]["rule"]) == ("cleaning", "r1")
        assert seen["route"]["why"]["en"].endswith("97 of 99 in the history")
        assert (await world.state(seen["number"])).department == "cleaning"
        given = await world.report("k2", by=world.staff(), fault="graffiti", department="engineering")
        assert (given.json()["department"], given.json()["route"]) == ("engineering", None)
