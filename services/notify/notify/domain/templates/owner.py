"""What owners read: empathy, the matter, commitment (NTF-06). zh-CN first, en second. Pure data.

No text promises an hour that the site's clocks do not promise.
"""

from collections.abc import Mapping

from common.errors import Text

from notify.domain.templates.text import Wording

_FEELING = Text("{{ feeling }}", "{{ feeling }}")
_FOLLOW = Text(
    "我们会跟进到底,有进展及时告知您。查询进度时请提供受理编号 {{ number }}。",
    "We follow your case to the end and let you know how it goes on. Please mention case number {{ number }} when you ask about it.",
)
_CASE = frozenset({"number", "kind", "fault"})
_THANKS = Text("感谢您的耐心与配合。", "Thank you for your patience.")

OWNER: Mapping[str, Wording] = {
    "case_registered": Wording(
        subject=Text("已受理您的{{ kind }}:{{ number }}", "We have received your {{ kind }}: {{ number }}"),
        empathy=_FEELING,
        says=Text(
            "您的{{ kind }}已于 {{ received_at }} 登记。\n受理编号:{{ number }}\n事项:{{ matter }}\n"
            "受理人:{{ receiver }}{% if receiver_department %}({{ receiver_department }}){% endif %}"
            "{% if receiver_contact %}\n联系方式:{{ receiver_contact }}{% endif %}",
            "Your {{ kind }} was registered at {{ received_at }}.\nCase number: {{ number }}\nMatter: {{ matter }}\n"
            "Received by: {{ receiver }}{% if receiver_department %} ({{ receiver_department }}){% endif %}"
            "{% if receiver_contact %}\nContact: {{ receiver_contact }}{% endif %}",
        ),
        commitment=_FOLLOW,
        needs=_CASE | {"received_at"},
        late=frozenset({"receiver", "receiver_department", "receiver_contact"}),
    ),
    "case_replied": Wording(
        subject=Text("关于您的{{ kind }} {{ number }} 的答复", "About your {{ kind }} {{ number }}"),
        empathy=_FEELING,
        says=Text(
            "{% if final %}您反映的“{{ matter }}”已有答复,请联系客户服务中心了解详情。{% else %}您反映的“{{ matter }}”正在处理中。"
            "{% if next_at %}我们将于 {{ next_at }} 前再次答复您。{% endif %}{% endif %}",
            "{% if final %}There is an answer to your case ({{ matter }}); customer service will gladly explain it."
            "{% else %}We are working on your case ({{ matter }})."
            "{% if next_at %} You will hear from us again by {{ next_at }}.{% endif %}{% endif %}",
        ),
        commitment=_FOLLOW,
        needs=_CASE | {"final", "next_at"},
    ),
    "work_completed": Wording(
        subject=Text("{{ number }}:现场工作已完成", "{{ number }}: the work is done"),
        empathy=_THANKS,
        says=Text(
            "您反映的“{{ matter }}”,现场工作已于 {{ completed_at }} 完成。",
            "The work on your case ({{ matter }}) was completed at {{ completed_at }}.",
        ),
        commitment=Text(
            "我们会回访了解您是否满意;如仍有问题,请随时告知,我们继续处理。受理编号 {{ number }}。",
            "We will call back to ask whether you are satisfied. If anything is still wrong, tell us and we go on. Case number {{ number }}.",
        ),
        needs=_CASE | {"completed_at"},
    ),
    "result_told": Wording(
        subject=Text("{{ number }}:处理结果已告知", "{{ number }}: you were told the result"),
        empathy=_FEELING,
        says=Text(
            "您反映的“{{ matter }}”已有处理结果,并已向您说明。",
            "Your case ({{ matter }}) has a result, and it was explained to you.",
        ),
        commitment=Text(
            "我们会回访了解您的意见;如对结果有异议,请凭受理编号 {{ number }} 与我们联系,我们继续处理。",
            "We will call back to hear what you think. If you do not agree, contact us with case number {{ number }} and we go on.",
        ),
        needs=_CASE,
    ),
    "case_closed": Wording(
        subject=Text("{{ number }}:您的{{ kind }}已办结", "{{ number }}: your {{ kind }} is closed"),
        empathy=_THANKS,
        says=Text(
            "您反映的“{{ matter }}”已办结。",
            "Your case ({{ matter }}) is closed.",
        ),
        commitment=Text(
            "如问题再次出现,请凭受理编号 {{ number }} 与我们联系,我们会重新处理。件件有着落,事事有回音。",
            "Should the problem return, contact us with case number {{ number }} and we take it up again.",
        ),
        needs=_CASE,
    ),
}
