"""What was done to a work order, in words: one table. Not here: the forms of the page (`pages.forms`), other codes (`labels`)."""

from common.errors import Text

MOVE = {
    "accept": Text("接单", "Accepted"),
    "arrive": Text("到场", "Arrived"),
    "assess": Text("现场确认", "Assessed"),
    "check": Text("重大事件事项", "Major incident: done"),
    "survey": Text("现场勘察", "Joint survey"),
    "class": Text("定类", "Class set"),
    "start": Text("开工", "Started"),
    "leave": Text("当班未完成", "Left unfinished"),
    "complete": Text("完工", "Completed"),
    "sign": Text("客户签字", "Customer signed"),
    "accept-work": Text("验收", "Accepted as done"),
    "recheck": Text("复检合格", "Looked at too and found good"),
    "name-second": Text("指定复检人", "Second inspector named"),
    "refuse-sign": Text("客户拒签", "Customer did not sign"),
    "return": Text("返单", "Returned"),
    "pass_on": Text("系统改派", "Passed on by dispatch"),
    "pass-on": Text("转维保", "Passed on to the contractor"),
    "take-over": Text("本公司接手", "Taken over by own engineering"),
    "chase": Text("催办", "Chased"),
    "explain": Text("向业主解释", "Explained to the owner"),
    "inspect": Text("查验", "Inspected"),
    "cancel": Text("取消", "Cancelled"),
    "transfer": Text("转单", "Transferred"),
    "send-back": Text("退单", "Sent back"),
    "assign": Text("指派", "Assigned by hand"),
    "excuse": Text("登记特殊原因", "Special reason"),
    "quote": Text("报价", "Quoted"),
    "confirm-fee": Text("业主同意收费", "Owner agreed to the charge"),
    "refuse-fee": Text("业主不同意收费", "Owner did not agree to the charge"),
    "collect": Text("现场收款", "Paid on site"),
    "take-money": Text("财务收款", "Paid at finance"),
    "file-receipt": Text("收据交客服", "Receipt filed"),
    "ask-approval": Text("申请费用审批", "Approval asked"),
    "approve": Text("批准费用", "Approved"),
    "decline": Text("不批准费用", "Declined"),
}
EXCUSES = {"arrival": Text("到场迟到", "the late arrival"), "return": Text("返单延误", "the late return")}
RECHECKED = {"good": Text("已亲自查看,确认合格", "I saw the work myself and it is good")}
FOUND = {
    "normal": Text("正常维修", "Ordinary repair"),
    "chargeable": Text("有偿维修(先由业主确认收费)", "Chargeable (the owner confirms first)"),
    "warranty": Text("保修(转维保单位)", "Under warranty (a contractor comes)"),
    "guided": Text("非维修(指导使用)", "Not a repair (guidance given)"),
    "major": Text("重大事件(先控制)", "Major incident (contain it first)"),
}  #: what a worker may find on site
CONSENT = {
    "face_to_face": Text("当面", "face to face"),
    "signature": Text("签字", "signature"),
    "phone": Text("电话", "phone"),
    "app": Text("APP", "app"),
    "message": Text("短信", "message"),
}  #: how an owner agrees to a charge or refuses it
CHARGE = {
    "unquoted": Text("待报价", "not quoted yet"),
    "quoted": Text("待业主确认", "the owner is asked"),
    "confirmed": Text("业主已同意", "the owner agreed"),
    "refused": Text("业主不同意", "the owner refused"),
    "collected": Text("已现场收款", "collected on site"),
    "paid": Text("财务已收款", "paid"),
    "cleared": Text("收据已交", "receipt filed"),
}
PASSED = {"yes": Text("合格", "It is good"), "no": Text("不合格,退回维保单位返工", "Not good: the contractor comes again")}
WARRANTED = {"yes": Text("保修期内", "within the warranty"), "no": Text("保修期外", "out of the warranty")}
RESPONSIBLE = {
    "construction_contractor": Text("施工单位", "construction contractor"),
    "company": Text("本公司", "the company"),
    "owner": Text("业主", "the owner"),
    "third_party": Text("第三方", "a third party"),
}  #: who is to blame for surveyed work
BORNE_BY = {"company": Text("本公司承担", "the company"), "owner": Text("业主承担", "the owner")}
WORK_CLASS = {
    "A": Text("A 类:保修期内,施工单位承担", "A: within the warranty, the contractor pays"),
    "B": Text("B 类:保修期外,本公司承担", "B: out of it, the company pays"),
    "owner": Text("业主付费", "the owner pays"),
}
COMPLEXITY = {
    "single_trade": Text("单工种", "one trade"),
    "multi_trade": Text("多工种", "several trades"),
    "especially_complex": Text("特别复杂", "especially complex"),
}
CHECK = {
    "stopped": Text("已阻止事故延续、扩大", "it is stopped"),
    "leaders_notified": Text("已通知主管领导及管业部", "the leaders are notified"),
    "evidence_kept": Text("已保存现场证据(附照片)", "the evidence is kept (with photos)"),
    "responsible_found": Text("已确认责任方", "the responsible party is known"),
    "responsible_recorded": Text("已做好记录", "it is put on record"),
    "protective_repair": Text("已做保护性维修", "a protective repair is done"),
    "loss_limited": Text("已尽量减少客户损失", "the customer's loss is limited"),
    "insurer": Text("已报保险公司或说明无责理由", "the insurer is told, or why the company is not liable"),
}

OF_MOVES = {
    "move": MOVE,
    "excuses": EXCUSES,
    "rechecked": RECHECKED,
    "found": FOUND,
    "check": CHECK,
    "consent": CONSENT,
    "charge": CHARGE,
    "passed": PASSED,
    "warranted": WARRANTED,
    "responsible": RESPONSIBLE,
    "borne_by": BORNE_BY,
    "work_class": WORK_CLASS,
    "complexity": COMPLEXITY,
}  #: as `labels.LABELS`
