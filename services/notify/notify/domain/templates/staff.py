"""What staff and contractors read: facts only, the case number first. zh-CN first, en second. Pure data.

Of the owner they learn the unit, where they have to go there, and nothing else (NTF-22): the rest is behind the case's door.
"""

from collections.abc import Mapping

from common.errors import Text

from notify.domain.templates.text import Wording

_WHERE = Text("{% if unit %}\n地点:{{ unit }}{% endif %}", "{% if unit %}\nPlace: {{ unit }}{% endif %}")
_ORDER = frozenset({"order", "kind", "fault", "urgency", "unit", "issued_at"})
_CLOCK = frozenset({"clock_subject", "clock_order", "code", "due_at", "urgency"})
_ABOUT_CLOCK = Text(
    "对象:{{ clock_subject }}{% if clock_order %}\n工单:{{ clock_order }}{% endif %}{% if urgency %}\n紧急程度:{{ urgency }}{% endif %}",
    "Subject: {{ clock_subject }}{% if clock_order %}\nWork order: {{ clock_order }}{% endif %}{% if urgency %}\nUrgency: {{ urgency }}{% endif %}",
)


def _join(first: Text, second: Text) -> Text:
    return Text(first.zh + second.zh, first.en + second.en)


STAFF: Mapping[str, Wording] = {
    "work_issued": Wording(
        subject=Text("【新工单】{{ order }}({{ urgency }}):{{ matter }}", "[New order] {{ order }} ({{ urgency }}): {{ matter }}"),
        says=_join(
            Text(
                "工单 {{ order }} 已于 {{ issued_at }} 派给您。\n事项:{{ matter }}({{ kind }})\n紧急程度:{{ urgency }}"
                "{% if appointment_at %}\n约定时间:{{ appointment_at }}{% endif %}",
                "Work order {{ order }} was issued to you at {{ issued_at }}.\nMatter: {{ matter }} ({{ kind }})\nUrgency: {{ urgency }}"
                "{% if appointment_at %}\nAppointment: {{ appointment_at }}{% endif %}",
            ),
            _WHERE,
        ),
        needs=_ORDER | {"appointment_at"},
    ),
    "work_offered": Wording(
        subject=Text("【可抢单】{{ order }}({{ urgency }}):{{ matter }}", "[Open for you] {{ order }} ({{ urgency }}): {{ matter }}"),
        says=_join(
            Text(
                "工单 {{ order }} 可以接单,先接先得。\n事项:{{ matter }}({{ kind }})\n发单:{{ issued_at }}\n紧急程度:{{ urgency }}",
                "Work order {{ order }} is open: whoever accepts first has it.\nMatter: {{ matter }} ({{ kind }})\nIssued: {{ issued_at }}"
                "\nUrgency: {{ urgency }}",
            ),
            _WHERE,
        ),
        needs=_ORDER,
    ),
    "work_passed_on": Wording(
        subject=Text("【转来工单】{{ order }}({{ urgency }}):{{ matter }}", "[Order passed on] {{ order }} ({{ urgency }}): {{ matter }}"),
        says=_join(
            Text(
                "工单 {{ order }} 现转由您处理,时限仍从原发单时间算起。\n事项:{{ matter }}({{ kind }})\n发单:{{ issued_at }}\n紧急程度:{{ urgency }}",
                "Work order {{ order }} is now yours; its time limits still count from when it was issued.\nMatter: {{ matter }} ({{ kind }})"
                "\nIssued: {{ issued_at }}\nUrgency: {{ urgency }}",
            ),
            _WHERE,
        ),
        needs=_ORDER,
    ),
    "inspection_failed": Wording(
        subject=Text("【查验不合格】{{ order }}({{ urgency }}):{{ matter }}", "[Inspection failed] {{ order }} ({{ urgency }}): {{ matter }}"),
        says=_join(
            Text(
                "工单 {{ order }} 经查验不合格,请重新接单并返工。\n事项:{{ matter }}({{ kind }})\n紧急程度:{{ urgency }}",
                "Work order {{ order }} did not pass its inspection: please accept it again and mend the work."
                "\nMatter: {{ matter }} ({{ kind }})\nUrgency: {{ urgency }}",
            ),
            _WHERE,
        ),
        needs=_ORDER - {"issued_at"},
    ),
    "work_chased": Wording(
        subject=Text("【催办】{{ order }}({{ urgency }}):{{ matter }}", "[Urged] {{ order }} ({{ urgency }}): {{ matter }}"),
        says=_join(
            Text(
                "工单 {{ order }} 现予催办,请尽快到场或继续施工;不能按时处理的,请立即说明原因和到场时间。\n事项:{{ matter }}({{ kind }})"
                "\n发单:{{ issued_at }}\n紧急程度:{{ urgency }}",
                "You are urged to come, or to go on, with work order {{ order }}; if you cannot, please say at once why, and when you will."
                "\nMatter: {{ matter }} ({{ kind }})\nIssued: {{ issued_at }}\nUrgency: {{ urgency }}",
            ),
            _WHERE,
        ),
        needs=_ORDER,
    ),
    "recheck_due": Wording(
        subject=Text("【待复检】{{ order }}({{ urgency }}):{{ matter }}", "[Please look at it too] {{ order }} ({{ urgency }}): {{ matter }}"),
        says=_join(
            Text(
                "工单 {{ order }} 为重复报修,维修已完成,由您复检。复检合格之前不能请客户签字、不能返单。\n事项:{{ matter }}({{ kind }})",
                "The work of order {{ order }} is done. The same problem had come before, so you look at it too: it is neither signed nor "
                "returned until you have found it good.\nMatter: {{ matter }} ({{ kind }})",
            ),
            _WHERE,
        ),
        needs=_ORDER - {"issued_at"},
    ),
    "nobody_eligible": Wording(
        subject=Text("【无人可派】{{ order }}({{ urgency }})", "[Nobody available] {{ order }} ({{ urgency }})"),
        says=_join(
            Text(
                "工单 {{ order }} 于 {{ issued_at }} 没有找到可派人员,请立即指派。\n事项:{{ matter }}"
                "{% if department %}\n部门:{{ department }}{% endif %}",
                "Nobody could be found for work order {{ order }} at {{ issued_at }}; please assign somebody now.\nMatter: {{ matter }}"
                "{% if department %}\nDepartment: {{ department }}{% endif %}",
            ),
            _WHERE,
        ),
        needs=_ORDER | {"department"},
    ),
    "night_emergency": Wording(
        subject=Text("【夜间紧急】{{ number }}:{{ matter }}", "[Emergency outside hours] {{ number }}: {{ matter }}"),
        says=_join(
            Text(
                "紧急{{ kind }} {{ number }} 于 {{ received_at }} 受理,现为非服务时段,由您负责。\n事项:{{ matter }}",
                "Emergency {{ number }} ({{ kind }}) was received at {{ received_at }}, outside the hours; it is yours.\nMatter: {{ matter }}",
            ),
            _WHERE,
        ),
        needs=frozenset({"number", "kind", "fault", "unit", "received_at"}),
    ),
    "clock_warned": Wording(
        subject=Text("【预警】{{ clock_subject }} {{ clock }} {{ due_at }} 到期", "[Warning] {{ clock_subject }}: {{ clock }} due {{ due_at }}"),
        says=_join(
            Text("{{ clock }}将于 {{ due_at }} 到期,目前尚未完成。\n", "The time for {{ clock }} ends at {{ due_at }}; it is not done yet.\n"),
            _ABOUT_CLOCK,
        ),
        needs=_CLOCK,
    ),
    "clock_level": Wording(
        subject=Text("【{{ level }}】{{ clock_subject }} {{ clock }} 已超时", "[{{ level }}] {{ clock_subject }}: {{ clock }} overdue"),
        says=_join(
            Text(
                "{{ clock }}应于 {{ due_at }} 前完成,至今未完成,现升级至{{ level }},请处理。\n",
                "The time for {{ clock }} ended at {{ due_at }} and it is not done; this is {{ level }}, please act.\n",
            ),
            _ABOUT_CLOCK,
        ),
        needs=_CLOCK | {"level"},
    ),
    "case_reported": Wording(
        subject=Text("【即时上报】{{ number }}:{{ matter }}", "[Reported at once] {{ number }}: {{ matter }}"),
        says=_join(
            Text(
                "{{ kind }} {{ number }} 按规定须立即向您上报。\n事项:{{ matter }}"
                "{% if urgency %}\n紧急程度:{{ urgency }}{% endif %}\n接报时间:{{ received_at }}",
                "{{ number }} ({{ kind }}) has to be reported to you at once.\nMatter: {{ matter }}"
                "{% if urgency %}\nUrgency: {{ urgency }}{% endif %}\nReceived at {{ received_at }}",
            ),
            _WHERE,
        ),
        needs=frozenset({"number", "kind", "fault", "urgency", "unit", "received_at"}),
    ),
    "department_notified": Wording(
        subject=Text("【部门通知】{{ number }}:{{ matter }}", "[Notice to your department] {{ number }}: {{ matter }}"),
        says=_join(
            Text(
                "{{ kind }} {{ number }} 涉及贵部门,请处理并向客服反馈。\n事项:{{ matter }}"
                "{% if urgency %}\n紧急程度:{{ urgency }}{% endif %}\n接报时间:{{ received_at }}",
                "{{ number }} ({{ kind }}) concerns your department: please act and report back to customer service.\nMatter: {{ matter }}"
                "{% if urgency %}\nUrgency: {{ urgency }}{% endif %}\nReceived at {{ received_at }}",
            ),
            _WHERE,
        ),
        needs=frozenset({"number", "kind", "fault", "urgency", "unit", "received_at"}),
    ),
    "visit_due": Wording(
        subject=Text("【待回访】{{ number }}", "[Return visit due] {{ number }}"),
        says=_join(
            Text(
                "{{ kind }} {{ number }} {% if visit_repair %}维修已完成{% else %}处理结果已告知{% endif %},请回访业主并记录。\n事项:{{ matter }}",
                "{{ number }} ({{ kind }}): {% if visit_repair %}the work is done{% else %}the owner knows the result{% endif %}; "
                "please call back and record it.\nMatter: {{ matter }}",
            ),
            _WHERE,
        ),
        needs=frozenset({"number", "kind", "fault", "unit", "visit_repair"}),
    ),
}
