"""Each guard of D1 and D6 that concerns repairs, in the store: the problem's type, status and id, and nothing stored."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from common.audit import ROWS
from common.errors import HuiyinError
from common.money import ApprovalStatus, ChargeStatus
from common.states import OrderStatus, Party, WorkClass
from dispatch.domain.acts import CONTAINMENT, FOLLOW_UP, Check
from dispatch.domain.money.approval import Approval
from dispatch.domain.money.charge import Charge
from dispatch.domain.order import SECOND, Order, Rules, Step
from dispatch.domain.survey import Survey

from tests.unit.dispatch.build import NOON, a_case, an_order
from tests.unit.dispatch.money import RULES
from tests.unit.dispatch.world import World, staff

pytestmark = pytest.mark.anyio
S = OrderStatus
NUMBER = "JN-260316-AAAAA-1"
SURVEYED = Rules(money=RULES, survey_by=("customer_service", "repair_team_leader", "construction_contractor"), contractor_signs_above=500_00)
UNSIGNED = Rules(signature_required=False)
DONE = (Step(move="complete", at=NOON, noted_at=NOON, by="ann", note="done"),)
ACCEPTED = Rules(accepted_by=("customer_service", "repair_team_leader"))
TWO = ("customer_service", "repair_team_leader")
ALL = ("customer_service", "repair_team_leader", "construction_contractor")


def sheet(**changes: Any) -> Survey:
    base: dict[str, Any] = {"responsible": "company", "in_warranty": False, "trades": ("plumbing",), "estimate": 3_600_00, "signers": ALL}
    return Survey.model_validate(base | changes)


def approval(amount: int, status: ApprovalStatus = ApprovalStatus.GRANTED) -> Approval:
    return Approval(status=status, amount=amount, roles=("general_manager",), asked_by="leader", asked_at=NOON)


ASKED, DEARER = approval(15_000_00, ApprovalStatus.PENDING), approval(20_000_00, ApprovalStatus.PENDING)
MAJOR: dict[str, Any] = {"status": OrderStatus.IN_PROGRESS, "outcome": "major"}
BORNE: dict[str, Any] = {"work_class": WorkClass.B, "survey": sheet(estimate=15_000_00), "rules": Rules(money=RULES)}


@dataclass(frozen=True)
class Case:
    """An order, what is tried with it, and the id that refuses."""

    id: str
    guard: str
    move: str
    order: dict[str, Any]
    act: dict[str, Any] = field(default_factory=dict)
    also: str | None = None  #: the requirement that the refusal names


REFUSED = [
    Case("handed to who has it", "R3", "transfer", {"status": S.ISSUED}, {"note": "busy", "to": "ann"}),
    Case("handed to a stranger", "R3", "transfer", {"status": S.ISSUED}, {"note": "busy", "to": "lift-co"}),
    Case("accepted uninvited", "R4", "accept", {"status": S.ISSUED, "assignee": None, "offered": ("bob",)}),
    Case("kept for another", "R4", "accept", {"status": S.ISSUED, "assignee": "bob", "rules": Rules(others_may_accept=False)}),
    Case("own work before the assessment", "R6", "start", {"status": S.ON_SITE}, also="REP-13"),
    Case("nothing done yet", "R7a", "start", {"status": S.CONTAINED, "outcome": "major"}, also="REP-14"),
    Case("evidence not kept", "R7a", "start", {"status": S.CONTAINED, "outcome": "major", "checks": CONTAINMENT[:2]}, also="REP-14"),
    Case("ticked off what is no incident", "R7a", "check", {"status": S.IN_PROGRESS, "outcome": "normal"}, {"checks": ("stopped",)}),
    Case("D6.3 no fee named", "R7b", "start", {"status": S.FEE_PENDING, "outcome": "chargeable"}, also="REP-16"),
    Case("D6.3 fee only quoted", "R7b", "start", {"status": S.FEE_PENDING, "charge": Charge(status=ChargeStatus.QUOTED)}, also="REP-16"),
    Case("owner charged by a contractor", "R7e", "assess", {"status": S.ON_SITE, "party": Party.CONTRACTOR}, {"outcome": "chargeable"}),
    Case("warranty of a warranty", "R7e", "assess", {"status": S.ON_SITE, "party": Party.CONTRACTOR}, {"outcome": "warranty"}),
    Case("own people chased", "R8", "chase", {"status": S.ISSUED}, {"note": "hurry"}),
    Case("own order taken over", "R9", "take-over", {"status": S.ISSUED}, {"note": "late"}),
    Case("never by the policy", "R9", "take-over", {"party": Party.CONTRACTOR, "rules": Rules(takes_over=False)}, {"note": "late"}),
    Case("a party has not signed", "R10", "survey", {"status": S.ON_SITE, "rules": SURVEYED}, {"survey": sheet(signers=ALL[1:])}, also="REP-08"),
    Case("no joint survey in this pack", "R10", "survey", {"status": S.ON_SITE}, {"survey": sheet()}),
    Case("contractor above 500 yuan", "REP-09", "survey", {"status": S.ON_SITE, "rules": SURVEYED}, {"survey": sheet(estimate=500_01, signers=TWO)}),
    Case("A out of warranty", "R11", "class", {"status": S.SURVEYED, "survey": sheet()}, {"work_class": "A"}),
    Case("B in warranty", "R11", "class", {"status": S.SURVEYED, "survey": sheet(in_warranty=True)}, {"work_class": "B"}),
    Case("B borne by the owner", "R11", "class", {"status": S.SURVEYED, "survey": sheet(borne_by="owner")}, {"work_class": "B"}),
    Case("D6.4 not asked", "R12", "start", {"status": S.APPROVAL_PENDING} | BORNE, also="FEE-07"),
    Case("D6.4 pending", "R12", "start", {"status": S.APPROVAL_PENDING, "approvals": (ASKED,)} | BORNE, also="FEE-07"),
    Case("D6.4 approved for less", "R12", "start", {"status": S.APPROVAL_PENDING, "approvals": (approval(14_999_99),)} | BORNE, also="FEE-07"),
    Case("FEE-07 dearer while at work", "R12", "complete", {"status": S.IN_PROGRESS, "approvals": (DEARER,)} | BORNE, {"note": "done"}),
    Case("D6.5 no root cause", "R14", "complete", {"status": S.IN_PROGRESS, "root_cause_required": True}, {"note": "valve opened"}, also="REP-26"),
    Case("no follow-up", "R14", "complete", MAJOR | {"checks": CONTAINMENT}, {"note": "done"}, also="REP-15"),
    Case("follow-up not whole", "R14", "complete", MAJOR | {"checks": (*CONTAINMENT, *FOLLOW_UP[:-1])}, {"note": "done"}, also="REP-15"),
    Case("unsigned", "R15", "return", {"status": S.COMPLETED}),
    Case("a contractor's signed", "R15", "sign", {"status": S.COMPLETED, "party": Party.CONTRACTOR}),
    Case("a contractor's unsigned", "R15", "refuse-sign", {"status": S.COMPLETED, "party": Party.CONTRACTOR}, {"note": "bad"}),
    Case("not accepted by all", "REP-30", "sign", {"status": S.COMPLETED, "rules": ACCEPTED, "accepted_by": ("customer_service",)}),
    Case("a party of no policy", "REP-30", "accept-work", {"status": S.COMPLETED, "rules": ACCEPTED}, {"party": "audit"}),
    Case("signed before the second look", "DEF-09", "sign", {"status": S.COMPLETED, "second_inspector": "bob"}),
    Case("returned before it", "DEF-09", "return", {"status": S.COMPLETED, "second_inspector": "bob", "rules": UNSIGNED}),
    Case("looked at by the assignee", "DEF-09", "recheck", {"status": S.COMPLETED, "second_inspector": "bob"}),
    Case("nobody is named", "DEF-09", "recheck", {"status": S.COMPLETED}),
    Case("looked at by who completed it", "DEF-09", "recheck", {"status": S.COMPLETED, "second_inspector": "ann", "assignee": "bob", "steps": DONE}),
    Case("looked at twice", "DEF-09", "recheck", {"status": S.COMPLETED, "second_inspector": "ann", "assignee": "bob", "accepted_by": (SECOND,)}),
    Case("as a party of the policy", "REP-30", "accept-work", {"status": S.COMPLETED, "second_inspector": "ann"}, {"party": SECOND}),
    Case("the assignee named", "DEF-09", "name-second", {"status": S.COMPLETED}, {"note": "ill", "to": "ann"}),
    Case("who completed it named", "DEF-09", "name-second", {"status": S.COMPLETED, "assignee": "bob", "steps": DONE}, {"note": "ill", "to": "ann"}),
    Case("the desk named", "DEF-09", "name-second", {"status": S.COMPLETED}, {"note": "ill", "to": "desk"}),
    Case("a stranger named", "DEF-09", "name-second", {"status": S.COMPLETED}, {"note": "ill", "to": "lift-co"}),
    Case("for a contractor's work", "DEF-09", "name-second", {"party": Party.CONTRACTOR}, {"note": "ill", "to": "bob"}),
    Case("own work inspected", "R18", "inspect", {"status": S.RETURNED}),
]  # fmt: skip

ILLEGAL = [
    ("R5", "arrive", S.ISSUED),
    ("R6", "complete", S.ON_SITE),
    ("R7a", "complete", S.CONTAINED),
    ("R7b", "complete", S.FEE_PENDING),
    ("R7d", "complete", S.GUIDED),
    ("R7e", "complete", S.WARRANTY),
    ("R7e", "return", S.WARRANTY),
    ("R11", "start", S.SURVEYED),
    ("R13", "complete", S.UNFINISHED),
    ("R14", "complete", S.ACCEPTED),
    ("R17", "return", S.IN_PROGRESS),
    ("R18", "inspect", S.COMPLETED),
    ("D6.16", "cancel", S.IN_PROGRESS),
]

MISSING = [
    ("REP-20", "complete", {"status": S.IN_PROGRESS}, {}),
    ("R7a", "check", {"status": S.CONTAINED, "outcome": "major"}, {"checks": (Check.EVIDENCE_KEPT,)}),
    ("REP-15", "check", {"status": S.CONTAINED, "outcome": "major"}, {"checks": (Check.INSURER,)}),
    ("R10", "survey", {"status": S.ON_SITE, "rules": SURVEYED}, {}),
    ("R11", "class", {"status": S.SURVEYED, "survey": sheet()}, {}),
    ("R13", "leave", {"status": S.IN_PROGRESS}, {}),
    ("R15", "refuse-sign", {"status": S.COMPLETED}, {}),
    ("DSP-14", "chase", {"party": Party.CONTRACTOR}, {}),
    ("D6.16", "name-second", {"status": S.COMPLETED}, {"to": "bob"}),
    ("DEF-09", "name-second", {"status": S.COMPLETED}, {"note": "ill"}),
]


async def lay(world: World, **changes: Any) -> Order:
    """Put an order into the store as it would lie there."""
    order = an_order(**changes)
    await world.within(lambda store: store.remember(a_case()))
    await world.within(lambda store: store.save(order, [], at=NOON))
    return order


async def refused(world: World, name: str, order: Order, act: dict[str, Any]) -> HuiyinError:
    async def everything() -> dict[str, Any]:
        return {kind: await world.db.find(kind) for kind in ("orders", "outbox", "cases", "albums", "postings", ROWS)}

    by = staff("lift-co", "contractor") if order.party is Party.CONTRACTOR else staff("ann")
    before = await everything()
    with pytest.raises(HuiyinError) as caught:
        await world.do(name, NUMBER, by, **act)
    assert await everything() == before
    return caught.value


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case.guard} {case.id}")
async def test_a_guard_refuses_by_its_id_and_stores_nothing(world: World, case: Case) -> None:
    error = await refused(world, case.move, await lay(world, **case.order), case.act)
    assert (error.slug, error.status, error.facts["guard"]) == ("guard-refused", 409, case.guard)
    assert error.facts.get("requirement") == case.also or case.also is None


@pytest.mark.parametrize(("guard", "move", "state"), ILLEGAL)
async def test_what_the_states_hold_is_an_illegal_move(world: World, guard: str, move: str, state: OrderStatus) -> None:
    error = await refused(world, move, await lay(world, status=state), {"note": guard})
    assert (error.slug, error.status, error.facts) == ("illegal-move", 409, {"move": move, "state": state})


@pytest.mark.parametrize(("guard", "move", "order", "act"), MISSING)
async def test_what_belongs_to_a_move_is_asked_for(world: World, guard: str, move: str, order: dict[str, Any], act: dict[str, Any]) -> None:
    error = await refused(world, move, await lay(world, **order), act)
    assert (error.slug, error.status) == ("invalid", 422), guard


ALLOWED = [
    ("start", {"status": S.CONTAINED, "outcome": "major", "checks": CONTAINMENT}, {}, S.IN_PROGRESS),
    ("start", {"status": S.FEE_PENDING, "charge": Charge(status=ChargeStatus.CONFIRMED)}, {}, S.IN_PROGRESS),
    ("start", {"status": S.APPROVAL_PENDING, "approvals": (approval(15_000_00),)} | BORNE, {}, S.IN_PROGRESS),
    ("start", {"status": S.APPROVAL_PENDING, "work_class": WorkClass.B, "survey": sheet()}, {}, S.IN_PROGRESS),  # a pack without bands
    ("start", {"status": S.UNFINISHED}, {}, S.IN_PROGRESS),
    ("survey", {"status": S.ON_SITE, "rules": SURVEYED}, {"survey": sheet(estimate=500_00, signers=TWO)}, S.SURVEYED),  # REP-09: 500 included
    ("class", {"status": S.SURVEYED, "survey": sheet(in_warranty=True)}, {"work_class": "A"}, S.APPROVAL_PENDING),
    ("class", {"status": S.SURVEYED, "survey": sheet()}, {"work_class": "B"}, S.APPROVAL_PENDING),
    ("class", {"status": S.SURVEYED, "survey": sheet(borne_by="owner")}, {"work_class": "owner"}, S.FEE_PENDING),
    ("complete", {"status": S.IN_PROGRESS, "root_cause_required": True}, {"note": "done", "root_cause": "a stuck reducer"}, S.COMPLETED),
    ("complete", {"status": S.IN_PROGRESS, "outcome": "major", "checks": tuple(Check)}, {"note": "done"}, S.COMPLETED),
    ("recheck", {"status": S.COMPLETED, "second_inspector": "ann", "assignee": "bob"}, {}, S.COMPLETED),
    ("name-second", {"status": S.COMPLETED}, {"note": "ill", "to": "boss"}, S.COMPLETED),  # a lead looks at it themself
    ("sign", {"status": S.COMPLETED, "second_inspector": "bob", "accepted_by": (SECOND,)}, {}, S.SIGNED),
    ("return", {"status": S.COMPLETED, "second_inspector": "bob", "accepted_by": (SECOND,), "rules": UNSIGNED}, {}, S.RETURNED),
    ("return", {"status": S.GUIDED, "second_inspector": "bob"}, {}, S.RETURNED),  # nothing was repaired
    ("refuse-sign", {"status": S.COMPLETED, "completed_at": NOON}, {"note": "still leaks"}, S.IN_PROGRESS),
    ("sign", {"status": S.COMPLETED, "rules": ACCEPTED, "accepted_by": ACCEPTED.accepted_by}, {}, S.SIGNED),
]


@pytest.mark.parametrize(("move", "order", "act", "to"), ALLOWED)
async def test_what_the_guards_ask_for_lets_it_through(world: World, move: str, order: dict[str, Any], act: dict[str, Any], to: OrderStatus) -> None:
    await lay(world, **order)
    assert (await world.do(move, NUMBER, staff("ann"), **act)).status is to


async def test_cls07_the_survey_says_how_complex_the_work_is(world: World) -> None:
    await lay(world, status=S.ON_SITE, rules=SURVEYED)
    order = await world.do("survey", NUMBER, staff("ann"), survey=sheet(trades=("plumbing", "painting")))
    assert (order.complexity, order.state().complexity) == ("multi_trade", "multi_trade")
    assert [step.move for step in order.steps] == ["survey"]


async def test_a_refused_signature_takes_back_what_the_parties_accepted(world: World) -> None:
    await lay(world, status=S.COMPLETED, rules=ACCEPTED, accepted_by=ACCEPTED.accepted_by, completed_at=NOON)
    order = await world.do("refuse-sign", NUMBER, staff("ann"), note="still leaks")
    assert (order.accepted_by, order.completed_at, order.status) == ((), None, S.IN_PROGRESS)
    assert (await world.kinds())[-1] == "work_order.signature_refused"


async def test_rep14_the_fact_tells_once_that_an_incident_is_contained(world: World) -> None:
    await lay(world, status=S.CONTAINED, outcome="major", checks=(Check.STOPPED, Check.EVIDENCE_KEPT))
    await world.do("check", NUMBER, staff("ann"), checks=("leaders_notified",))
    await world.do("check", NUMBER, staff("ann"), checks=("responsible_found",))
    assert (await world.kinds()).count("work_order.contained") == 1
