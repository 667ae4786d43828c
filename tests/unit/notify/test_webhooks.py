"""Subscriptions and deliveries of notify, in memory: kinds, schedule, breaker, secrets, and what the doors show to whom."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from common.events.intake import CaseClosed, CaseRegistered
from notify.domain.notice import Channel
from notify.memory import Fault

from tests.support.until import until
from tests.unit.notify.build import MINUTE, NOON, a_case
from tests.unit.notify.world import HOOK, World, a_world

pytestmark = pytest.mark.anyio


@pytest.fixture
async def day() -> AsyncIterator[World]:
    async with a_world(NOON) as made:
        yield made


async def test_a_webhook_gets_the_kinds_it_asked_for(day: World) -> None:
    rows = await day.subscribe({"url": HOOK, "kinds": ["case.registered"]}, {"url": HOOK + "y", "kinds": ["*"]})
    assert all(row["secret"].startswith("whsec_") for row in rows)
    await day.hear(CaseRegistered(case=a_case()))
    await day.hear(CaseClosed(case=a_case(), outcome="answered"))
    await day.settle()
    assert sorted((hook.to, hook.body[9:24]) for hook in day.got(Channel.WEBHOOK)) == [
        (HOOK, "case.registered"), (HOOK + "y", 'case.closed","t'), (HOOK + "y", "case.registered"),
    ]  # fmt: skip


async def test_webhooks_follow_their_schedule_and_every_try_is_on_record(day: World) -> None:
    (row,) = await day.subscribe({"url": HOOK, "kinds": ["case.registered"]})
    day.provider.script(Fault(channel=Channel.WEBHOOK, reply=500, times=3))
    await day.hear(CaseRegistered(case=a_case()))
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
        await day.hear(CaseRegistered(case=a_case(id=f"QQ-260316-AAAA{number}")), subject=f"QQ-260316-AAAA{number}")
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
    await day.hear(CaseRegistered(case=a_case()))
    await day.settle()
    await day.hear(CaseClosed(case=a_case(), outcome="answered"))
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
    await day.hear(CaseRegistered(case=a_case()))
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
