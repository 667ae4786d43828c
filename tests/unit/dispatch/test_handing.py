"""Transfer (转单), sending back (退单) and assigning by hand (指派): who may, to whom, how often; what is kept.

No time begins anew (features.md 4, 5).
"""

from itertools import pairwise
from typing import Any

import pytest
from common.errors import HuiyinError, Invalid, OrderTaken, Refused
from common.events.dispatch import WorkOrderAssigned, WorkOrderFact, WorkOrderPartyAccepted, WorkOrderSentBack
from common.states import Awaited, OrderStatus, Party
from dispatch.domain.handing import assignable, candidates, seconds
from dispatch.domain.matching import Choice, Considered
from dispatch.domain.moves import apply
from dispatch.domain.offers import Why, because, is_due
from dispatch.domain.order import Order, Rules, Step, Terms

from tests.unit.dispatch.build import MINUTE, NOON, a_case, a_deed, an_order

S = OrderStatus
HELD = [S.ISSUED, S.ACCEPTED, S.ON_SITE]


def moved(order: Order, name: str, **act: Any) -> tuple[Order, list[WorkOrderFact]]:
    return apply(order, name, a_deed(**act), a_case())  # type: ignore[return-value]


def refused(order: Order, name: str, **act: Any) -> HuiyinError:
    with pytest.raises(HuiyinError) as caught:
        moved(order, name, **act)
    return caught.value


@pytest.mark.parametrize("status", HELD)
def test_a_transferred_order_is_somebody_elses_and_waits_for_acceptance(status: OrderStatus) -> None:
    order = an_order(status=status, acceptor="ann", terms=Terms(accept_minutes=15))
    after, (fact,) = moved(order, "transfer", to="cid", note="夜班接手")
    assert isinstance(fact, WorkOrderAssigned)
    assert (after.status, after.assignee, after.acceptor, after.due_at) == (S.ISSUED, "cid", None, NOON + 25 * MINUTE)
    assert (fact.why, fact.previous, fact.order.assignee) == (Why.TRANSFERRED, "ann", "cid")
    step = after.steps[-1]
    assert (step.move, step.frm, step.to, step.note, step.by) == ("transfer", "ann", "cid", "夜班接手", "ann")
    assert "夜班" not in fact.model_dump_json()


@pytest.mark.parametrize("status", HELD)
def test_an_order_sent_back_goes_to_the_next_at_once(status: OrderStatus) -> None:
    after, (fact,) = moved(an_order(status=status, acceptor="ann"), "send-back", note="缺资质")
    assert isinstance(fact, WorkOrderSentBack)
    assert (after.status, after.assignee, after.acceptor, after.asked, fact.previous) == (S.ISSUED, None, None, ("ann",), "ann")
    assert is_due(after, NOON + 10 * MINUTE)
    assert because(after) is Why.SENT_BACK
    assert (after.steps[-1].frm, after.steps[-1].to, after.steps[-1].note) == ("ann", None, "缺资质")


@pytest.mark.parametrize("name", ["transfer", "send-back", "assign"])
def test_none_moves_a_time_that_clocks_count_from(name: str) -> None:
    order = an_order(status=S.ACCEPTED, acceptor="ann")
    after, (fact,) = moved(order, name, to="cid", note="换人")
    assert (after.issued_at, after.appointment_at, fact.order.issued_at) == (order.issued_at, order.appointment_at, order.issued_at)


@pytest.mark.parametrize("name", ["transfer", "send-back", "assign"])
def test_d6_16_neither_goes_without_a_reason(name: str) -> None:
    error = refused(an_order(), name, to="cid")
    assert isinstance(error, Invalid)
    assert error.facts["errors"][0]["field"] == "reason"


@pytest.mark.parametrize("name", ["transfer", "send-back"])
@pytest.mark.parametrize("order", [an_order(), an_order(assignee=None)])
def test_dsp02_only_who_has_it_hands_it_on(name: str, order: Order) -> None:
    error = refused(order, name, by="bob", to="cid", note="我来分")
    assert isinstance(error, Refused)
    assert (error.facts["guard"], error.status) == ("DSP-02", 409)


@pytest.mark.parametrize("name", ["transfer", "send-back", "assign"])
@pytest.mark.parametrize("act", [{"by": "lift-co", "outside": True}, {"by": "boss"}])
def test_dsp14_a_contractors_order_is_not_handed_on(name: str, act: dict[str, Any]) -> None:
    assert refused(an_order(party=Party.CONTRACTOR), name, to="cid", note="忙", **act).facts["guard"] == "DSP-14"


def test_dsp03_after_three_times_a_lead_decides() -> None:
    order, hands = an_order(trade=None, department=None), ["ann", "bob", "cid", "owl"]
    for giver, taker in pairwise(hands):
        order, _ = moved(order, "transfer", by=giver, to=taker, note="忙")
    for name in ("transfer", "send-back"):
        error = refused(order, name, by="owl", to="mop", note="忙")
        assert (error.facts["guard"], error.facts["times"]) == ("DSP-03", 3)
    assert moved(order, "assign", by="boss", to="mop", note="指定")[0].assignee == "mop"


def test_dsp03_it_does_not_go_back_to_who_handed_it_on() -> None:
    order, _ = moved(an_order(), "transfer", to="cid", note="忙")
    assert refused(order, "transfer", by="cid", to="ann", note="也忙").facts["guard"] == "DSP-03"
    assert moved(order, "assign", by="boss", to="ann", note="指定")[0].assignee == "ann"


@pytest.mark.parametrize("to", ["ann", "mop", "ghost", "lift-co"])
def test_r3_it_goes_to_staff_of_the_site_who_could_do_it(to: str) -> None:
    assert refused(an_order(), "transfer", to=to, note="忙").facts["guard"] == "R3"


def test_a_lead_gives_an_order_that_nobody_has_to_somebody() -> None:
    after, (fact,) = moved(an_order(assignee=None, alarm="nobody_eligible"), "assign", by="boss", to="owl", note="加班")
    assert isinstance(fact, WorkOrderAssigned)
    assert (after.assignee, after.alarm, fact.previous, fact.why) == ("owl", None, None, Why.ASSIGNED)


def test_r4_while_it_is_offered_only_those_accept_who_were_asked() -> None:
    order = an_order(assignee=None, offered=("ann", "bob"), due_at=NOON + 20 * MINUTE)
    assert refused(order, "accept", by="cid").facts["guard"] == "R4"
    after, _ = moved(order, "accept", by="bob")
    assert (after.assignee, after.acceptor, after.offered, after.due_at) == ("bob", "bob", (), None)


def test_who_comes_second_is_told_that_somebody_was_first() -> None:
    order, _ = moved(an_order(assignee=None, offered=("ann", "bob")), "accept", by="bob")
    error = refused(order, "accept", by="ann")
    assert isinstance(error, OrderTaken)
    assert (error.slug, error.status) == ("order-taken", 409)


@pytest.mark.parametrize("name", ["accept", "cancel"])
def test_what_is_accepted_or_ended_has_no_turn_any_more(name: str) -> None:
    after, _ = moved(an_order(due_at=NOON + MINUTE), name, note="双报")
    assert after.due_at is None


def test_dsp14_it_may_be_transferred_to_who_could_have_had_it_but_to_nobody_who_handed_it_on() -> None:
    """DSP-03, R3: each candidate is one that the guards accept; a contractor's order has none."""
    whys = {"ann": "chosen", "bob": "load", "cid": "turn", "owl": "shift", "mop": "trade"}
    choice = Choice(party=Party.OWN, at=NOON, chosen="ann", considered=tuple(Considered(id=id_, why=why) for id_, why in whys.items()))
    order = an_order(status=S.ACCEPTED, acceptor="ann", choice=choice)
    assert candidates(order) == ("bob", "cid")
    for one in candidates(order):
        moved(order, "transfer", to=one, note="换班")
    handed, _ = moved(order, "transfer", to="bob", note="换班")
    assert candidates(handed) == ("cid",)
    assert candidates(order.model_copy(update={"party": Party.CONTRACTOR})) == ()
    assert candidates(handed.model_copy(update={"terms": Terms(max_handings=1)})) == ()


def test_r3_def09_whom_a_lead_is_offered_passes_the_guards_whether_or_not_they_are_there() -> None:
    """Who could be sent stands first; neither a stranger to the work nor who has it; a contractor's order is nobody's (DSP-14)."""
    whys = {"desk": "role", "owl": "shift", "ann": "chosen", "bob": "load", "boss": "role", "mop": "trade"}
    choice = Choice(party=Party.OWN, at=NOON, chosen="ann", considered=tuple(Considered(id=id_, why=why) for id_, why in whys.items()))
    order = an_order(status=S.ACCEPTED, acceptor="ann", choice=choice, terms=Terms(max_handings=0))
    assert (candidates(order), assignable(order)) == ((), ("bob", "owl")), "handed on too often: a lead decides"
    assert (seconds(order), seconds(order, "boss"), seconds(order, "ann"), seconds(order, "a stranger")) == (
        ("bob", "owl"),
        ("bob", "owl", "boss"),
        ("bob", "owl"),
        ("bob", "owl"),
    )
    for one in assignable(order):
        moved(order, "assign", by="boss", to=one, note="人手不足")
    for one in seconds(order, "boss"):
        named, _ = moved(order, "name-second", by="boss", to=one, note="重复报修")
        assert one not in seconds(named, "boss"), "who is named already"
    handed, _ = moved(order, "assign", by="boss", to="bob", note="人手不足")
    done = handed.model_copy(update={"steps": (*handed.steps, Step(move="complete", at=NOON, noted_at=NOON, by="owl"))})
    assert (assignable(done), seconds(done)) == (("ann", "owl"), ("ann",)), "who did it does not look at it"
    firm = order.model_copy(update={"party": Party.CONTRACTOR})
    assert (assignable(firm), seconds(firm, "boss")) == ((), ())


def test_rep30_who_has_still_to_accept_the_work_is_named_until_everybody_has() -> None:
    rules = Rules(accepted_by=("customer_service", "repair_team_leader"))
    order = an_order(status=S.COMPLETED, rules=rules)
    assert (order.yet_to_accept, order.awaits) == (rules.accepted_by, Awaited.ACCEPTANCE)
    for party, left, awaits in (("customer_service", ("repair_team_leader",), Awaited.ACCEPTANCE), ("repair_team_leader", (), None)):
        order, (fact,) = moved(order, "accept-work", party=party)
        assert isinstance(fact, WorkOrderPartyAccepted)
        assert (fact.party, fact.order.awaits, order.yet_to_accept) == (party, awaits, left)
