"""What those read who have to act on money, and who asked for it. zh-CN first, en second. Pure data.

Number and amount only: who pays, why somebody said no and every other particular is behind the order's door (NTF-22).
"""

from collections.abc import Mapping

from common.errors import Text

from notify.domain.templates.text import Wording

_MONEY = frozenset({"order", "amount", "currency"})

MONEY: Mapping[str, Wording] = {
    "approval_asked": Wording(
        subject=Text("【待审批】{{ order }}:{{ amount }} {{ coin }}", "[Approval wanted] {{ order }}: {{ amount }} {{ coin }}"),
        says=Text(
            "工单 {{ order }} 的维修费用估算为 {{ amount }} {{ coin }},现请您审批。批准之前不得开工。",
            "The repair of work order {{ order }} is estimated at {{ amount }} {{ coin }}; it is your turn to approve or to decline. "
            "No work starts before.",
        ),
        needs=_MONEY,
    ),
    "approval_granted": Wording(
        subject=Text("【已批准】{{ order }}:{{ amount }} {{ coin }}", "[Approved] {{ order }}: {{ amount }} {{ coin }}"),
        says=Text(
            "您申请的工单 {{ order }} 维修费用 {{ amount }} {{ coin }} 已获批准。实际费用超出的,须另行报批。",
            "Your estimate of {{ amount }} {{ coin }} for work order {{ order }} is approved. If it gets dearer, ask for approval again.",
        ),
        needs=_MONEY,
    ),
    "approval_declined": Wording(
        subject=Text("【未批准】{{ order }}:{{ amount }} {{ coin }}", "[Declined] {{ order }}: {{ amount }} {{ coin }}"),
        says=Text(
            "您申请的工单 {{ order }} 维修费用 {{ amount }} {{ coin }} 未获批准,原因见工单记录。调整估算后可重新申请。",
            "Your estimate of {{ amount }} {{ coin }} for work order {{ order }} was declined; the order says why. You may put up another one.",
        ),
        needs=_MONEY,
    ),
    "account_to_confirm": Wording(
        subject=Text("【请确认决算】{{ order }}:{{ amount }} {{ coin }}", "[Please confirm] {{ order }}: {{ amount }} {{ coin }}"),
        says=Text(
            "工单 {{ order }} 的维修决算已审核,由贵单位承担 {{ amount }} {{ coin }},请予以确认。",
            "The final account of work order {{ order }} was reviewed: {{ amount }} {{ coin }} are yours to bear. Please confirm it.",
        ),
        needs=_MONEY,
    ),
    "settlement_next": Wording(
        subject=Text("【待{{ task }}】{{ order }}:{{ amount }} {{ coin }}", "[To do: {{ task }}] {{ order }}: {{ amount }} {{ coin }}"),
        says=Text(
            "工单 {{ order }} 的维修结算({{ amount }} {{ coin }})轮到您办理:{{ task }}。",
            "The settlement of work order {{ order }} ({{ amount }} {{ coin }}) waits for you: {{ task }}.",
        ),
        needs=_MONEY | {"step"},
    ),
    "nobody_to_approve": Wording(
        subject=Text("【无人可批】{{ order }}:{{ amount }} {{ coin }}", "[Nobody may approve] {{ order }}: {{ amount }} {{ coin }}"),
        says=Text(
            "工单 {{ order }} 的维修费用 {{ amount }} {{ coin }} 须由{{ office }}审批,但目前无人可批:该岗位无人,或仅有经办人本人,"
            "而本人不得审批自己提出或已审批的事项。请安排另一人担任该岗位并通知其审批,或由他人重新申请。批准之前不得开工。",
            "The estimate of {{ amount }} {{ coin }} for work order {{ order }} waits for: {{ office }}. Nobody may approve it: nobody has that "
            "role, or only who asked or approved before, and nobody approves twice or their own. Please give the role to somebody else and tell "
            "them, or have somebody else ask. No work starts before.",
        ),
        needs=_MONEY | {"post"},
    ),
    "nobody_to_settle": Wording(
        subject=Text("【无人可办】{{ order }}:{{ amount }} {{ coin }}", "[Nobody may go on] {{ order }}: {{ amount }} {{ coin }}"),
        says=Text(
            "工单 {{ order }} 的维修结算({{ amount }} {{ coin }})须由{{ office }}办理:{{ task }},但目前无人可办:该岗位无人,或仅有经办过前一环节的"
            "本人,而本人不得办理自己经手的环节。请安排另一人担任该岗位并通知其办理。",
            "The settlement of work order {{ order }} ({{ amount }} {{ coin }}) waits for: {{ office }} – {{ task }}. Nobody may do it: nobody has "
            "that role, or only who made an earlier step. Please give the role to somebody else and tell them.",
        ),
        needs=_MONEY | {"post", "step"},
    ),
    "large_amount": Wording(
        subject=Text("【大额待收】{{ order }}:{{ amount }} {{ coin }}", "[Finance collects] {{ order }}: {{ amount }} {{ coin }}"),
        says=Text(
            "业主已同意工单 {{ order }} 的维修收费 {{ amount }} {{ coin }}。此为大额款项,维修人员不得现场收取,完工签字后由财务收款并开具收据。",
            "The owner agreed to pay {{ amount }} {{ coin }} for work order {{ order }}. The amount is large: finance collects it, not the "
            "worker, with a receipt, once the work is done and signed for.",
        ),
        needs=_MONEY,
    ),
    "large_amount_due": Wording(
        subject=Text("【请收款】{{ order }}", "[To collect] {{ order }}"),
        says=Text(
            "工单 {{ order }} 已完工,其大额维修收费现可收取,请收款并开具收据。",
            "The work of order {{ order }} is done; its large amount can be collected now. Please take the money and write the receipt.",
        ),
        needs=frozenset({"order"}),
    ),
}
