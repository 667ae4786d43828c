"""Words for codes in both languages, so that no owner and no technician reads an identifier. Pure data; fault titles come from the policy."""

from collections.abc import Mapping

from common.errors import Text

KIND: Mapping[str, Text] = {
    "repair": Text("报修", "repair request"),
    "complaint": Text("投诉", "complaint"),
    "enquiry": Text("咨询", "enquiry"),
    "help_request": Text("求助", "request for help"),
    "suggestion": Text("建议", "suggestion"),
}

FEELING: Mapping[str, Text] = {
    "repair": Text("设施故障给您的生活带来不便,我们深表歉意。", "We are sorry for the trouble this fault is causing you."),
    "complaint": Text(
        "感谢您把问题告诉我们。我们理解您的心情,并为给您带来的不快致歉。",
        "Thank you for telling us. We understand how you feel and apologise for the bad experience.",
    ),
    "enquiry": Text("感谢您的咨询。", "Thank you for your question."),
    "help_request": Text("您的困难我们十分重视。", "We take your situation seriously."),
    "suggestion": Text("感谢您为小区提出宝贵建议。", "Thank you for helping us to make the estate better."),
}

URGENCY: Mapping[str, Text] = {"P1": Text("紧急", "emergency"), "P2": Text("重要", "important"), "P3": Text("一般", "general")}

LEVEL: Mapping[str, Text] = {
    "warning": Text("预警", "warning"),
    "L1": Text("一级升级", "level 1"),
    "L2": Text("二级升级", "level 2"),
    "L3": Text("三级升级", "level 3"),
}

DEPARTMENT: Mapping[str, Text] = {
    "engineering": Text("工程部", "engineering"),
    "customer_service": Text("客户服务部", "customer service"),
    "security": Text("秩序维护部", "security"),
    "cleaning": Text("保洁部", "cleaning"),
    "environment": Text("环境部", "environment"),
    "finance": Text("财务部", "finance"),
    "sales": Text("销售部", "sales"),
}

CURRENCY: Mapping[str, Text] = {"CNY": Text("元", "yuan")}

STEP: Mapping[str, Text] = {
    "review": Text("审核决算书", "review the final account"),
    "certify": Text("签证", "certify the settlement"),
    "pay": Text("付款", "pay"),
    "review-deduction": Text("审核保证金扣款", "review the deduction from retention money"),
    "deduct": Text("扣除质量保证金", "deduct it from the retention money"),
}  #: moves of a settlement that the house makes

POST: Mapping[str, Text] = {
    "customer_service_manager": Text("客服经理", "customer-service manager"),
    "deputy_chief_engineer": Text("副总工程师", "deputy chief engineer"),
    "deputy_general_manager": Text("副总经理", "deputy general manager"),
    "general_manager": Text("总经理", "general manager"),
    "audit": Text("审计核算", "audit and accounting"),
    "finance": Text("财务", "finance"),
}  #: roles that approve and settle

CLOCK: Mapping[str, Text] = {
    "CLK_RESPOND": Text("响应时限", "response"),
    "CLK_ONSITE": Text("到场时限", "arrival on site"),
    "CLK_CONTRACTOR_ONSITE": Text("维保单位到场时限", "contractor's arrival"),
    "CLK_ATTEND": Text("首次上门时限", "first visit"),
    "CLK_SURVEY": Text("现场勘查时限", "survey"),
    "CLK_PRELIM_PLAN": Text("初步方案时限", "preliminary plan"),
    "CLK_MEASURES": Text("整改措施时限", "corrective measures"),
    "CLK_RESOLVE": Text("办结时限", "resolution"),
    "CLK_TEST_RESULT": Text("检测结果反馈时限", "test result"),
    "CLK_TRIPARTITE": Text("三方协商时限", "three-party talk"),
    "CLK_REPLY": Text("答复时限", "reply"),
    "CLK_NOTICE": Text("告知时限", "notice to the customer"),
    "CLK_DEPT_FEEDBACK": Text("部门反馈时限", "department feedback"),
    "CLK_RESULT_REPORT": Text("结果上报时限", "result report"),
    "CLK_PROGRESS": Text("进展告知时限", "progress update"),
    "CLK_STAGE": Text("每日进展告知时限", "daily progress update"),
    "CLK_PROMISE": Text("承诺时限", "promise"),
    "CLK_WO_RETURN": Text("返单时限", "return of the order"),
    "CLK_SLIP_BATCH": Text("维修单移交时限", "weekly hand-over of slips"),
    "CLK_RETURN_VISIT": Text("回访时限", "return visit"),
}  #: clock codes (requirements.md 0.4)


def word(table: Mapping[str, Text], code: str | None, locale: str) -> str | None:
    """Return the word for `code`, the code itself where the table has none, None for None."""
    if code is None:
        return None
    known = table.get(code)
    return known.in_(locale) if known else code
