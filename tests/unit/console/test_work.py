"""The technician's pages without a browser: what is asked, what is shown, who may, what goes to dispatch."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from common.auth import PERMISSIONS, Caller, permissions_of
from common.errors import Text
from common.states import Awaited, OrderState, OrderStatus, Urgency
from console.domain.board import BoardClock, BoardOrder, Row, with_order
from console.domain.labels import LABELS
from console.domain.wording import Speech
from console.pages.forms import CONTAINMENT, FORMS, MAIN, Known, body, ordered
from console.pages.show import Scene
from console.pages.show_work import AWAITED, awaited, groups
from dispatch.api.bodies import BODIES
from dispatch.domain.money.approvals import APPROVALS
from dispatch.domain.money.fees import FEES
from dispatch.domain.moves import MOVES as ALL_MOVES
from fastapi import FastAPI

from tests.unit.console import story
from tests.unit.console.technician import NUMBER, REFUSAL, VIEW, Dispatch, at_work
from tests.unit.console.world import add_account, browser

pytestmark = pytest.mark.anyio
HOUR = timedelta(hours=1)


# --- forms ----------------------------------------------------------------------------------------------------------------------


def test_only_what_was_asked_is_sent_and_nothing_empty() -> None:
    given = {"record": [" 换了\r\n阀门 "], "root_cause": ["  "], "photos": ["a" * 32, "b" * 32], "surprise": ["x"], "key": ["k"]}
    assert body(FORMS["complete"], given) == {"record": "换了\n阀门", "photos": ["a" * 32, "b" * 32]}
    assert body(FORMS["arrive"], {"plan_told": ["1"]}) == {"plan_told": True}
    assert body(FORMS["check"], {"checks": ["stopped", "evidence_kept"]}) == {"checks": ["stopped", "evidence_kept"]}


def test_a_quotation_is_lines_in_fen_and_what_is_no_number_goes_as_it_is() -> None:
    """FEE-01: items of the standard by number, what is not in it by amount; dispatch names the field that it refuses."""
    given = {"items.tap": ["2"], "items.pipe": ["0"], "items.seal": [""], "items.valve": ["x"], "other": ["12.5"]}
    assert body(FORMS["quote"], given) == {
        "lines": [{"item": "tap", "quantity": 2}, {"item": "valve", "quantity": "x"}, {"item": "other", "amount": 1250}]
    }
    odd = ["0.015", "1e99", "NaN", "many"]
    assert [body(FORMS["quote"], {"other": [text]})["lines"][0]["amount"] for text in odd] == odd
    assert body(FORMS["quote"], {}) == {"lines": []}


def test_a_survey_is_flags_an_amount_in_fen_and_lists() -> None:
    """R10, REP-08: a no is said aloud, not left out; an amount that is none goes as it is and is refused by name."""
    given = {"responsible": ["company"], "in_warranty": ["no"], "trades": ["plumbing", "masonry"], "estimate": ["500.5"], "signers": ["x", "y"]}
    said = {"responsible": "company", "in_warranty": False, "trades": ["plumbing", "masonry"], "estimate": 50050, "signers": ["x", "y"]}
    assert body(FORMS["survey"], given) == said
    odd = {"in_warranty": ["maybe"], "estimate": ["much"]}
    assert body(FORMS["survey"], odd) == odd | {"in_warranty": "maybe", "estimate": "much"}
    assert body(FORMS["inspect"], {"passed": ["no"], "remark": ["门仍关不严"]}) == {"passed": False, "remark": "门仍关不严"}
    assert body(FORMS["inspect"], {"passed": ["yes"]}) == {"passed": True}
    assert body(FORMS["inspect"], {}) == {}


def test_what_a_form_sends_is_what_dispatch_takes() -> None:
    """Names and shapes of the page's forms are those of dispatch's doors; a form that is filled in is never a wrong body."""
    answers = {"to": "jn-wei", "reason": "夜班接手", "remark": "好", "estimate": "300", "signers": "customer_service"}
    for name in ("transfer", "send-back", "survey", "class", "inspect", "assign", "name-second", "accept-work"):
        given = {ask.name: [answers.get(ask.name) or (*ask.options, "1")[0]] for ask in FORMS[name].asks}
        BODIES[name].model_validate_json(json.dumps(body(FORMS[name], given)))


def test_every_choice_has_its_words() -> None:
    for form in FORMS.values():
        for ask in form.asks:
            assert isinstance(ask.label, Text)
            assert set(ask.options) <= set(LABELS.get(ask.labels, ()))
    assert set(ALL_MOVES) | set(FEES) | set(APPROVALS) <= set(LABELS["move"]), "each has its words where it is listed"
    assert {name for names in MAIN.values() for name in names} <= set(FORMS)
    assert set(MAIN) <= set(OrderStatus)


@pytest.mark.parametrize(
    ("known", "moves", "main", "others"),
    [
        (Known("issued", contractor=False), ["accept", "cancel", "excuse"], "accept", ["excuse"]),
        (Known("on_site", contractor=False), ["assess", "survey", "start", "excuse"], "assess", ["excuse"]),
        (Known("on_site", contractor=True), ["assess", "start"], "start", []),
        (Known("contained", contractor=False, outcome="major"), ["check", "start"], "check", []),
        (Known("contained", contractor=False, outcome="major", checks=CONTAINMENT), ["check", "start"], "start", ["check"]),
        (Known("in_progress", contractor=False), ["check", "leave", "complete"], "complete", ["leave"]),
        (Known("completed", contractor=False), ["sign", "refuse-sign", "return"], "sign", ["refuse-sign"]),
        (Known("completed", contractor=False, waits=True), ["recheck", "sign", "refuse-sign", "return"], None, ["refuse-sign"]),
        (Known("completed", contractor=False, repair=False, waits=True), ["recheck", "return"], None, []),
        (Known("completed", contractor=False, waits=True, second=True), ["recheck", "sign", "return"], "recheck", []),
        (Known("completed", contractor=False, second=True), ["recheck", "sign", "return"], "sign", []),
        (Known("completed", contractor=True), ["sign", "refuse-sign", "return"], "return", []),
        (Known("completed", contractor=False, repair=False), ["sign", "return"], "return", []),
        (Known("completed", contractor=False, unaccepted=True), ["accept-work", "sign", "refuse-sign"], "accept-work", ["refuse-sign"]),
        (Known("completed", contractor=False, unaccepted=True), ["sign", "refuse-sign"], None, ["refuse-sign"]),
        (Known("completed", contractor=False), ["accept-work", "sign"], "sign", []),
        (Known("completed", contractor=True, unaccepted=True), ["accept-work", "return"], "return", []),
        (
            Known("issued", contractor=False, mine=False, assignable=True, seconds=True),
            ["accept", "assign", "name-second"],
            "accept",
            ["assign", "name-second"],
        ),
        (Known("issued", contractor=False, mine=False), ["accept", "assign", "name-second"], "accept", []),
        (Known("issued", contractor=True, mine=False, assignable=True, seconds=True), ["assign", "name-second"], None, []),
        (Known("fee_pending", contractor=False), ["start", "quote", "refuse-fee"], "quote", ["refuse-fee"]),
        (Known("fee_pending", contractor=False), ["start", "quote", "confirm-fee", "refuse-fee"], "confirm-fee", ["quote", "refuse-fee"]),
        (Known("fee_pending", contractor=False, agreed=True), ["start", "quote", "refuse-fee"], "start", ["quote", "refuse-fee"]),
        (Known("signed", contractor=False, agreed=True), ["return", "collect"], "collect", ["return"]),
        (Known("signed", contractor=False, collector="finance"), ["return", "collect"], "return", []),
        (Known("returned", contractor=False), ["inspect"], None, []),
        (Known("returned", contractor=True), ["inspect"], "inspect", []),
        (Known("accepted", contractor=False, heirs=True), ["arrive", "transfer", "send-back"], "arrive", ["transfer", "send-back"]),
        (Known("accepted", contractor=False), ["arrive", "transfer", "send-back"], "arrive", ["send-back"]),
        (Known("accepted", contractor=False, heirs=True, mine=False), ["arrive", "transfer", "send-back"], "arrive", []),
        (Known("accepted", contractor=True, heirs=True), ["arrive", "transfer", "send-back"], "arrive", []),
        (Known("issued", contractor=False, mine=False, given=True), ["accept", "excuse"], None, []),
        (Known("on_site", contractor=False, surveyed=True), ["assess", "survey"], "assess", ["survey"]),
        (Known("surveyed", contractor=False), ["class"], "class", []),
        (Known("issued", contractor=False), [], None, []),
    ],
)
def test_the_main_move_and_the_others(known: Known, moves: list[str], main: str | None, others: list[str]) -> None:
    assert ordered(moves, known) == (main, others)


# --- the list -------------------------------------------------------------------------------------------------------------------


def a_row(number: str, *, urgency: Urgency = Urgency.P3, due: int | None = None, appointment: int | None = None, **order: Any) -> Row:
    made = BoardOrder(id=f"{number}-1", number=1, status=OrderStatus.ACCEPTED, party="own", assignee="ann")
    made = made.model_copy(update={"appointment_at": story.NOW + appointment * HOUR if appointment else None} | order)
    clock = BoardClock(
        id=f"order:{number}-1:CLK_ONSITE:1", code="CLK_ONSITE", state="running", start_at=story.NOW, due_at=story.NOW + (due or 0) * HOUR
    )
    return Row(
        id=number, site="JN", kind="repair", status="in_work", channel="phone", received_at=story.NOW, urgency=urgency, orders=[made],
        clocks=[clock] if due is not None else [],
    )  # fmt: skip


def test_emergencies_come_first_then_what_is_due_first_and_later_days_last() -> None:
    rows = [
        a_row("A", due=3),
        a_row("B", due=1),
        a_row("C", urgency=Urgency.P1, due=5),
        a_row("D"),
        a_row("E", status=OrderStatus.ISSUED, due=1),
        a_row("F", appointment=48),
        a_row("G", assignee="bob", due=1),
        a_row("I", assignee=None, status=OrderStatus.ISSUED, offered=["bob", "ann"]),
        a_row("H", status=OrderStatus.RETURNED, due=1),
        a_row("J", assignee="bob", status=OrderStatus.COMPLETED, second="ann"),
        a_row("K", assignee="bob", status=OrderStatus.COMPLETED, second="cid"),
    ]
    found = groups(rows, "ann", {"JN": Scene(Speech())}, story.NOW)
    assert {name: [shown.id for shown in orders] for name, orders in found} == {
        "work_to_grab": ["I-1"],
        "work_to_recheck": ["J-1"],
        "work_now": ["C-1", "B-1", "A-1", "D-1"],
        "work_to_accept": ["E-1"],
        "work_later": ["F-1"],
    }


def test_r11_r18_what_waits_for_me_stands_in_a_group_of_its_own_and_only_while_i_may_do_it() -> None:
    """An emergency first there too; an order of my own that waits for my step stands there, not under "in hand"."""
    rows = [
        a_row("A", assignee="jn-lift", party="contractor", status=OrderStatus.RETURNED, awaits="inspection", due=1),
        a_row("B", assignee="bob", status=OrderStatus.SURVEYED, awaits="class"),
        a_row("C", assignee="jn-lift", party="contractor", status=OrderStatus.RETURNED, awaits="inspection", urgency=Urgency.P1),
        a_row("D", status=OrderStatus.SURVEYED, awaits="class"),
        a_row("E", assignee="bob", status=OrderStatus.RETURNED),
        a_row("F", assignee="bob", awaits="a word that is not known here"),
    ]

    def shown(*does: str) -> dict[str, list[str]]:
        return {name: [one.id for one in orders] for name, orders in groups(rows, "ann", {"JN": Scene(Speech())}, story.NOW, does)}

    assert shown() == {"work_now": ["D-1"]}
    assert shown("inspection") == {"work_now": ["D-1"], "work_to_inspect": ["C-1", "A-1"]}
    assert shown("inspection", "class") == {"work_to_inspect": ["C-1", "A-1"], "work_to_class": ["B-1", "D-1"]}


def test_r11_r18_the_list_asks_for_what_dispatch_asks_of_who_makes_the_move() -> None:
    moves = {Awaited.ACCEPTANCE: "accept-work", Awaited.INSPECTION: "inspect", Awaited.CLASS: "class"}
    assert {what: permission for what, (permission, _) in AWAITED.items()} == {what: ALL_MOVES[move].permission for what, move in moves.items()}
    assert set(AWAITED) == set(Awaited)
    does = {role: awaited(Caller("x", "staff", roles, ("JN",), permissions_of(roles))) for role in PERMISSIONS for roles in [(role,)]}
    assert (does["repair_team_leader"], does["receptionist"], does["repair_worker"]) == (("acceptance", "inspection"), ("class",), ())
    both = ("contractor", "administrator")
    assert awaited(Caller("x", "staff", both, ("JN",), permissions_of(both))) == (), "DSP-13"


# --- the doors ------------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def world() -> AsyncIterator[tuple[FastAPI, Dispatch]]:
    async with at_work() as made:
        yield made


async def test_a_move_goes_to_dispatch_as_the_person_who_pressed(world: tuple[FastAPI, Dispatch]) -> None:
    app, dispatch = world
    async with browser(app, login="worker") as client:
        answer = await client.post(f"/work/{NUMBER}-1/arrive", data={"key": "k-1", "plan_told": "1", "reason": "", "site": "XZ"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/work/{NUMBER}-1")
    request, content = dispatch.came[-1], dispatch.bodies[-1]
    assert (request.method, request.url.port, request.url.path) == ("POST", 8802, f"/v1/work-orders/{NUMBER}-1/arrive")
    assert json.loads(content) == {"plan_told": True}
    assert request.headers["idempotency-key"] == "k-1"
    caller = app.state.runtime.tokens.check(request.headers["authorization"].removeprefix("Bearer "))
    assert (caller.id, caller.kind, caller.roles, caller.sites) == ("jn-worker", "staff", ("repair_worker",), ("JN", "XZ"))
    assert "cookie" not in request.headers


async def test_a_refusal_is_said_and_what_was_typed_stays(world: tuple[FastAPI, Dispatch]) -> None:
    app, dispatch = world
    dispatch.refusal = REFUSAL
    async with browser(app, login="worker") as client:
        answer = await client.post(f"/work/{NUMBER}-1/arrive", data={"reason": "堵车 </textarea><script>", "photos": "b" * 32})
    assert answer.status_code == 409
    assert "还不行" in answer.text
    assert "堵车 &lt;/textarea&gt;&lt;script&gt;" in answer.text
    assert f'name="photos" value="{"b" * 32}"' in answer.text


async def test_a_field_that_is_wrong_is_named_as_the_form_names_it(world: tuple[FastAPI, Dispatch]) -> None:
    app, dispatch = world
    errors = [{"field": "lines.0.quantity", "reason": "int-type"}, {"field": "lines", "reason": "too-short"}]
    dispatch.refusal = {"type": "urn:huiyin:problem:invalid", "title": "内容不符合要求", "status": 422, "errors": errors}
    async with browser(app, login="worker") as client:
        answer = await client.post(f"/work/{NUMBER}-1/quote", data={"items.tap": "two"})
    assert answer.status_code == 422
    assert "<b>内容不符合要求</b> 收费项目</p>" in answer.text


async def test_notes_are_text_and_unknown_moves_are_not_offered(world: tuple[FastAPI, Dispatch]) -> None:
    app, _ = world
    async with browser(app, login="worker") as client:
        page = (await client.get(f"/work/{NUMBER}-1")).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page
        assert f"/work/{NUMBER}-1/sing" not in page
        assert f'action="/work/{NUMBER}-1/arrive"' in page
        assert (await client.post(f"/work/{NUMBER}-1/sing", data={})).status_code == 404
        assert (await client.get(f"/work/{NUMBER}-9")).status_code == 404


async def test_forms_of_other_sites_are_not_taken(world: tuple[FastAPI, Dispatch]) -> None:
    app, dispatch = world
    async with browser(app, login="worker") as client:
        before = len(dispatch.came)
        for headers in ({"Origin": "https://evil.test"}, {"Sec-Fetch-Site": "cross-site"}):
            for path in (f"/work/{NUMBER}-1/arrive", f"/work/{NUMBER}-1/attachments"):
                assert (await client.post(path, data={"key": "k"}, headers=headers)).status_code == 403
        assert len(dispatch.came) == before


async def test_who_is_not_signed_in_is_led_to_the_door_and_who_may_not_attach_is_refused(world: tuple[FastAPI, Dispatch]) -> None:
    app, dispatch = world
    async with browser(app, login=None) as client:
        assert (await client.get("/work")).headers["location"] == "/sign-in?next=%2Fwork"
    async with browser(app, login="money") as client:
        before = len(dispatch.came)
        assert (await client.post(f"/work/{NUMBER}-1/attachments", content=b"x", headers={"Content-Type": "image/jpeg"})).status_code == 403
        assert len(dispatch.came) == before


async def test_a_technician_starts_at_the_orders_and_others_at_the_cases(world: tuple[FastAPI, Dispatch]) -> None:
    app, _ = world
    for login, start in (("worker", "/work"), ("money", "/cases")):
        async with browser(app, login=login) as client:
            assert (await client.get("/")).headers["location"] == start


async def test_an_order_that_is_open_to_me_is_on_my_list_until_somebody_has_it(world: tuple[FastAPI, Dispatch]) -> None:
    """抢單: everybody it is offered to sees it, nobody else."""
    app, _ = world
    row = a_row("JN-260314-GRAB1", assignee=None, status=OrderStatus.ISSUED)
    state = {"id": row.orders[0].id, "site": "JN", "case": row.id, "case_kind": "repair", "number": 1, "party": "own", "urgency": "P3"}
    order = OrderState.model_validate(state | {"status": "issued", "issued_at": story.NOW})
    async with browser(app, login="worker") as client:
        for offered, shown in ((("jn-worker", "jn-bob"), True), (("jn-bob",), False), ((), False)):
            await app.state.runtime.transact(lambda store, to=offered: store.save_row(with_order(row, order, to)))
            page = (await client.get("/work")).text
            assert (f"/work/{order.id}" in page, "可抢单" in page) == (shown, shown)


async def test_def09_an_order_that_waits_for_my_second_look_is_on_my_list_and_i_make_it(world: tuple[FastAPI, Dispatch]) -> None:
    """Only while it waits; who has it still finds it among their own, without the signature that would be refused."""
    app, dispatch = world
    row = a_row("JN-260314-AGAIN", assignee="jn-bob", status=OrderStatus.COMPLETED)
    state = {"id": row.orders[0].id, "site": "JN", "case": row.id, "case_kind": "repair", "number": 1, "party": "own", "urgency": "P3"}
    order = OrderState.model_validate(state | {"status": "completed", "issued_at": story.NOW, "assignee": "jn-bob", "second_inspector": "jn-worker"})
    async with browser(app, login="worker") as client:
        for due in (True, False):
            said = order.model_copy(update={"recheck_due": due})
            await app.state.runtime.transact(lambda store, said=said: store.save_row(with_order(row, said)))
            page = (await client.get("/work")).text
            assert (f"/work/{order.id}" in page, "待我复检" in page) == (due, due)
        await client.post(f"/work/{NUMBER}-1/recheck", data={"key": "k-2", "result": "good", "remark": "不再渗水"})
    assert json.loads(dispatch.bodies[-1]) == {"result": "good", "remark": "不再渗水"}


@pytest.mark.parametrize(("role", "lists"), [("repair_team_leader", ("inspection",)), ("repair_worker", ()), ("contractor", ())])
async def test_r18_a_team_leader_sees_what_waits_for_an_inspection_at_their_sites(
    world: tuple[FastAPI, Dispatch], role: str, lists: tuple[str, ...]
) -> None:
    """Until it is inspected; nothing of another site, nothing that waits for somebody else."""
    app, _ = world
    await add_account(app.state.runtime, role, roles=(role,), sites=("JN",))
    async with browser(app, login=role) as client:
        for awaits, site in (("inspection", "JN"), ("class", "JN"), ("inspection", "XZ"), (None, "JN")):
            row = a_row("JN-260314-WAITS").model_copy(update={"site": site})
            state = {"id": row.orders[0].id, "site": site, "case": row.id, "case_kind": "repair", "number": 1, "urgency": "P3"}
            state |= {"status": "returned", "party": "contractor", "assignee": "jn-lift", "issued_at": story.NOW, "awaits": awaits}
            order = OrderState.model_validate(state)
            await app.state.runtime.transact(lambda store, row=row, order=order: store.save_row(with_order(row, order)))
            page = (await client.get("/work")).text
            shown = awaits in lists and site == "JN"
            assert (f"/work/{order.id}" in page, "待查验" in page) == (shown, shown), (awaits, site)


async def test_def09_the_page_asks_the_second_inspector_and_nobody_else(world: tuple[FastAPI, Dispatch], monkeypatch: pytest.MonkeyPatch) -> None:
    app, _ = world
    done = {"status": "completed", "moves": ["recheck", "sign", "return"], "recheck_due": True}
    async with browser(app, login="worker") as client:
        for second in ("jn-worker", "jn-bob"):
            for name, value in (done | {"second_inspector": second}).items():
                monkeypatch.setitem(VIEW, name, value)
            page = (await client.get(f"/work/{NUMBER}-1")).text
            assert f"<dd>{second} · 待复检</dd>" in page
            assert ('name="result" value="good" required' in page) is (second == "jn-worker")
            assert f'action="/work/{NUMBER}-1/sign"' not in page
