"""Each guard by its id: what it refuses, and what it lets go. Refusals say why in both languages and name every guard that refuses."""

from typing import Any

import pytest
from common.errors import FieldsMissing, Invalid, Refused
from common.states import CaseKind, CaseStatus, Channel, OrderStatus, Party, Urgency
from intake.domain.attempt import File
from intake.domain.case import Case
from intake.domain.guards import GUARDS
from intake.domain.parts import Asked, Notified, Order, Result, Sorting

from tests.unit.intake.build import NOON, NUMBER, a_case, a_file, a_promise, a_visit, case_of, classified, do

S = CaseStatus
RUNNING = Order(id=f"{NUMBER}-1", status=OrderStatus.ACCEPTED, work=Asked(department="engineering", trade="plumbing"))
DONE = RUNNING.model_copy(update={"status": OrderStatus.RETURNED, "done": True})
TOLD = (Result(text="已清洁", by="desk", at=NOON),)
REPLY = {"form": "phone", "text": "好", "final": True}
UNPAID = DONE.model_copy(update={"id": f"{NUMBER}-9", "outstanding": True})
PROMISE = {"text": "换灯", "due_at": "2026-03-20T00:00:00Z", "approver": "boss"}
CALLED = {"form": "phone", "satisfied": True, "attitude": "good", "quality": "good"}
TO_CLEANING = {"departments": ["cleaning", "security"]}
ANSWERS = {"department": "cleaning", "text": "已安排"}
WAITING = Notified(id=f"{NUMBER}-D1", department="cleaning", by="desk", at=NOON)
TALK = {"parties": ["3-0502", "3-0602"], "company": True, "text": "达成一致"}
LINK = {"incident": "AB-260316-2K3QX", "reason": "同一路供水"}
HEAD = classified(id="AB-260316-2K3QX")
OUT = {"in_scope": False, "scope_reason": "市政"}


def resolved(**changes: Any) -> Case:
    return classified(results=TOLD, **changes).with_(status=S.RESOLVED)


def due(kind: CaseKind = CaseKind.COMPLAINT, **changes: Any) -> Case:
    return classified(kind, results=TOLD, visit_count=1, **changes).with_(status=S.RETURN_VISIT_DUE)


def important(case: Case) -> Case:
    return case.with_(sorting=case.sorting.model_copy(update={"urgency": Urgency.P2}))


REFUSED: list[tuple[str, str, File, dict[str, Any]]] = [
    ("CLS-11", "request-work", a_file(a_case()), {"department": "cleaning"}),
    ("CLS-11", "request-work", a_file(a_case(sorting=Sorting(urgency=Urgency.P1))), {"department": "cleaning"}),
    ("DSP-16", "request-work", a_file(classified(orders=(RUNNING,))), {}),
    ("DSP-16", "request-work", a_file(classified(asked=(Asked(department="cleaning", trade="plumbing"),))), {"department": "cleaning"}),
    ("DEF-09", "link", a_file(classified()), LINK),
    ("DEF-09", "link", a_file(classified(), incident=HEAD.with_(site="CD")), LINK),
    ("DEF-09", "link", a_file(classified(), incident=HEAD.with_(kind=CaseKind.REPAIR)), LINK),
    ("DEF-09", "link", a_file(classified(), incident=HEAD.with_(status=S.RETURN_VISIT_DUE)), LINK),
    ("DEF-09", "link", a_file(classified(), incident=HEAD.with_(incident="AB-260316-11111")), LINK),
    ("DEF-09", "link", a_file(classified(incident="AB-260316-11111"), incident=HEAD), LINK),
    ("DEF-09", "link", a_file(classified(linked=("AB-260316-11111",)), incident=HEAD), LINK),
    ("DEF-09", "link", a_file(classified(), incident=classified()), LINK),
    ("DEF-09", "split", a_file(classified()), {"reason": "另有原因"}),
    ("K3", "request-work", a_file(classified(in_scope=False)), {}),
    ("K3", "respond", a_file(classified(in_scope=False)), {}),
    ("K3", "promise", a_file(classified(in_scope=False)), PROMISE),
    ("K3", "record-result", a_file(classified(in_scope=False)), {"text": "已清洁"}),
    ("K3", "close", a_file(classified(in_scope=False)), {}),
    ("K3", "notify-departments", a_file(classified(in_scope=False)), TO_CLEANING),
    ("K5", "notify-departments", a_file(classified(notified=(WAITING,))), TO_CLEANING),
    ("K5", "answer-department", a_file(classified()), ANSWERS),
    ("K5", "answer-department", a_file(classified(notified=(WAITING.model_copy(update={"answered_at": NOON}),))), ANSWERS),
    ("SLA-20", "hold-tripartite", a_file(classified()), TALK | {"company": False}),
    ("SLA-20", "hold-tripartite", a_file(classified()), TALK | {"parties": ["3-0502", "3-0502"]}),
    ("K12", "record-result", a_file(classified(orders=(DONE, RUNNING))), {"text": "已清洁"}),
    ("K12", "record-result", a_file(classified(asked=(Asked(),))), {"text": "已清洁"}),
    ("K12", "close", a_file(due(called_back="visited"), a_promise()), {}),
    ("K12", "close", a_file(due(CaseKind.REPAIR, called_back="visited", orders=(RUNNING,))), {}),
    ("K12", "waive-visit", a_file(due(anonymous=True, orders=(RUNNING,))), {"outcome": "已清洁"}),
    ("K13", "record-result", a_file(classified()), {"text": "不予处理", "declined": True}),
    ("K14", "tell-result", a_file(important(resolved())), {"forms": ["written"]}),
    ("K14", "tell-result", a_file(important(resolved())), {"forms": ["face_to_face", "phone"]}),
    ("K14", "tell-result", a_file(resolved(channel=Channel.LETTER)), {"forms": ["phone", "written", "face_to_face"]}),
    ("K14", "tell-result", a_file(resolved()), {"forms": ["letter"]}),
    ("K15", "close", a_file(classified()), {}),
    ("K15", "close", a_file(due(), a_visit()), {}),
    ("K16", "close", a_file(classified(anonymous=True)), {}),
    ("K16", "waive-visit", a_file(resolved(anonymous=True)), {}),
    ("D6.2", "close", a_file(classified(CaseKind.REPAIR)), {}),
    ("D6.2", "close", a_file(due(CaseKind.REPAIR), a_visit()), {}),
    ("D6.6", "close", a_file(due(CaseKind.REPAIR, called_back="visited", orders=(UNPAID,))), {}),
    ("D6.6", "close", a_file(due(called_back="visited", orders=(DONE, UNPAID))), {}),
    ("RVT-12", "check-visit", a_file(due(), a_visit()), {}),
    ("RVT-12", "sign-visit", a_file(due(), a_visit()), {"opinion": "同意"}),
    ("RVT-14", "visit", a_file(due(), a_visit(), return_visit={"role": "receptionist"}), CALLED | {"form": "open_letter"}),
    ("ESC-12", "visit", a_file(due(), a_visit(joins="manager")), CALLED),
    ("RVT-17", "waive-visit", a_file(resolved()), {"outcome": "已清洁"}),
    ("RVT-17", "waive-visit", a_file(resolved(anonymous=True), return_visit={"role": "visitor", "waivers": []}), {"outcome": "已清洁"}),
    ("RVT-10", "visit", a_file(due(), a_visit(), return_visit={"role": "visitor"}), CALLED),
    ("RVT-11", "visit", a_file(due(), a_visit()), CALLED | {"form": "home"}),
    ("RVT-26", "visit", a_file(classified()), CALLED),
    ("RVT-26", "visit", a_file(resolved()), CALLED),
    ("RVT-26", "visit", a_file(due(CaseKind.REPAIR, orders=(RUNNING,)), a_visit()), CALLED),
    ("RVT-26", "visit", a_file(due(called_back="visited"), a_visit()), CALLED),
    ("CMP-11", "promise", a_file(classified()), PROMISE | {"approver": None}),
    ("CMP-14", "reply", a_file(classified(channel=Channel.LETTER)), REPLY),
    ("INT-20", "close", a_file(classified(CaseKind.ENQUIRY)), {}),
]


@pytest.mark.parametrize(("guard", "move", "file", "body"), REFUSED)
def test_it_refuses(guard: str, move: str, file: File, body: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        do(file, move, **body)
    assert refused.value.facts["guard"] == guard
    assert guard in refused.value.facts["guards"]
    assert refused.value.problem("zh-CN")["detail"] != refused.value.problem("en")["detail"]


def test_no_guard_goes_untested() -> None:
    assert {row[0] for row in REFUSED} == set(GUARDS)


@pytest.mark.parametrize(
    ("move", "file", "body"),
    [
        ("request-work", a_file(classified()), {}),
        ("request-work", a_file(classified(orders=(DONE,))), {}),
        ("request-work", a_file(classified(orders=(RUNNING,))), {"department": "cleaning"}),
        ("request-work", a_file(classified(orders=(RUNNING,))), {"party": "contractor"}),
        ("notify-departments", a_file(classified(notified=(WAITING.model_copy(update={"answered_at": NOON}),))), TO_CLEANING),
        ("answer-department", a_file(classified(notified=(WAITING,))), ANSWERS),
        ("hold-tripartite", a_file(classified()), TALK),
        ("link", a_file(classified(), incident=HEAD), LINK),
        ("split", a_file(classified(incident=HEAD.id), incident=HEAD.with_(linked=(NUMBER,))), {"reason": "另有原因"}),
        ("reply", a_file(classified(in_scope=False)), REPLY),
        ("close", a_file(classified(in_scope=False)), {"explanation": "请联系公交公司"}),
        ("record-result", a_file(classified(), a_promise()), {"text": "已清洁"}),  # an open promise does not stop `resolved`
        ("record-result", a_file(classified(orders=(DONE,))), {"text": "不予处理", "declined": True, "approver": "boss"}),
        ("tell-result", a_file(important(resolved())), {"forms": ["written", "face_to_face"]}),
        ("tell-result", a_file(resolved(channel=Channel.LETTER)), {"forms": ["letter"]}),
        ("tell-result", a_file(important(resolved(anonymous=True))), {"forms": ["written"]}),
        ("waive-visit", a_file(resolved(anonymous=True)), {"outcome": "已清洁"}),
        ("waive-visit", a_file(due(CaseKind.REPAIR, anonymous=True), a_visit()), {"outcome": "已修"}),
        ("visit", a_file(due(), a_visit()), CALLED | {"form": "home", "signature": True}),
        ("visit", a_file(due(), a_visit()), {"form": "home", "answered": False}),
        ("promise", a_file(classified()), PROMISE | {"approver": None, "about": "reply"}),
        ("reply", a_file(classified(channel=Channel.LETTER)), REPLY | {"form": "letter"}),
        ("reply", a_file(classified(channel=Channel.LETTER)), REPLY | {"final": False}),
        ("close", a_file(due(CaseKind.REPAIR, called_back="visited", orders=(UNPAID.model_copy(update={"outstanding": False}),))), {}),
        ("close", a_file(due(called_back="visited"), a_promise(kept_at=NOON)), {}),
        ("close", a_file(classified(CaseKind.ENQUIRY, answered=True)), {}),
    ],
)
def test_it_lets_go(move: str, file: File, body: dict[str, Any]) -> None:
    assert case_of(do(file, move, **body))


def test_everything_that_is_missing_is_said_at_once() -> None:
    with pytest.raises(Refused) as refused:
        do(a_file(classified(orders=(RUNNING,)), a_promise()), "close")
    assert refused.value.facts["guards"] == ["K15", "K12", "K12"]


def test_a_contractor_is_named_only_for_contractors_work() -> None:
    with pytest.raises(Invalid) as refused:
        do(a_file(classified()), "request-work", contractor="lift-co")
    assert refused.value.facts["errors"][0]["field"] == "contractor"
    assert do(a_file(classified(orders=(RUNNING,))), "request-work", contractor="lift-co", party=Party.CONTRACTOR)


def test_work_needs_somebody_to_ask() -> None:
    bare = classified().with_(sorting=Sorting(category="x", urgency=Urgency.P3))
    with pytest.raises(FieldsMissing):
        do(a_file(bare), "request-work")
