"""How an order finds its holder over time: the grab window (抢单), the acceptance time-out, and the alarm when nobody is left. Pure.

`due_at` says when the next turn is: business time, in the store. A turn gives the order to the next candidate or raises the alarm, which is
said once; when the next shift begins everybody is asked again. No turn touches a time that a clock counts from (features.md 4, 5 and 10).
Not here: who is the best (`matching`), transfers and returns by people (`moves`), the loop (`handlers.turns`).
"""

from datetime import datetime, timedelta
from enum import StrEnum

from common.events import Fact
from common.events.dispatch import WorkOrderAssigned, WorkOrderIssued, WorkOrderOffered, WorkOrderUnassigned
from common.rota import Assigning, next_start
from common.states import CaseState, OrderStatus, Party, Urgency

from dispatch.domain.matching import Choice, Scene
from dispatch.domain.order import Order, Step, Terms, two_pairs

DISPATCH = "dispatch"  # who acts where nobody does
KEPT = 20  #: choices kept beside the newest; every change of hands stays in the steps


class Why(StrEnum):
    """Why an order changed hands."""

    OFFER_OVER = "offer_over"  #: nobody took it while it was offered
    NO_ANSWER = "no_answer"  #: who had it did not accept in time
    SENT_BACK = "sent_back"  #: who had it gave it back
    SOMEBODY_CAME = "somebody_came"  #: there was nobody, and now there is
    TRANSFERRED = "transferred"  #: who had it gave it to somebody
    ASSIGNED = "assigned"  #: a lead gave it to somebody


def begin(order: Order, case: CaseState, scene: Scene, now: datetime) -> tuple[Order, list[Fact]]:
    """Return a new order as its site wants it given out, and its facts: to the best one at once, or offered to all who could do it."""
    assigning = scene.rota.assigning
    window = assigning.offer_minutes.get(order.urgency)
    begun = order.model_copy(update={"terms": terms(order, assigning)})
    if order.party is Party.OWN and window and len(order.choice.eligible) > 1:
        until = now + timedelta(minutes=window)
        begun = begun.model_copy(update={"assignee": None, "offered": order.choice.eligible, "due_at": until})
        said = begun.state()
        return begun, [WorkOrderIssued(order=said, case=case), WorkOrderOffered(order=said, case=case, offered=begun.offered, until=until)]
    begun = begun.model_copy(update={"due_at": next_turn(begun, scene, now)})
    return begun, [WorkOrderIssued(order=begun.state(), case=case)]


def hastened(order: Order, now: datetime) -> Order:
    """Return an order that became an emergency while it was offered: it is given to the best at once."""
    return order.model_copy(update={"due_at": now}) if order.offered and order.urgency is Urgency.P1 else order


def terms(order: Order, assigning: Assigning) -> Terms:
    """Return what the site says now about holding an order of this urgency."""
    return Terms(accept_minutes=assigning.accept_minutes.get(order.urgency), max_handings=assigning.max_handings)


def next_turn(order: Order, scene: Scene, now: datetime) -> datetime | None:
    """Return when dispatch looks at an order again that was given to somebody or to nobody at `now`."""
    if order.party is not Party.OWN or order.status is not OrderStatus.ISSUED:
        return None
    if order.assignee is None:
        return next_start(scene.rota, now, zone=scene.zone)
    return in_time(order, now)


def in_time(order: Order, now: datetime) -> datetime | None:
    """Return until when an order that is given at `now` has to be accepted, None where nobody is hurried."""
    return now + timedelta(minutes=order.terms.accept_minutes) if order.terms.accept_minutes else None


def is_due(order: Order, now: datetime) -> bool:
    """Say whether dispatch has to pass the order on now."""
    return order.status is OrderStatus.ISSUED and order.due_at is not None and order.due_at <= now


def because(order: Order) -> Why:
    """Return why the order needs a turn."""
    if order.offered:
        return Why.OFFER_OVER
    if order.assignee:
        return Why.NO_ANSWER
    return Why.SOMEBODY_CAME if order.alarm else Why.SENT_BACK


def asked(order: Order) -> tuple[str, ...]:
    """Return who is not asked in this turn; where there was nobody, everybody is asked again."""
    if order.alarm:
        return ()
    return (*order.asked, order.assignee) if order.assignee else order.asked


def turn(order: Order, choice: Choice, case: CaseState, scene: Scene, now: datetime) -> tuple[Order, list[Fact]]:
    """Return the order in the hands of who was chosen, or with the alarm that nobody is left; the same alarm again says nothing."""
    if order.alarm and choice.chosen is None:
        return order.model_copy(update={"due_at": next_turn(order, scene, now)}), []
    why, previous = because(order), order.assignee
    step = Step(move="pass_on", at=now, noted_at=now, by=DISPATCH, frm=previous, to=choice.chosen, why=why)
    changes = {"assignee": choice.chosen, "alarm": choice.alarm, "offered": (), "asked": asked(order), "moved_at": now}
    kept = {"choice": choice, "earlier": (*order.earlier, order.choice)[-KEPT:], "steps": (*order.steps, step)}
    after = two_pairs(order.model_copy(update=changes | kept), case)
    after = after.model_copy(update={"due_at": next_turn(after, scene, now)})
    kind = WorkOrderAssigned if choice.chosen else WorkOrderUnassigned
    return after, [kind(order=after.state(), case=case, why=why, previous=previous)]
