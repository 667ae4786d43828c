"""`huiyin audit verify`: what it walks, what it says, and that a site that worked has a whole chain."""

from typing import Any

import pytest
from huiyin.audit import CHAINED, said, walk

from tests.support.estate import OURS, THEIRS, Estate, an_estate

pytestmark = pytest.mark.anyio
COLLECTIONS = {"dispatch": ["orders", "settlements", "postings", "held", "fees"], "intake": ["cases", "promises", "visits"]}


async def walked(estate: Estate, service: str, site: str = OURS) -> dict[str, Any]:
    await estate.runtime("dispatch").documents.delete("settlements", {})  # laid down by the estate, not by a command
    return await walk(estate.world.doors, service, site, COLLECTIONS[service])


async def worked(estate: Estate) -> None:
    """A repair of each site from its acceptance on, whatever the moves are that it needs."""
    for site in (OURS, THEIRS):
        things = estate.things[site]
        by = estate.staff(site, person=things["assignee"], role="repair_worker")
        bodies: dict[str, dict[str, Any]] = {
            "accept": {},
            "arrive": {},
            "assess": {"outcome": "normal"},
            "complete": {"record": "已更换"},
            "sign": {},
        }
        for move, body in bodies.items():
            answer = await estate.call("dispatch", "POST", f"/v1/work-orders/{things['order']}/{move}", by=by, json=body)
            assert answer.status_code == 200, answer.text
    boss = estate.staff(OURS)
    voucher = {"amount": 50000, "receipt": "PZ-1"}
    contractor = estate.things[OURS]["contractor"]
    for path in (f"/v1/sites/{OURS}/retention/{contractor}/hold", f"/v1/sites/{OURS}/funds/repair_team/fill"):
        assert (await estate.call("dispatch", "POST", path, by=boss, json=voucher)).status_code == 200
    assert (await estate.call("dispatch", "POST", f"/v1/sites/{OURS}/slips", by=boss, json={})).status_code == 200
    await estate.rest()  # what the orders did has reached their cases


def test_what_is_verified_here_is_what_keeps_a_chain() -> None:
    assert COLLECTIONS.keys() == set(CHAINED)


async def test_a_site_that_worked_has_a_whole_chain() -> None:
    """Reported, issued, moved, returned, visited, handed over with the week's slips, money held, a fund filled: every change has its row."""
    async with an_estate() as estate:
        await worked(estate)
        for site in (OURS, THEIRS):
            for service in COLLECTIONS:
                found = await walked(estate, service, site)
                assert found["faults"] == []
                assert found["rows"] + found["unsealed"] >= 6
                assert found["documents"] >= 1


@pytest.mark.parametrize(("service", "collection", "field"), [("dispatch", "orders", "assignee"), ("intake", "cases", "owner")])
async def test_a_document_that_somebody_changed_is_named(service: str, collection: str, field: str) -> None:
    async with an_estate() as estate:
        await worked(estate)
        id_ = estate.things[OURS][collection.removesuffix("s")]
        await estate.runtime(service).documents.update(collection, {"_id": id_}, {field: "somebody-else"})
        found = await walked(estate, service)
        assert [(fault["what"], fault["subject"]) for fault in found["faults"]] == [("behind", f"{collection}:{id_}")]
        assert said(found["faults"][0]).startswith("behind ")
        assert (await walked(estate, service, THEIRS))["faults"] == []


@pytest.mark.parametrize("service", CHAINED)
async def test_who_may_look_at_the_chains(service: str) -> None:
    async with an_estate() as estate:
        seen = await estate.call(service, "GET", "/v1/audit", by=estate.staff(OURS, role="audit"))
        assert seen.json()["collections"] == COLLECTIONS[service]
        assert {head["site"] for head in seen.json()["sites"]} <= {OURS}
        for role in ("finance", "repair_worker", "customer_service_manager"):
            assert (await estate.call(service, "GET", "/v1/audit", by=estate.staff(OURS, role=role))).status_code == 403
        theirs = await estate.call(service, "GET", f"/v1/audit/{THEIRS}/rows", by=estate.staff(OURS, role="audit"))
        assert theirs.status_code == 404
        unknown = await estate.call(service, "GET", f"/v1/audit/{OURS}/documents/requests", by=estate.staff(OURS, role="audit"))
        assert unknown.status_code == 404
