"""What an order says from its first moment to its return: numbers, fields, estimates, starts (DSP-06, DSP-08, REP-17, REP-34)."""

import asyncio
from typing import Any

import pytest
from common.errors import IllegalMove
from common.events.dispatch import WorkOrderAssessed
from common.events.intake import CaseWorkRequested
from common.states import CaseKind, OrderStatus, Urgency
from dispatch.domain.moves import apply, possible
from dispatch.domain.order import Rules

from tests.unit.dispatch.build import MINUTE, NOON, a_case, a_deed, an_order
from tests.unit.dispatch.money import RULES
from tests.unit.dispatch.test_repair_guards import lay, sheet
from tests.unit.dispatch.world import World, a_whole_repair, classified, staff

pytestmark = pytest.mark.anyio
S = OrderStatus
PLACE: dict[str, Any] = {
    "department": "engineering", "trade": "plumbing", "category": "facility", "fault": "drip", "unit": "3-0502", "asset": "tap-7", "area": "north",
    "urgency": Urgency.P1, "appointment_at": NOON + 90 * MINUTE,
}  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "status"),
    [("normal", S.IN_PROGRESS), ("chargeable", S.FEE_PENDING), ("major", S.CONTAINED), ("guided", S.GUIDED), ("warranty", S.WARRANTY)],
)
def test_rep17_a_normal_repair_starts_at_its_assessment_and_nothing_else_does(outcome: str, status: OrderStatus) -> None:
    """R7c: with the time at which it was assessed, and without a word from anybody else."""
    deed = a_deed(outcome=outcome, note="shown how the valve works", at=NOON + 3 * MINUTE)
    after, (fact,) = apply(an_order(status=S.ON_SITE), "assess", deed, a_case())
    assert isinstance(fact, WorkOrderAssessed)
    assert (after.status, fact.order.status, after.steps[-1].at) == (status, status, NOON + 3 * MINUTE)
    assert ("complete" in possible(after)) is (outcome == "normal")
    if outcome == "normal":
        with pytest.raises(IllegalMove):
            apply(after, "start", a_deed(), a_case())


async def test_rep34_the_estimate_is_stored_before_its_approval_is_asked(world: World) -> None:
    """FEE-04: what the survey says is what the band is asked about, in the facts' own order."""
    rules = Rules(money=RULES, survey_by=("customer_service",))
    await lay(world, status=S.ON_SITE, rules=rules)
    await world.do("survey", "JN-260316-AAAAA-1", staff("ann"), survey=sheet(borne_by="company"))
    (order,) = await world.orders()
    assert order.survey
    assert [(one.amount, one.roles[0], one.given) for one in order.approvals] == [(order.survey.estimate, "deputy_chief_engineer", ())]
    surveyed, asked = await world.said()
    assert (surveyed.kind, asked.kind) == ("work_order.surveyed", "approval.asked")
    assert asked.data["approval"]["amount"] == order.survey.estimate == 3_600_00


async def test_dsp06_an_order_carries_what_the_desk_knows_and_keeps_how_it_came_back(world: World) -> None:
    await world.hear(classified(**PLACE))
    (issued,) = await world.orders()
    assert {name: getattr(issued, name) for name in PLACE} == PLACE
    assert issued.issued_at == NOON
    back = await a_whole_repair(world)
    assert {name: getattr(back, name) for name in PLACE} == PLACE
    assert [(step.move, step.by, step.at, step.note) for step in back.steps] == [
        ("accept", "ann", NOON, None),
        ("arrive", "ann", NOON, None),
        ("assess", "ann", NOON, None),
        ("complete", "ann", NOON, "换了阀门"),
        ("sign", "ann", NOON, None),
        ("return", "ann", NOON, None),
    ]
    assert (await world.orders()) == [back]


async def test_dsp08_every_order_has_one_number_of_its_own(world: World) -> None:
    """Several orders of one case, of two cases, and two workers that hear the same at once: no number twice, no order twice."""
    asks = [
        CaseWorkRequested(case=a_case(id=f"JN-260316-{case}", kind=CaseKind.COMPLAINT), department=name)
        for case in ("AAAAA", "BBBBB")
        for name in ("engineering", "cleaning")
    ]
    await asyncio.gather(*(world.hear(ask) for ask in (*asks, *asks)))
    first, second = [order.id for order in await world.orders()], [order.id for order in await world.orders("JN-260316-BBBBB")]
    assert (first, second) == (["JN-260316-AAAAA-1", "JN-260316-AAAAA-2"], ["JN-260316-BBBBB-1", "JN-260316-BBBBB-2"])
    assert sorted(made.subject for made in await world.said()) == [*first, *second]
