"""Two sites of a property group in one MemoryWorld, with people, cases, orders, clocks, notices and endpoints: what doors are tried on.

Everything is made through public doors; only parked facts and a settlement are laid down. Not here: bodies (`operations`), what is tried.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from common import audit, inbox
from common.auth import Tokens
from common.documents import Doc, to_doc
from common.envelope import Envelope
from common.errors import HuiyinError
from common.policy import Fund, Majeure
from common.runtime import Runtime
from common.states import Lane, WorkClass
from dispatch.domain.money.account import Settlement
from dispatch.domain.order import Step
from fastapi import FastAPI
from huiyin.sites import Site, apply_site, load_site
from huiyin.world.memory import memory_world
from huiyin.world.world import SERVICES, World

from tests.support.operations import BODIES, Things
from tests.support.pictures import a_photo

START = datetime(2026, 3, 16, 1, 0, tzinfo=UTC)  # a Monday, 09:00 at both sites
OURS, THEIRS, NOBODYS = "JN", "XZ", "QQ"  #: two sites, and one that does not exist
FAULT = "water_leak"
PACKS = Path(__file__).parents[2] / "packs" / "sites"
MOVING = frozenset({"jobs", "cursors", "reports", "changes", "walks", "audits", audit.HEADS})  #: what loops write by themselves, whoever asks
PASSWORD = "a password of tests"
SUBMITTED = Step(move="submit", at=START, noted_at=START, by="leader")
ONLY = ("engineering_manager", "customer_service_officer", "site_manager", "receptionist")  #: may what no administrator may (R9, RVT-12, RVT-10)


@dataclass
class Estate:
    """The world, its apps, and what there is at each site."""

    world: World
    apps: dict[str, FastAPI]
    sites: dict[str, Site]
    keys: dict[str, str] = field(default_factory=dict)  #: site -> API key
    things: dict[str, Things] = field(default_factory=dict)  #: site -> kind of thing -> id

    def runtime(self, service: str) -> Runtime[Any]:
        """The running service."""
        runtime: Runtime[Any] = self.apps[service].state.runtime
        return runtime

    def staff(self, *sites: str, role: str | None = None, person: str = "somebody") -> str:
        """A token of a member of staff; without a role: an administrator who also holds what only some role may."""
        return self.world.doors.staff(person, (role,) if role else ("administrator", *ONLY), sites)

    async def call(
        self, service: str, method: str, path: str, *, by: str | None = None, key: str | None = None, locale: str = "en", **more: Any
    ) -> httpx2.Response:
        """Knock and return the whole answer. `by`: a credential, none by default."""
        headers = {"Accept-Language": locale} | ({"Authorization": f"Bearer {by}"} if by else {}) | ({"Idempotency-Key": key} if key else {})
        headers |= more.pop("headers", {})
        return await self.world.doors.clients[service].request(method, path, headers=headers, **more)

    def documents(self) -> dict[str, dict[str, dict[str, Doc]]]:
        """Everything stored, by service, collection and id, but for what loops write by themselves; of rows of the audit chain what they tell."""
        kept = {}
        for service in SERVICES:
            data: dict[str, dict[str, Doc]] = self.runtime(service).documents._data  # type: ignore[attr-defined]  # noqa: SLF001 - to look, not to touch
            kept[service] = {name: deepcopy(rows) for name, rows in data.items() if rows and name not in MOVING}
            chain = kept[service].get(audit.ROWS, {})
            chain |= {id_: {name: row[name] for name in audit.TOLD} for id_, row in chain.items()}
        return kept

    async def rest(self) -> None:
        """Return when nothing moves; what is parked stays parked."""
        calm = 0
        while calm < 2:
            calm = 0 if list(self.world._moving(await self.world.quiet())) else calm + 1  # noqa: SLF001 - `settle` refuses what is parked here
            await asyncio.sleep(0)

    async def report(self, site: str, key: str, **changed: Any) -> str:
        """Report a repair, let it arrive everywhere, and return its number."""
        body = {"site": site, "kind": "repair", "channel": "phone", "fault": FAULT, "subject": "厨房水管", "unit": "1-101"}
        body |= {"reporter": {"name": "测试业主", "phone": "13900000000", "email": f"owner@{site.lower()}.example"}}
        answer = await self.call("intake", "POST", "/v1/cases", by=self.keys[site], key=key, json=body | changed)
        assert answer.status_code == 201, answer.text
        await self.rest()
        return str(answer.json()["number"])


@asynccontextmanager
async def an_estate(hooks: str = "https://{}.example.com/hook", **more: Any) -> AsyncIterator[Estate]:
    """Yield it, at rest. `hooks`: where a site's facts are posted to; `more`: as for `memory_world`."""
    async with memory_world(START, **more) as world:
        apps = {name: client._transport.apps[f"{name}.world"].app for name, client in world.doors.clients.items()}  # type: ignore[attr-defined]  # noqa: SLF001 - the door of a world is HTTP
        made = Estate(world, apps, {site: _exposed(load_site(PACKS / f"{site}.yaml")) for site in (OURS, THEIRS)})
        for site in made.sites.values():
            await apply_site(world.doors, site)
        await world.settle()
        for site in made.sites:
            await _furnish(made, site, hooks.format(site.lower()))
        await world.settle()
        for site in made.sites:
            await _look_around(made, site)
        yield made


def _exposed(site: Site) -> Site:
    """The site under a policy that permits force majeure, as no source does, and has a working fund."""
    outdoor = {"id": "outdoor", "title": {"zh": "户外", "en": "Outdoors"}, "applies": {"urgency": ["P3"]}, "largest_factor": 3.0, "may_stop": True}
    storm = {"reasons": {"storm": {"zh": "暴雨", "en": "Storm"}}, "classes": [outdoor], "longest_hours": 48}
    fund = Fund.model_validate(
        {"id": "repair_team", "title": {"zh": "周转金", "en": "Fund"}, "amount": 100_000_00, "origin": {"default": "not-in-sources"}}
    )
    policy = site.policy.model_copy(update={"majeure": Majeure.model_validate(storm), "working_funds": (fund,)})
    return replace(site, policy=policy)


async def _furnish(made: Estate, site: str, url: str) -> None:
    doors = made.world.doors
    key = await doors.surely("intake", "POST", "/v1/keys", body={"name": f"call centre of {site}", "sites": [site]})
    made.keys[site] = key["key"]
    hook = {"url": url, "kinds": ["*"]}
    endpoint = (await doors.surely("notify", "PUT", f"/v1/sites/{site}/subscriptions", body={"endpoints": [hook]}))["endpoints"][0]
    account = {"login": f"desk-{site.lower()}", "password": PASSWORD, "person": f"{site.lower()}-desk", "roles": ["administrator"], "sites": [site]}
    await doors.surely("console", "POST", "/v1/accounts", body=account)
    case = await made.report(site, f"first-{site}")
    people = made.sites[site].rota.people
    made.things[site] = {"site": site, "case": case, "fault": FAULT, "key": key["id"], "endpoint": endpoint["id"], "person": people[0].id}
    made.things[site] |= {"contractor": f"{site.lower()}-lift", "fund": "repair_team"}
    made.things[site] |= {"calendar": "CN", "year": "2027", "login": account["login"]}


async def _look_around(made: Estate, site: str) -> None:
    doors, things = made.world.doors, made.things[site]
    things["contact"] = (await doors.surely("intake", "GET", f"/v1/cases/{things['case']}"))["contact"]["ref"]
    order = (await doors.surely("dispatch", "GET", "/v1/work-orders", case=things["case"]))["orders"][0]
    things["collection"] = "orders"
    things |= {"order": order["id"], "assignee": order["assignee"]}
    things["attachment"] = await _attached(made, "dispatch", f"/v1/work-orders/{order['id']}/attachments")
    things["photo"] = await _attached(made, "intake", f"/v1/cases/{things['case']}/attachments")
    things["change"] = (await doors.surely("sla", "POST", f"/v1/sites/{site}/policy/changes", body={"open_cases": "keep"}, key=site))["id"]
    storm = BODIES["/v1/majeure"](things)
    things["declaration"] = (await doors.surely("sla", "POST", "/v1/majeure", body=storm, key=f"storm-{site}"))["id"]
    things["clock"] = (await doors.surely("sla", "GET", "/v1/clocks", case=things["case"]))[0]["id"]
    account = Settlement(id=order["id"], site=site, case=things["case"], work_class=WorkClass.B, submitted=500_00, amount=500_00)
    await made.runtime("dispatch").documents.put("settlements", to_doc(account.model_copy(update={"steps": (SUBMITTED,)})))
    for n, name in enumerate(("parked", "redriven"), 98):
        things[name] = f"intake:case:{things['case']}:{n}"
        for service in SERVICES:
            await made.runtime(service).documents.put("parked", parked_row(made.runtime(service), site, things[name]))


async def _attached(made: Estate, service: str, path: str) -> str:
    answer = await made.call(service, "POST", path, by=made.staff("*"), content=a_photo(), headers={"Content-Type": "image/jpeg"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def parked_row(runtime: Runtime[Any], site: str, id: str) -> Doc:
    """A fact of a site that a bug has parked."""
    kind, subject = "case.closed", id.rsplit(":", 2)[1]
    fact = Envelope(
        id=id, source="/huiyin/intake", type=f"huiyin.{kind}.v1", subject=subject, time=START, site=site, lane=Lane.NORMAL, seq=99, data={}
    )
    body = fact.model_dump_json().encode()
    sealed = runtime.vault.seal(runtime.name, "parked", body.decode())
    return inbox.parked_row(body, HuiyinError(), 3, sealed, START, fact)


def foreign_service_token(estate: Estate, *sites: str) -> str:
    """A token of a service that sees only these sites."""
    return Tokens(estate.world.settings).issue("service:probe", kind="service", roles=("service",), sites=sites, ttl=timedelta(minutes=5))


def problem(answer: httpx2.Response) -> tuple[int, str]:
    """Status and slug of a refusal; the answer has to be a problem document."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert body["status"] == answer.status_code
    return answer.status_code, str(body["type"]).removeprefix("urn:huiyin:problem:")


def fields(answer: httpx2.Response) -> list[str]:
    """Names of the fields that a refusal complains about."""
    return [row["field"] for row in answer.json().get("errors", ())]
