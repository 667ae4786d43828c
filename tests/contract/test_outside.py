"""From the call centre's POST to what arrives outside: a real mail server and a real receiver of webhooks get what our own parts promise.

Not here: what a gateway makes of an answer (`test_gateway`), when it is tried again (`tests/unit/notify`).
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from common.envelope import Envelope
from common.tracing import trace_id
from huiyin.provider import Simulator
from huiyin.world.world import SERVICES
from notify.domain.notice import Channel
from notify.main import real_gateway
from standardwebhooks import Webhook, WebhookVerificationError

from tests.support.estate import FAULT, OURS, Estate, an_estate
from tests.support.settings import settings

pytestmark = pytest.mark.anyio
TRACE = "5bd66ef5095369c7b0d1f8f4bd33716a"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@dataclass
class Outside:
    """An estate, the world outside it, and what that world was given at the subscription."""

    estate: Estate
    simulator: Simulator
    secret: str


@pytest.fixture(scope="module")
async def outside() -> AsyncIterator[Outside]:
    async with Simulator() as simulator:
        way_out = real_gateway(settings(smtp_url=simulator.smtp_url, mail_from="huiyin@example.org", webhook_allow_private=True))
        async with an_estate(hooks=simulator.hook_url("{}"), gateway=way_out, webhook_allow_private=True) as estate:
            hook = {"url": simulator.hook_url("crm"), "kinds": ["*"]}
            answer = await estate.world.doors.surely("notify", "PUT", f"/v1/sites/{OURS}/subscriptions", body={"endpoints": [hook]})
            secret = next(row["secret"] for row in answer["endpoints"] if row["url"] == hook["url"])
            yield Outside(estate, simulator, secret)


async def posted(outside: Outside, key: str) -> str:
    """Report a repair under the trace and return its number, everything told."""
    estate = outside.estate
    body = {"site": OURS, "kind": "repair", "channel": "phone", "fault": FAULT, "subject": "厨房水管", "unit": "1-101"}
    body |= {"reporter": {"name": "测试业主", "email": "owner@example.com"}}
    answer = await estate.call("intake", "POST", "/v1/cases", by=estate.keys[OURS], key=key, json=body, headers={"traceparent": TRACEPARENT})
    assert answer.status_code == 201, answer.text
    await estate.rest()
    return str(answer.json()["number"])


async def test_a_delivered_webhook_is_verified_by_the_standards_own_package(outside: Outside) -> None:
    """Subscribed, POSTed, delivered over HTTP: each message verifies as it came, and no longer with one byte changed, wherever it is."""
    since = len(outside.simulator.provider.received())
    number = await posted(outside, "webhook")
    got = [one for one in outside.simulator.provider.received(Channel.WEBHOOK, since) if one.to == "/hooks/crm"]
    assert {json.loads(one.body)["type"] for one in got} >= {"case.registered", "case.classified", "work_order.issued"}
    assert all(number in one.body for one in got)
    receiver = Webhook(outside.secret)
    for one in got:
        body = one.body.encode()
        assert receiver.verify(body, one.headers) == json.loads(body)
        for place in (0, len(body) // 2, len(body) - 1):
            changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
            with pytest.raises(WebhookVerificationError):
                receiver.verify(changed, one.headers)


async def test_one_trace_id_from_the_post_to_the_notice(outside: Outside) -> None:
    """The call centre's trace is on every fact of every service about its case, on each notice, and on what arrives outside."""
    estate, since = outside.estate, len(outside.simulator.provider.received())
    number = await posted(outside, "trace")
    said: dict[str, set[str]] = {}
    for service in SERVICES:
        for row in await estate.runtime(service).documents.find("outbox"):
            if number in row["body"]:
                assert trace_id(Envelope.model_validate_json(row["body"]).traceparent) == TRACE, row["_id"]
                said.setdefault(service, set()).add(row["kind"])
    assert {"intake", "dispatch", "sla", "notify"} <= said.keys()
    assert {"case.registered", "work_order.issued", "clock.opened", "notice.sent"} <= set().union(*said.values()), said
    notices = await estate.runtime("notify").documents.find("notices", {"case": number})
    assert {trace_id(row["trace"]) for row in notices} == {TRACE}
    arrived = outside.simulator.provider.received(since=since)
    assert {one.channel for one in arrived} == set(Channel)
    assert {trace_id(one.headers["traceparent"]) for one in arrived} == {TRACE}
