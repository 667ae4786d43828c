"""The state machine of an order: every pair of state and move, every guard by its id, and what each fact says."""

from typing import Any

import pytest
from common.auth import PERMISSIONS
from common.errors import HuiyinError, IllegalMove, Invalid, Refused, TimeInFuture, TimeOrder
from common.events.dispatch import (
    WorkOrderAccepted,
    WorkOrderArrived,
    WorkOrderAssessed,
    WorkOrderCancelled,
    WorkOrderCompleted,
    WorkOrderFact,
    WorkOrderInspected,
    WorkOrderIssued,
    WorkOrderReturned,
    WorkOrderSigned,
)
from common.money import ChargeStatus
from common.moves import documentation
from common.states import CaseKind, OrderStatus, Party
from dispatch.api.bodies import BODIES
from dispatch.domain.acts import CONTAINMENT
from dispatch.domain.guards import GUARDS
from dispatch.domain.money.charge import Charge
from dispatch.domain.moves import FOLLOWS, MOVES, apply, possible
from dispatch.domain.order import ONSITE, Order, Rules, Step
from dispatch.domain.survey import Survey

from tests.unit.dispatch.build import MINUTE, NOON, a_case, a_deed, an_order, an_order_in, signed_back

S = OrderStatus
#: D1 of the requirements, written down a second time: state -> move -> state after it
WAITS = {"chase", "explain", "excuse", "name-second"}  # they leave an order where it is
HANDED = dict.fromkeys(("transfer", "send-back", "assign"), S.ISSUED)
D1: dict[OrderStatus, dict[str, OrderStatus]] = {
    S.ISSUED: {"accept": S.ACCEPTED, "cancel": S.CANCELLED, "take-over": S.CANCELLED} | HANDED | dict.fromkeys(WAITS, S.ISSUED),
    S.ACCEPTED: {"arrive": S.ON_SITE, "cancel": S.CANCELLED, "take-over": S.CANCELLED} | HANDED | dict.fromkeys(WAITS, S.ACCEPTED),
    S.ON_SITE: {"assess": S.IN_PROGRESS, "survey": S.SURVEYED, "start": S.IN_PROGRESS} | HANDED | dict.fromkeys(WAITS, S.ON_SITE),
    S.CONTAINED: {"start": S.IN_PROGRESS} | dict.fromkeys(WAITS | {"check"}, S.CONTAINED),
    S.FEE_PENDING: {"start": S.IN_PROGRESS} | dict.fromkeys(WAITS, S.FEE_PENDING),
    S.FEE_REFUSED: {},
    S.WARRANTY: {"pass-on": S.RETURNED, "excuse": S.WARRANTY},
    S.SURVEYED: {"class": S.APPROVAL_PENDING} | dict.fromkeys(WAITS, S.SURVEYED),
    S.APPROVAL_PENDING: {"start": S.IN_PROGRESS} | dict.fromkeys(WAITS, S.APPROVAL_PENDING),
    S.IN_PROGRESS: {"complete": S.COMPLETED, "leave": S.UNFINISHED} | dict.fromkeys(WAITS | {"check"}, S.IN_PROGRESS),
    S.UNFINISHED: {"start": S.IN_PROGRESS} | dict.fromkeys(WAITS | {"check"}, S.UNFINISHED),
    S.GUIDED: {"return": S.RETURNED, "excuse": S.GUIDED},
    S.COMPLETED: {"sign": S.SIGNED, "refuse-sign": S.IN_PROGRESS, "return": S.RETURNED}
    | dict.fromkeys(("accept-work", "recheck", "name-second", "excuse"), S.COMPLETED),
    S.SIGNED: {"return": S.RETURNED, "excuse": S.SIGNED},
    S.RETURNED: {"inspect": S.INSPECTED},
    S.INSPECTED: {},
    S.CANCELLED: {},
}
SHEET = Survey(responsible="company", in_warranty=True, trades=("plumbing",), estimate=300_000, signers=("customer_service",))
CHASED = Step(move="chase", at=NOON, noted_at=NOON, by="desk", note="called the firm")
ACTS: dict[str, dict[str, Any]] = {
    "assess": {"outcome": "normal"},
    "complete": {"note": "pipe replaced"},
    "cancel": {"note": "reported twice"},
    "excuse": {"note": "owner away"},
    "transfer": {"note": "other shift", "to": "cid"},
    "send-back": {"note": "not my trade"},
    "assign": {"note": "nearest", "to": "cid"},
    "check": {"checks": ("stopped",)},
    "survey": {"survey": SHEET},
    "class": {"work_class": "A"},
    "leave": {"note": "waits for a part"},
    "accept-work": {"party": "customer_service"},
    "recheck": {"by": "bob"},
    "name-second": {"note": "on leave", "to": "cid"},
    "refuse-sign": {"note": "still leaks"},
    "take-over": {"note": "contractor did not come", "replaced_by": "JN-260316-AAAAA-2"},
    "chase": {"note": "called the firm"},
    "explain": {"note": "the firm comes tomorrow"},
}
#: what an order has to be for a move that the table allows
READY: dict[str, dict[str, Any]] = {
    "start": {"checks": CONTAINMENT, "charge": Charge(status=ChargeStatus.CONFIRMED)},
    "check": {"outcome": "major"},
    "survey": {"rules": Rules(survey_by=("customer_service",))},
    "recheck": {"second_inspector": "bob"},
    "accept-work": {"rules": Rules(accepted_by=("customer_service",))},
    "return": {"rules": Rules(signature_required=False)},
    "take-over": {"party": Party.CONTRACTOR, "breached": {ONSITE: NOON}, "steps": (CHASED,)},
    "chase": {"party": Party.CONTRACTOR},
    "explain": {"party": Party.CONTRACTOR},
}
LEGAL = [(state, move, to) for state, moves in D1.items() for move, to in moves.items()]
ILLEGAL = [(state, move) for state, moves in D1.items() for move in MOVES if move not in moves]


def moved(order: Order, name: str, **act: Any) -> tuple[Order, list[WorkOrderFact]]:
    return apply(order, name, a_deed(**(ACTS.get(name, {}) | act)), a_case())  # type: ignore[return-value]


def refused(order: Order, name: str, **act: Any) -> HuiyinError:
    with pytest.raises(HuiyinError) as caught:
        moved(order, name, **act)
    return caught.value


@pytest.mark.parametrize(("state", "name", "to"), sorted(LEGAL))
def test_a_legal_move_leads_where_d1_says(state: OrderStatus, name: str, to: OrderStatus) -> None:
    given = READY.get(name, {}) | ({"party": Party.CONTRACTOR} if (state, name) == (S.ON_SITE, "start") else {})
    after, facts = moved(order := an_order_in(state, **given), name)
    assert after.status is to
    assert [type(fact) for fact in facts] == ([MOVES[name].fact] if MOVES[name].fact else [])
    assert after.steps[-1].move == name
    assert (name in possible(order)) is (name not in FOLLOWS)


@pytest.mark.parametrize(("state", "name"), ILLEGAL)
def test_every_other_move_is_refused_aloud(state: OrderStatus, name: str) -> None:
    order = an_order_in(state)
    error = refused(order, name)
    assert isinstance(error, IllegalMove)
    assert (error.status, error.facts) == (409, {"move": name, "state": state})
    assert order == an_order_in(state)
    assert name not in possible(order)


def test_the_table_the_bodies_and_the_permissions_name_the_same_moves() -> None:
    assert set(MOVES) - FOLLOWS == set(BODIES)
    granted = frozenset().union(*PERMISSIONS.values())
    assert {move.permission for move in MOVES.values()} <= granted
    assert {guard for move in MOVES.values() for guard in move.guards} - set(GUARDS) == {"R5"}  # held by the states alone
    assert documentation(MOVES).count("\n") == len(MOVES) + 2


# --- R4, DSP-01, DSP-02 -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["ann", "cid", "boss"])  # the assignee, the same trade, the same department
def test_r4_anybody_of_the_site_with_trade_or_department_accepts_and_is_stored(by: str) -> None:
    after, (fact,) = moved(an_order(), "accept", by=by)
    assert isinstance(fact, WorkOrderAccepted)
    assert (fact.order.acceptor, fact.order.assignee) == (by, by)
    assert after.choice.chosen == "ann"


@pytest.mark.parametrize("by", ["desk", "mop", "ghost", "lift-co"])
def test_r4_nobody_else_accepts(by: str) -> None:
    error = refused(an_order(), "accept", by=by)
    assert isinstance(error, Refused)
    assert error.facts["guard"] == "R4"


def test_r4_a_pack_may_reserve_acceptance_to_the_assignee() -> None:
    rules = Rules(others_may_accept=False)
    assert refused(an_order(rules=rules), "accept", by="cid").facts["guard"] == "R4"
    assert moved(an_order(rules=rules), "accept", by="ann")[0].acceptor == "ann"
    assert moved(an_order(rules=rules, assignee=None), "accept", by="cid")[0].acceptor == "cid"


def test_accepting_an_order_without_assignee_ends_its_alarm() -> None:
    after, _ = moved(an_order(assignee=None, alarm="nobody_eligible"), "accept", by="cid")
    assert (after.alarm, after.assignee) == (None, "cid")


def test_an_order_for_nobody_in_particular_is_open_to_all_staff() -> None:
    assert moved(an_order(department=None, trade=None), "accept", by="desk")[0].acceptor == "desk"


# --- R5, SLA-38 ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("note", "excused"), [("owner not at home", True), (None, False)])
def test_r5_a_reason_on_arrival_excuses_and_stays_here(note: str | None, excused: bool) -> None:  # noqa: FBT001
    after, (fact,) = moved(an_order(status=S.ACCEPTED), "arrive", note=note, plan_told=True)
    assert isinstance(fact, WorkOrderArrived)
    assert (fact.excused, fact.plan_told) == (excused, True)
    assert after.steps[-1].note == note
    assert "home" not in fact.model_dump_json()


def test_a_reason_recorded_before_the_arrival_travels_with_it() -> None:
    excused, facts = moved(an_order(status=S.ACCEPTED), "excuse", excuses="arrival")
    assert facts == []
    _, (fact,) = moved(excused, "arrive")
    assert isinstance(fact, WorkOrderArrived)
    assert fact.excused


def test_sla38_an_arrival_is_not_excused_afterwards() -> None:
    assert refused(an_order(status=S.ON_SITE), "excuse", excuses="arrival").facts["guard"] == "SLA-38"


def test_a_reason_recorded_for_the_return_travels_with_it() -> None:
    excused, _ = moved(an_order(status=S.IN_PROGRESS), "excuse", excuses="return")
    completed, _ = moved(excused, "complete")
    signed, _ = moved(completed, "sign")
    _, (fact,) = moved(signed, "return")
    assert isinstance(fact, WorkOrderReturned)
    assert fact.excused


def test_an_excuse_needs_its_reason() -> None:
    assert isinstance(refused(an_order(), "excuse", note=None), Invalid)


# --- R6, R7, R14 --------------------------------------------------------------------------------------------------------------------


def test_r6_no_work_before_the_assessment() -> None:
    assert isinstance(refused(an_order(status=S.ON_SITE), "complete"), IllegalMove)


def test_r7d_guidance_ends_without_repair_and_goes_back_unsigned() -> None:
    guided, (fact,) = moved(an_order(status=S.ON_SITE), "assess", outcome="guided", note="shown how the valve works")
    assert isinstance(fact, WorkOrderAssessed)
    assert (guided.status, fact.outcome) == (S.GUIDED, "guided")
    assert isinstance(refused(guided, "complete"), IllegalMove)
    returned, _ = moved(guided, "return")
    assert returned.status is S.RETURNED


def test_an_assessment_has_an_outcome() -> None:
    assert isinstance(refused(an_order(status=S.ON_SITE), "assess", outcome=None), Invalid)


def test_rep20_a_completion_has_a_record_and_a_time() -> None:
    order = an_order(status=S.IN_PROGRESS)
    assert isinstance(refused(order, "complete", note=None), Invalid)
    after, (fact,) = moved(order, "complete", at=NOON + 3 * MINUTE, root_cause="old seal")
    assert isinstance(fact, WorkOrderCompleted)
    assert fact.order.completed_at == NOON + 3 * MINUTE
    assert after.root_cause == "old seal"
    assert "pipe replaced" not in fact.model_dump_json()


# --- R15, R17 -----------------------------------------------------------------------------------------------------------------------


def test_r15_an_own_order_is_not_returned_without_signature() -> None:
    error = refused(an_order(status=S.COMPLETED), "return")
    assert (error.status, error.facts["guard"]) == (409, "R15")


def test_work_for_a_complaint_goes_back_signed_or_not() -> None:
    order = an_order(status=S.COMPLETED, case_kind=CaseKind.COMPLAINT)
    assert moved(order, "return")[0].status is S.RETURNED
    assert moved(order, "sign")[0].status is S.SIGNED


def test_r15_a_contractors_order_is_not_signed() -> None:
    order = an_order(party=Party.CONTRACTOR, status=S.COMPLETED)
    assert refused(order, "sign", by="lift-co", outside=True).facts["guard"] == "R15"


def test_the_paper_goes_back_where_the_pack_wants_it() -> None:
    signed, facts = moved(an_order(status=S.COMPLETED), "sign")
    assert (signed.status, [type(fact) for fact in facts]) == (S.SIGNED, [WorkOrderSigned])


def test_the_signature_returns_the_order_where_the_pack_says_so() -> None:
    returned, facts = moved(an_order(status=S.COMPLETED, rules=signed_back()), "sign")
    assert [type(fact) for fact in facts] == [WorkOrderSigned, WorkOrderReturned]
    assert [fact.order.status for fact in facts] == [S.SIGNED, S.RETURNED]
    assert (returned.status, [step.move for step in returned.steps]) == (S.RETURNED, ["sign", "return"])


# --- R18, DSP-13, REP-22 ------------------------------------------------------------------------------------------------------------


def a_contractors_order(status: OrderStatus) -> Order:
    return an_order(party=Party.CONTRACTOR, status=status)


def test_a_contractor_walks_its_order_to_the_inspection() -> None:
    order = a_contractors_order(S.ISSUED)
    for name in ("accept", "arrive", "assess", "complete", "return"):
        order, _ = moved(order, name, by="lift-co", outside=True)
    order, (fact,) = moved(order, "inspect", by="boss")
    assert isinstance(fact, WorkOrderInspected)
    assert (order.status, order.assignee, order.acceptor) == (S.INSPECTED, "lift-co", "lift-co")


def test_r18_no_inspection_before_the_return() -> None:
    assert isinstance(refused(a_contractors_order(S.COMPLETED), "inspect", by="boss"), IllegalMove)


def test_r18_own_work_is_not_inspected() -> None:
    assert refused(an_order(status=S.RETURNED), "inspect", by="boss").facts["guard"] == "R18"


def test_r18_work_that_fails_is_issued_to_the_contractor_again() -> None:
    order = a_contractors_order(S.RETURNED).model_copy(update={"acceptor": "lift-co", "completed_at": NOON})
    after, (fact,) = moved(order, "inspect", by="boss", passed=False, note="door still stuck")
    assert isinstance(fact, WorkOrderIssued)
    assert fact.failed_inspection
    assert (after.status, after.assignee, after.acceptor, after.completed_at) == (S.ISSUED, "lift-co", None, None)
    assert moved(after, "accept", by="lift-co", outside=True)[0].status is S.ACCEPTED


@pytest.mark.parametrize(("state", "name"), [(S.ACCEPTED, "arrive"), (S.ON_SITE, "assess"), (S.COMPLETED, "return"), (S.ON_SITE, "excuse")])
def test_dsp13_a_contractor_touches_only_its_own_orders(state: OrderStatus, name: str) -> None:
    assert refused(a_contractors_order(state), name, by="roof-co", outside=True).facts["guard"] == "DSP-13"


def test_staff_may_enter_what_a_contractor_did() -> None:
    after, _ = moved(a_contractors_order(S.ACCEPTED), "arrive", by="boss")
    assert (after.status, after.steps[-1].by) == (S.ON_SITE, "boss")


# --- D6.16, times -------------------------------------------------------------------------------------------------------------------


def test_d6_16_a_cancelled_order_keeps_its_reason() -> None:
    assert isinstance(refused(an_order(), "cancel", note=None), Invalid)
    after, (fact,) = moved(an_order(), "cancel")
    assert isinstance(fact, WorkOrderCancelled)
    assert after.steps[-1].note == "reported twice"
    assert "twice" not in fact.model_dump_json()


def test_nothing_happens_in_the_future() -> None:
    assert isinstance(refused(an_order(), "accept", at=NOON + 11 * MINUTE), TimeInFuture)


def test_nothing_happens_before_the_move_before_it() -> None:
    assert isinstance(refused(an_order(moved_at=NOON + 5 * MINUTE), "accept", at=NOON + 4 * MINUTE), TimeOrder)
    assert moved(an_order(moved_at=NOON + 5 * MINUTE), "accept", at=NOON + 5 * MINUTE)[0].moved_at == NOON + 5 * MINUTE


def test_a_late_entry_keeps_both_times() -> None:
    after, _ = moved(an_order(), "accept", at=NOON + 2 * MINUTE)
    assert (after.steps[-1].at, after.steps[-1].noted_at) == (NOON + 2 * MINUTE, NOON + 10 * MINUTE)
