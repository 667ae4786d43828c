"""Both ways out keep the same promises: the one in memory, and real SMTP and HTTP conversations with the provider simulator."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2
import pytest
from common.envelope import Event
from common.events import Fact
from common.events.intake import CaseRegistered
from common.states import CaseKind, CaseState, CaseStatus, Channel, Lane
from common.timesource import machine_now
from huiyin.provider import Simulator
from notify.domain.compose import publish
from notify.domain.endpoint import Endpoint
from notify.domain.notice import Audience, Notice, Outcome, Receipt
from notify.domain.notice import Channel as Way
from notify.domain.templates import Message
from notify.gateway import Contact, Gateway, Hook, Mailbox, Switch
from notify.gateway.egress import Egress
from notify.gateway.mail import MailGateway
from notify.gateway.webhook import WebhookGateway
from notify.memory import Fault, MemoryGateway, Provider, Received
from notify.settings import MailServer
from standardwebhooks import Webhook, WebhookVerificationError

from tests.support.settings import settings

pytestmark = pytest.mark.anyio
NOW = machine_now()
PATIENCE_S = 15.0
IMPATIENT_S = 0.5  # only where the answer never comes
SECRETS = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAAAAAAAAAA=", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
TEXT = Message("已受理您的报修:QQ-260316-7K3QX", "尊敬的业主:\n\n您的报修已登记 ✓\n.\n一行点\n")
WAYS = list(Way)


@dataclass
class World:
    """A gateway and the provider behind it."""

    gateway: Gateway
    impatient: Gateway
    provider: Provider
    hook: str

    def contact(self, way: Way) -> Contact:
        return Mailbox("zhang.san@example.com") if way is Way.EMAIL else Hook(self.hook, SECRETS)

    async def send(self, way: Way, text: Message = TEXT, *, patient: bool = True) -> Receipt:
        notice = a_notice(way)
        gateway = self.gateway if patient else self.impatient
        return await gateway.send(notice, self.contact(way), text if way is Way.EMAIL else Message("", notice.body or ""))

    def received(self) -> list[Received]:
        return self.provider.received()


def real(simulator: Simulator, patience_s: float = PATIENCE_S) -> Gateway:
    server = MailServer.of(settings(smtp_url=simulator.smtp_url, mail_from="huiyin@example.org"))
    webhooks = WebhookGateway(Egress(allow_private=True, timeout_s=patience_s))
    return Switch({Way.EMAIL: MailGateway(server, timeout_s=patience_s), Way.WEBHOOK: webhooks})


@pytest.fixture(params=["memory", "real"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    if request.param == "memory":
        provider = Provider()
        impatient = MemoryGateway(provider, timeout_s=IMPATIENT_S)
        yield World(MemoryGateway(provider), impatient, provider, "https://hooks.example.com/hooks/crm")
        return
    async with Simulator() as simulator:
        yield World(real(simulator), real(simulator, IMPATIENT_S), simulator.provider, simulator.hook_url("crm"))


def a_fact() -> Event[Fact]:
    case = CaseState(
        id="QQ-260316-7K3QX",
        site="QQ",
        kind=CaseKind.REPAIR,
        status=CaseStatus.REGISTERED,
        channel=Channel.APP,
        received_at=NOW,
        registered_at=NOW,
        policy=1,
    )
    return Event("intake:case:QQ-260316-7K3QX:1", "intake", case.id, 1, "QQ", Lane.NORMAL, NOW, "", CaseRegistered(case=case))


def a_notice(way: Way) -> Notice:
    if way is Way.WEBHOOK:
        endpoint = Endpoint(id="ep-1", site="QQ", url="https://x.example", kinds=("*",), secrets=(), created_at=NOW)
        return publish(a_fact(), [endpoint], NOW)[0][0]
    return Notice(
        id="intake:case:QQ-260316-7K3QX:1:email:owner:r-1", site="QQ", event=a_fact().id, lane=Lane.NORMAL, at=NOW, channel=way,
        audience=Audience.OWNER, recipient="owner:r-1", template="case_registered", due_at=NOW,
    )  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
async def test_a_message_arrives_whole_with_its_key(world: World, way: Way) -> None:
    assert await world.send(way) == Receipt(Outcome.SENT)
    (got,) = world.received()
    assert (got.key, got.channel, got.accepted) == (a_notice(way).id, way, True)
    if way is Way.EMAIL:
        assert (got.to, got.subject, got.body.replace("\r\n", "\n")) == ("zhang.san@example.com", TEXT.subject, TEXT.body)
    else:
        assert json.loads(got.body)["data"]["case"]["id"] == "QQ-260316-7K3QX"


@pytest.mark.parametrize("way", WAYS)
async def test_every_try_shows_the_same_key(world: World, way: Way) -> None:
    code = {Way.EMAIL: 451, Way.WEBHOOK: 500}[way]
    world.provider.script(Fault(channel=way, reply=code, times=2))
    outcomes = [(await world.send(way)).outcome for _ in range(3)]
    assert outcomes == [Outcome.AGAIN, Outcome.AGAIN, Outcome.SENT]
    assert {got.key for got in world.received()} == {a_notice(way).id}
    assert [got.accepted for got in world.received()] == [False, False, True]
    assert world.provider.keys(way) == [a_notice(way).id]


@pytest.mark.parametrize(
    ("way", "code", "receipt"),
    [
        (Way.EMAIL, 550, Receipt(Outcome.REFUSED, "smtp_550")),
        (Way.EMAIL, 421, Receipt(Outcome.AGAIN, "smtp_421")),
        (Way.WEBHOOK, 410, Receipt(Outcome.REFUSED, "http_410", gone=True)),
        (Way.WEBHOOK, 404, Receipt(Outcome.AGAIN, "http_404")),
        (Way.WEBHOOK, 302, Receipt(Outcome.AGAIN, "http_302")),
    ],
)
async def test_what_an_answer_means(world: World, way: Way, code: int, receipt: Receipt) -> None:
    world.provider.script(Fault(channel=way, reply=code))
    assert await world.send(way) == receipt


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", [{"delay_s": 60.0}, {"drop": True}])
async def test_a_lost_answer_is_unknown(world: World, way: Way, fault: dict[str, object]) -> None:
    world.provider.script(Fault.model_validate({"channel": way, **fault}))
    assert (await world.send(way, patient=not fault.get("delay_s"))).outcome is Outcome.UNKNOWN
    assert [got.key for got in world.received()] == [a_notice(way).id]


async def test_a_pause_that_is_asked_for_is_kept(world: World) -> None:
    world.provider.script(Fault(channel=Way.WEBHOOK, reply=429, retry_after_s=90))
    receipt = await world.send(Way.WEBHOOK)
    assert receipt.retry_after is not None
    assert receipt.retry_after.total_seconds() == 90


async def test_a_fault_meets_only_whom_it_names(world: World) -> None:
    world.provider.script(Fault(channel=Way.EMAIL, reply=550, to="somebody.else"))
    assert (await world.send(Way.EMAIL)).outcome is Outcome.SENT


async def test_the_signature_is_verified_by_the_standards_own_package(world: World) -> None:
    await world.send(Way.WEBHOOK)
    (got,) = world.received()
    for secret in SECRETS:  # both are valid during a rotation
        assert Webhook(secret).verify(got.body, got.headers)["type"] == "case.registered"
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRETS[0]).verify(got.body.replace("QQ", "RR", 1), got.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "A" * 44).verify(got.body, got.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRETS[0]).verify(got.body, got.headers | {"webhook-timestamp": str(int(NOW.timestamp()) - 360)})


async def test_many_at_once(world: World) -> None:
    receipts = await asyncio.gather(*(world.send(way) for way in WAYS for _ in range(20)))
    assert {receipt.outcome for receipt in receipts} == {Outcome.SENT}
    assert len(world.received()) == 40


# --- the real one alone -------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator() as made:
        yield made


@pytest.mark.parametrize("way", WAYS)
async def test_nobody_listening_is_surely_not_sent(way: Way) -> None:
    async with Simulator() as gone:
        gateway, hook = real(gone), gone.hook_url()
    world = World(gateway, gateway, gone.provider, hook)
    assert await world.send(way) == Receipt(Outcome.AGAIN, "no_connection")


@pytest.mark.parametrize(
    "address", ["", "nobody", "a@b@c", "two@example.com, three@example.com", "x@example.com\r\nBcc: y@example.com", "张三@例.中国"]
)
async def test_what_is_no_address_is_refused_before_it_leaves(simulator: Simulator, address: str) -> None:
    receipt = await real(simulator).send(a_notice(Way.EMAIL), Mailbox(address), TEXT)
    assert receipt == Receipt(Outcome.REFUSED, "bad_address")
    assert simulator.provider.received() == []


async def test_the_mail_says_what_it_is(simulator: Simulator) -> None:
    await real(simulator).send(a_notice(Way.EMAIL), Mailbox("a@example.com"), TEXT)
    headers = simulator.provider.received()[0].headers
    assert headers["from"] == "huiyin@example.org"
    assert headers["auto-submitted"] == "auto-generated"
    assert headers["message-id"] == "<intake%3Acase%3AQQ-260316-7K3QX%3A1%3Aemail%3Aowner%3Ar-1@example.org>"


async def test_addresses_do_not_show_in_what_a_log_might_print() -> None:
    assert "example" not in repr(Mailbox("a@example.com")) + repr(Hook("https://h.example", SECRETS))


async def test_the_simulators_doors(simulator: Simulator) -> None:
    gateway = real(simulator)
    async with httpx2.AsyncClient(base_url=simulator.http_url, trust_env=False) as client:
        script = [{"channel": "webhook", "reply": 500, "times": 1}, {"channel": "email", "reply": 550}]
        assert (await client.post("/script", json=script)).status_code == 204
        assert (await client.post("/script", json={"channel": "email", "reply": 451, "to": "nobody"})).status_code == 204
        assert (await client.post("/script", json={"channel": "pigeon"})).status_code == 422
        world = World(gateway, gateway, simulator.provider, simulator.hook_url())
        assert [(await world.send(way)).reason for way in WAYS] == ["smtp_550", "http_500"]
        assert (await world.send(Way.WEBHOOK)).outcome is Outcome.SENT
        rows = (await client.get("/received", params={"channel": "webhook"})).json()
        assert [row["accepted"] for row in rows] == [False, True]
        assert [row["n"] for row in (await client.get("/received", params={"since": 2})).json()] == [3]
        assert (await client.get("/received", params={"channel": "pigeon"})).status_code == 422
        assert (await client.delete("/received")).status_code == 204
        assert (await client.get("/received")).json() == []
        assert (await client.get("/healthz")).json() == {"status": "ok"}
