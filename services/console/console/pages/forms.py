"""What a move asks on the technician's page: one table, and how a posted form becomes the body that dispatch takes. Pure.

Not here: whether a move is possible (dispatch says it in the order's `moves`), codes' words (`domain.labels`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from common.errors import Text

from console.domain.labels import TRADE
from console.domain.move_labels import RESPONSIBLE

Kind = Literal["text", "choice", "yes_no", "ticks", "tick", "amount", "photos", "signature", "items"]


@dataclass(frozen=True)
class Ask:
    """One field of a move. `options`: codes of a choice, said by the table `labels`; none: the order knows them (`with_options`)."""

    name: str
    kind: Kind
    label: Text
    required: bool = False
    options: tuple[str, ...] = ()
    labels: str = ""
    hint: Text | None = None


@dataclass(frozen=True)
class MoveForm:
    """A move as a person sees it."""

    label: Text
    asks: tuple[Ask, ...] = ()


AMOUNT = re.compile(r"([0-9]{1,9})(?:[.]([0-9]{1,2}))?")  #: of whole units
PHOTOS = Ask("photos", "photos", Text("照片", "Photos"))
LATE = Ask("reason", "text", Text("特殊原因", "Special reason"), hint=Text("只在迟到或延误时填写", "only when you are late"))
WHY = Ask("reason", "text", Text("原因", "Reason"), required=True)
TOLD = Ask("plan_told", "tick", Text("已向业主说明初步方案", "I told the owner the preliminary plan"))
CONSENT = Ask("form", "choice", Text("业主答复方式", "How the owner answered"), required=True, labels="consent", options=(
    "face_to_face", "signature", "phone", "app", "message",
))  # fmt: skip
YES_NO = ("yes", "no")
OUTCOMES = ("normal", "chargeable", "warranty", "guided", "major")
CONTAINMENT = ("stopped", "leaders_notified", "evidence_kept")  #: before any work on a major incident (R7a)
FOLLOW_UP = ("responsible_found", "responsible_recorded", "protective_repair", "loss_limited", "insurer")  #: before its completion (REP-15)

FORMS: Mapping[str, MoveForm] = {
    "accept": MoveForm(Text("接单", "Accept")),
    "arrive": MoveForm(Text("到场", "I have arrived"), (TOLD, PHOTOS, LATE)),
    "assess": MoveForm(
        Text("提交现场确认", "Record the assessment"),
        (
            Ask("outcome", "choice", Text("现场确认结果", "What you found"), required=True, options=OUTCOMES, labels="found"),
            Ask(
                "guidance",
                "text",
                Text("说明", "Guidance"),
                hint=Text("非维修时填写:向业主说明了什么", "what the owner was shown, if nothing is to be repaired"),
            ),
            TOLD,
            PHOTOS,
        ),
    ),
    "check": MoveForm(
        Text("登记重大事件事项", "Record what was done"),
        (
            Ask("checks", "ticks", Text("已完成的事项", "What was done"), options=CONTAINMENT + FOLLOW_UP, labels="check"),
            PHOTOS,
            Ask(
                "note", "text", Text("说明", "Remark"), hint=Text("报险情况或无责理由", "what the insurer was told, or why the company is not liable")
            ),
        ),
    ),
    "survey": MoveForm(
        Text("登记联合勘察", "Record the joint survey"),
        (
            Ask("responsible", "choice", Text("责任方", "Who is responsible"), required=True, options=tuple(RESPONSIBLE), labels="responsible"),
            Ask("in_warranty", "yes_no", Text("保修", "Warranty"), required=True, options=YES_NO, labels="warranted"),
            Ask(
                "borne_by",
                "choice",
                Text("费用承担", "Who bears it"),
                options=("company", "owner"),
                labels="borne_by",
                hint=Text("保修期外时选择", "only out of the warranty"),
            ),
            Ask("trades", "ticks", Text("涉及工种", "Trades it needs"), required=True, options=tuple(TRADE), labels="trade"),
            Ask("especially_complex", "tick", Text("特别复杂", "Especially complex")),
            Ask("estimate", "amount", Text("估价(元)", "Estimate"), required=True),
            Ask("signers", "ticks", Text("会签方", "Who signed the sheet"), required=True, labels="signer"),
            Ask("remark", "text", Text("备注", "Remark")),
        ),
    ),
    "class": MoveForm(
        Text("定类", "Set the class"),
        (Ask("work_class", "choice", Text("工程类别", "Class of the work"), required=True, options=("A", "B", "owner"), labels="work_class"),),
    ),
    "start": MoveForm(Text("开工", "Start the work"), (Ask("remark", "text", Text("备注", "Remark")),)),
    "complete": MoveForm(
        Text("完工", "Complete"),
        (
            Ask("record", "text", Text("维修完成记录", "Completion record"), required=True),
            Ask("root_cause", "text", Text("根本原因", "Root cause"), hint=Text("重复停水停电时必填", "required after a repeated outage")),
            PHOTOS,
        ),
    ),
    "quote": MoveForm(Text("报价", "Quote"), (Ask("lines", "items", Text("收费项目", "What is charged"), required=True),)),
    "confirm-fee": MoveForm(Text("业主同意收费", "The owner agrees"), (CONSENT,)),
    "refuse-fee": MoveForm(Text("业主不同意收费", "The owner does not agree"), (CONSENT, Ask("reason", "text", Text("原因", "Reason")))),
    "collect": MoveForm(Text("已现场收款", "I have the money")),
    "accept-work": MoveForm(
        Text("登记验收", "Record the acceptance"),
        (Ask("party", "choice", Text("验收方", "Who accepts the work"), required=True, labels="signer"),),
    ),
    "recheck": MoveForm(
        Text("复检合格", "Looked at it: good"),
        (
            Ask("result", "choice", Text("复检结果", "What you found"), required=True, options=("good",), labels="rechecked"),
            Ask("remark", "text", Text("备注", "Remark")),
            PHOTOS,
        ),
    ),
    "sign": MoveForm(Text("签字确认合格", "Signed as good"), (Ask("signature", "signature", Text("客户签字", "Customer's signature")),)),
    "return": MoveForm(Text("返单", "Return the order"), (LATE,)),
    "leave": MoveForm(Text("当班未完成", "Leave it unfinished in this shift"), (WHY,)),
    "refuse-sign": MoveForm(Text("客户拒签", "The customer does not sign"), (WHY,)),
    "transfer": MoveForm(
        Text("转单", "Hand it to a colleague"), (Ask("to", "choice", Text("接手人", "Who gets it"), required=True, labels="person"), WHY)
    ),
    "send-back": MoveForm(Text("退单", "Send it back"), (WHY,)),
    "assign": MoveForm(Text("指派", "Assign it by hand"), (Ask("to", "choice", Text("接手人", "Who gets it"), required=True, labels="person"), WHY)),
    "name-second": MoveForm(
        Text("指定复检人", "Name a second inspector"),
        (Ask("to", "choice", Text("复检人", "Who looks at it too"), required=True, labels="person"), WHY),
    ),
    "inspect": MoveForm(
        Text("登记查验结果", "Record the inspection"),
        (
            Ask("passed", "yes_no", Text("查验结果", "What you found"), required=True, options=YES_NO, labels="passed"),
            Ask("remark", "text", Text("说明", "Remark"), hint=Text("不合格时写明须返工的内容", "what has to be done again")),
        ),
    ),
    "excuse": MoveForm(
        Text("登记特殊原因", "Record a special reason"),
        (Ask("what", "choice", Text("针对", "About"), required=True, options=("arrival", "return"), labels="excuses"), WHY),
    ),
}  #: move -> its form; a move that is not here is not made on this page

MAIN: Mapping[str, tuple[str, ...]] = {
    "issued": ("accept",),
    "accepted": ("arrive",),
    "on_site": ("assess", "start"),
    "surveyed": ("class",),
    "returned": ("inspect",),
    "contained": ("check", "start"),
    "fee_pending": ("start", "confirm-fee", "quote"),  # the start is shown once the owner has agreed
    "approval_pending": ("start",),
    "unfinished": ("start",),
    "in_progress": ("complete",),
    "guided": ("return",),
    "completed": ("recheck", "accept-work", "sign", "return"),
    "signed": ("collect", "return"),
}  #: state -> what comes next: the first that is possible is the one at the thumb


@dataclass(frozen=True)
class Known:
    """What decides which of the possible moves are worth showing: the others would be refused whatever is entered."""

    status: str
    contractor: bool
    repair: bool = True  #: work for a complaint is not signed by a customer
    outcome: str | None = None
    checks: tuple[str, ...] = ()
    agreed: bool = False  #: the owner to the charge (R7b)
    collector: str = "worker"  #: or finance, for a large amount (FEE-02)
    waits: bool = False  #: for its second inspector (DEF-09)
    second: bool = False  #: who looks at this page is that person
    mine: bool = True  #: who looks at this page has the order
    given: bool = False  #: who looks at this page handed it on
    heirs: bool = False  #: there is somebody it may be transferred to
    surveyed: bool = False  #: the site knows joint surveys (REP-08)
    assignable: bool = False  #: there is somebody whom a lead may give it to
    seconds: bool = False  #: there is somebody who may be named to look at it too
    unaccepted: bool = False  #: a party of the site's policy has still to accept the work (REP-30)

    @property
    def contained(self) -> bool:
        """Say whether all of REP-14 is done."""
        return set(CONTAINMENT) <= set(self.checks)


SHOWN: Mapping[str, Callable[[Known], bool]] = {
    "accept": lambda known: not known.given,  # an order does not come back by a slip of the thumb
    "assess": lambda known: not known.contractor,  # a contractor starts its own order by being there (R8)
    "start": lambda known: {"on_site": known.contractor, "contained": known.contained, "fee_pending": known.agreed}.get(known.status, True),
    "collect": lambda known: known.collector == "worker",
    "check": lambda known: known.outcome == "major",
    "recheck": lambda known: known.waits and known.second,
    "accept-work": lambda known: known.unaccepted and not known.contractor,
    "sign": lambda known: known.repair and not (known.contractor or known.waits or known.unaccepted),  # a contractor's is inspected (R15, R18)
    "refuse-sign": lambda known: not known.contractor,
    "transfer": lambda known: known.mine and known.heirs and not known.contractor,  # DSP-02, DSP-14
    "assign": lambda known: known.assignable and not known.contractor,  # DSP-14
    "name-second": lambda known: known.seconds and not known.contractor,  # DEF-09
    "send-back": lambda known: known.mine and not known.contractor,
    "excuse": lambda known: not known.given,
    "survey": lambda known: known.surveyed,
    "inspect": lambda known: known.contractor,  # R18
    "return": lambda known: (known.contractor or not known.repair or known.status != "completed") and not known.waits,
}


def ordered(moves: Sequence[str], known: Known) -> tuple[str | None, list[str]]:
    """Return the main move and the others that are possible now, as far as this page makes them."""
    possible = [name for name in FORMS if name in moves and (name not in SHOWN or SHOWN[name](known))]
    wanted = [name for name in MAIN.get(known.status, ()) if name in possible and not (name == "check" and known.contained)]
    main = next(iter(wanted), None)
    return main, [name for name in possible if name != main]


def body(form: MoveForm, given: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return what is sent to dispatch: only what was asked, and nothing that was left empty."""
    made: dict[str, Any] = {}
    for ask in form.asks:
        if ask.kind == "items":
            made[ask.name] = _lines(given)
            continue
        values = [text for value in given.get(ask.name, ()) if (text := value.replace("\r\n", "\n").strip())]
        if values:
            made[ask.name] = READ.get(ask.kind, str)(values[0]) if ask.kind not in LISTS else values
    return made


def with_options(form: MoveForm, known: Mapping[str, Sequence[str]]) -> MoveForm:
    """Return the form with the choices that only the order knows: `known` by the name of the field."""
    asks = (replace(ask, options=tuple(known[ask.name])) if ask.name in known else ask for ask in form.asks)
    return replace(form, asks=tuple(asks))


def _lines(given: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    """Return the lines of a quotation: so many of an item of the fee standard, or an amount of money for what is not in it."""
    counts = {name.removeprefix("items."): "".join(values).strip() for name, values in given.items() if name.startswith("items.")}
    lines: list[dict[str, Any]] = [{"item": item, "quantity": _number(count)} for item, count in counts.items() if count not in {"", "0"}]
    if other := "".join(given.get("other", ())).strip():
        lines.append({"item": "other", "amount": _fen(other)})
    return lines


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() else text  # dispatch names the field that is none


def _fen(text: str) -> int | str:
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if (found := AMOUNT.fullmatch(text)) else text


LISTS = frozenset({"photos", "ticks"})  #: kinds of fields with many values
READ: Mapping[str, Callable[[str], Any]] = {"tick": bool, "yes_no": lambda text: text == "yes" if text in YES_NO else text, "amount": _fen}
