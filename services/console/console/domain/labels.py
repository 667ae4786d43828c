"""Codes in the words of people, zh-CN and en: one table. An unknown code is shown as it is.

Not here: names of faults and sites (they come with the site's policy) and the sentences of the timeline (`timeline`).
"""

from collections.abc import Mapping

from common.errors import Text

from console.domain.move_labels import OF_MOVES, RESPONSIBLE

KIND = {
    "repair": Text("报修", "Repair"),
    "complaint": Text("投诉", "Complaint"),
    "enquiry": Text("咨询", "Enquiry"),
    "help_request": Text("求助", "Help request"),
    "suggestion": Text("建议", "Suggestion"),
}
CHANNEL = {
    "phone": Text("电话", "phone"),
    "app": Text("APP", "app"),
    "front_desk": Text("前台", "front desk"),
    "official_account": Text("公众号", "official account"),
    "suggestion_box": Text("意见箱", "suggestion box"),
    "letter": Text("来函", "letter"),
    "visit": Text("来访", "visit"),
    "patrol": Text("巡检", "patrol"),
    "call_centre": Text("呼叫中心", "call centre"),
}
URGENCY = {"P1": Text("紧急", "Emergency"), "P2": Text("重要", "Important"), "P3": Text("一般", "General")}
STATUS = {
    "registered": Text("已登记", "Registered"),
    "classified": Text("已分类", "Classified"),
    "in_work": Text("处理中", "In work"),
    "resolved": Text("已有结果", "Resolved"),
    "result_told": Text("已告知结果", "Result told"),
    "return_visit_due": Text("待回访", "Return visit due"),
    "closed": Text("已结案", "Closed"),
}
ORDER_STATUS = {
    "issued": Text("待接单", "Issued"),
    "accepted": Text("已接单", "Accepted"),
    "on_site": Text("已到场", "On site"),
    "contained": Text("重大事件控制中", "Being contained"),
    "warranty": Text("保修,待开维保工单", "Warranty"),
    "surveyed": Text("已勘察", "Surveyed"),
    "approval_pending": Text("待审批", "Approval pending"),
    "in_progress": Text("处理中", "In progress"),
    "unfinished": Text("当班未完成", "Unfinished in shift"),
    "guided": Text("非维修(已指导)", "Guided"),
    "completed": Text("已完工", "Completed"),
    "signed": Text("客户已签字", "Signed"),
    "returned": Text("已返单", "Returned"),
    "inspected": Text("查验合格", "Inspected"),
    "cancelled": Text("已取消", "Cancelled"),
    "fee_pending": Text("待业主确认收费", "Waits for the owner's word on the fee"),
    "fee_refused": Text("业主不同意收费", "Fee refused"),
}
CLOCK = {
    "CLK_RESPOND": Text("响应", "Response"),
    "CLK_ONSITE": Text("到场", "On site"),
    "CLK_CONTRACTOR_ONSITE": Text("维保单位到场", "Contractor on site"),
    "CLK_ATTEND": Text("上门", "First visit"),
    "CLK_SURVEY": Text("现场勘察", "Survey"),
    "CLK_PRELIM_PLAN": Text("反馈初步方案", "Preliminary plan"),
    "CLK_MEASURES": Text("确定整改措施", "Measures"),
    "CLK_RESOLVE": Text("处理完成", "Resolution"),
    "CLK_TEST_RESULT": Text("反馈检测结果", "Test result"),
    "CLK_TRIPARTITE": Text("三方沟通", "Three-party talk"),
    "CLK_REPLY": Text("答复", "Reply"),
    "CLK_NOTICE": Text("告知延期", "Notice of delay"),
    "CLK_DEPT_FEEDBACK": Text("部门反馈", "Department feedback"),
    "CLK_RESULT_REPORT": Text("上报结果", "Result report"),
    "CLK_PROGRESS": Text("进展通报", "Progress update"),
    "CLK_STAGE": Text("阶段通报", "Stage update"),
    "CLK_PROMISE": Text("承诺", "Promise"),
    "CLK_WO_RETURN": Text("返单", "Order return"),
    "CLK_SLIP_BATCH": Text("周单移交", "Slip batch"),
    "CLK_RETURN_VISIT": Text("回访", "Return visit"),
}
CLOCK_STATE = {
    "running": Text("计时中", "running"),
    "met": Text("按时", "in time"),
    "late": Text("超时", "late"),
    "excused": Text("超时(有特殊原因)", "late, excused"),
    "cancelled": Text("已取消", "cancelled"),
    "calendar_missing": Text("待公布日历", "calendar missing"),
}
LEVEL = {"warning": Text("预警", "Warning"), "L1": Text("一级", "L1"), "L2": Text("二级", "L2"), "L3": Text("三级", "L3")}
ROLE = {
    "assignee": Text("经办人", "assignee"),
    "holder": Text("当班经办人", "holder"),
    "second_inspector": Text("复检人", "second inspector"),
    "owner": Text("首问责任人", "first-contact owner"),
    "receptionist": Text("前台", "receptionist"),
    "data_clerk": Text("资料员", "data clerk"),
    "customer_service_officer": Text("客服主任", "customer-service officer"),
    "customer_service_supervisor": Text("客服主管", "customer-service supervisor"),
    "customer_service_manager": Text("客服经理", "customer-service manager"),
    "duty_supervisor": Text("总值", "duty supervisor"),
    "duty_manager": Text("值班经理", "duty manager"),
    "site_manager": Text("管理处经理", "site manager"),
    "deputy_site_manager": Text("管理处副经理", "deputy site manager"),
    "site_service_office": Text("客户服务处", "site service office"),
    "sales_assistant_director": Text("总监助理", "sales assistant director"),
    "sales_director": Text("销售总监", "sales director"),
    "company_deputy_director": Text("公司副总监", "company deputy director"),
    "company_director": Text("公司总监", "company director"),
    "engineering_materials": Text("工程材料部", "engineering and materials"),
    "audit": Text("审计核算", "audit and accounting"),
    "deputy_chief_engineer": Text("副总工程师", "deputy chief engineer"),
    "project_manager": Text("项目经理", "project manager"),
    "department_manager": Text("部门经理", "department manager"),
    "department_person": Text("部门专人", "department's person in charge"),
    "engineering_manager": Text("工程经理", "engineering manager"),
    "engineering_duty": Text("工程值班", "engineering duty"),
    "repair_worker": Text("维修人员", "repair worker"),
    "repair_team_leader": Text("维修队长", "repair team leader"),
    "building_steward": Text("楼管员", "building steward"),
    "security": Text("安保", "security"),
    "cleaning": Text("保洁", "cleaning"),
    "finance": Text("财务", "finance"),
    "contractor": Text("维保单位", "contractor"),
    "deputy_general_manager": Text("副总经理", "deputy general manager"),
    "general_manager": Text("总经理", "general manager"),
    "head_office_leader": Text("总公司领导", "head-office leader"),
    "administrator": Text("系统管理员", "administrator"),
}
DEPARTMENT = {
    "engineering": Text("工程部", "engineering"),
    "customer_service": Text("客服部", "customer service"),
    "security": Text("安保部", "security"),
    "cleaning": Text("保洁部", "cleaning"),
    "environment": Text("环境部", "environment"),
    "estate": Text("管理处", "site office"),
    "estate_department": Text("管业部", "estate department"),
    "project_office": Text("项目部", "project office"),
    "sales": Text("销售部", "sales"),
    "repair_team": Text("客服维修队", "service repair team"),
    "engineering_materials": Text("工程材料部", "engineering and materials"),
    "design": Text("设计研发部", "design"),
    "legal": Text("法律事务中心", "legal affairs"),
    "audit": Text("审计核算部", "audit and accounting"),
    "finance": Text("财务部", "finance"),
    "head_office": Text("总公司", "head office"),
}
TRADE = {
    "plumbing": Text("水工", "plumbing"),
    "electrical": Text("电工", "electrical"),
    "lift": Text("电梯", "lift"),
    "hvac": Text("空调", "air conditioning"),
    "carpentry": Text("木工", "carpentry"),
    "masonry": Text("泥瓦工", "masonry"),
    "painting": Text("油漆", "painting"),
    "waterproofing": Text("防水", "waterproofing"),
    "construction": Text("土建", "construction"),
    "cleaning": Text("保洁", "cleaning"),
    "security": Text("安保", "security"),
    "general": Text("综合", "general"),
}
CATEGORY = {
    "facility": Text("设施类", "facility"),
    "service": Text("服务类", "service"),
    "fee": Text("费用类", "fee"),
    "order": Text("秩序类", "order"),
    "contract": Text("合同类", "contract"),
    "other": Text("其他类", "other"),
}
FORM = {
    "phone": Text("电话", "phone"),
    "home": Text("上门", "home visit"),
    "visit": Text("上门", "visit"),
    "letter": Text("书信", "letter"),
    "open_letter": Text("公开信", "open letter"),
    "message": Text("消息", "message"),
    "written": Text("书面", "written"),
    "face_to_face": Text("当面", "face to face"),
    "owners_group": Text("业主群", "owners' group"),
    "notice_board": Text("公告栏", "notice board"),
    "signature": Text("签字", "signature"),
    "app": Text("APP", "app"),
}
OUTCOME = {
    "visited": Text("已回访", "visited"),
    "waived": Text("免回访", "visit waived"),
    "answered": Text("已答复", "answered"),
    "explained": Text("已说明", "explained"),
    "normal": Text("正常维修", "ordinary repair"),
    "guided": Text("非维修,已指导", "not a repair, guided"),
    "major": Text("重大事件", "major incident"),
    "chargeable": Text("有偿维修", "chargeable"),
    "warranty": Text("保修", "under warranty"),
}
MEANS = {
    "email": Text("邮件", "e-mail"),
    "mail": Text("邮件", "e-mail"),
    "sms": Text("短信", "SMS"),
    "phone": Text("电话", "phone"),
    "app": Text("APP", "app"),
    "webhook": Text("接口推送", "webhook"),
}
RECIPIENT = {
    "owner": Text("业主", "the owner"),
    "person": Text("员工", "staff"),
    "role": Text("岗位", "a role"),
    "endpoint": Text("外部系统", "another system"),
}
TEMPLATE = {
    "case_registered": Text("受理回执", "acknowledgement"),
    "night_emergency": Text("夜间紧急", "night emergency"),
    "work_issued": Text("新工单", "new order"),
    "recheck_due": Text("待复检", "second inspection wanted"),
    "work_offered": Text("可抢单", "order open to all"),
    "work_passed_on": Text("转来工单", "order passed on"),
    "inspection_failed": Text("查验不合格", "inspection failed"),
    "work_chased": Text("催办", "urged"),
    "nobody_eligible": Text("无人可派", "nobody to send"),
    "clock_warned": Text("预警", "warning"),
    "clock_level": Text("上报", "escalation"),
    "case_reported": Text("即时上报", "report at once"),
    "department_notified": Text("部门通知", "notice to a department"),
    "case_replied": Text("答复", "reply"),
    "work_completed": Text("完工告知", "work completed"),
    "result_told": Text("结果告知", "result"),
    "visit_due": Text("应回访", "return visit due"),
    "case_closed": Text("结案告知", "case closed"),
    "approval_asked": Text("待审批", "approval wanted"),
    "approval_granted": Text("已批准", "approved"),
    "approval_declined": Text("未批准", "declined"),
    "account_to_confirm": Text("请确认决算", "account to confirm"),
    "settlement_next": Text("结算待办", "settlement to go on with"),
    "nobody_to_approve": Text("无人可批", "nobody may approve"),
    "nobody_to_settle": Text("无人可办", "nobody may settle"),
    "large_amount": Text("大额待收", "large amount agreed"),
    "large_amount_due": Text("大额应收", "large amount to collect now"),
}
REASON = {
    "case_closed": Text("案件已结", "the case is closed"),
    "case_reopened": Text("案件已重开", "the case was reopened"),
    "order_completed": Text("工单已完工", "the order is completed"),
    "order_cancelled": Text("工单已取消", "the order was cancelled"),
    "order_taken": Text("工单已有人接", "somebody has the order"),
    "approval_moved": Text("审批已有结果", "the approval went on"),
    "settlement_moved": Text("结算已有进展", "the settlement went on"),
    "paid": Text("款项已收", "it was paid"),
    "quoted_anew": Text("已重新报价", "another price was named"),
    "owner_pays": Text("改由业主付费", "the owner turned out to pay"),
    "rechecked": Text("已复检", "it was looked at"),
    "another_named": Text("已另行指定复检人", "somebody else was named"),
    "not_signed": Text("客户未签字", "the customer did not sign"),
    "clock_stopped": Text("计时已结束", "the clock has stopped"),
    "clock_cancelled": Text("时限已取消", "the clock was cancelled"),
    "visit_made": Text("已回访", "the visit was made"),
    "visit_waived": Text("已免回访", "the visit was waived"),
    "no_contact": Text("无联系方式", "no contact"),
    "no_email": Text("无邮箱", "no e-mail address"),
    "nobody_in_role": Text("无人在岗", "nobody fills the role"),
    "endpoint_disabled": Text("接收方已停用", "the endpoint is disabled"),
    "timeout": Text("对方无应答", "no answer"),
    "connection_lost": Text("连接中断", "connection lost"),
    "no_connection": Text("无法连接", "no connection"),
}
PARTY = {"own": Text("本公司", "own staff"), "contractor": Text("维保单位", "contractor")}
ALARM = {"nobody_eligible": Text("无合适人员,需人工指派", "nobody eligible, assign by hand")}
SATISFIED = {"True": Text("满意", "satisfied"), "False": Text("不满意", "dissatisfied")}
FINAL = {"True": Text("最终答复", "final answer"), "False": Text("阶段性答复", "interim answer")}
RECLASSIFIED = {"True": Text("重新分类", "reclassified")}
REDATED = {
    "extended": Text("经客户同意延期", "extended with the customer's consent"),
    "paused": Text("暂停计时", "paused"),
    "resumed": Text("恢复计时", "runs again"),
    "calendar_published": Text("日历公布", "calendar published"),
    "case.classified": Text("重新分类", "reclassified"),
    "policy_changed": Text("制度变更", "policy changed"),
    "policy_rolled_back": Text("制度撤回", "policy rolled back"),
    "majeure_declared": Text("不可抗力", "force majeure"),
    "majeure_ended": Text("不可抗力结束", "end of force majeure"),
    "majeure_undone": Text("不可抗力撤销", "force majeure taken back"),
}  #: why a clock's times changed; any other reason says nothing to the reader
HANDED = {
    "offer_over": Text("无人抢单", "nobody took it"),
    "no_answer": Text("逾时未接单", "not accepted in time"),
    "sent_back": Text("退单", "sent back"),
    "somebody_came": Text("有人到岗", "somebody came on duty"),
    "transferred": Text("转单", "transferred"),
    "assigned": Text("指派", "assigned by hand"),
}  #: why an order changed hands
EXCUSED = {"True": Text("已登记特殊原因", "special reason recorded")}
PLAN_TOLD = {"True": Text("已告知初步方案", "preliminary plan told")}
BELATED = {"True": Text("逾期兑现", "kept late")}

APPROVAL = {
    "pending": Text("待下一级审批", "waits for the next role"),
    "granted": Text("已批准", "granted"),
    "declined": Text("未批准", "declined"),
    "overtaken": Text("已被更高估价取代", "overtaken by a dearer estimate"),
}
LABELS: Mapping[str, Mapping[str, Text]] = {
    "kind": KIND,
    "channel": CHANNEL,
    "urgency": URGENCY,
    "status": STATUS,
    "order_status": ORDER_STATUS,
    "clock": CLOCK,
    "clock_state": CLOCK_STATE,
    "undated": CLOCK_STATE,
    "level": LEVEL,
    "role": ROLE,
    "roles": ROLE,
    "skipped": ROLE,
    "department": DEPARTMENT,
    "trade": TRADE,
    "category": CATEGORY,
    "form": FORM,
    "forms": FORM,
    "outcome": OUTCOME,
    "means": MEANS,
    "recipient": RECIPIENT,
    "template": TEMPLATE,
    "reason": REASON,
    "addressed": ROLE,
    "party": PARTY,
    "alarm": ALARM,
    "satisfied": SATISFIED,
    "final": FINAL,
    "reclassified": RECLASSIFIED,
    "redated": REDATED,
    "handed": HANDED,
    "approval": APPROVAL,
    "excused": EXCUSED,
    "plan_told": PLAN_TOLD,
    "belated": BELATED,
    "signer": ROLE | DEPARTMENT | RESPONSIBLE,
    "lacking": ROLE | DEPARTMENT | RESPONSIBLE | OF_MOVES["check"],
    **OF_MOVES,
}  #: name of a placeholder or column -> its codes


def label(name: str, code: str, locale: str) -> str:
    """Return a code in words; one that the table does not know comes back as it is."""
    known = LABELS.get(name, {}).get(code)
    return known.in_(locale) if known else code
