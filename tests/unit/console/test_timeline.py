"""The timeline: every fact about a case reads as a sentence in both languages, in the order things happened, without anything personal."""

import random
import re
import string
from datetime import timedelta
from typing import Any

import pytest
from common.errors import Text
from common.events import FACTS
from common.events.dispatch import SlipsHandedOver
from common.events.intake import CaseClosed, CaseOwnerTransferred, CaseRegistered, CaseReplied, PromiseKept, PromiseMade, VisitDue, VisitRecorded
from common.events.notify import NoticeFailed, NoticeSent
from common.inbox import decode
from common.states import CaseState, CaseStatus, ClockState, Level
from console.domain import timeline
from console.domain.labels import LABELS
from console.domain.lines import CASES, LINES, Line
from console.domain.timeline import DERIVED, Entry
from console.domain.wording import Speech, choose_locale, typeset

from tests.unit.console import story

FAULTS = {code: Text(zh, en) for code, (zh, en) in story.FAULTS.items()}
ZH, EN = Speech("zh-CN", faults=FAULTS), Speech("en", faults=FAULTS)


def entries(bodies: list[bytes], number: str) -> list[Entry]:
    """Return the entries of one case, in order."""
    events = [event for body in bodies if (event := decode(body).event())]
    made = [entry for event in events if (entry := timeline.entry(event, event.at)) and entry.case == number]
    return timeline.in_order(made)


def told(bodies: list[bytes], number: str, speech: Speech) -> list[str]:
    """Return the sentences of one case with their times and persons."""
    return [f"{speech.clock(one.at)} {timeline.text(one, speech)}" + (f" ({one.by})" if one.by else "") for one in entries(bodies, number)]


def one(fact: Any, subject: str = "x") -> Entry:
    """Return the entry of a single fact."""
    teller = story.Teller()
    event = decode(teller.say(subject, fact, at=story.NOW, site="JN")).event()
    assert event is not None
    made = timeline.entry(event, story.NOW)
    assert made is not None
    return made


def a_case(**given: Any) -> CaseState:
    return story.CaseStory(story.Teller(), "JN-260314-7K3QX", received=story.NOW - story.HOUR, **given).case


def test_a_closed_repair_in_chinese() -> None:
    teller = story.Teller()
    story.closed(teller, story.NOW)
    assert told(teller.bodies, "JN-260312-0ZTG8", ZH) == [
        "17:30 受理登记：报修，呼叫中心 (jn-chen)",
        "17:30 分类定级：重要，设施类，天花渗漏，责任部门 工程部",
        "17:30 派工：工单 1，本公司，工程部，水工，派给 jn-li",
        "17:30 开始计时：到场，3月14日 18:30 到期",
        "17:30 开始计时：响应，3月14日 18:00 到期",
        "17:30 通知已发出：受理回执，业主，邮件",
        "17:45 接单：工单 1 (jn-li)",
        "17:45 计时结束：响应，按时",
        "18:00 到场：工单 1 (jn-li)",
        "18:00 计时结束：到场，按时",
        "18:15 现场确认：工单 1，正常维修 (jn-li)",
        "18:30 完工：工单 1 (jn-li)",
        "18:45 客户签字确认：工单 1",
        "19:00 返单：工单 1",
        "19:00 工单全部完成",
        "19:00 应回访：由客服主管负责",
        "19:00 开始计时：回访，3月15日 19:00 到期",
        "22:00 已回访：电话，满意 (jn-chen)",
        "22:00 结案：已回访",
        "22:00 计时结束：回访，按时",
        "22:00 通知已发出：结案告知，业主，邮件",
    ]


def test_an_escalated_repair_in_english() -> None:
    assert told(story.day(), "JN-260314-7K3QX", EN)[-6:] == [
        "17:12 Clock stopped: Response, in time",
        "17:22 Warning: On site, due 14 Mar 17:25",
        "17:25 Overdue: On site, was due 14 Mar 17:25",
        "17:25 Escalated: L1, On site, to customer-service supervisor, jn-wang, nobody on duty as duty manager",
        "17:25 Escalated: L2, On site, to customer-service supervisor, jn-wang, nobody on duty as duty manager",
        "17:25 Notice sent: escalation, staff, jn-wang, SMS",
    ]


@pytest.mark.parametrize("kind", sorted(kind for kind in FACTS if kind.split(".")[0] in CASES))
def test_every_fact_about_a_case_has_a_line(kind: str) -> None:
    assert kind in LINES


@pytest.mark.parametrize(("kind", "line"), LINES.items())
def test_a_line_names_only_what_it_can_find(kind: str, line: Line) -> None:
    found = {*line.data, *DERIVED, "due_day"}
    for template in (line.zh, line.en):
        names = {name for _, name, _, _ in string.Formatter().parse(template) if name}
        assert names <= found, kind
    assert re.findall(r"{\w+}", line.zh.split("|")[0]) == []
    first = {path.split(".")[0] for path in (*line.data.values(), line.by) if path}
    assert first <= set(FACTS[kind.split(":", maxsplit=1)[0]].model_fields)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_does_not_depend_on_the_order_of_arrival(seed: int) -> None:
    bodies = story.day()
    number = "JN-260314-7K3QX"
    mixed = random.Random(seed).sample(bodies, len(bodies))
    assert [entry.id for entry in entries(mixed, number)] == [entry.id for entry in entries(bodies, number)]


def test_steps_at_one_instant_stay_in_their_streams_order() -> None:
    teller = story.Teller()
    case = story.CaseStory(teller, "JN-260314-7K3QX", received=story.NOW, urgency=story.Urgency.P1)
    case.order(*story.steps(story.NOW, timedelta(0), story.ISSUED, story.ACCEPTED, story.ARRIVED))
    assert [entry.kind for entry in entries(teller.bodies, case.number)] == [
        "case.registered",
        "case.classified",
        "work_order.issued",
        "work_order.accepted",
        "work_order.arrived",
    ]


@pytest.mark.parametrize("text", ["王听雨", "Wang Tingyu", "wang@example.com", "+86 000 0001 0001", "3栋502室,靠近电梯", "", "x" * 121, "a\nb"])
def test_what_does_not_look_like_a_reference_is_not_kept(text: str) -> None:
    assert timeline.kept(text) is None


@pytest.mark.parametrize(("value", "kept"), [("3-0502", "3-0502"), (CaseStatus.CLOSED, "closed"), (False, "False"), (0, "0"), (None, None)])
def test_what_looks_like_one_is_kept(value: object, kept: object) -> None:
    assert timeline.kept(value) == kept


def test_a_name_in_a_fact_never_reaches_an_entry() -> None:
    case = a_case()
    fact = NoticeFailed(notice="n", case=case.id, template="case_closed", channel="email", recipient="owner:r-1", reason="550 <wang@example.com>")
    assert "wang" not in one(fact).model_dump_json()
    assert "r-1" not in one(fact).data.values()
    moved = CaseOwnerTransferred(case=case.model_copy(update={"owner": "王听雨"}), previous_owner="jn-chen")
    assert one(moved).data == {"previous": "jn-chen"}


def test_who_was_told() -> None:
    fact = NoticeSent(notice="n", case="JN-1", template="clock_level", channel="email", recipient="role:duty_manager", sent_at=story.NOW)
    assert timeline.text(one(fact), ZH) == "通知已发出：上报，岗位，值班经理，邮件"


def test_a_promised_day_is_said_as_a_day() -> None:
    made = PromiseMade(promise="p", case=a_case(), due_at=story.NOW.replace(hour=16, minute=0), date_only=True, made_at=story.NOW)
    assert timeline.text(one(made), ZH) == "作出承诺：3月14日"
    kept = PromiseKept(promise="p", case=a_case(), due_at=story.NOW, made_at=story.NOW, kept_at=story.NOW + story.HOUR)
    assert timeline.text(one(kept), EN) == "Promise kept: kept late"


def test_what_is_due_at_midnight_is_due_at_24_of_the_day_before() -> None:
    assert ZH.due(story.NOW.replace(hour=16, minute=0)) == "3月14日 24:00"
    assert EN.due(story.NOW.replace(hour=16, minute=1)) == "15 Mar 00:01"


def test_a_report_written_down_later_says_when_it_came() -> None:
    case = a_case().model_copy(update={"received_at": story.NOW - story.MINUTE})
    assert timeline.text(one(CaseRegistered(case=case)), ZH) == "受理登记：报修，呼叫中心，接报于 3月14日 17:29"


def test_closing_follows_the_visit_that_allows_it() -> None:
    teller = story.Teller()
    case = story.CaseStory(teller, "JN-260314-7K3QX", received=story.NOW - story.HOUR)
    state = case.becomes(CaseStatus.RETURN_VISIT_DUE)
    case.say("v1", VisitDue(visit="v1", case=state, role="receptionist"), story.NOW)
    case.say("v1", VisitRecorded(visit="v1", case=state, form="home", satisfied=True, by="jn-chen"), story.NOW)
    case.say(case.number, CaseClosed(case=case.becomes(CaseStatus.CLOSED), outcome="visited"), story.NOW)
    assert [entry.kind for entry in entries(teller.bodies, case.number)][1:] == ["visit.due", "visit.recorded", "case.closed"]


def test_a_warning_is_no_escalation() -> None:
    teller = story.Teller()
    case = story.CaseStory(teller, "JN-260314-7K3QX", received=story.NOW)
    case.clock("CLK_ONSITE", story.NOW, story.NOW + story.HOUR, Level.WARNING)
    assert told(teller.bodies, case.number, ZH)[-1] == "18:30 预警已通知：到场，客服主管，jn-wang，值班经理无人在岗"


def test_an_interim_answer_says_when_the_next_one_comes() -> None:
    fact = CaseReplied(case=a_case(), form="phone", final=False, answers=True, next_at=story.NOW + story.DAY, by="jn-chen")
    assert timeline.text(one(fact), ZH) == "答复报事人：电话，阶段性答复，下次答复 3月15日 17:30"


def test_a_weeks_slips_are_on_no_timeline() -> None:
    fact = SlipsHandedOver(site="JN", week="2026-W12", handed_over_at=story.NOW)
    assert timeline.case_of(fact) is None


def test_every_code_has_words_in_both_languages() -> None:
    for name, codes in LABELS.items():
        for code, text in codes.items():
            assert text.zh.strip(), (name, code)
            assert text.en.isascii(), (name, code)
    assert set(ClockState) <= set(LABELS["clock_state"])


@pytest.mark.parametrize(
    ("text", "zh"),
    [("系统繁忙,请稍后", "系统繁忙，请稍后"), ("超时(有特殊原因)", "超时（有特殊原因）"), ("L1:到场", "L1：到场"), ("17:25, a(b)", "17:25, a(b)")],
)
def test_chinese_punctuation(text: str, zh: str) -> None:
    assert typeset(text, "zh-CN") == zh
    assert typeset(text, "en") == text


@pytest.mark.parametrize(
    ("wishes", "locale"),
    [((), "zh-CN"), (("fr,en;q=0.5",), "en"), (("zh-TW",), "zh-CN"), ((None, "", "en-GB"), "en"), (("xx", "zh", "en"), "zh-CN")],
)
def test_the_first_language_that_is_ours(wishes: tuple[str | None, ...], locale: str) -> None:
    assert choose_locale(*wishes) == locale
