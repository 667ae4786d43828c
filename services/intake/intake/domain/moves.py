"""The state machines of cases as tables (D1, D2 of requirements.md, as far as intake owns them; decisions.md 5). Pure data.

One table a family of kinds: a repair, a complaint, and what an answer ends. A move that is not in its table cannot be called. A move
without `to` stays, or its decision says where it leads; guards are named by id (`guards`). Not here: what a move does (`decide`).
"""

from common.events.intake import (
    CaseClassified,
    CaseClosed,
    CaseDepartmentAnswered,
    CaseDepartmentNotified,
    CaseLinked,
    CaseMeasuresDecided,
    CaseOwnerTransferred,
    CasePlanRecorded,
    CaseProgressTold,
    CaseReplied,
    CaseResponded,
    CaseRestored,
    CaseResultRecorded,
    CaseResultReported,
    CaseResultTold,
    CaseSplit,
    CaseTestResultTold,
    CaseTripartiteHeld,
    CaseWorkRequested,
    PromiseKept,
    PromiseMade,
    VisitChecked,
    VisitRecorded,
    VisitSigned,
    VisitWaived,
)
from common.moves import Move, Table
from common.states import CaseKind, CaseStatus

S = CaseStatus
OPEN = frozenset(S) - {S.CLOSED}
BEGUN = frozenset({S.CLASSIFIED, S.IN_WORK})
SORTED = BEGUN | {S.REGISTERED}
ANSWERABLE = frozenset({S.RESOLVED, S.RESULT_TOLD, S.RETURN_VISIT_DUE})

_REPLY = Move(OPEN, None, "case.reply", "答复", "reply", ("CMP-14",), CaseReplied)
_PROMISE = Move(OPEN, None, "case.promise", "承诺", "promise", ("K3", "CMP-11"), PromiseMade)
_KEEP = Move(OPEN, None, "case.keep_promise", "履行承诺", "keep a promise", (), PromiseKept)
_TRANSFER = Move(OPEN, None, "case.transfer", "移交首问责任", "transfer ownership", (), CaseOwnerTransferred)
_CLASSIFY = Move(SORTED, None, "case.classify", "分类", "classify", (), CaseClassified)
_RESPOND = Move(BEGUN, None, "case.respond", "启动响应", "respond", ("K3",), CaseResponded)
_PLAN = Move(BEGUN, None, "case.record_plan", "登记计划", "record the plan", ("K3",), CasePlanRecorded)
_TELL = Move(OPEN, None, "case.tell_progress", "通报进展", "tell the progress", ("K3",), CaseProgressTold)
_RESTORE = Move(OPEN, None, "case.restore", "恢复供应", "supply is back", ("K3",), CaseRestored)
_NOTIFY = Move(BEGUN, None, "case.notify_departments", "通知部门", "notify departments", ("K3", "K5"), CaseDepartmentNotified)
_ANSWER = Move(OPEN, None, "case.answer_department", "部门反馈", "a department answers", ("K5",), CaseDepartmentAnswered)
_TALK = Move(BEGUN, None, "case.hold_tripartite", "三方沟通", "hold the three-party talk", ("K3", "SLA-20"), CaseTripartiteHeld)
_REPORT = Move(OPEN, None, "case.report_result", "上报处理结果", "report the result upward", (), CaseResultReported)
_LINK = Move(BEGUN, None, "case.link", "并入事件", "join to an incident", ("DEF-09",), CaseLinked)
_SPLIT = Move(BEGUN, None, "case.split", "移出事件", "take out of its incident", ("DEF-09",), CaseSplit)
_VISIT = Move(OPEN, None, "case.visit", "回访", "return visit", ("RVT-26", "RVT-10", "RVT-11", "RVT-14", "ESC-12"), VisitRecorded)
_CHECK = Move(frozenset(S), None, "visit.check", "检查回访", "check a return visit", ("RVT-12",), VisitChecked)
_SIGN = Move(frozenset(S), None, "visit.sign", "签署回访意见", "sign a return visit", ("RVT-12",), VisitSigned)
_WAIVE = Move(ANSWERABLE, None, "case.waive_visit", "免回访", "waive the return visit", ("RVT-17", "K16", "K12"), VisitWaived)
_WORK = Move(SORTED, S.IN_WORK, "case.request_work", "要求处理", "request work", ("CLS-11", "K3", "DSP-16"), CaseWorkRequested)


def _close(*guards: str) -> Move[CaseStatus]:
    return Move(OPEN, S.CLOSED, "case.close", "结案", "close", guards, CaseClosed)


REPAIR: Table[CaseStatus] = {
    "classify": _CLASSIFY,
    "respond": _RESPOND,
    "record-plan": _PLAN,
    "tell-progress": _TELL,
    "restore": _RESTORE,
    "notify-departments": _NOTIFY,
    "answer-department": _ANSWER,
    "report-result": _REPORT,
    "link": _LINK,
    "split": _SPLIT,
    "request-work": _WORK,
    "reply": _REPLY,
    "promise": _PROMISE,
    "keep-promise": _KEEP,
    "visit": _VISIT,
    "check-visit": _CHECK,
    "sign-visit": _SIGN,
    "waive-visit": _WAIVE,
    "close": _close("D6.6", "D6.2", "K12"),
    "transfer": _TRANSFER,
}  #: its order is issued by being classified, a contractor's or another department's by request; its result is the completion

COMPLAINT: Table[CaseStatus] = {
    "classify": _CLASSIFY,
    "respond": _RESPOND,
    "record-plan": _PLAN,
    "tell-progress": _TELL,
    "restore": _RESTORE,
    "notify-departments": _NOTIFY,
    "answer-department": _ANSWER,
    "report-result": _REPORT,
    "link": _LINK,
    "split": _SPLIT,
    "request-work": _WORK,
    "reply": _REPLY,
    "promise": _PROMISE,
    "keep-promise": _KEEP,
    "record-result": Move(BEGUN, S.RESOLVED, "case.record_result", "登记处理结果", "record the result", ("K3", "K12", "K13"), CaseResultRecorded),
    "decide-measures": Move(BEGUN, None, "case.decide_measures", "确定整改措施", "decide the measures", ("K3",), CaseMeasuresDecided),
    "tell-test-result": Move(BEGUN, None, "case.tell_test_result", "反馈检测结果", "tell the test result", ("K3",), CaseTestResultTold),
    "hold-tripartite": _TALK,
    "tell-result": Move(frozenset({S.RESOLVED}), S.RESULT_TOLD, "case.tell_result", "告知结果", "tell the result", ("K14",), CaseResultTold),
    "visit": _VISIT,
    "check-visit": _CHECK,
    "sign-visit": _SIGN,
    "waive-visit": _WAIVE,
    "close": _close("K3", "D6.6", "K15", "K16", "K12"),
    "transfer": _TRANSFER,
}

ANSWER: Table[CaseStatus] = {
    "classify": _CLASSIFY,
    "respond": _RESPOND,
    "record-plan": _PLAN,
    "tell-progress": _TELL,
    "restore": _RESTORE,
    "notify-departments": _NOTIFY,
    "answer-department": _ANSWER,
    "request-work": _WORK,
    "hold-tripartite": _TALK,
    "reply": _REPLY,
    "promise": _PROMISE,
    "keep-promise": _KEEP,
    "visit": _VISIT,
    "check-visit": _CHECK,
    "sign-visit": _SIGN,
    "waive-visit": _WAIVE,
    "close": _close("INT-20", "D6.6", "K15", "K16", "K12"),
    "transfer": _TRANSFER,
}  #: enquiry, help request, suggestion: the final reply ends them

MOVES: dict[CaseKind, Table[CaseStatus]] = {
    CaseKind.REPAIR: REPAIR,
    CaseKind.COMPLAINT: COMPLAINT,
    CaseKind.ENQUIRY: ANSWER,
    CaseKind.HELP_REQUEST: ANSWER,
    CaseKind.SUGGESTION: ANSWER,
}

PERMISSION: dict[str, str] = {name: move.permission for table in MOVES.values() for name, move in table.items()}
