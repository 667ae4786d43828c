"""How each kind of fact reads on a timeline: one table. A test holds it against the list of facts.

Not here: how a line is filled (`timeline`) and how values are said (`wording`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

ACTS, CASE, DUE, ISSUE, CLOSE, STOP, ALARM, OPEN, RAISE, TELL = range(10)  # order of what happens at the same instant: cause before effect


@dataclass(frozen=True)
class Line:
    """One kind of fact: `head|part|part` with placeholders, and where in the fact their values stand."""

    rank: int
    zh: str
    en: str
    data: Mapping[str, str] = field(default_factory=dict)  #: placeholder -> path in the fact
    by: str = ""  #: path to the person who acted


def _order(zh: str, en: str, *parts: str, by: str = "", rank: int = ACTS, **data: str) -> Line:
    tail = "".join(f"|{part}" for part in parts)
    return Line(rank, f"{zh}|工单 {{number}}{tail}", f"{en}|order {{number}}{tail}", {"order": "order.id", "number": "order.number"} | data, by)


def _clock(rank: int, zh: str, en: str, **data: str) -> Line:
    return Line(rank, zh, en, {"clock": "clock.code", "due_at": "clock.due_at"} | data)


def _notice(zh: str, en: str, *parts: str, **data: str) -> Line:
    tail = "".join(f"|{part}" for part in ("{template}", "{recipient}", "{person}", "{addressed}", "{means}", *parts))
    return Line(TELL, zh + tail, en + tail, {"template": "template", "means": "channel"} | data)


def _money(zh: str, en: str, what: str, *parts: str, **data: str) -> Line:
    """One step of an approval or a settlement, with its amount."""
    tail = "".join(f"|{part}" for part in ("{amount}", *parts))
    return Line(ACTS, zh + tail, en + tail, {"amount": f"{what}.amount"} | data)


LINES: Mapping[str, Line] = {
    "case.registered": Line(
        CASE,
        "受理登记|{kind}|{channel}|接报于 {reported_at}",
        "Recorded|{kind}|by {channel}|reported {reported_at}",
        {"kind": "case.kind", "channel": "case.channel"},
        "case.owner",
    ),
    "case.classified": Line(
        CASE,
        "分类定级|{reclassified}|{urgency}|{category}|{fault}|责任部门 {department}|重复报修,前案 {repeat}|并入事件 {incident}",
        "Classified|{reclassified}|{urgency}|{category}|{fault}|department: {department}|reported again after {repeat}|joined to {incident}",
        {
            "reclassified": "previous",
            "urgency": "case.urgency",
            "category": "case.category",
            "fault": "case.fault",
            "department": "case.department",
            "repeat": "case.repeat_of",
            "incident": "case.incident",
        },
    ),
    "case.responded": Line(CASE, "已响应|已联系{department}", "Response started|{department} contacted", {"department": "department"}, "by"),
    "case.plan_recorded": Line(CASE, "计划已登记|工期 {days} 天", "Plan recorded|{days} days", {"days": "days"}, "by"),
    "case.progress_told": Line(CASE, "已通报进展|{forms}", "Progress told|{forms}", {"forms": "forms"}, "by"),
    "case.restored": Line(CASE, "已恢复供应", "Supply restored", {}, "by"),
    "case.work_requested": Line(
        CASE,
        "要求处理|{party}|{department}|{trade}|{contractor}",
        "Work requested|{party}|{department}|{trade}|{contractor}",
        {"party": "party", "department": "department", "trade": "trade", "contractor": "contractor"},
    ),
    "case.replied": Line(
        CASE,
        "答复报事人|{form}|{final}|下次答复 {next_at}",
        "Reporter answered|{form}|{final}|next answer {next_at}",
        {"form": "form", "final": "final", "next_at": "next_at"},
        "by",
    ),
    "case.result_recorded": Line(CASE, "处理结果已记录", "Result recorded"),
    "case.result_told": Line(CASE, "处理结果已告知业主|{forms}", "Owner told the result|{forms}", {"forms": "forms"}),
    "case.owner_transferred": Line(
        CASE,
        "首问责任移交|原责任人 {previous}|现责任人 {person}",
        "First-contact ownership moved|from {previous}|to {person}",
        {"previous": "previous_owner", "person": "case.owner"},
    ),
    "case.department_notified": Line(CASE, "已通知部门|{department}", "Department notified|{department}", {"department": "department"}, "by"),
    "case.department_answered": Line(CASE, "部门已反馈|{department}", "Department answered|{department}", {"department": "department"}, "by"),
    "case.measures_decided": Line(CASE, "整改措施已确定", "Measures decided", {}, "by"),
    "case.test_result_told": Line(CASE, "检测结果与整改计划已告知业主", "Test result and corrective plan told", {}, "by"),
    "case.tripartite_held": Line(CASE, "已进行三方沟通", "Three-party talk held", {}, "by"),
    "case.result_reported": Line(CASE, "处理结果已上报", "Result reported upward", {}, "by"),
    "case.linked": Line(CASE, "并入事件|首案 {incident}", "Joined to an incident|first case {incident}", {"incident": "case.incident"}, "by"),
    "case.split": Line(CASE, "移出事件|首案 {incident}", "Left the incident|first case {incident}", {"incident": "left"}, "by"),
    "case.work_done": Line(CASE, "工单全部完成", "All orders done"),
    "case.closed": Line(CLOSE, "结案|{outcome}", "Closed|{outcome}", {"outcome": "outcome"}),
    "case.reopened": Line(CASE, "重新处理|返工 {rework}", "Reopened|to be done again: {rework}", {"rework": "rework_of"}),
    "promise.made": Line(DUE, "作出承诺|{due_day}|{due_at}", "Promise made|{due_day}|{due_at}", {"due_at": "due_at", "date_only": "date_only"}),
    "promise.kept": Line(ACTS, "兑现承诺|{belated}", "Promise kept|{belated}"),
    "visit.due": Line(DUE, "应回访|由{role}负责", "Return visit due|by the {role}", {"role": "role"}),
    "visit.recorded": Line(
        ACTS, "已回访|{form}|{satisfied}", "Return visit made|{form}|{satisfied}", {"form": "form", "satisfied": "satisfied"}, "by"
    ),
    "visit.checked": Line(ACTS, "回访已检查", "Return visit checked", {}, "by"),
    "visit.signed": Line(ACTS, "回访已签署意见", "Return visit signed with an opinion", {}, "by"),
    "visit.waived": Line(ACTS, "免回访|无法联系报事人", "Return visit waived|nobody to call back"),
    "work_order.issued": Line(
        ISSUE,
        "派工|工单 {number}|{party}|{department}|{trade}|派给 {assignee}|{alarm}",
        "Order issued|order {number}|{party}|{department}|{trade}|to {assignee}|{alarm}",
        {
            "order": "order.id",
            "number": "order.number",
            "party": "order.party",
            "department": "order.department",
            "trade": "order.trade",
            "assignee": "order.assignee",
            "alarm": "order.alarm",
        },
    ),
    "work_order.accepted": _order("接单", "Order accepted", by="order.acceptor"),
    "work_order.arrived": _order("到场", "On site", "{excused}", "{plan_told}", by="order.assignee", excused="excused", plan_told="plan_told"),
    "work_order.assessed": _order(
        "现场确认", "Assessed on site", "{outcome}", "{plan_told}", by="order.assignee", outcome="outcome", plan_told="plan_told"
    ),
    "work_order.contained": _order("重大事件已受控", "Incident contained"),
    "work_order.surveyed": _order("现场勘察", "Joint survey"),
    "work_order.classed": _order("定类", "Class set"),
    "work_order.started": _order("开工", "Work started", by="order.assignee"),
    "work_order.unfinished": _order("当班未完成", "Unfinished in shift", by="order.assignee"),
    "work_order.chased": _order("催办维保单位", "Contractor chased", "{contractor}", contractor="order.assignee"),
    "work_order.explained": _order("向业主解释", "Explained to the owner"),
    "work_order.signature_refused": _order("客户拒签", "Customer refused to sign"),
    "work_order.completed": _order("完工", "Work completed", by="order.assignee"),
    "work_order.party_accepted": _order("验收", "Work accepted", "{signer}", signer="party"),
    "work_order.rechecked": _order("复检合格", "Looked at too and found good", by="order.second_inspector"),
    "work_order.second_named": _order("指定复检人", "Second inspector named", "{second}", second="order.second_inspector"),
    "work_order.signed": _order("客户签字确认", "Customer signed"),
    "work_order.returned": _order("返单", "Order returned", "{excused}", excused="excused"),
    "work_order.inspected": _order("查验合格", "Inspected and passed"),
    "work_order.cancelled": _order("工单取消", "Order cancelled"),
    "work_order.quoted": _order("已向业主报价", "Owner was quoted", "{amount}", amount="amount"),
    "work_order.fee_confirmed": _order("业主确认收费", "Owner agreed to the fee", "{amount}", "{form}", amount="amount", form="form"),
    "work_order.paid": _order("已收款", "Paid", "{amount}", amount="amount"),
    "work_order.cleared": _order("款项入账,收据已归档", "Money at finance and receipt at the desk", "{amount}", amount="amount"),
    "approval.asked": _money("申请费用审批", "Approval asked", "approval", "{roles}", roles="approval.roles"),
    "approval.given": _money("费用审批", "Approved", "approval", "{approval}", approval="approval.status"),
    "approval.declined": _money("费用未获批准", "Approval declined", "approval"),
    "settlement.submitted": _money("提交决算书", "Final account", "settlement"),
    "settlement.reviewed": _money("决算审核", "Final account reviewed", "settlement"),
    "settlement.confirmed": _money("施工单位确认决算", "Contractor confirmed the account", "settlement"),
    "settlement.certified": _money("结算签证", "Settlement certified", "settlement"),
    "settlement.paid": _money("结算付款", "Settlement paid", "settlement"),
    "settlement.deduction_reviewed": _money("审核扣款", "Deduction reviewed", "settlement"),
    "settlement.deducted": _money("扣除质量保证金", "Deducted from retention money", "settlement"),
    "work_order.offered": Line(
        ISSUE,
        "开放抢单|工单 {number}|{persons}|{due_at} 截止",
        "Order open to all|order {number}|{persons}|until {due_at}",
        {"order": "order.id", "number": "order.number", "persons": "offered", "due_at": "until"},
    ),
    "work_order.assigned": _order("改派", "Order passed on", "{handed}", "→ {assignee}", assignee="order.assignee", handed="why"),
    "work_order.sent_back": _order("退单", "Order sent back", by="previous"),
    "work_order.unassigned": _order("无人可派", "Nobody to send", "{handed}", "{alarm}", handed="why", alarm="order.alarm"),
    "clock.opened": _clock(
        OPEN, "开始计时|{clock}|{due_at} 到期|{undated}|估计 {estimate}", "Clock started|{clock}|due {due_at}|{undated}|estimate {estimate}"
    ),
    "clock.redated": _clock(OPEN, "时限调整|{clock}|新到期 {due_at}|{redated}", "Clock redated|{clock}|now due {due_at}|{redated}"),
    "clock.warned": _clock(ALARM, "预警|{clock}|{due_at} 到期", "Warning|{clock}|due {due_at}"),
    "clock.breached": _clock(ALARM, "超时|{clock}|应于 {due_at} 前完成", "Overdue|{clock}|was due {due_at}"),
    "clock.met": _clock(STOP, "计时结束|{clock}|{clock_state}", "Clock stopped|{clock}|{clock_state}", clock_state="clock.state"),
    "clock.cancelled": _clock(STOP, "时限取消|{clock}", "Clock cancelled|{clock}"),
    "escalation.raised": _clock(
        RAISE,
        "上报|{level}|{clock}|通知{roles}|{persons}|{skipped}无人在岗",
        "Escalated|{level}|{clock}|to {roles}|{persons}|nobody on duty as {skipped}",
        level="level",
        roles="roles",
        persons="persons",
        skipped="skipped",
    ),
    "escalation.raised:warning": _clock(
        RAISE,
        "预警已通知|{clock}|{roles}|{persons}|{skipped}无人在岗",
        "Warning raised|{clock}|to {roles}|{persons}|nobody on duty as {skipped}",
        level="level",
        roles="roles",
        persons="persons",
        skipped="skipped",
    ),
    "escalation.repeated": _clock(
        RAISE,
        "再次上报|{level}|{clock}|{persons}|{skipped}无人在岗",
        "Escalated again|{level}|{clock}|{persons}|nobody on duty as {skipped}",
        level="level",
        persons="persons",
        skipped="skipped",
    ),
    "escalation.acknowledged": Line(
        ACTS, "已接手上报|{level}|{clock}", "Escalation taken up|{level}|{clock}", {"level": "level", "clock": "clock.code"}, "by"
    ),
    "escalation.reported": Line(
        RAISE,
        "即时上报|通知{roles}|{persons}|{skipped}无人在岗",
        "Reported at once|to {roles}|{persons}|nobody on duty as {skipped}",
        {"roles": "roles", "persons": "persons", "skipped": "skipped"},
    ),
    "notice.sent": _notice("通知已发出", "Notice sent"),
    "notice.failed": _notice("通知未能送达", "Notice failed", "{reason}", reason="reason"),
    "notice.withheld": _notice("通知未发", "Notice withheld", "{reason}", reason="reason"),
}  #: kind of fact -> its line; `kind:level` where one level reads otherwise

CASES: Mapping[str, str] = {
    "case": "case.id",
    "promise": "case.id",
    "visit": "case.id",
    "work_order": "case.id",
    "approval": "case.id",
    "settlement": "case.id",
    "clock": "clock.case",
    "escalation": "clock.case",
    "escalation.reported": "case.id",
    "notice": "case",
}  #: stream prefix, or one kind of it -> where the case's number stands
