"""The state machines of cases: every kind, state and move, the guards by name, and the order of time."""

import itertools
from datetime import timedelta
from typing import Any

import pytest
from common.auth import PERMISSIONS
from common.errors import IllegalMove, Refused, TimeInFuture, TimeOrder
from common.events import Fact
from common.events.intake import CaseWorkDone, VisitDue
from common.moves import documentation
from common.states import CaseKind, CaseStatus
from intake.api.moves import BODIES
from intake.domain.case import Act
from intake.domain.decide import DECISIONS, decide
from intake.domain.guards import GUARDS
from intake.domain.moves import MOVES, PERMISSION
from intake.domain.parts import Result

from tests.unit.intake.build import DESK, HOUR, NOON, SORTED, a_case, a_file, a_promise, a_visit, case_of, classified, do, facts_of

S = CaseStatus
ALL = frozenset(S)
OPEN = ALL - {S.CLOSED}
#: D1 and D2 of the requirements, written down a second time: family -> move -> states it may be tried in
EVERYWHERE = {
    "reply": OPEN,
    "promise": OPEN,
    "keep-promise": OPEN,
    "transfer": OPEN,
    "visit": OPEN,
    "close": OPEN,
    "answer-department": OPEN,
    "check-visit": ALL,
    "sign-visit": ALL,
    "tell-progress": OPEN,
    "restore": OPEN,
}
TOLD = frozenset({S.RESOLVED, S.RESULT_TOLD, S.RETURN_VISIT_DUE})
BEGUN = frozenset({S.CLASSIFIED, S.IN_WORK})
EARLY = {"classify": BEGUN | {S.REGISTERED}, "respond": BEGUN, "record-plan": BEGUN, "waive-visit": TOLD, "notify-departments": BEGUN}
ASKS = {"request-work": frozenset({S.REGISTERED, S.CLASSIFIED, S.IN_WORK})}
RESULT = {
    "decide-measures": BEGUN,
    "tell-test-result": BEGUN,
    "record-result": frozenset({S.CLASSIFIED, S.IN_WORK}),
    "tell-result": frozenset({S.RESOLVED}),
}
CAUSE = {"link": BEGUN, "split": BEGUN, "report-result": OPEN}
TALK = {"hold-tripartite": BEGUN}
REPAIR = EVERYWHERE | EARLY | CAUSE | ASKS
ANSWER = EVERYWHERE | EARLY | ASKS | TALK
LEGAL: dict[CaseKind, dict[str, frozenset[CaseStatus]]] = {
    CaseKind.REPAIR: REPAIR,
    CaseKind.COMPLAINT: EVERYWHERE | EARLY | ASKS | RESULT | CAUSE | TALK,
    CaseKind.ENQUIRY: ANSWER,
    CaseKind.HELP_REQUEST: ANSWER,
    CaseKind.SUGGESTION: ANSWER,
}
BODY: dict[str, dict[str, Any]] = {
    "classify": {"category": "facility", "urgency": "P3"},
    "reply": {"form": "phone", "text": "好", "final": True},
    "promise": {"text": "换灯", "due_at": "2026-03-20T00:00:00Z", "approver": "boss"},
    "record-plan": {"text": "换管", "days": 3},
    "tell-progress": {"text": "正在抢修", "forms": ["owners_group", "phone"]},
    "record-result": {"text": "已清洁"},
    "tell-result": {"forms": ["written", "face_to_face"]},
    "visit": {"form": "phone", "satisfied": True, "attitude": "good", "quality": "good"},
    "waive-visit": {"outcome": "已清洁"},
    "notify-departments": {"departments": ["cleaning"]},
    "answer-department": {"department": "cleaning", "text": "已安排"},
    "decide-measures": {"text": "增派保洁"},
    "tell-test-result": {"result": "超标", "plan": "加装减振"},
    "hold-tripartite": {"parties": ["3-0502", "3-0602"], "company": True, "text": "达成一致"},
    "report-result": {"text": "已处理"},
    "sign-visit": {"opinion": "同意"},
    "link": {"incident": "AB-260316-2K3QX", "reason": "同一路供水"},
    "split": {"reason": "另有原因"},
    "transfer": {"to": "other", "reason": "调岗"},
}


EVERY = list(itertools.product(CaseKind, CaseStatus, PERMISSION))
RESULT_ON_RECORD = Result(text="已清洁", by="desk", at=NOON)


@pytest.mark.parametrize(("kind", "status", "move"), [row for row in EVERY if row[1] in LEGAL[row[0]].get(row[2], ())])
def test_what_is_in_the_table_may_be_tried(kind: CaseKind, status: CaseStatus, move: str) -> None:
    case = a_case(kind=kind, status=status, sorting=SORTED, visit_count=1, results=(RESULT_ON_RECORD,))
    try:
        changes = do(a_file(case, a_visit(), a_promise()), move, **BODY.get(move, {}))
    except Refused as refused:  # by a guard of the move, by name
        assert set(refused.facts["guards"]) <= set(MOVES[kind][move].guards)  # noqa: PT017
    else:
        assert case_of(changes)


@pytest.mark.parametrize(("kind", "status", "move"), [row for row in EVERY if row[1] not in LEGAL[row[0]].get(row[2], ())])
def test_what_is_not_in_the_table_is_illegal(kind: CaseKind, status: CaseStatus, move: str) -> None:
    with pytest.raises(IllegalMove) as illegal:
        do(a_file(a_case(kind=kind, status=status, sorting=SORTED)), move, **BODY.get(move, {}))
    assert illegal.value.facts == {"move": move, "state": status}


def test_each_move_has_one_body_one_decision_one_permission() -> None:
    assert set(BODIES) == set(DECISIONS) == set(PERMISSION)
    for table in MOVES.values():
        assert {name: move.permission for name, move in table.items()}.items() <= PERMISSION.items()


def test_the_tables_name_only_guards_that_exist_and_all_of_them() -> None:
    assert {guard for table in MOVES.values() for move in table.values() for guard in move.guards} == set(GUARDS)


def test_somebody_holds_each_permission() -> None:
    held = frozenset().union(*PERMISSIONS.values())
    assert set(PERMISSION.values()) | {"case.report", "case.read", "contact.read", "key.manage"} <= held
    assert not set(PERMISSION.values()) & PERMISSIONS["call_centre"]


def test_the_table_documents_itself() -> None:
    for table in MOVES.values():
        assert documentation(table).count("\n") == len(table) + 2


def test_a_move_says_the_fact_of_its_row() -> None:
    said: dict[str, type[Fact]] = {}
    file = a_file(classified())
    first = ("classify", "respond", "record-plan", "tell-progress", "restore", "request-work")
    for name in (*first, "reply", "promise", "record-result", "transfer"):
        said[name] = type(facts_of(do(file, name, **BODY.get(name, {})))[0])
    table = MOVES[CaseKind.COMPLAINT]
    assert {name: table[name].fact for name in said} == said
    assert {CaseWorkDone, VisitDue}.isdisjoint(said.values())  # those follow from orders, never from a move alone


def test_never_in_the_future() -> None:
    file, command = a_file(classified()), BODIES["respond"]()
    with pytest.raises(TimeInFuture):
        decide("respond", file, command, Act("desk", NOON + HOUR), NOON)
    assert decide("respond", file, command, Act("desk", NOON + HOUR), NOON + HOUR)


@pytest.mark.parametrize(("move", "late_entry"), [("respond", True), ("reply", True), ("transfer", True), ("record-result", False)])
def test_time_order(move: str, late_entry: bool) -> None:  # noqa: FBT001 - a column of the table above
    """What happened before the present state began may be entered late, unless it is what follows that state."""
    file = a_file(classified(since=NOON + HOUR).with_(status=S.IN_WORK))
    between = Act("desk", NOON + timedelta(minutes=30))
    if late_entry:
        assert do(file, move, between, **BODY.get(move, {}))
    else:
        with pytest.raises(TimeOrder):
            do(file, move, between, **BODY.get(move, {}))
    with pytest.raises(TimeOrder):
        do(file, move, Act("desk", NOON - timedelta(milliseconds=1)), **BODY.get(move, {}))


def test_the_first_member_of_staff_takes_over_from_a_call_centre() -> None:
    case = classified(owner="key:1", owner_provisional=True)
    assert case_of(do(a_file(case), "respond", DESK)).owner == "desk"
    assert case_of(do(a_file(case), "respond", Act("key:1", DESK.at, staff=False))).owner == "key:1"
    owned = case_of(do(a_file(classified(owner="first")), "respond", DESK))
    assert owned.owner == "first"  # INT-14: the first receiver stays, whoever works on it
