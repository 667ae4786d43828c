"""notify whole, in memory: facts in, messages out – quiet hours, re-checks, retries, breaker, leases, subscriptions and what the doors show."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from common.auth import Tokens
from common.events import (
    CaseClassified,
    CaseClosed,
    CaseRegistered,
    ClockMet,
    EscalationRaised,
    Fact,
    RotaPublished,
    VisitDue,
    VisitRecorded,
    WorkOrderIssued,
)
from common.memory import Broker, MemoryBus, MemoryDocuments
from common.outbox import envelope
from common.runtime import Parts, Runtime
from common.states import CaseState, ClockState, Lane, Level, Urgency
from common.timesource import FakeTime
from notify.domain.notice import Channel
from notify.main import GATEWAY, create_app
from notify.memory import Fault, MemoryGateway, Provider, Received
from notify.store import Store

from tests.support.settings import settings
from tests.support.until import until
from tests.unit.notify.build import MINUTE, NIGHT, NOON, NUMBER, a_case, a_clock, a_policy, a_rota, an_order, at, published

pytestmark = pytest.mark.anyio
MORNING = at("2026-03-17 08:00")
HOOK = "https://hooks.example.com/x"


class Peers(httpx2.AsyncBaseTransport):
    """intake and dispatch as far as notify asks them: contacts by reference."""

    def __init__(self) -> None:
        self.contacts: dict[str, dict[str, Any]] = {
            "/v1/contacts/r-1": {"name": "张三", "email": "zhang@example.com", "locale": "zh-CN"},
            "/v1/staff/desk/contact": {"name": "李四", "phone": "0755-8601", "email": "li@example.com", "locale": "zh-CN"},
            "/v1/staff/ann/contact": {"name": "Ann", "email": "ann@example.com", "locale": "en"},
            "/v1/staff/owl/contact": {"name": "Owl", "email": "owl@example.com", "locale": "en"},
        }
        self.away: set[str] = set()
        self.asked: list[httpx2.Request] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        if any(request.url.path.startswith(path) for path in self.away):
            raise httpx2.ConnectError("away")
        found = self.contacts.get(request.url.path)
        return httpx2.Response(200, json=found) if found else httpx2.Response(404, json={"status": 404})


@dataclass
class World:
    """One notify, its peers, its provider and its time."""

    rt: Runtime[Store]
    client: httpx2.AsyncClient
    time: FakeTime
    provider: Provider
    peers: Peers
    seqs: dict[str, int] = field(default_factory=dict)

    async def hear(self, fact: Fact, *, source: str = "intake", subject: str = NUMBER, lane: Lane = Lane.NORMAL) -> None:
        stream = f"{source}:{fact.prefix()}:{subject}"
        self.seqs[stream] = self.seqs.get(stream, 0) + 1
        made = envelope(source, subject, self.seqs[stream], fact, at=self.time.now(), site="QQ", lane=lane, trace="")
        await self.rt.receive(made.model_dump_json().encode())

    async def settle(self) -> None:
        """Ask until nothing is due: a step is complete."""
        await until(self._due, 0)

    async def _due(self) -> int:
        return sum((await self.rt.quiet())["due"].values())

    async def go(self, when: datetime) -> None:
        self.time.set(when)
        await self.settle()

    def got(self, channel: Channel = Channel.EMAIL) -> list[Received]:
        return self.provider.received(channel)

    async def notices(self, case: str = NUMBER, *, site: str = "QQ") -> list[dict[str, Any]]:
        answer = await self.ask("GET", "/v1/notices", sites=(site,), params={"case": case})
        return list(answer.json()["notices"])

    async def ask(self, method: str, path: str, *, sites: tuple[str, ...] = ("QQ",), role: str = "administrator", **more: Any) -> httpx2.Response:
        token = Tokens(self.rt.settings).issue("boss", kind="staff", roles=(role,), sites=sites, ttl=timedelta(minutes=5))
        return await self.client.request(method, path, headers={"Authorization": f"Bearer {token}"}, **more)

    async def subscribe(self, *endpoints: dict[str, Any]) -> list[dict[str, Any]]:
        answer = await self.ask("PUT", "/v1/sites/QQ/subscriptions", json={"endpoints": endpoints})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["endpoints"])


@asynccontextmanager
async def a_world(now: datetime) -> AsyncIterator[World]:
    time, peers, gateway = FakeTime(now), Peers(), MemoryGateway()
    parts = Parts(MemoryDocuments(), MemoryBus(Broker()), time, transport=peers, extra={GATEWAY: gateway})
    app = create_app(settings(namespace="unit", tick_ms=20), parts)
    async with app.router.lifespan_context(app), httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://notify") as client:
        made = World(app.state.runtime, client, time, gateway.provider, peers)
        await made.hear(published(a_policy()), source="sla", subject="QQ")
        await made.hear(_rota(), source="dispatch", subject="QQ")
        yield made


def _rota() -> RotaPublished:
    return a_rota().published("QQ", 1)


@pytest.fixture
async def day() -> AsyncIterator[World]:
    async with a_world(NOON) as made:
        yield made


@pytest.fixture
async def night() -> AsyncIterator[World]:
    async with a_world(NIGHT) as made:
        yield made


def case(**changes: Any) -> CaseState:
    return a_case(**changes)


def warning() -> EscalationRaised:
    return EscalationRaised(clock=a_clock(), level=Level.WARNING, roles=(), persons=("ann",))


async def test_an_owner_is_told_with_the_name_of_the_receiver(day: World) -> None:
    await day.hear(CaseRegistered(case=case()))
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
    await day.hear(WorkOrderIssued(order=an_order(), case=case()), source="dispatch", subject=f"{NUMBER}-1")
    await day.settle()
    assert day.got()[0].subject == f"[New order] {NUMBER}-1 (important): burst pipe"


async def test_nothing_personal_is_stored_or_shown(day: World) -> None:
    await day.hear(CaseRegistered(case=case()))
    await day.settle()
    kept = str([await day.rt.documents.find(name) for name in ("notices", "outbox", "sites", "rotas", "inbox", "endpoints")])
    shown = str(await day.notices())
    assert not any(word in kept + shown for word in ("张三", "zhang@", "李四", "0755"))


async def test_a_fact_before_the_policy_waits_for_it() -> None:
    time, gateway = FakeTime(NOON), MemoryGateway()
    parts = Parts(MemoryDocuments(), MemoryBus(Broker()), time, transport=Peers(), extra={GATEWAY: gateway})
    app = create_app(settings(namespace="unit", tick_ms=20), parts)
    async with app.router.lifespan_context(app), httpx2.AsyncClient() as client:
        early = World(app.state.runtime, client, time, gateway.provider, Peers())
        await early.hear(CaseRegistered(case=case()))
        assert (await early.rt.quiet())["waiting"] == 1
        await early.hear(published(a_policy()), source="sla", subject="QQ")
        await early.settle()
        assert len(early.got()) == 1


async def test_an_owner_sleeps_and_staff_do_not(night: World) -> None:
    await night.hear(CaseRegistered(case=case()))
    await night.hear(warning(), source="sla", subject="e-1")
    await night.settle()
    assert [mail.to for mail in night.got()] == ["ann@example.com"]
    assert datetime.fromisoformat((await night.rt.quiet())["next_at"]) == MORNING
    await night.go(MORNING)
    assert [mail.to for mail in night.got()] == ["ann@example.com", "zhang@example.com"]


async def test_what_turns_out_to_be_an_emergency_is_acknowledged_at_once(night: World) -> None:
    await night.hear(CaseRegistered(case=case(urgency=None)))
    await night.settle()
    assert night.got() == []
    await night.hear(CaseClassified(case=case(urgency=Urgency.P1)))
    await night.settle()
    assert sorted(mail.to for mail in night.got()) == ["owl@example.com", "zhang@example.com"]


async def test_a_service_that_comes_back_at_night_does_not_wake_the_owner(day: World) -> None:
    day.peers.away.add("/v1/contacts")
    await day.hear(CaseRegistered(case=case()))
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
    await night.hear(CaseRegistered(case=case()))
    await night.hear(CaseClosed(case=case(), outcome="answered"))
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
    await night.hear(VisitDue(visit="v", case=case(), role="receptionist", orders=("o",)), subject="v")
    await night.hear(VisitRecorded(visit="v", case=case(), form="phone", satisfied=True, by="desk"), subject="v")
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


async def test_a_peer_that_is_away_stops_only_its_own(day: World) -> None:
    day.peers.away.add("/v1/staff")
    await day.hear(warning(), source="sla", subject="e-1")
    await day.hear(CaseRegistered(case=case(owner=None)))
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
    await day.hear(CaseRegistered(case=case()))
    await day.settle()
    (sent,) = await store.of_case(NUMBER)
    stale = sent.model_copy(update={"fence": sent.fence - 1})
    assert await store.held(stale) is None
    assert await store.held(sent) is not None


async def test_a_webhook_gets_the_kinds_it_asked_for(day: World) -> None:
    rows = await day.subscribe({"url": HOOK, "kinds": ["case.registered"]}, {"url": HOOK + "y", "kinds": ["*"]})
    assert all(row["secret"].startswith("whsec_") for row in rows)
    await day.hear(CaseRegistered(case=case()))
    await day.hear(CaseClosed(case=case(), outcome="answered"))
    await day.settle()
    assert sorted((hook.to, hook.body[9:24]) for hook in day.got(Channel.WEBHOOK)) == [
        (HOOK, "case.registered"), (HOOK + "y", 'case.closed","t'), (HOOK + "y", "case.registered"),
    ]  # fmt: skip


async def test_webhooks_follow_their_schedule_and_every_try_is_on_record(day: World) -> None:
    (row,) = await day.subscribe({"url": HOOK, "kinds": ["case.registered"]})
    day.provider.script(Fault(channel=Channel.WEBHOOK, reply=500, times=3))
    await day.hear(CaseRegistered(case=case()))
    await day.settle()
    for seconds in (5, 305, 2105):
        await day.go(NOON + timedelta(seconds=seconds))
    (delivery,) = (await day.ask("GET", "/v1/deliveries", params={"endpoint": row["id"]})).json()["notices"]
    assert delivery["status"] == "sent"
    assert [(datetime.fromisoformat(line["at"]) - NOON).total_seconds() for line in delivery["attempts"]] == [0, 5, 305, 2105]


async def test_a_dead_endpoint_rests_and_costs_no_tries(day: World) -> None:
    (row,) = await day.subscribe({"url": HOOK, "kinds": ["case.registered"]})
    day.provider.script(Fault(channel=Channel.WEBHOOK, reply=503, times=5))
    for number in range(8):
        await day.hear(CaseRegistered(case=case(id=f"QQ-260316-AAAA{number}")), subject=f"QQ-260316-AAAA{number}")
        await day.settle()
    assert len(day.got(Channel.WEBHOOK)) == 5  # then it rests
    (endpoint,) = (await day.ask("GET", "/v1/sites/QQ/subscriptions")).json()["endpoints"]
    assert endpoint["resting_until"] is not None
    assert endpoint["secret"] is None
    await day.go(NOON + 5 * MINUTE)
    await until(lambda: _taken(day), 8)
    deliveries = (await day.ask("GET", "/v1/deliveries", params={"endpoint": row["id"]})).json()["notices"]
    assert sorted(len(one["attempts"]) for one in deliveries) == [1, 1, 1, 2, 2, 2, 2, 2]
    assert (await day.ask("GET", "/v1/sites/QQ/subscriptions")).json()["endpoints"][0]["resting_until"] is None


async def _taken(world: World) -> int:
    await world.settle()
    return len(world.provider.keys(Channel.WEBHOOK))


async def test_an_endpoint_that_is_gone_gets_nothing_more(day: World) -> None:
    await day.subscribe({"url": HOOK, "kinds": ["*"]})
    day.provider.script(Fault(channel=Channel.WEBHOOK, reply=410))
    await day.hear(CaseRegistered(case=case()))
    await day.settle()
    await day.hear(CaseClosed(case=case(), outcome="answered"))
    await day.settle()
    assert len(day.got(Channel.WEBHOOK)) == 1
    (endpoint,) = (await day.ask("GET", "/v1/sites/QQ/subscriptions")).json()["endpoints"]
    assert endpoint["disabled_why"] == "http_410"


async def test_putting_a_list_twice_shows_a_secret_once(day: World) -> None:
    line = {"url": HOOK, "kinds": ["case.closed"]}
    first, again = await day.subscribe(line), await day.subscribe(line)
    rotated = await day.subscribe(line | {"rotate": True})
    assert first[0]["secret"]
    assert again[0]["secret"] is None
    assert rotated[0]["secret"] not in {None, first[0]["secret"]}
    kept = str(await day.rt.documents.find("endpoints"))
    assert first[0]["secret"] not in kept
    assert "whsec_" not in kept


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ({"url": "http://hooks.example.com/", "kinds": ["*"]}, "endpoints.0.url"),
        ({"url": "https://hooks.example.com:22/", "kinds": ["*"]}, "endpoints.0.url"),
        ({"url": HOOK, "kinds": ["policy.published"]}, "endpoints.0.kinds"),
        ({"url": HOOK, "kinds": []}, "endpoints.0.kinds"),
        ({"url": HOOK}, "endpoints.0.kinds"),
        ({"url": HOOK, "kinds": ["*"], "secret": "mine"}, "endpoints.0.secret"),
    ],
)
async def test_a_wrong_line_is_named(day: World, line: dict[str, Any], where: str) -> None:
    answer = await day.ask("PUT", "/v1/sites/QQ/subscriptions", json={"endpoints": [line]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == where


async def test_other_sites_look_as_if_they_were_not_there(day: World) -> None:
    (row,) = await day.subscribe({"url": HOOK, "kinds": ["*"]})
    await day.hear(CaseRegistered(case=case()))
    await day.settle()
    assert await day.notices(site="RR") == [] == await day.notices("RR-260316-AAAAA")
    foreign = await day.ask("GET", "/v1/deliveries", sites=("RR",), params={"endpoint": row["id"]})
    missing = await day.ask("GET", "/v1/deliveries", params={"endpoint": "ep-none"})
    assert foreign.status_code == missing.status_code == 404
    assert (await day.ask("PUT", "/v1/sites/QQ/subscriptions", sites=("RR",), json={"endpoints": []})).status_code == 404
    assert (await day.ask("PUT", "/v1/sites/RR/subscriptions", sites=("RR",), json={"endpoints": []})).json()["type"].endswith("unknown-site")


async def test_who_may_not_manage_subscriptions_is_refused(day: World) -> None:
    answer = await day.ask("PUT", "/v1/sites/QQ/subscriptions", role="receptionist", json={"endpoints": []})
    assert answer.status_code == 403
