"""The same problem again: chains of reports, incidents that several units share, places that fail often (DEF-09, CLS-15 to CLS-17). Pure.

A case is found again by its marks: its place (common-area asset, else unit) and fault; for an outage its building too, because one cause
reaches many flats. Not here: who is told (sla, by the pack's `repeat.inform`), the root cause itself (dispatch, REP-26).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from common.events import Fact
from common.events.intake import CaseClassified
from common.policy import SitePolicy
from common.states import CaseKind, CaseStatus

from intake.domain.case import Case, Change, Changes

KINDS = frozenset({CaseKind.REPAIR, CaseKind.COMPLAINT})  # 報修投訴 (CLS-15)
WORKED_ON = frozenset({CaseStatus.CLASSIFIED, CaseStatus.IN_WORK})  #: an incident is open until its work is done
ONE_UNIT = "unit:"  #: how the mark of a flat begins; no other unit reports that problem
TWICE = 2  # where a pack sets no number of its own, the second report is the repeat


@dataclass(frozen=True)
class Earlier:
    """What is there already: other reports at the place, latest received first, and the first case of an incident that is still open."""

    reports: tuple[Case, ...] = ()
    incident: Case | None = None


def marks(case: Case, policy: SitePolicy) -> tuple[str, ...]:
    """Return what the problem of a case is found by, its place first; none where place or fault is not known."""
    fault = case.sorting.fault or case.sorting.category
    place = f"asset:{case.asset}" if case.asset else f"{ONE_UNIT}{case.unit}" if case.unit else None
    if case.kind not in KINDS or fault is None or place is None:
        return ()
    building, dash, _ = (case.unit or "").partition("-")
    shared = (f"building:{building}|{fault}",) if dash and not case.asset and is_outage(case, policy) else ()
    return (f"{place}|{fault}", *shared)


def is_outage(case: Case, policy: SitePolicy) -> bool:
    """Say whether supply failed: water, power and the like (CLS-16)."""
    known = policy.fault(case.sorting.fault)
    return bool(known and policy.repeat.outage_class in known.classes)


def asks(changes: Changes, policy: SitePolicy) -> Case | None:
    """Return the case with its marks where it was just classified as a problem that it was not before, else None."""
    said = next((fact for change in changes for fact in change.facts if isinstance(fact, CaseClassified)), None)
    case: Case = changes[0].state
    found = marks(case, policy) if said and not case.out_of_scope else ()
    return case.with_(marks=found) if said and found != case.marks else None


def checked(changes: Changes, case: Case, policy: SitePolicy, earlier: Earlier) -> Changes:
    """Return the changes of a classification with what the repeat check found (R2); an incident that it joins changes too."""
    first, fresh = changes[0], case.repeat_of is None and not case.history
    before = chain(case, earlier.reports, policy)
    head = earlier.incident if fresh and _may_join(case, earlier.incident, before) else None
    case = case.with_(incident=head.id, asked=()) if head else case
    case = repeated(case, before, policy)
    facts = tuple(_with_state(fact, case) for fact in first.facts)
    joined = (_joined(head, case),) if head else ()
    return (replace(first, state=case, facts=facts), *joined, *changes[1:])


def chain(case: Case, reports: Sequence[Case], policy: SitePolicy) -> tuple[Case, ...]:
    """Return the earlier reports of the same problem, latest first: each within the window after the one before it (DEF-09).

    What another unit reported of an incident that was open then is no report of its own.
    """
    found: list[Case] = []
    until = case.received_at
    for one in sorted(reports, key=lambda other: other.received_at, reverse=True):
        if one.id == case.id or one.received_at > until or (one.incident and one.unit != case.unit):
            continue
        if until > window_end(one.received_at, policy):
            break
        found.append(one)
        until = one.received_at
    return tuple(found)


def window_end(received_at: datetime, policy: SitePolicy) -> datetime:
    """Return the last instant at which another report counts as the same problem: 24:00 of the last day of the window."""
    day = received_at.astimezone(policy.zone).date() + timedelta(days=policy.repeat.window_days + 1)
    return datetime.combine(day, time(0), policy.zone)


def repeated(case: Case, before: Sequence[Case], policy: SitePolicy) -> Case:
    """Return the case with what follows from the earlier reports."""
    rule, count = policy.repeat, len(before) + 1
    again = count >= (rule.reports or TWICE)
    outages = rule.outages if is_outage(case, policy) else None
    latest = before[0] if again else None
    done = [order for order in latest.latest_orders if not order.cancelled] if latest else []
    return case.with_(
        repeat_of=latest.id if latest else None,
        repeat_count=count,
        first_receiver=before[-1].received_by if again else None,
        root_cause_required=outages is not None and count >= outages,
        frequent=rule.monthly_faults is not None and _in_month(case, before, policy) >= rule.monthly_faults,
        prefers=done[-1].assignee if done and rule.same_team else None,
        second_inspector=bool(done) and rule.second_inspector,
    )


def _in_month(case: Case, before: Sequence[Case], policy: SitePolicy) -> int:
    """Return how many faults there were at the place in the month of this one (CLS-17)."""
    local = [one.received_at.astimezone(policy.zone) for one in (case, *before)]
    return sum((one.year, one.month) == (local[0].year, local[0].month) for one in local)


def _may_join(case: Case, head: Case | None, before: Sequence[Case]) -> bool:
    """Say whether this is another unit's report of that incident; whoever reports it twice has a case of their own (DEF-09)."""
    if head is None or head.kind is not case.kind:
        return False
    of_it = {head.id, *head.linked}
    own = case.unit is not None and (head.unit == case.unit or any(one.id in of_it and one.unit == case.unit for one in before))
    return not own


def _joined(head: Case, case: Case) -> Change[Case]:
    """Return the first case of the incident with one more; a cause that the later one needs found is its work's matter."""
    joined = head.with_(linked=(*head.linked, case.id))
    if not case.root_cause_required or head.root_cause_required:
        return Change(joined)
    joined = joined.with_(root_cause_required=True)
    return Change(joined, (CaseClassified(case=joined.state(), previous=head.state()),))


def _with_state(fact: Fact, case: Case) -> Fact:
    return fact.model_copy(update={"case": case.state()}) if isinstance(fact, CaseClassified) else fact
