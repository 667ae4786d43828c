"""Builders for intake's tests: a policy that exists in no source, a case, a file, a move. What a test does not say does not matter to it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from common.policy import SitePolicy
from common.states import CaseKind, CaseState, CaseStatus, Channel, OrderState, OrderStatus, Party, Urgency
from intake.api.moves import BODIES
from intake.domain import orders
from intake.domain.attempt import File
from intake.domain.case import Act, Case, Change, Changes
from intake.domain.decide import decide
from intake.domain.parts import Sorting
from intake.domain.promise import Promise
from intake.domain.visit import Visit

NOON = datetime(2026, 3, 16, 4, 0, tzinfo=UTC)  # Monday 12:00 in China
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
NUMBER = "AB-260316-7K3QJ"
DESK = Act("desk", NOON + HOUR, roles=("receptionist",))

POLICY: dict[str, Any] = {
    "site": "AB",
    "name": {"zh": "测试苑", "en": "Test Court"},
    "version": 3,
    "faults": {
        "burst": {
            "title": {"zh": "爆管", "en": "burst"},
            "category": "facility",
            "trade": "plumbing",
            "department": "engineering",
            "urgency": "P1",
            "classes": ["water"],
            "needs_repair": True,
        },
        "dirt": {"title": {"zh": "不洁", "en": "dirt"}, "category": "service"},
        "drip": {"title": {"zh": "滴水", "en": "drip"}, "category": "facility", "trade": "plumbing", "urgency": "P3"},
    },
    "routing": {"service": "cleaning", "facility": "engineering", "fee": "finance"},
    "required": {"fields": {"complaint": ["unit", "subject", "expected"], "repair": ["subject"], "enquiry": ["subject", "reporter.phone"]}},
    "return_visit": {
        "role": "visitor",
        "executors": ["receptionist", "customer_service_officer"],
        "questions": ["attitude", "quality"],
        "signature": ["home"],
        "forms": ["phone", "home", "letter"],
    },
    "result_forms": [
        {"applies": {"channel_form": "letter"}, "all_of": ["letter"]},
        {"applies": {"kind": "complaint", "urgency": ["P1", "P2"]}, "all_of": ["written", "face_to_face"]},
        {"any_of": ["phone", "written", "face_to_face"]},
    ],
}


def a_policy(**changes: Any) -> SitePolicy:
    return SitePolicy.model_validate(POLICY | changes)


SORTED = Sorting(category="facility", fault="drip", urgency=Urgency.P3, trade="plumbing", department="engineering")


def a_case(**changes: Any) -> Case:
    base = Case(
        id=NUMBER,
        site="AB",
        kind=CaseKind.COMPLAINT,
        status=CaseStatus.REGISTERED,
        since=NOON,
        channel=Channel.PHONE,
        received_at=NOON,
        registered_at=NOON,
        policy=3,
        owner="desk",
        received_by="desk",
        unit="3-0502",
        subject="大堂脏",
    )
    return base.model_copy(update=changes)


def classified(kind: CaseKind = CaseKind.COMPLAINT, **changes: Any) -> Case:
    return a_case(kind=kind, status=CaseStatus.CLASSIFIED, sorting=SORTED, **changes)


def a_file(case: Case, *hanging: Promise | Visit, incident: Case | None = None, linked: tuple[Case, ...] = (), **policy: Any) -> File:
    promises = tuple(one for one in hanging if isinstance(one, Promise))
    visits = tuple(one for one in hanging if isinstance(one, Visit))
    return File(case, a_policy(**policy), promises, visits, incident, linked)


def a_promise(**changes: Any) -> Promise:
    base = Promise(
        id=f"{NUMBER}-P1", site="AB", case=NUMBER, number=1, about="outcome", text="换灯", due_at=NOON + 5 * HOUR, made_at=NOON, made_by="desk"
    )
    return base.model_copy(update=changes)


def a_visit(**changes: Any) -> Visit:
    base = Visit(id=f"{NUMBER}-V1", site="AB", case=NUMBER, number=1, role="visitor", due_since=NOON)
    return base.model_copy(update=changes)


def do(file: File, move: str, act: Act = DESK, **body: Any) -> Changes:
    """Make a move as its door would: the body is checked first."""
    command = BODIES[move].model_validate(body)
    return decide(move, file, command, act, act.at + HOUR)


def after(file: File, changes: Changes) -> File:
    """Return the file as it is once the changes are kept."""
    case, promises, visits = file.case, {one.id: one for one in file.promises}, {one.id: one for one in file.visits}
    for change in changes:
        match change.state:
            case Case():
                case = change.state
            case Promise():
                promises[change.state.id] = change.state
            case Visit():
                visits[change.state.id] = change.state
    return File(case, file.policy, tuple(promises.values()), tuple(visits.values()))


def case_of(changes: Changes) -> Case:
    return next(change.state for change in changes if isinstance(change.state, Case))


def facts_of(changes: Changes) -> list[Any]:
    return [fact for change in changes for fact in change.facts]


def kinds_of(changes: Changes) -> list[str]:
    return [fact.kind for fact in facts_of(changes)]


def an_order(number: int = 1, status: OrderStatus = OrderStatus.ISSUED, **changes: Any) -> OrderState:
    base = OrderState(
        id=f"{NUMBER}-{number}",
        site="AB",
        case=NUMBER,
        case_kind=CaseKind.REPAIR,
        number=number,
        status=status,
        party=Party.OWN,
        department="engineering",
        trade="plumbing",
        urgency=Urgency.P3,
        issued_at=NOON,
    )
    return base.model_copy(update=changes)


def follow(file: File, *states: OrderState, at: datetime = NOON + 2 * HOUR) -> tuple[File, list[str]]:
    """Let order facts come in, one after the other; return the file and the kinds said."""
    said: list[str] = []
    for state in states:
        changes = orders.follow(file.case, state, file.policy, at)
        said += kinds_of(changes)
        file = after(file, changes)
    return file, said


def state_of(change: Change[Any]) -> CaseState:
    state: CaseState = change.state.state()
    return state
