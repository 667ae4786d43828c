"""Facts as the other services say them, for console's tests: a few sites, their people, and cases in every stage around one `now`."""

from datetime import UTC, datetime, timedelta
from typing import Any

from common.events import Fact
from common.events.dispatch import (
    RotaPublished,
    WorkOrderAccepted,
    WorkOrderArrived,
    WorkOrderAssessed,
    WorkOrderCompleted,
    WorkOrderFact,
    WorkOrderIssued,
    WorkOrderReturned,
    WorkOrderSigned,
)
from common.events.intake import CaseClassified, CaseClosed, CaseRegistered, CaseReplied, CaseWorkDone, VisitDue, VisitRecorded
from common.events.notify import NoticeSent
from common.events.sla import ClockBreached, ClockMet, ClockOpened, ClockWarned, EscalationRaised, PolicyPublished
from common.outbox import envelope
from common.states import (
    CaseKind,
    CaseState,
    CaseStatus,
    Channel,
    ClockLevel,
    ClockState,
    ClockView,
    Lane,
    Level,
    OrderState,
    OrderStatus,
    Party,
    PersonState,
    Urgency,
)
from common.topology import SAYS

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)  # 17:30 in Shanghai
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SITES = {"JN": ("锦宁花园", "Jinning Garden"), "XZ": ("西子湾", "Xizi Bay")}
FAULTS = {
    "burst_pipe": ("水管爆裂", "burst pipe"),
    "power_outage": ("停电", "power outage"),
    "lift_entrapment": ("电梯困人", "persons trapped in a lift"),
    "noise": ("噪音扰民", "noise"),
    "door_lock": ("门锁故障", "door lock broken"),
    "leak": ("天花渗漏", "ceiling leak"),
}
PEOPLE = {
    "li": ("repair_worker",),
    "zhou": ("repair_worker",),
    "wang": ("customer_service_supervisor",),
    "chen": ("receptionist",),
}


class Teller:
    """Says facts in their envelopes, each stream counted from 1."""

    def __init__(self) -> None:
        """Begin with nothing said."""
        self.bodies: list[bytes] = []
        self._seqs: dict[str, int] = {}

    def say(self, subject: str, fact: Fact, *, at: datetime, site: str) -> bytes:
        """Say one fact; return its message."""
        source = SAYS[fact.prefix()]
        stream = f"{source}:{fact.prefix()}:{subject}"
        self._seqs[stream] = seq = self._seqs.get(stream, 0) + 1
        body = envelope(source, subject, seq, fact, at=at, site=site, lane=Lane.NORMAL, trace="").model_dump_json().encode()
        self.bodies.append(body)
        return body

    def site(self, code: str, *, version: int = 1) -> None:
        """Say a site's policy and people."""
        zh, en = SITES[code]
        faults = {fault: {"title": {"zh": one, "en": two}, "category": "facility"} for fault, (one, two) in FAULTS.items()}
        policy = {"site": code, "name": {"zh": zh, "en": en}, "version": version, "faults": faults}
        self.say(code, PolicyPublished(site=code, version=version, policy=policy), at=NOW - 30 * DAY, site=code)
        people = tuple(PersonState(id=f"{code.lower()}-{name}", roles=roles) for name, roles in PEOPLE.items())
        self.say(code, RotaPublished(site=code, version=version, people=people, rota={}), at=NOW - 30 * DAY, site=code)


class CaseStory:
    """One case, told step by step; each step is one or several facts at one time."""

    def __init__(self, teller: Teller, number: str, *, received: datetime, **given: Any) -> None:
        """Begin: registered and, with an urgency, classified."""
        self.teller, self.number, self.site = teller, number, number.split("-", maxsplit=1)[0]
        fields: dict[str, Any] = {"kind": CaseKind.REPAIR, "channel": Channel.CALL_CENTRE, "owner": f"{self.site.lower()}-chen"} | given
        self.case = CaseState(
            id=number, site=self.site, status=CaseStatus.REGISTERED, received_at=received, registered_at=received, policy=1, **fields
        )
        self.say(number, CaseRegistered(case=self.case), received)
        if self.case.urgency:
            self.becomes(CaseStatus.CLASSIFIED)
            self.say(number, CaseClassified(case=self.case), received)

    def say(self, subject: str, fact: Fact, at: datetime) -> "CaseStory":
        """Say a fact about the case."""
        self.teller.say(subject, fact, at=at, site=self.site)
        return self

    def becomes(self, status: CaseStatus, **changed: Any) -> CaseState:
        """Move the case's own state."""
        self.case = self.case.model_copy(update={"status": status, **changed})
        return self.case

    def notice(self, at: datetime, *, recipient: str = "owner:r-77f0", channel: str = "email", template: str = "case_registered") -> "CaseStory":
        """Somebody was told."""
        fact = NoticeSent(notice="n", case=self.number, template=template, channel=channel, recipient=recipient, sent_at=at)
        return self.say(f"{self.number}:{template}:{at.timestamp():.0f}", fact, at)

    def order(self, *steps: tuple[type[WorkOrderFact], OrderStatus, datetime], number: int = 1, **given: Any) -> "CaseStory":
        """Go through the steps of an order."""
        person = f"{self.site.lower()}-li"
        fields: dict[str, Any] = {"party": Party.OWN, "trade": "plumbing", "department": "engineering", "assignee": person} | given
        for kind, status, at in steps:
            accepted = {"acceptor": fields["assignee"]} if status is not OrderStatus.ISSUED else {}
            state = OrderState(
                id=f"{self.number}-{number}", site=self.site, case=self.number, case_kind=self.case.kind, number=number, status=status,
                urgency=self.case.urgency or Urgency.P3, issued_at=steps[0][2], **fields, **accepted,
            )  # fmt: skip
            extra = {"outcome": "normal"} if kind is WorkOrderAssessed else {}
            self.say(state.id, kind(order=state, case=self.case, **extra), at)
        return self

    def clock(self, code: str, start: datetime, due: datetime | None, *steps: Any, subject: str | None = None) -> "CaseStory":
        """Open a clock and take it through `ClockWarned`, `ClockBreached`, a `Level`, or the time at which it stops."""
        about = subject or f"case:{self.number}"
        view = ClockView(
            id=f"{about}:{code}:1", site=self.site, code=code, subject=about, case=self.number, urgency=self.case.urgency,
            state=ClockState.RUNNING if due else ClockState.UNDATED, strength="must", start_at=start, due_at=due, rule="SLA-01",
        )  # fmt: skip
        self.say(view.id, ClockOpened(clock=view), start)
        for step in steps:
            view = self._step(view, step, due or start)
        return self

    def _step(self, view: ClockView, step: Any, due: datetime) -> ClockView:
        if isinstance(step, datetime):
            view = view.model_copy(update={"state": ClockState.MET if step <= due else ClockState.LATE, "stopped_at": step})
            self.say(view.id, ClockMet(clock=view), step)
        elif isinstance(step, Level):
            raised = EscalationRaised(
                clock=view, level=step, roles=("customer_service_supervisor",), persons=(f"{self.site.lower()}-wang",), skipped=("duty_manager",)
            )
            self.say(view.id, raised, due)
        else:
            level = Level.WARNING if step is ClockWarned else Level.L1
            at = due - (due - view.start_at) * 0.2 if step is ClockWarned else due
            view = view.model_copy(update={"levels": (*view.levels, ClockLevel(level=level, at=at, raised_at=at))})
            self.say(view.id, step(clock=view), at)
        return view


ISSUED, ACCEPTED, ARRIVED, ASSESSED, COMPLETED, SIGNED, RETURNED = (
    (WorkOrderIssued, OrderStatus.ISSUED),
    (WorkOrderAccepted, OrderStatus.ACCEPTED),
    (WorkOrderArrived, OrderStatus.ON_SITE),
    (WorkOrderAssessed, OrderStatus.IN_PROGRESS),
    (WorkOrderCompleted, OrderStatus.COMPLETED),
    (WorkOrderSigned, OrderStatus.SIGNED),
    (WorkOrderReturned, OrderStatus.RETURNED),
)  #: steps of an order


def steps(start: datetime, every: timedelta, *kinds: tuple[type[WorkOrderFact], OrderStatus]) -> list[Any]:
    """Return steps of an order, one `every` so often."""
    return [(kind, status, start + every * n) for n, (kind, status) in enumerate(kinds)]


def day(now: datetime = NOW) -> list[bytes]:
    """Return the messages of a day at two sites, in the order they were said."""
    teller = Teller()
    for code in SITES:
        teller.site(code)
    _repairs(teller, now)
    _complaints(teller, now)
    return teller.bodies


def _repairs(teller: Teller, now: datetime) -> None:
    p1, p2, p3 = Urgency.P1, Urgency.P2, Urgency.P3
    story = CaseStory(teller, "JN-260314-7K3QX", received=now - 20 * MINUTE, urgency=p1, fault="burst_pipe", category="facility", unit="3-0502")
    story.notice(now - 20 * MINUTE).order(*steps(now - 20 * MINUTE, 2 * MINUTE, ISSUED, ACCEPTED)).becomes(CaseStatus.IN_WORK)
    story.clock("CLK_RESPOND", now - 20 * MINUTE, now + 10 * MINUTE, now - 18 * MINUTE)
    story.clock("CLK_ONSITE", now - 20 * MINUTE, now - 5 * MINUTE, ClockWarned, ClockBreached, Level.L1, Level.L2)
    story.notice(now - 5 * MINUTE, recipient="person:jn-wang", channel="sms", template="clock_level")

    story = CaseStory(teller, "JN-260314-2M8RA", received=now - 3 * HOUR, urgency=p2, fault="power_outage", category="facility", unit="1-1203")
    story.order(*steps(now - 3 * HOUR, 12 * MINUTE, ISSUED, ACCEPTED, ARRIVED, ASSESSED), assignee="jn-zhou", trade="electrical")
    story.clock("CLK_SURVEY", now - 3 * HOUR, now + 25 * MINUTE, ClockWarned).clock("CLK_ATTEND", now - 3 * HOUR, now + 5 * HOUR)

    story = CaseStory(teller, "XZ-260314-9QW4T", received=now - 8 * MINUTE, urgency=p1, fault="lift_entrapment", category="facility", area="lift-2")
    story.order(*steps(now - 8 * MINUTE, MINUTE, ISSUED), party=Party.CONTRACTOR, trade="lift", assignee="xz-lift-co")
    story.clock("CLK_CONTRACTOR_ONSITE", now - 8 * MINUTE, now + 22 * MINUTE).clock("CLK_RESPOND", now - 8 * MINUTE, now + 22 * MINUTE)

    story = CaseStory(teller, "JN-260313-D5N1C", received=now - 26 * HOUR, urgency=p3, fault="door_lock", category="facility", unit="5-0301")
    story.order(*steps(now - 26 * HOUR, 45 * MINUTE, ISSUED, ACCEPTED, ARRIVED, ASSESSED, COMPLETED, SIGNED, RETURNED), trade="carpentry").clock(
        "CLK_WO_RETURN", now - 26 * HOUR, now - 20 * HOUR, now - 21.5 * HOUR
    )
    story.say(story.number, CaseWorkDone(case=story.becomes(CaseStatus.RETURN_VISIT_DUE)), now - 21.5 * HOUR)
    story.say(f"{story.number}-v1", VisitDue(visit="v1", case=story.case, role="customer_service_supervisor"), now - 21.5 * HOUR)
    story.clock("CLK_RETURN_VISIT", now - 21.5 * HOUR, now + 2 * DAY + 3 * HOUR)

    story = CaseStory(teller, "XZ-260314-J6P0B", received=now - 4 * MINUTE, channel=Channel.APP, unit="12-2801")
    story.notice(now - 4 * MINUTE)

    story = CaseStory(teller, "XZ-260314-8HV5E", received=now - 6 * HOUR, urgency=p3, fault="leak", category="facility", unit="7-1502")
    story.order(*steps(now - 6 * HOUR, MINUTE, ISSUED), assignee=None, alarm="nobody_eligible").clock("CLK_ATTEND", now - 6 * HOUR, None)

    closed(teller, now - 2 * DAY)


def closed(teller: Teller, start: datetime, number: str = "JN-260312-0ZTG8") -> CaseStory:
    """Tell a repair from the call to the closed case."""
    story = CaseStory(teller, number, received=start, urgency=Urgency.P2, fault="leak", category="facility", department="engineering", unit="2-0901")
    story.notice(start).order(*steps(start, 15 * MINUTE, ISSUED, ACCEPTED, ARRIVED, ASSESSED, COMPLETED, SIGNED, RETURNED))
    story.clock("CLK_RESPOND", start, start + 30 * MINUTE, start + 15 * MINUTE).clock("CLK_ONSITE", start, start + HOUR, start + 30 * MINUTE)
    done = start + 90 * MINUTE
    story.say(number, CaseWorkDone(case=story.becomes(CaseStatus.RETURN_VISIT_DUE)), done)
    story.say(f"{number}-v1", VisitDue(visit="v1", case=story.case, role="customer_service_supervisor"), done)
    story.clock("CLK_RETURN_VISIT", done, done + DAY, done + 3 * HOUR)
    visit = VisitRecorded(visit="v1", case=story.case, form="phone", satisfied=True, by="jn-chen")
    story.say(f"{number}-v1", visit, done + 3 * HOUR)
    story.say(number, CaseClosed(case=story.becomes(CaseStatus.CLOSED), outcome="visited"), done + 3 * HOUR)
    return story.notice(done + 3 * HOUR, template="case_closed")


def _complaints(teller: Teller, now: datetime) -> None:
    fields: dict[str, Any] = {"kind": CaseKind.COMPLAINT, "category": "service", "channel": Channel.PHONE}
    story = CaseStory(teller, "XZ-260314-4FY7M", received=now - 5 * HOUR, urgency=Urgency.P2, fault="noise", unit="9-0604", **fields)
    story.becomes(CaseStatus.IN_WORK, department="security")
    reply = CaseReplied(case=story.case, form="phone", final=False, answers=True, next_at=now + 3 * HOUR, by="xz-chen")
    story.say(story.number, reply, now - 4 * HOUR).clock("CLK_REPLY", now - 5 * HOUR, now + 40 * MINUTE, now - 4 * HOUR)
    story.clock("CLK_PROMISE", now - 4 * HOUR, now + 3 * HOUR, subject=f"promise:{story.number}-p1")

    story = CaseStory(teller, "JN-260311-QB3XN", received=now - 3 * DAY, urgency=Urgency.P3, **fields | {"channel": Channel.LETTER})
    story.becomes(CaseStatus.IN_WORK, department="customer_service")
    story.clock("CLK_RESOLVE", now - 3 * DAY, now - 26 * HOUR, ClockWarned, ClockBreached, Level.L1, Level.L2, Level.L3)

    story = CaseStory(teller, "JN-260314-K1S6W", received=now - 50 * MINUTE, kind=CaseKind.ENQUIRY, urgency=Urgency.P3, channel=Channel.FRONT_DESK)
    story.clock("CLK_REPLY", now - 50 * MINUTE, now + 70 * MINUTE)
