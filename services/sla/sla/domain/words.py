"""Words of the account of a clock: moments, reasons, units, parties, in both languages. Data only; `docs/glossary.md` says the same."""

from collections.abc import Mapping

from common.clock_rules import Moment, Unit
from common.errors import Text
from common.states import ClockState

from sla.domain.holding import Holding
from sla.domain.segments import Why

MOMENT: Mapping[Moment, Text] = {
    Moment.RECEIVED: Text("接报", "received"),
    Moment.CLASSIFIED: Text("分类", "classified"),
    Moment.RESPONDED: Text("响应", "response started"),
    Moment.WORK_REQUESTED: Text("要求处理", "work requested"),
    Moment.REPLIED: Text("答复", "answered"),
    Moment.MEASURES_DECIDED: Text("确定整改措施", "measures decided"),
    Moment.RESULT_RECORDED: Text("登记结果", "result recorded"),
    Moment.RESULT_REPORTED: Text("上报结果", "result reported upward"),
    Moment.RESULT_TOLD: Text("告知结果", "result told"),
    Moment.TEST_RESULT_TOLD: Text("反馈检测结果", "test result told"),
    Moment.TRIPARTITE_HELD: Text("三方沟通", "three-party talk held"),
    Moment.PLAN_TOLD: Text("告知方案", "preliminary plan told"),
    Moment.PROGRESS_TOLD: Text("通报进展", "progress told"),
    Moment.PLAN_OF_DAYS: Text("多日计划", "plan of several days recorded"),
    Moment.RESTORED: Text("恢复", "supply restored"),
    Moment.PROMISE_MADE: Text("作出承诺", "promise made"),
    Moment.PROMISE_KEPT: Text("兑现承诺", "promise kept"),
    Moment.VISITED: Text("回访", "return visit made"),
    Moment.CLOSED: Text("结案", "closed"),
    Moment.REOPENED: Text("重开", "reopened"),
    Moment.ORDER_ISSUED: Text("派工", "order issued"),
    Moment.CONTRACTOR_ISSUED: Text("派维保单位", "contractor called"),
    Moment.ACCEPTED: Text("接单", "order accepted"),
    Moment.ON_SITE: Text("到场", "on site"),
    Moment.CONTRACTOR_ON_SITE: Text("维保单位到场", "contractor on site"),
    Moment.ASSESSED: Text("现场确认", "assessed on site"),
    Moment.SURVEYED: Text("勘察完成", "surveyed on site"),
    Moment.GUIDED: Text("指导使用", "owner shown the right use"),
    Moment.COMPLETED: Text("完工", "work completed"),
    Moment.WORK_COMPLETED: Text("全部完工", "all work completed"),
    Moment.SIGNED: Text("签字", "signed"),
    Moment.RETURNED: Text("返单", "order returned"),
    Moment.INSPECTED: Text("查验合格", "work inspected"),
    Moment.ORDER_CANCELLED: Text("取消工单", "order cancelled"),
    Moment.SLIPS_HANDED_OVER: Text("周单移交", "slips handed over"),
    Moment.DEPARTMENT_NOTIFIED: Text("通知部门", "department notified"),
    Moment.DEPARTMENT_ANSWERED: Text("部门反馈", "department answered"),
}
ENDED: Mapping[str, Text] = {
    "work_reopened": Text("又有工单", "more work was issued"),
    "replaced": Text("由另一时限代替", "another clock took its place"),
    "reclassified": Text("重新分类后不再适用", "no longer asked for after a reclassification"),
    "not_needed": Text("已无须通报", "no longer needed"),
}
WHY: Mapping[Why, Text] = {
    Why.RUNS: Text("计时", "runs"),
    Why.CLOSED: Text("等待开放", "waits for the opening"),
    Why.HANDOVER: Text("等待周单移交", "waits for the slips"),
    Why.START_DAY: Text("起始日", "day of the start"),
    Why.WORKING_DAY: Text("工作日", "working day"),
    Why.WORKED_WEEKEND: Text("调休上班", "shifted working day"),
    Why.WEEKEND: Text("周末", "weekend"),
    Why.HOLIDAY: Text("节假日", "holiday"),
    Why.OFFICE: Text("办公时间", "office hours"),
    Why.DAY_OFF: Text("非办公时间", "outside office hours"),
    Why.DAY: Text("自然日", "calendar day"),
    Why.MOVED: Text("顺延至工作日", "moved to a working day"),
    Why.AGREED: Text("约定或固定的时间", "an agreed or fixed time"),
    Why.EXTENSION: Text("经客户同意延期", "extended with the customer's consent"),
}
GAPS: Mapping[str, Text] = {
    "pause": Text("暂停({})", "paused ({})"),
    "window": Text("不可抗力({})", "force majeure ({})"),
}
UNIT: Mapping[Unit, Text] = {
    Unit.MINUTE: Text("分钟", "minutes"),
    Unit.HOUR: Text("小时", "hours"),
    Unit.WORKING_DAY: Text("个工作日", "working days"),
    Unit.CALENDAR_DAY: Text("日", "days"),
    Unit.FULL_DAY: Text("整日", "full days"),
    Unit.OFFICE_DAY: Text("个办公日", "office days"),
    Unit.OFFICE_HOUR: Text("办公小时", "office hours"),
    Unit.OFFICE_MINUTE: Text("办公分钟", "office minutes"),
    Unit.SAME_DAY: Text("当天", "same day"),
    Unit.APPOINTMENT: Text("约定时间", "at the appointment"),
    Unit.SET_BY_SITE: Text("由小区设定", "set by the site"),
    Unit.PROMISED: Text("承诺时间", "at the promised time"),
}
HOLDING: Mapping[Holding, Text] = {
    Holding.DESK: Text("客服", "customer service"),
    Holding.OWN: Text("部门", "department"),
    Holding.CONTRACTOR: Text("外单位", "contractor"),
}
STATE: Mapping[ClockState, Text] = {
    ClockState.RUNNING: Text("计时中", "running"),
    ClockState.MET: Text("按时", "in time"),
    ClockState.LATE: Text("超时", "late"),
    ClockState.EXCUSED: Text("超时(有特殊原因)", "late, excused"),
    ClockState.CANCELLED: Text("已取消", "cancelled"),
    ClockState.UNDATED: Text("待公布日历", "calendar missing"),
}
WEEKDAY = tuple(Text(f"周{zh}", en) for zh, en in zip("一二三四五六日", ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), strict=True))
