"""The doors of money: every guard as the problem a caller reads, nothing stored by what is refused, and the whole way of both kinds of money."""

from collections.abc import AsyncIterator
from copy import deepcopy
from typing import Any

import httpx2
import pytest
from common.auth import PERMISSIONS, Tokens
from common.documents import to_doc
from common.events.sla import PolicyPublished
from common.memory import Broker, MemoryBus, MemoryDocuments
from common.policy import resolve
from common.runtime import Parts
from common.states import OrderStatus, WorkClass
from common.timesource import FakeTime
from dispatch.api.money_shapes import APPROVAL_BODIES, CHARGE_BODIES, SETTLEMENT_BODIES
from dispatch.domain.money.approval import ask
from dispatch.domain.money.approvals import APPROVALS
from dispatch.domain.money.fees import FEES
from dispatch.domain.money.rules import MoneyRules
from dispatch.domain.money.settlement import SETTLEMENTS
from dispatch.domain.order import Order, Rules
from dispatch.main import create_app

from tests.support.settings import settings
from tests.unit.dispatch.build import MINUTE, NOON, a_case, an_order
from tests.unit.dispatch.money import RULES, STANDARD
from tests.unit.dispatch.test_doors import Front
from tests.unit.dispatch.world import as_site

pytestmark = pytest.mark.anyio
NUMBER = "JN-260316-AAAAA-1"
ORDER, MONEY = f"/v1/work-orders/{NUMBER}", f"/v1/settlements/{NUMBER}"
TAP = {"lines": [{"item": "tap", "quantity": 2}]}
WHO = {
    "quote": "repair_worker",
    "confirm-fee": "repair_worker",
    "refuse-fee": "receptionist",
    "collect": "repair_worker",
    "take-money": "finance",
    "file-receipt": "receptionist",
    "certify": "deputy_chief_engineer",
    "pay": "finance",
    "review-deduction": "audit",
    "deduct": "finance",
    "settlement": "repair_team_leader",
}
BODIES: dict[str, dict[str, Any]] = {
    "quote": TAP,
    "confirm-fee": {"form": "signature"},
    "refuse-fee": {"form": "phone"},
    "take-money": {"receipt": "SJ-0001"},
    "ask-approval": {"amount": 15000_00},
    "decline": {"reason": "too dear"},
    "settlement": {"amount": 24300_00, "contractor": "roof-co"},
}


def a_policy() -> PolicyPublished:
    """A policy with bands, a fund and a large amount, as no test of moves needs it."""
    approval = RULES.model_dump(mode="json", exclude={"large_amount"}) | {"contractor_signs_above": 500_00}
    fund = {"id": "repair_team", "title": {"zh": "周转金", "en": "Fund"}, "amount": 30000_00}
    name = {"zh": "示例", "en": "Example"}
    parts = {"approval": approval, "working_funds": [fund], "collection": {"large_amount": 1000_00}, "site": "JN", "name": name}
    return PolicyPublished(site="JN", version=1, policy=resolve([parts]).model_dump(mode="json"))


@pytest.fixture
async def front() -> AsyncIterator[Front]:
    """Dispatch with one site that has bands and prices, and its case; orders are laid down as the moves before would leave them."""
    chosen, documents = settings(), MemoryDocuments()
    app = create_app(chosen, Parts(documents, MemoryBus(Broker()), FakeTime(NOON + 10 * MINUTE)))
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx2.AsyncClient(transport=transport, base_url="http://dispatch") as client:
        made = Front(client, app, Tokens(chosen))
        await made.hear(a_policy())
        for path, body in (("people", as_site()), ("fees", STANDARD)):
            put = await made.knock("PUT", f"/v1/sites/JN/{path}", "root", "administrator", body=body.model_dump(mode="json"))
            assert put.status_code == 200, put.text
        await documents.put("cases", to_doc(a_case()))
        yield made


async def lay(front: Front, **changes: Any) -> Order:
    order = an_order(**({"rules": Rules(money=RULES)} | changes))
    await front.app.state.runtime.documents.put("orders", to_doc(order))
    return order


async def chargeable(front: Front) -> Order:
    return await lay(front, status=OrderStatus.FEE_PENDING)


async def surveyed(front: Front, work_class: WorkClass = WorkClass.A) -> Order:
    return await lay(front, status=OrderStatus.SIGNED, work_class=work_class)


async def signed(front: Front) -> None:
    """The work is done and signed for; whatever is known about its money stays."""
    await front.app.state.runtime.documents.update("orders", {"_id": NUMBER}, {"status": "signed"})


def everything(front: Front) -> Any:
    data = front.app.state.runtime.documents._data  # noqa: SLF001 - to look, not to touch
    return deepcopy({name: rows for name, rows in data.items() if name not in {"chain", "chain_heads", "jobs"}})


async def do(front: Front, path: str, *roles: str, by: str | None = None, **body: Any) -> httpx2.Response:
    name = path.rsplit("/", 1)[-1]
    who = roles or (WHO[name],)
    return await front.knock("POST", path, by or who[0], *who, body=BODIES.get(name, {}) | body)


async def surely(front: Front, path: str, *roles: str, by: str | None = None, **body: Any) -> Any:
    answer = await do(front, path, *roles, by=by, **body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refused(front: Front, guard: str, path: str, *roles: str, by: str | None = None, **body: Any) -> dict[str, Any]:
    """The problem document of a refused guard; nothing is stored by it."""
    before = everything(front)
    answer = await do(front, path, *roles, by=by, **body)
    said: dict[str, Any] = answer.json()
    assert (answer.status_code, said["type"], said.get("guard")) == (409, "urn:huiyin:problem:guard-refused", guard), answer.text
    assert everything(front) == before
    return said


async def books(front: Front) -> dict[str, int]:
    said = (await front.knock("GET", "/v1/sites/JN/books", "fin", "finance")).json()
    assert said["balanced"]
    return {row["account"]: row["amount"] for row in said["balances"]}


async def approve(front: Front, amount: int) -> None:
    await surely(front, f"{ORDER}/ask-approval", "repair_team_leader", amount=amount)
    for role in RULES.band(amount):
        await surely(front, f"{ORDER}/approve", role)


def test_every_move_of_the_tables_has_its_door() -> None:
    assert (set(CHARGE_BODIES), set(APPROVAL_BODIES), set(SETTLEMENT_BODIES)) == (set(FEES), set(APPROVALS), set(SETTLEMENTS))


def test_the_rules_of_a_pack_are_what_the_store_keeps_of_it() -> None:
    policy = resolve([{**a_policy().policy}])
    assert MoneyRules.of(policy) == RULES


async def test_what_an_owner_pays_goes_from_the_quotation_to_the_receipt_at_the_desk(front: Front) -> None:
    await chargeable(front)
    quoted = await surely(front, f"{ORDER}/quote")
    assert (quoted["charge"]["amount"], quoted["charge"]["currency"]) == (180_00, "CNY")
    await surely(front, f"{ORDER}/confirm-fee", amount=180_00)
    await refused(front, "R16", f"{ORDER}/collect")
    await signed(front)
    await surely(front, f"{ORDER}/collect", by="ann")
    assert await books(front) == {"cash:ann": 180_00, "income:repairs": -180_00}
    paid = await surely(front, f"{ORDER}/take-money")
    assert (paid["charge"]["status"], paid["charge"]["receipt"]) == ("paid", "SJ-0001")
    cleared = await surely(front, f"{ORDER}/file-receipt")
    assert cleared["charge"]["status"] == "cleared"
    assert await books(front) == {"finance": 180_00, "income:repairs": -180_00}
    again = await do(front, f"{ORDER}/file-receipt")
    assert (again.status_code, again.json()["type"]) == (409, "urn:huiyin:problem:illegal-move")


async def test_fee_02_a_large_amount_waits_in_the_list_of_finance(front: Front) -> None:
    await chargeable(front)
    await surely(front, f"{ORDER}/quote", lines=[{"item": "roof", "amount": 1000_00}])
    await surely(front, f"{ORDER}/confirm-fee")
    await signed(front)
    await refused(front, "FEE-02", f"{ORDER}/collect")
    listed = await front.knock("GET", "/v1/charges?collector=finance&status=confirmed", "fin", "finance")
    assert [row["order"] for row in listed.json()["charges"]] == [NUMBER]
    await surely(front, f"{ORDER}/take-money")
    assert (await front.knock("GET", "/v1/charges?collector=finance&status=confirmed", "fin", "finance")).json() == {"charges": []}


async def test_r7b_r7e_no_fee_for_what_was_not_found_chargeable_or_is_in_warranty(front: Front) -> None:
    await lay(front, status=OrderStatus.ON_SITE)
    await refused(front, "R7b", f"{ORDER}/quote")
    await lay(front, status=OrderStatus.FEE_PENDING, work_class=WorkClass.A)
    await refused(front, "R7e", f"{ORDER}/quote")


async def test_r12_the_bands_are_those_of_the_order_and_the_wrong_role_is_told_which_is_needed(front: Front) -> None:
    await surveyed(front)
    await surely(front, f"{ORDER}/ask-approval", "repair_team_leader")
    said = await refused(front, "R12", f"{ORDER}/approve", "deputy_general_manager")
    assert said["role"] == "general_manager"
    await refused(front, "R12.own", f"{ORDER}/approve", "general_manager", by="repair_team_leader")
    given = await surely(front, f"{ORDER}/approve", "general_manager")
    assert [(one["status"], one["amount"]) for one in given["approvals"]] == [("granted", 15000_00)]


async def test_r12_an_approver_lists_what_waits_for_their_role(front: Front) -> None:
    async def waits(role: str) -> list[str]:
        answer = await front.knock("GET", f"/v1/work-orders?site=JN&approver={role}", role, role)
        assert answer.status_code == 200, answer.text
        return [row["id"] for row in answer.json()["orders"] if row["approver"] == role]

    await surveyed(front)
    await surely(front, f"{ORDER}/ask-approval", "repair_team_leader", amount=5000_00)
    assert (await waits("deputy_chief_engineer"), await waits("deputy_general_manager")) == ([NUMBER], [])
    await surely(front, f"{ORDER}/approve", "deputy_chief_engineer")
    assert (await waits("deputy_chief_engineer"), await waits("deputy_general_manager")) == ([], [NUMBER])
    await surely(front, f"{ORDER}/approve", "deputy_general_manager")
    assert await waits("deputy_general_manager") == []


@pytest.mark.parametrize("changes", [{"status": OrderStatus.CANCELLED}, {"status": OrderStatus.FEE_REFUSED}, {"status": OrderStatus.FEE_PENDING}])
async def test_r12_an_approval_that_nobody_may_give_is_not_listed(front: Front, changes: dict[str, Any]) -> None:
    pending = ask(500_00, ("customer_service_manager",), by="leader", at=NOON)
    assert (await lay(front, approvals=(pending,))).approver == "customer_service_manager"
    assert (await lay(front, approvals=(pending,), **changes)).approver is None


async def test_c_25_what_the_owner_pays_is_not_put_up_for_approval(front: Front) -> None:
    await chargeable(front)
    await refused(front, "R12.class", f"{ORDER}/ask-approval", "receptionist")


async def test_a_warranty_repair_of_24300_is_audited_confirmed_certified_paid_and_deducted(front: Front) -> None:
    await surveyed(front)
    await approve(front, 25000_00)
    await refused(front, "FEE-07", f"{ORDER}/settlement", amount=25000_01)
    await surely(front, f"{ORDER}/settlement")
    await refused(front, "FEE-09", f"{MONEY}/review", "customer_service_manager")
    await surely(front, f"{MONEY}/review", "audit")
    await refused(front, "R21", f"{MONEY}/certify")
    await surely(front, f"{MONEY}/confirm", "contractor", by="roof-co")
    await surely(front, f"{MONEY}/certify")
    assert (await do(front, f"{MONEY}/deduct")).json()["type"] == "urn:huiyin:problem:illegal-move"
    await surely(front, f"{MONEY}/pay")
    await refused(front, "FEE-15", f"{MONEY}/deduct")
    await surely(front, f"{MONEY}/review-deduction")
    await refused(front, "FEE-14", f"{MONEY}/deduct")
    held = await surely(front, "/v1/sites/JN/retention/roof-co/hold", "finance", amount=100000_00, receipt="PZ-1")
    assert held["held"] == 100000_00
    assert (await surely(front, f"{MONEY}/deduct"))["status"] == "deducted"
    assert await books(front) == {"finance": 75700_00, "retention:roof-co": -75700_00}


async def test_a_repair_that_the_company_bears_is_paid_from_its_fund_and_never_deducted(front: Front) -> None:
    await surveyed(front, WorkClass.B)
    await approve(front, 15000_00)
    await surely(front, f"{ORDER}/settlement", amount=14860_00, contractor=None)
    await refused(front, "R21.own", f"{MONEY}/review", "customer_service_manager", by="repair_team_leader")
    await surely(front, f"{MONEY}/review", "customer_service_manager")
    assert (await do(front, f"{MONEY}/pay")).json()["type"] == "urn:huiyin:problem:illegal-move"
    await surely(front, f"{MONEY}/certify")
    await refused(front, "FEE-18", f"{MONEY}/pay", fund="repair_team")
    await refused(front, "FEE-17", "/v1/sites/JN/funds/repair_team/fill", "finance", amount=30000_01, receipt="PZ-1")
    await surely(front, "/v1/sites/JN/funds/repair_team/fill", "finance", amount=30000_00, receipt="PZ-1")
    await surely(front, f"{MONEY}/pay", fund="repair_team")
    await refused(front, "FEE-14", f"{MONEY}/deduct")
    assert await books(front) == {"cost:repairs": 14860_00, "fund:repair_team": 15140_00, "finance": -30000_00}


async def test_fee_20_retention_money_goes_back_with_customer_services_opinion(front: Front) -> None:
    place = "/v1/sites/JN/retention/roof-co"
    await surely(front, f"{place}/hold", "finance", amount=500_00, receipt="PZ-1")
    await refused(front, "FEE-20", f"{place}/release", "finance", amount=200_00, receipt="PZ-2")
    await surely(front, f"{place}/opinion", "customer_service_manager", favourable=True)
    assert (await surely(front, f"{place}/release", "finance", amount=200_00, receipt="PZ-2"))["held"] == 300_00
    twice = await do(front, f"{place}/hold", "finance", amount=500_00, receipt="PZ-1")
    assert (twice.status_code, twice.json()["type"]) == (409, "urn:huiyin:problem:taken")
    unknown = await do(front, "/v1/sites/JN/retention/nobody/hold", "finance", amount=500_00, receipt="PZ-1")
    assert unknown.status_code == 404


async def test_a_contractor_sees_and_confirms_only_what_it_bears(front: Front) -> None:
    await surveyed(front)
    await approve(front, 25000_00)
    await surely(front, f"{ORDER}/settlement")
    await surely(front, f"{MONEY}/review", "audit")
    assert (await do(front, f"{MONEY}/confirm", "contractor", by="lift-co")).status_code == 404
    assert (await front.knock("GET", MONEY, "lift-co", "contractor")).status_code == 404
    assert (await front.knock("GET", MONEY, "roof-co", "contractor")).json()["amount"] == 24300_00
    await surely(front, f"{MONEY}/confirm", "contractor", by="roof-co")


async def test_only_the_roles_of_the_table_make_a_move(front: Front) -> None:
    for table in (FEES, APPROVALS, SETTLEMENTS):
        for name, move in table.items():
            path = f"{MONEY}/{name}" if table is SETTLEMENTS else f"{ORDER}/{name}"
            outsider = next(role for role in ("building_steward", "security", "data_clerk") if move.permission not in PERMISSIONS[role])
            answer = await do(front, path, outsider)
            assert (answer.status_code, answer.json()["permission"]) == (403, move.permission)


async def test_an_amount_is_a_whole_number_of_fen(front: Front) -> None:
    await surveyed(front)
    for amount in (1.5, "100", 0, -5, True, 10**12):
        answer = await do(front, f"{ORDER}/ask-approval", "repair_team_leader", amount=amount)
        assert answer.status_code == 422, amount


async def test_a_command_that_comes_twice_posts_once(front: Front) -> None:
    await chargeable(front)
    await surely(front, f"{ORDER}/quote")
    for _ in range(2):
        answer = await front.knock("POST", f"{ORDER}/confirm-fee", "ann", body={"form": "phone"}, headers={"Idempotency-Key": "k-1"})
        assert answer.status_code == 200
    assert await books(front) == {f"receivable:{NUMBER}": 180_00, "income:repairs": -180_00}


async def test_another_sites_money_looks_missing(front: Front) -> None:
    await chargeable(front)
    for path in ("/v1/sites/XZ/books", "/v1/sites/XZ/retention/roof-co", "/v1/sites/XZ/fees"):
        assert (await front.knock("GET", path, "fin", "finance")).status_code == 404
    elsewhere = await front.knock("POST", f"{ORDER}/quote", "ann", body=TAP, sites=("XZ",))
    assert elsewhere.status_code == 404
