"""Who is told what: every kind of fact is mapped or listed as silent, and each row does what the requirements say."""

from datetime import datetime
from typing import Any

import pytest
from common.events import FACTS, Fact
from common.events.dispatch import (
    WorkOrderChased,
    WorkOrderCompleted,
    WorkOrderIssued,
    WorkOrderRechecked,
    WorkOrderSecondNamed,
    WorkOrderSignatureRefused,
)
from common.events.intake import CaseClassified, CaseClosed, CaseRegistered, CaseReplied, CaseResultTold, VisitDue
from common.events.notify import NoticeWithheld
from common.events.sla import EscalationRaised
from common.states import CaseKind, Level, Party, Urgency
from common.topology import LISTENS
from notify.domain.compose import VALUES, compose
from notify.domain.notice import Channel, Hold, Notice, Status
from notify.domain.public import PUBLIC
from notify.domain.row import Ground
from notify.domain.silence import SILENT
from notify.domain.table import ENDINGS, TABLE
from notify.domain.templates import TEMPLATES
from notify.handlers.facts import SUBSCRIPTIONS

from tests.unit.notify.build import NIGHT, NOON, NUMBER, a_case, a_clock, a_policy, a_rota, a_site, an_order, at, event, told

DAWN = at("2026-03-17 02:10")


def only(fact: Fact, now: datetime = NOON, **ground: Any) -> Notice:
    ((notice, _),) = told(fact, now, **ground).values()
    return notice


def escalation(level: Level, *persons: str, skipped: tuple[str, ...] = ()) -> EscalationRaised:
    return EscalationRaised(clock=a_clock(), level=level, roles=(), persons=persons, skipped=skipped)


def test_every_kind_of_fact_is_mapped_or_listed_as_silent() -> None:
    assert set(TABLE) | set(SILENT) == set(FACTS.values())
    assert not set(TABLE) & set(SILENT)
    assert all(SILENT.values())


def test_every_row_has_its_text_and_every_text_its_row() -> None:
    rows = [row for rows in TABLE.values() for row in rows]
    assert {row.template for row in rows} == set(TEMPLATES)
    assert set().union(*(TEMPLATES[row.template].needs for row in rows)) == set(VALUES)


def test_whatever_a_table_names_is_heard() -> None:
    named = set(TABLE) | set(ENDINGS) | {FACTS[kind] for kind in PUBLIC}
    assert named <= set(SUBSCRIPTIONS)
    assert {kind.prefix() for kind in SUBSCRIPTIONS} <= set(LISTENS["notify"])


def test_the_owner_gets_an_acknowledgement_with_number_and_receiver() -> None:
    notice = only(CaseRegistered(case=a_case()))
    assert (notice.recipient, notice.template, notice.case, notice.receiver) == ("owner:r-1", "case_registered", NUMBER, "desk")
    assert notice.id == f"intake:case:{NUMBER}:1:email:owner:r-1"
    assert notice.status is Status.PENDING
    assert notice.due_at == NOON


@pytest.mark.parametrize("case", [a_case(anonymous=True), a_case(reporter=None)])
def test_nobody_is_acknowledged_who_left_no_name(case: Any) -> None:
    assert told(CaseRegistered(case=case)) == {}


def test_owner_messages_wait_for_the_desk_unless_it_is_an_emergency() -> None:
    opening = at("2026-03-17 08:00")
    assert only(CaseRegistered(case=a_case()), NIGHT).due_at == opening
    assert only(CaseRegistered(case=a_case(urgency=None)), NIGHT).hold is Hold.UNLESS_URGENT
    urgent = only(CaseRegistered(case=a_case(urgency=Urgency.P1)), NIGHT)
    assert (urgent.due_at, urgent.hold) == (NIGHT, Hold.NEVER)
    done = WorkOrderCompleted(order=an_order(completed_at=DAWN), case=a_case(urgency=Urgency.P1))
    assert only(done, DAWN).due_at == opening


def test_a_fact_that_arrives_late_waits_by_the_hour_of_its_arrival() -> None:
    late = event(CaseRegistered(case=a_case()), NOON)
    ((notice, _),) = compose(late, Ground(a_site(), NIGHT, a_rota()))
    assert notice.due_at == at("2026-03-17 08:00")
    assert notice.at == NOON


def test_the_assignee_is_told_at_any_hour() -> None:
    notice = only(WorkOrderIssued(order=an_order(), case=a_case()), NIGHT)
    assert (notice.recipient, notice.role, notice.due_at, notice.ends) == ("person:ann", "assignee", NIGHT, f"order:{NUMBER}-1")


def test_rep28_a_contractor_that_is_chased_is_told_in_writing() -> None:
    notice = only(WorkOrderChased(order=an_order(party=Party.CONTRACTOR), case=a_case()), NIGHT)
    assert (notice.recipient, notice.template, notice.due_at, notice.ends) == ("person:ann", "work_chased", NIGHT, f"order:{NUMBER}-1")


def test_r18_work_that_failed_its_inspection_is_no_new_order() -> None:
    notice = only(WorkOrderIssued(order=an_order(party=Party.CONTRACTOR), case=a_case(), failed_inspection=True), NIGHT)
    assert (notice.recipient, notice.template, notice.due_at, notice.ends) == ("person:ann", "inspection_failed", NIGHT, f"order:{NUMBER}-1")


def test_when_nobody_is_eligible_the_first_level_is_told() -> None:
    made = told(WorkOrderIssued(order=an_order(assignee=None, alarm="nobody_eligible"), case=a_case()))
    assert {who: notice.role for who, (notice, _) in made.items()} == {
        "person:sue": "customer_service_supervisor",
        "person:boss": "department_manager",  # of the order's department, not of security
    }


def test_an_emergency_outside_the_hours_goes_to_the_night_recipient() -> None:
    case = a_case(urgency=Urgency.P1)
    assert only(CaseClassified(case=case), NIGHT).recipient == "person:owl"
    assert told(CaseClassified(case=case), NOON) == {}
    assert told(CaseClassified(case=a_case()), NIGHT) == {}
    assert told(CaseClassified(case=case, previous=case), NIGHT) == {}
    assert only(CaseClassified(case=case, previous=a_case()), NIGHT).template == "night_emergency"


def test_online_hours_count_where_the_policy_says_so() -> None:
    hours = {"online": [{"name": "", "from": "07:00", "to": "22:00"}]}
    site = a_site(hours=hours, night_recipient={"role": "duty_manager", "outside": "online"})
    case = a_case(urgency=Urgency.P1)
    assert told(CaseClassified(case=case), at("2026-03-16 21:59"), site=site) == {}
    assert "person:owl" in told(CaseClassified(case=case), at("2026-03-16 22:00"), site=site)
    assert only(CaseRegistered(case=a_case()), NIGHT, site=site).due_at == at("2026-03-17 07:00")


def test_a_site_without_night_recipient_or_rota_loses_nothing() -> None:
    case = a_case(urgency=Urgency.P1)
    assert told(CaseClassified(case=case), NIGHT, site=a_site(night_recipient=None)) == {}
    ((notice, facts),) = compose(event(CaseClassified(case=case), NIGHT), Ground(a_site(), NIGHT, None))
    assert (notice.recipient, notice.status, notice.reason) == ("role:duty_manager", Status.WITHHELD, "nobody_in_role")
    assert isinstance(facts[0], NoticeWithheld)


@pytest.mark.parametrize(("level", "template"), [(Level.WARNING, "clock_warned"), (Level.L1, "clock_level"), (Level.L3, "clock_level")])
def test_levels_go_to_the_persons_of_the_fact_at_any_hour(level: Level, template: str) -> None:
    made = told(escalation(level, "ann", "sue", "ann"), NIGHT)
    assert list(made) == ["person:ann", "person:sue"]
    assert {(notice.template, notice.due_at, notice.case) for notice, _ in made.values()} == {(template, NIGHT, NUMBER)}


def test_a_role_that_nobody_fills_is_visible() -> None:
    notice, facts = told(escalation(Level.L2, "ann", skipped=("duty_manager",)))["role:duty_manager"]
    assert (notice.status, notice.reason) == (Status.WITHHELD, "nobody_in_role")
    assert len(facts) == 1


@pytest.mark.parametrize(("form", "recipients"), [("message", ["owner:r-1"]), ("phone", []), ("letter", [])])
def test_a_reply_leaves_only_as_a_message(form: str, recipients: list[str]) -> None:
    fact = CaseReplied(case=a_case(kind=CaseKind.COMPLAINT), form=form, final=False, answers=True, next_at=DAWN, by="desk")
    assert list(told(fact)) == recipients


def test_the_call_for_a_return_visit_is_not_offered_before_the_morning() -> None:
    notice = only(VisitDue(visit=NUMBER, case=a_case(urgency=Urgency.P1), role="receptionist", orders=("x-1",)), DAWN)
    assert (notice.recipient, notice.due_at) == ("person:desk", at("2026-03-17 08:00"))  # who is on duty then, not at night


def test_the_owner_hears_of_the_result_and_of_the_end() -> None:
    assert only(CaseResultTold(case=a_case(), forms=("phone",))).template == "result_told"
    closed = only(CaseClosed(case=a_case(), outcome="visited"))
    assert (closed.template, closed.ends) == ("case_closed", f"closing:{NUMBER}")


def test_a_site_without_hours_speaks_at_any_time() -> None:
    site = a_site(hours={"desk": []})
    assert only(CaseRegistered(case=a_case()), NIGHT, site=site).due_at == NIGHT
    assert a_policy().hours.desk  # the base of these tests has hours


def test_people_and_machines_are_told_over_different_channels() -> None:
    assert {notice.channel for notice, _ in told(CaseRegistered(case=a_case())).values()} == {Channel.EMAIL}


AGAIN = {"second_inspector": "bob", "recheck_due": True, "completed_at": NOON}


@pytest.mark.parametrize("kind", [WorkOrderCompleted, WorkOrderSecondNamed])
def test_def09_who_has_to_look_at_the_work_too_is_told_at_any_hour(kind: type[Fact]) -> None:
    ((notice, _),) = told(kind(order=an_order(**AGAIN), case=a_case(reporter=None)), NIGHT).values()  # type: ignore[call-arg]
    assert (notice.recipient, notice.role, notice.template, notice.due_at) == ("person:bob", "second_inspector", "recheck_due", NIGHT)


def test_def09_nobody_is_told_while_the_work_is_not_done_or_was_looked_at() -> None:
    assert told(WorkOrderSecondNamed(order=an_order(second_inspector="bob"), case=a_case())) == {}
    assert [one.template for one, _ in told(WorkOrderCompleted(order=an_order(completed_at=NOON), case=a_case())).values()] == ["work_completed"]


@pytest.mark.parametrize("kind", [WorkOrderRechecked, WorkOrderSecondNamed, WorkOrderSignatureRefused])
def test_def09_whatever_ends_the_wait_makes_the_notice_untrue(kind: type[Fact]) -> None:
    asked = only(WorkOrderSecondNamed(order=an_order(**AGAIN), case=a_case()))
    assert asked.ends in {ending.key(kind(order=an_order(), case=a_case())) for ending in ENDINGS[kind]}  # type: ignore[call-arg]
