"""Subscriptions: putting a list, rotating secrets, and what leaves for whom."""

import json
from datetime import timedelta

import pytest
from common.events import FACTS
from common.events.dispatch import WorkOrderIssued
from common.events.intake import CaseRegistered
from common.events.sla import EscalationRaised
from common.states import Level
from notify.domain.compose import publish
from notify.domain.endpoint import ROTATION, Endpoint, Wanted, endpoint_id, needing_secret, subscribe
from notify.domain.notice import Audience, Channel
from notify.domain.public import PUBLIC, STATES, public_form

from tests.unit.notify.build import NOON, NUMBER, a_case, a_clock, an_order, event

ONE, TWO = Wanted("https://a.example/x", ("case.closed",)), Wanted("https://b.example/y", ("*",))
LATER = NOON + timedelta(hours=1)


def put(have: list[Endpoint], *wanted: Wanted, now: object = NOON) -> list[Endpoint]:
    new = needing_secret("QQ", have, wanted)
    return list(subscribe("QQ", have, wanted, {id_: {"k": "k", "v": f"{id_}@{now}"} for id_ in new}, now))  # type: ignore[arg-type]


def test_putting_the_same_list_again_changes_nothing() -> None:
    first = put([], ONE, TWO)
    assert put(first, ONE, TWO, now=LATER) == first


def test_an_endpoint_is_its_site_and_url() -> None:
    assert endpoint_id("QQ", ONE.url) == endpoint_id("QQ", ONE.url) != endpoint_id("RR", ONE.url)
    changed = put(put([], ONE), Wanted(ONE.url, ("visit.due",)), now=LATER)
    assert [endpoint.kinds for endpoint in changed] == [("visit.due",)]


def test_who_is_not_listed_is_disabled_and_comes_back_with_a_new_secret() -> None:
    first = put([], ONE, TWO)
    left = put(first, TWO, now=LATER)
    gone = next(endpoint for endpoint in left if endpoint.url == ONE.url)
    assert (gone.disabled_at, gone.disabled_why) == (LATER, "unsubscribed")
    back = next(endpoint for endpoint in put(left, ONE, TWO, now=LATER) if endpoint.url == ONE.url)
    assert back.disabled_at is None
    assert back.secrets != first[0].secrets


def test_a_rotated_secret_signs_beside_the_new_one_for_a_day() -> None:
    first = put([], ONE)
    rotated = put(first, Wanted(ONE.url, ONE.kinds, rotate=True), now=LATER)[0]
    assert len(rotated.signing(LATER)) == 2
    assert rotated.signing(LATER + ROTATION - timedelta(seconds=1))[1].sealed == first[0].secrets[0].sealed
    assert len(rotated.signing(LATER + ROTATION)) == 1
    assert rotated.signing(LATER)[0].until is None


def test_one_notice_for_each_endpoint_with_the_same_bytes() -> None:
    said = event(CaseRegistered(case=a_case()))
    notices = [notice for notice, _ in publish(said, put([], ONE, TWO), NOON)]
    assert {notice.body for notice in notices} == {public_form(said)}
    assert {(notice.channel, notice.audience, notice.due_at) for notice in notices} == {(Channel.WEBHOOK, Audience.MACHINE, NOON)}
    assert all("." not in notice.id for notice in notices)  # Standard Webhooks joins id, timestamp and body with full stops


def test_the_public_form_is_thin() -> None:
    body = json.loads(public_form(event(WorkOrderIssued(order=an_order(), case=a_case()))))
    assert body["type"] == "work_order.issued"
    assert body["data"]["order"]["id"] == f"{NUMBER}-1"
    text = public_form(event(CaseRegistered(case=a_case()))) + json.dumps(body)
    assert not any(f'"{word}"' in text for word in ("r-1", "3-0502", "desk", "ann", "assignee", "policy", "reporter", "owner", "unit"))


def test_an_escalation_tells_no_persons() -> None:
    said = event(EscalationRaised(clock=a_clock(), level=Level.L1, roles=("r",), persons=("ann",), skipped=("x",)))
    assert json.loads(public_form(said))["data"].keys() == {"clock", "level"}


def test_facts_that_are_not_public_never_leave() -> None:
    assert set(PUBLIC) <= set(FACTS)
    assert not {"policy.published", "rota.published", "case.owner_transferred", "notice.sent"} & set(PUBLIC)
    private = event(FACTS["slips.handed_over"](site="QQ", week="2026-W12", handed_over_at=NOON))
    assert publish(private, put([], TWO), NOON) == ()


@pytest.mark.parametrize("kind", PUBLIC)
def test_every_public_field_exists(kind: str) -> None:
    fields = FACTS[kind].model_fields
    for field in PUBLIC[kind]:
        assert field in fields
        if field in STATES:
            state = fields[field].annotation
            assert state is not None
            assert set(STATES[field]) <= set(state.model_fields)
