"""Several cases with one cause: joined to the first case of the incident, or taken out of it again, by hand and with the reason (DEF-09). Pure.

The later cases have no work of their own: the first case's orders are theirs, their work is done when its work is. Not here: joining at
classification (`repeats`), the shared clocks (sla).
"""

from collections.abc import Sequence
from typing import Any

from common.errors import Refused
from common.events.intake import CaseLinked, CaseSplit
from common.states import CaseKind

from intake.domain.attempt import Attempt
from intake.domain.case import Act, Case, Change, Changes
from intake.domain.commands import Link, Split
from intake.domain.parts import Asked, Joined
from intake.domain.repeats import WORKED_ON


def link(attempt: Attempt[Link]) -> Changes:
    """Join a case to an incident; an order of its own that nobody worked on ends (dispatch)."""
    case, head = attempt.case, attempt.file.incident
    if head is None:
        return ()
    joined = _put(case, head, attempt.act, attempt.command.reason)
    return (Change(joined, (CaseLinked(case=joined.state(), by=attempt.act.by),)), Change(head.with_(linked=(*head.linked, case.id))))


def split(attempt: Attempt[Split]) -> Changes:
    """Take a case out of its incident: a repair without an order asks for one again."""
    case, head = attempt.case, attempt.file.incident
    left = leave(case, attempt.act, attempt.command.reason)
    without = (Change(head.with_(linked=tuple(one for one in head.linked if one != case.id))),) if head else ()
    return (left, *without)


def leave(case: Case, act: Act, reason: str | None = None) -> Change[Case]:
    """Return the case with work of its own, and the fact."""
    record = Joined(incident=case.incident, joined=False, reason=reason, by=act.by, at=act.at)
    asked = (Asked(department=case.sorting.department, trade=case.sorting.trade),) if _needs_order(case) else case.asked
    left = case.with_(incident=None, asked=asked, incidents=(*case.incidents, record))
    return Change(left, (CaseSplit(case=left.state(), left=case.incident or case.id, by=act.by),))


def handed_on(closed: Case, linked: Sequence[Case], act: Act) -> Changes:
    """Return what becomes of an incident whose first case ended without work: the earliest of those that still wait takes its place."""
    waiting = sorted((one for one in linked if one.status in WORKED_ON and one.incident == closed.id), key=lambda one: one.received_at)
    if not waiting:
        return ()
    first, *others = waiting
    head = leave(first, act)
    head = Change(head.state.with_(linked=tuple(one.id for one in others)), head.facts)
    moved = [_put(one, head.state, act, None) for one in others]
    return (head, *(Change(one, (CaseLinked(case=one.state(), by=act.by),)) for one in moved))


def _put(case: Case, head: Case, act: Act, reason: str | None) -> Case:
    record = Joined(incident=head.id, joined=True, reason=reason, by=act.by, at=act.at)
    return case.with_(incident=head.id, asked=(), incidents=(*case.incidents, record))


def _needs_order(case: Case) -> bool:
    return case.kind is CaseKind.REPAIR and all(order.cancelled for order in case.latest_orders)


def can_join(attempt: Attempt[Any]) -> Refused | None:
    """DEF-09: an incident is the first case of one that is still worked on, at the same site and of the same kind; nobody is in two."""
    if not isinstance(attempt.command, Link):
        return None
    case, head = attempt.case, attempt.file.incident
    fits = head and head.id != case.id and (head.site, head.kind) == (case.site, case.kind)
    if head and fits and head.status in WORKED_ON and not (head.incident or case.incident or case.linked):
        return None
    return Refused("DEF-09", "该事件不存在、已处理完毕,或与本案不属同一项目或类别", "no incident of this kind that is still worked on here")


def can_leave(attempt: Attempt[Any]) -> Refused | None:
    """DEF-09: only what was joined can be taken out."""
    if not isinstance(attempt.command, Split) or attempt.case.incident:
        return None
    return Refused("DEF-09", "本案未并入任何事件", "the case belongs to no incident")
