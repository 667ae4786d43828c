"""Every text renders in both languages, misses no variable, and speaks to owners with empathy and commitment (NTF-06)."""

from typing import Any

import jinja2
import pytest
from common.events.intake import CaseRegistered
from common.states import CaseKind, Level, Urgency
from jinja2 import Environment, meta
from notify.domain.templates import TEMPLATES, WORDS, Names, labels, render
from notify.domain.templates.money import MONEY
from notify.domain.templates.owner import OWNER
from notify.domain.templates.staff import STAFF
from notify.domain.templates.text import ALWAYS

from tests.unit.notify.build import NOON, NUMBER, a_case, a_site, told

LOCALES = ("zh-CN", "en")
FULL: dict[str, Any] = {
    "number": NUMBER,
    "kind": "complaint",
    "fault": "burst_pipe",
    "urgency": "P1",
    "unit": "3-0502",
    "department": "engineering",
    "received_at": NOON,
    "final": False,
    "next_at": NOON,
    "order": f"{NUMBER}-1",
    "issued_at": NOON,
    "completed_at": NOON,
    "appointment_at": NOON,
    "code": "CLK_ONSITE",
    "clock_subject": NUMBER,
    "clock_order": f"{NUMBER}-1",
    "due_at": NOON,
    "level": "L1",
    "visit_repair": True,
    "amount": 1234567_05,
    "currency": "CNY",
    "step": "review-deduction",
    "post": "audit",
}
BARE: dict[str, Any] = (
    FULL | dict.fromkeys(["fault", "unit", "department", "next_at", "appointment_at", "clock_order"]) | {"final": True, "visit_repair": False}
)
EVERYONE = Names("张三", "李四", "customer_service", "0755-8601")


def params(template: str, values: dict[str, Any]) -> dict[str, Any]:
    found = {name: values[name] for name in TEMPLATES[template].needs}
    return found | ({"urgency": None} if values is BARE and "code" in found else {})  # a promise's clock has none


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(("values", "names"), [(FULL, EVERYONE), (BARE, Names())])
def test_every_text_renders(template: str, locale: str, values: dict[str, Any], names: Names) -> None:
    text = render(template, params(template, values), a_site(), locale, names)
    whole = text.subject + text.body
    assert "None" not in whole
    assert "\n" not in text.subject
    assert "{" not in whole
    assert "\n\n\n" not in text.body


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("template", TEMPLATES)
def test_the_list_of_variables_is_what_the_text_uses(template: str, locale: str) -> None:
    wording = TEMPLATES[template]
    sources = wording.whole(locale)
    used = {name for source in sources for name in meta.find_undeclared_variables(Environment(autoescape=True).parse(source))}
    derived = {variable for variable, (source, _) in WORDS.items() if source in wording.needs} | ({"matter"} if "fault" in wording.needs else set())
    assert used <= wording.needs | wording.late | ALWAYS | derived
    sources_used = {source for variable, (source, _) in WORDS.items() if variable in used}
    assert wording.needs - used - sources_used == ({"fault", "kind"} - used - sources_used if "matter" in used else set())


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("template", TEMPLATES)
def test_a_missing_variable_is_an_error(template: str, locale: str) -> None:
    full = params(template, FULL)
    for name in full:
        lacking = {key: value for key, value in full.items() if key != name}
        try:
            text = render(template, lacking, a_site(), locale, EVERYONE)
        except (jinja2.UndefinedError, KeyError):
            continue
        assert text == render(template, full, a_site(), locale, EVERYONE), f"{template} silently loses {name}"


def test_owner_texts_have_empathy_and_commitment_and_staff_texts_neither() -> None:
    assert all(wording.empathy and wording.commitment for wording in OWNER.values())
    assert not any(wording.empathy or wording.commitment for wording in (*STAFF.values(), *MONEY.values()))
    assert set(OWNER) | set(STAFF) | set(MONEY) == set(TEMPLATES)


def test_staff_learn_nothing_of_the_owner_but_the_unit() -> None:
    assert not any({"reporter", "person_phone"} & wording.needs for wording in (*STAFF.values(), *MONEY.values()))
    assert not any(wording.late for wording in (*STAFF.values(), *MONEY.values()))


def test_the_acknowledgement_says_number_receiver_department_and_contact() -> None:
    zh = render("case_registered", params("case_registered", FULL), a_site(), "zh-CN", EVERYONE)
    assert all(word in zh.body for word in (NUMBER, "张三", "李四", "客户服务部", "0755-8601", "水管爆裂", "2026-03-16 12:00", "晴川里"))
    bare = render("case_registered", params("case_registered", BARE), a_site(), "zh-CN", Names())
    assert "受理人:客户服务中心\n\n" in bare.body  # without name, department or contact it is the desk


def test_an_unknown_language_is_chinese() -> None:
    assert "受理" in render("case_registered", params("case_registered", FULL), a_site(), "fr", EVERYONE).subject


def test_a_reply_names_the_next_time_only_if_there_is_one() -> None:
    interim = render("case_replied", params("case_replied", FULL), a_site(), "en", EVERYONE)
    assert "hear from us again by 2026-03-16 12:00" in interim.body
    assert "again by" not in render("case_replied", params("case_replied", FULL | {"next_at": None}), a_site(), "en", EVERYONE).body


def test_there_are_words_for_every_code() -> None:
    assert set(labels.KIND) == set(labels.FEELING) == set(CaseKind)
    assert set(labels.URGENCY) == set(Urgency)
    assert set(labels.LEVEL) == set(Level)


def test_a_name_with_markup_or_a_line_break_stays_a_name() -> None:
    text = render("case_registered", params("case_registered", FULL), a_site(), "zh-CN", Names("{{ 7*7 }} <b>\r\nBcc: x"))
    assert "{{ 7*7 }} <b>" in text.body
    assert "Bcc" not in text.subject


def test_parameters_composed_from_a_fact_are_enough() -> None:
    notice, _ = told(CaseRegistered(case=a_case()))["owner:r-1"]
    assert NUMBER in render(notice.template, notice.params, a_site(), notice.locale, Names()).subject


def test_an_amount_is_read_in_whole_units_with_two_decimals() -> None:
    zh, en = (render("approval_asked", params("approval_asked", FULL), a_site(), locale, Names()) for locale in LOCALES)
    assert "1,234,567.05 元" in zh.subject
    assert "1,234,567.05 yuan" in en.body
    foreign = params("approval_asked", FULL) | {"currency": "HKD", "amount": 5}
    assert "0.05 HKD" in render("approval_asked", foreign, a_site(), "zh-CN", Names()).body
