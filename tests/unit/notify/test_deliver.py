"""notify whole, in memory: facts in, messages to people out – quiet hours, re-checks, retries, leases."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from common.events.dispatch import WorkOrderIssued
from common.events.intake import CaseClassified, CaseClosed, CaseRegistered, VisitDue, VisitRecorded
from common.events.sla import ClockMet, EscalationRaised
from common.states import ClockState, Level, Urgency
from notify.domain.notice import Channel
from notify.memory import Fault

from tests.support.until import until
from tests.unit.notify.build import MINUTE, NIGHT, NOON, NUMBER, a_case, a_clock, a_policy, an_order, at, published
from tests.unit.notify.world import World, a_world

pytestmark = pytest.mark.anyio
MORNING = at("2026-03-17 08:00")


@pytest.fixture
async def day() -> AsyncIterator[World]:
    async with a_world(NOON) as made:
        yield made


@pytest.fixture
async def night() -> AsyncIterator[World]:
    async with a_world(NIGHT) as made:
        yield made


def warning() -> EscalationRaised:
    return EscalationRaised(clock=a_clock(), level=Level.WARNING, roles=(), persons=("ann",))


async def test_an_owner_is_told_with_the_name_of_the_receiver(day: World) -> None:
    await day.hear(CaseRegistered(case=a_case()))
    await day.settle()
    (mail,) = day.got()
    assert (mail.to, mail.key) == ("zhang@example.com", f"intake:case:{NUMBER}:1:email:owner:r-1")
    assert all(word in mail.body for word in ("张三", "李四", "客户服务部", "0755-8601", NUMBER, "水管爆裂"))
    (notice,) = await day.notices()
    assert (notice["status"], notice["template"], notice["recipient"], len(notice["attempts"])) == ("sent", "case_registered", "owner:r-1", 1)
    assert datetime.fromisoformat(notice["sent_at"]) == NOON
    said = await day.rt.documents.find("outbox", {"kind": "notice.sent"})
    assert len(said) == 1


async def test_staff_read_their_own_language(day: World) -> None:
    await day.hear(WorkOrderIssued(order=an_order(), case=a_case()), source="dispatch", subject=f"{NUMBER}-1")
    await day.settle()
    assert day.got()[0].subject == f"[New order] {NUMBER}-1 (important): burst pipe"


async def test_nothing_personal_is_stored_or_shown(day: World) -> None:
    await day.hear(CaseRegistered(case=a_case()))
    await day.settle()
    kept = str([await day.rt.documents.find(name) for name in ("notices", "outbox", "sites", "rotas", "inbox", "endpoints")])
    shown = str(await day.notices())
    assert not any(word in kept + shown for word in ("张三", "zhang@", "李四", "0755"))


async def test_a_fact_before_the_policy_waits_for_it() -> None:
    async with a_world(NOON, ready=False) as early:
        await early.hear(CaseRegistered(case=a_case()))
        assert (await early.rt.quiet())["waiting"] == 1
        await early.hear(published(a_policy()), source="sla", subject="QQ")
        await early.settle()
        assert len(early.got()) == 1


async def test_an_owner_sleeps_and_staff_do_not(night: World) -> None:
    await night.hear(CaseRegistered(case=a_case()))
    await night.hear(warning(), source="sla", subject="e-1")
    await night.settle()
    assert [mail.to for mail in night.got()] == ["ann@example.com"]
    assert datetime.fromisoformat((await night.rt.quiet())["next_at"]) == MORNING
    await night.go(MORNING)
    assert [mail.to for mail in night.got()] == ["ann@example.com", "zhang@example.com"]


async def test_what_turns_out_to_be_an_emergency_is_acknowledged_at_once(night: World) -> None:
    await night.hear(CaseRegistered(case=a_case(urgency=None)))
    await night.settle()
    assert night.got() == []
    await night.hear(CaseClassified(case=a_case(urgency=Urgency.P1)))
    await night.settle()
    assert sorted(mail.to for mail in night.got()) == ["owl@example.com", "zhang@example.com"]


async def test_a_service_that_comes_back_at_night_does_not_wake_the_owner(day: World) -> None:
    day.peers.away.add("/v1/contacts")
    await day.hear(CaseRegistered(case=a_case()))
    await until(lambda: _asked(day), True)
    day.time.set(NIGHT)
    day.peers.away.clear()
    await day.settle()
    assert day.got() == []
    await day.go(MORNING)
    assert len(day.got()) == 1


async def _asked(world: World) -> bool:
    return bool(world.peers.asked)


async def test_a_case_that_is_closed_needs_no_acknowledgement(night: World) -> None:
    await night.hear(CaseRegistered(case=a_case()))
    await night.hear(CaseClosed(case=a_case(), outcome="answered"))
    await night.go(MORNING)
    assert [mail.subject for mail in night.got()] == [f"{NUMBER}:您的报修已办结"]
    states = {notice["template"]: (notice["status"], notice["reason"]) for notice in await night.notices()}
    assert states == {"case_registered": ("withheld", "case_closed"), "case_closed": ("sent", None)}


async def test_a_warning_about_a_clock_that_was_met_is_withheld(day: World) -> None:
    day.peers.away.add("/v1/staff")
    await day.hear(warning(), source="sla", subject="e-1")
    await until(lambda: _asked(day), True)
    await day.hear(ClockMet(clock=a_clock(state=ClockState.MET)), source="sla", subject=a_clock().id)
    day.peers.away.clear()
    await day.settle()
    (notice,) = await day.notices()
    assert (notice["status"], notice["reason"], day.got()) == ("withheld", "clock_stopped", [])


async def test_a_visit_that_was_made_is_not_called_for(night: World) -> None:
    await night.hear(VisitDue(visit="v", case=a_case(), role="receptionist", orders=("o",)), subject="v")
    await night.hear(VisitRecorded(visit="v", case=a_case(), form="phone", satisfied=True, by="desk"), subject="v")
    await night.go(MORNING)
    assert [notice["reason"] for notice in await night.notices()] == ["visit_made"]


@pytest.mark.parametrize(("contact", "reason"), [(None, "no_contact"), ({"name": "Ann", "email": None}, "no_email")])
async def test_who_cannot_be_reached_is_visible(day: World, contact: dict[str, Any] | None, reason: str) -> None:
    day.peers.contacts.pop("/v1/staff/ann/contact")
    if contact:
        day.peers.contacts["/v1/staff/ann/contact"] = contact
    await day.hear(warning(), source="sla", subject="e-1")
    await day.settle()
    assert [(notice["status"], notice["reason"]) for notice in await day.notices()] == [("withheld", reason)]
    assert len(await day.rt.documents.find("outbox", {"kind": "notice.withheld"})) == 1


@pytest.mark.parametrize("status", [400, 405, 409, 422])
async def test_what_a_peer_refuses_for_good_fails_at_once_and_holds_up_nobody(day: World, status: int) -> None:
    """Asking again would give the same answer: no days of retries, no pause for the other notices of the same loop."""
    day.peers.refuses["/v1/staff/ann/contact"] = status
    await day.hear(warning(), source="sla", subject="e-1")
    await day.settle()
    assert [(notice["status"], notice["reason"]) for notice in await day.notices()] == [("failed", "contact_refused")]
    assert [request.url.path for request in day.peers.asked].count("/v1/staff/ann/contact") == 1


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
async def test_what_is_not_about_the_question_is_asked_again(day: World, status: int) -> None:
    """Our own credentials or the peer's state: an operator repairs them, and no notice is lost meanwhile."""
    day.peers.refuses["/v1/staff/ann/contact"] = status
    await day.hear(warning(), source="sla", subject="e-1")
    await until(lambda: _asked(day), True)
    day.peers.refuses.clear()
    await day.settle()
    assert [notice["status"] for notice in await day.notices()] == ["sent"]


async def test_a_peer_that_is_away_stops_only_its_own(day: World) -> None:
    day.peers.away.add("/v1/staff")
    await day.hear(warning(), source="sla", subject="e-1")
    await day.hear(CaseRegistered(case=a_case(owner=None)))
    await until(lambda: _keys(day), [f"intake:case:{NUMBER}:1:email:owner:r-1"])
    day.peers.away.clear()
    await day.settle()
    assert len(day.got()) == 2
    assert all(len(notice["attempts"]) == 1 for notice in await day.notices())  # being away used up no try


async def _keys(world: World) -> list[str]:
    return list(world.provider.keys(Channel.EMAIL))


async def test_mail_is_tried_again_by_business_time_with_the_same_key(day: World) -> None:
    day.provider.script(Fault(channel=Channel.EMAIL, reply=451, times=2))
    await day.hear(warning(), source="sla", subject="e-1")
    await day.settle()
    assert len(day.got()) == 1
    await day.go(NOON + timedelta(seconds=5))
    await day.go(NOON + timedelta(seconds=35))
    assert [mail.accepted for mail in day.got()] == [False, False, True]
    assert len({mail.key for mail in day.got()}) == 1
    (notice,) = await day.notices()
    assert [(line["outcome"], line["reason"]) for line in notice["attempts"]] == [("again", "smtp_451"), ("again", "smtp_451"), ("sent", "")]


async def test_what_is_refused_for_good_has_failed(day: World) -> None:
    day.provider.script(Fault(channel=Channel.EMAIL, reply=550))
    await day.hear(warning(), source="sla", subject="e-1")
    await day.settle()
    (notice,) = await day.notices()
    assert (notice["status"], notice["reason"]) == ("failed", "smtp_550")
    assert len(await day.rt.documents.find("outbox", {"kind": "notice.failed"})) == 1


async def test_an_unknown_outcome_is_tried_again(day: World) -> None:
    day.provider.script(Fault(channel=Channel.EMAIL, drop=True))
    await day.hear(warning(), source="sla", subject="e-1")
    await day.settle()
    assert [notice["status"] for notice in await day.notices()] == ["unknown"]
    await day.go(NOON + MINUTE)
    assert [notice["status"] for notice in await day.notices()] == ["sent"]
    assert len(set(day.provider.keys(Channel.EMAIL))) == 1


async def test_whoever_lost_the_lease_records_nothing(day: World) -> None:
    """The claim moves on while a message is out: the first sender must not overwrite what the second recorded."""
    store = day.rt.store
    await day.hear(CaseRegistered(case=a_case()))
    await day.settle()
    (sent,) = await store.of_case(NUMBER)
    stale = sent.model_copy(update={"fence": sent.fence - 1})
    assert await store.held(stale) is None
    assert await store.held(sent) is not None
