"""How an order finds its holder over time: the window, the time-out, the alarm, and what is recorded of it (features.md 4, 10)."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from common.events.dispatch import WorkOrderAssigned, WorkOrderIssued, WorkOrderOffered, WorkOrderUnassigned
from common.rota import next_start
from common.states import OrderStatus, Party, Urgency
from dispatch.domain import offers
from dispatch.domain.matching import NOBODY, Scene, Wanted, choose
from dispatch.domain.offers import Why, begin, is_due, turn
from dispatch.domain.order import Order, Request

from tests.unit.dispatch.build import MINUTE, NOON, a_case, a_rota, an_order

HOURS = timedelta(hours=1)
OFFERED = {"offer_minutes": {"P2": 10, "P3": 30}, "accept_minutes": {"P1": 3, "P2": 15}}


def a_scene(assigning: dict[str, Any] = OFFERED, **rota: Any) -> Scene:
    return Scene(a_rota(assigning=assigning, **rota))


def wanted(now: datetime = NOON, **case: Any) -> Wanted:
    return Request(department="engineering", trade="plumbing").wanted(a_case(**case), now)


def issued(scene: Scene, **changes: Any) -> tuple[Order, list[Any]]:
    urgency = changes.pop("urgency", Urgency.P2)
    choice = choose(Party.OWN, wanted(urgency=urgency), scene)
    made = an_order(urgency=urgency, assignee=choice.chosen, alarm=choice.alarm, choice=choice, **changes)
    return begin(made, a_case(), scene, NOON)


def next_turn(order: Order, scene: Scene, now: datetime) -> tuple[Order, list[Any]]:
    asks = Wanted(**{**wanted(now).__dict__, "asked": frozenset(offers.asked(order))})
    return turn(order, choose(Party.OWN, asks, scene), a_case(), scene, now)


def test_an_order_is_offered_to_all_who_could_do_it() -> None:
    order, facts = issued(a_scene())
    assert (order.assignee, order.offered, order.due_at, order.alarm) == (None, ("ann", "bob", "cid"), NOON + 10 * MINUTE, None)
    assert [type(fact) for fact in facts] == [WorkOrderIssued, WorkOrderOffered]
    assert (facts[1].offered, facts[1].until) == (order.offered, order.due_at)


@pytest.mark.parametrize(
    ("urgency", "rota"),
    [(Urgency.P1, {}), (Urgency.P2, {"overrides": [{"date": "2026-03-16", "shift": "day", "people": ["ann"]}]})],
)
def test_what_the_site_does_not_offer_and_what_only_one_could_take_is_given_at_once(urgency: Urgency, rota: dict[str, Any]) -> None:
    order, facts = issued(a_scene(**rota), urgency=urgency)
    assert (order.assignee, order.offered, [type(fact) for fact in facts]) == ("ann", (), [WorkOrderIssued])
    assert order.due_at == NOON + order.terms.accept_minutes * MINUTE  # type: ignore[operator]


def test_a_site_that_says_nothing_gives_at_once_and_hurries_nobody() -> None:
    order, facts = issued(a_scene({}))
    assert (order.assignee, order.offered, order.due_at, len(facts)) == ("ann", (), None, 1)


def test_nobody_took_it_so_the_best_gets_it() -> None:
    scene = a_scene()
    offered, _ = issued(scene)
    assert not is_due(offered, NOON + 9 * MINUTE)
    assert is_due(offered, NOON + 10 * MINUTE)
    given, (fact,) = next_turn(offered, scene, NOON + 10 * MINUTE)
    assert isinstance(fact, WorkOrderAssigned)
    assert (given.assignee, given.offered, given.due_at) == ("ann", (), NOON + 25 * MINUTE)
    assert (fact.why, fact.previous, fact.order.assignee) == (Why.OFFER_OVER, None, "ann")


def test_who_does_not_accept_in_time_is_passed_over_and_recorded() -> None:
    scene = a_scene({"accept_minutes": {"P2": 15}})
    order, _ = issued(scene)
    holders, now = [order.assignee], NOON
    for _ in range(2):
        now += 15 * MINUTE
        order, (fact,) = next_turn(order, scene, now)
        assert isinstance(fact, WorkOrderAssigned)
        assert (fact.why, fact.previous) == (Why.NO_ANSWER, holders[-1])
        holders.append(order.assignee)
    assert holders == ["ann", "bob", "cid"]
    assert {one.id: one.why for one in order.choice.considered} | {"owl": "shift"} == {one.id: one.why for one in order.choice.considered}
    assert [one.why for one in order.choice.considered if one.id in {"ann", "bob"}] == ["asked", "asked"]
    assert [(step.frm, step.to, step.why, step.by) for step in order.steps] == [
        ("ann", "bob", Why.NO_ANSWER, "dispatch"),
        ("bob", "cid", Why.NO_ANSWER, "dispatch"),
    ]
    assert [choice.chosen for choice in order.earlier] == ["ann", "bob"]


def test_nobody_left_is_an_alarm_said_once_until_somebody_comes() -> None:
    scene = a_scene({"accept_minutes": {"P2": 15}})
    order, _ = issued(scene)
    now = NOON
    for _ in range(3):
        now += 15 * MINUTE
        order, facts = next_turn(order, scene, now)
    (fact,) = facts
    assert isinstance(fact, WorkOrderUnassigned)
    assert (order.alarm, order.assignee, fact.why, fact.previous) == (NOBODY, None, Why.NO_ANSWER, "cid")
    assert order.due_at == NOON + 8 * HOURS  # 20:00, the night shift
    came, (fact,) = next_turn(order, scene, NOON + 8 * HOURS)
    assert isinstance(fact, WorkOrderAssigned)
    assert (came.assignee, came.alarm, fact.why, came.asked) == ("owl", None, Why.SOMEBODY_CAME, ())


def test_a_shift_without_anybody_suitable_says_nothing_again() -> None:
    scene = a_scene(assignments=[{"shift": "day", "people": ["desk"]}, {"shift": "night", "people": ["ann", "bob", "cid", "owl"]}], overrides=[])
    order, facts = issued(scene)
    assert (order.alarm, order.due_at, len(facts)) == (NOBODY, NOON + 8 * HOURS, 1)
    again, said = next_turn(order, scene, NOON + 2 * HOURS)
    assert (said, again.steps, again.due_at, again.alarm) == ([], (), NOON + 8 * HOURS, NOBODY)


def test_no_turn_moves_a_time_that_clocks_count_from() -> None:
    scene = a_scene({"accept_minutes": {"P2": 15}})
    order, _ = issued(scene)
    after, (fact,) = next_turn(order, scene, NOON + 15 * MINUTE)
    assert (after.issued_at, fact.order.issued_at, after.id, after.number) == (order.issued_at, order.issued_at, order.id, order.number)


def test_earlier_choices_are_bounded_and_every_change_of_hands_stays() -> None:
    scene = a_scene({"accept_minutes": {"P2": 15}}, assignments=[])
    order, _ = issued(scene)
    now = NOON
    for _ in range(40):
        now = order.due_at or now + 24 * HOURS
        order, _ = next_turn(order, scene, now)
    assert len(order.earlier) == offers.KEPT
    assert len(order.steps) >= offers.KEPT


@pytest.mark.parametrize("changes", [{"party": Party.CONTRACTOR}, {"status": OrderStatus.ACCEPTED}])
def test_a_contractors_order_and_an_accepted_one_have_no_turn(changes: dict[str, Any]) -> None:
    scene = a_scene()
    order = an_order(**changes)
    assert offers.next_turn(order, scene, NOON) is None
    assert not is_due(an_order(status=OrderStatus.ACCEPTED, due_at=NOON), NOON)


@pytest.mark.parametrize(
    ("at", "start"),
    [(NOON, NOON + 8 * HOURS), (NOON + 8 * HOURS, NOON + 20 * HOURS), (NOON + 7 * HOURS + 59 * MINUTE, NOON + 8 * HOURS)],
)
def test_the_next_shift_with_people(at: datetime, start: datetime) -> None:
    assert next_start(a_rota(), at) == start
    assert next_start(a_rota(assignments=[]), at) is None
