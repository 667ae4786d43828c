"""Requests as the files that sla keeps of cases: the facts of each, heard by the same function as in the running system. No stack, no clock.

A request is a repair that was classified at receipt and got one order; the order was completed when the row says that it was closed.
Not here: reading rows (`rows`), judging (`engine`).
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from common.envelope import Event
from common.events import Fact
from common.events.dispatch import WorkOrderCompleted, WorkOrderIssued
from common.events.intake import CaseClassified, CaseRegistered
from common.policy import SitePolicy
from common.states import CaseKind, CaseState, CaseStatus, Channel, Lane, OrderState, OrderStatus, Party, Urgency
from sla.domain.case_file import CaseFile, heard, opened

from huiyin.replay.codes import code_of
from huiyin.replay.rows import Request

OTHER = "other"
SOURCE = "replay"


def case_files(requests: Iterable[Request], policy: SitePolicy, *, told_target: bool) -> Iterator[CaseFile]:
    """Yield the file of each request, in the same order. See `case_file`."""
    return (case_file(one, policy, told_target=told_target) for one in requests)


def case_file(request: Request, policy: SitePolicy, *, told_target: bool) -> CaseFile:
    """Return the file of one request.

    The matter is the fault of the policy that the row's descriptor names, else `other`. `told_target`: the row's target time is known as the
    expected resolution; where the policy has to find it, it is the answer and stays hidden.
    """
    case = _case(request, policy, told_target=told_target)
    file = opened(case)
    for seq, (fact, at) in enumerate(_facts(request, case), 1):
        file = heard(file, Event(f"{SOURCE}:{fact.prefix()}:{request.id}:{seq}", SOURCE, request.id, seq, case.site, Lane.NORMAL, at, "", fact))
    return file


def _case(request: Request, policy: SitePolicy, *, told_target: bool) -> CaseState:
    code = code_of(request.descriptor)
    fault = policy.fault(code)
    return CaseState(
        id=request.id,
        site=policy.site,
        kind=CaseKind.REPAIR,
        status=CaseStatus.CLASSIFIED,
        channel=Channel(request.channel),
        received_at=request.created,
        registered_at=request.created,
        policy=policy.version,
        urgency=(fault.urgency if fault else None) or Urgency.P3,
        category=(fault.category if fault else None) or code_of(request.category),
        fault=code if fault else OTHER,
        unit=request.unit,
        expected_at=request.target if told_target else None,
    )


def _facts(request: Request, case: CaseState) -> Iterator[tuple[Fact, datetime]]:
    issued = OrderState(
        id=f"{case.id}-1",
        site=case.site,
        case=case.id,
        case_kind=case.kind,
        number=1,
        status=OrderStatus.ISSUED,
        party=Party.OWN,
        urgency=case.urgency or Urgency.P3,
        issued_at=request.created,
    )
    yield CaseRegistered(case=case), request.created
    yield CaseClassified(case=case), request.created
    yield WorkOrderIssued(order=issued, case=case), request.created
    if request.closed is not None:
        done = issued.model_copy(update={"status": OrderStatus.COMPLETED, "completed_at": request.closed})
        yield WorkOrderCompleted(order=done, case=case), request.closed
