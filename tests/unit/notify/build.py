"""Builders for notify's tests: a case, an order, a clock, a site, an event. What a test does not say does not matter to it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from common.envelope import Event
from common.events import Fact
from common.events.intake import CaseRegistered
from common.events.sla import PolicyPublished
from common.policy import SitePolicy
from common.rota import SiteRota
from common.states import CaseKind, CaseState, CaseStatus, Channel, ClockState, ClockView, Lane, OrderState, OrderStatus, Party, Urgency
from notify.domain.compose import compose
from notify.domain.notice import Notice, Result
from notify.domain.row import Ground
from notify.domain.site import SiteView

ZONE = ZoneInfo("Asia/Shanghai")
MINUTE = timedelta(minutes=1)
NUMBER = "QQ-260316-7K3QX"


def at(text: str) -> datetime:
    """`2026-03-16 12:00` on the site's wall, as UTC."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=ZONE).astimezone(UTC)


NOON = at("2026-03-16 12:00")
NIGHT = at("2026-03-16 23:40")


def a_case(**changes: Any) -> CaseState:
    base = CaseState(
        id=NUMBER,
        site="QQ",
        kind=CaseKind.REPAIR,
        status=CaseStatus.CLASSIFIED,
        channel=Channel.PHONE,
        received_at=NOON,
        registered_at=NOON,
        policy=1,
        urgency=Urgency.P2,
        fault="burst_pipe",
        department="engineering",
        unit="3-0502",
        reporter="r-1",
        owner="desk",
    )
    return base.model_copy(update=changes)


def an_order(**changes: Any) -> OrderState:
    base = OrderState(
        id=f"{NUMBER}-1",
        site="QQ",
        case=NUMBER,
        case_kind=CaseKind.REPAIR,
        number=1,
        status=OrderStatus.ISSUED,
        party=Party.OWN,
        department="engineering",
        urgency=Urgency.P2,
        assignee="ann",
        issued_at=NOON,
    )
    return base.model_copy(update=changes)


def a_clock(**changes: Any) -> ClockView:
    base = ClockView(
        id=f"case:{NUMBER}:CLK_ONSITE:1",
        site="QQ",
        code="CLK_ONSITE",
        subject=f"case:{NUMBER}",
        case=NUMBER,
        state=ClockState.RUNNING,
        strength="must",
        start_at=NOON,
        due_at=NOON + 15 * MINUTE,
        urgency=Urgency.P1,
        rule="SLA-01",
    )
    return base.model_copy(update=changes)


def a_policy(**sections: Any) -> SitePolicy:
    base: dict[str, Any] = {
        "site": "QQ",
        "version": 1,
        "name": {"zh": "晴川里", "en": "Qingchuan"},
        "hours": {"desk": [{"name": "early", "from": "08:00", "to": "17:00"}, {"name": "late", "from": "12:00", "to": "20:00"}]},
        "night_recipient": {"role": "duty_manager", "outside": "desk"},
        "faults": {"burst_pipe": {"title": {"zh": "水管爆裂", "en": "burst pipe"}}},
        "escalation": {"recipients": {"L1": ["customer_service_supervisor", "department_manager"]}},
        "return_visit": {"role": "receptionist"},
    }
    return SitePolicy.model_validate(base | sections)


def published(policy: SitePolicy) -> PolicyPublished:
    return PolicyPublished(site=policy.site, version=policy.version, policy=policy.model_dump(mode="json"))


def a_site(**sections: Any) -> SiteView:
    return SiteView.of(published(a_policy(**sections)))


def a_rota(**changes: Any) -> SiteRota:
    people = [
        {"id": "desk", "roles": ["receptionist"], "department": "customer_service"},
        {"id": "ann", "roles": ["repair_worker"], "department": "engineering"},
        {"id": "sue", "roles": ["customer_service_supervisor"], "department": "customer_service"},
        {"id": "boss", "roles": ["department_manager"], "department": "engineering"},
        {"id": "chief", "roles": ["department_manager"], "department": "security"},
        {"id": "owl", "roles": ["duty_manager"]},
    ]
    shifts = [{"name": "day", "from": "08:00", "to": "20:00"}, {"name": "night", "from": "20:00", "to": "08:00"}]
    rows = [{"shift": "day", "people": ["desk", "ann", "sue"]}, {"shift": "night", "people": ["owl"]}]
    return SiteRota.model_validate({"people": people, "shifts": shifts, "assignments": rows} | changes)


def event(fact: Fact, now: datetime = NOON, *, seq: int = 1, subject: str = NUMBER, source: str = "intake", **changes: Any) -> Event[Any]:
    fields: dict[str, Any] = {
        "id": f"{source}:{fact.prefix()}:{subject}:{seq}",
        "source": source,
        "subject": subject,
        "seq": seq,
        "site": "QQ",
        "lane": Lane.NORMAL,
        "at": now,
        "trace": "",
        "fact": fact,
    }
    return Event(**(fields | changes))


def told(fact: Fact, now: datetime = NOON, *, site: SiteView | None = None, rota: SiteRota | None = None) -> dict[str, Result]:
    """What the table makes of a fact, by recipient."""
    results = compose(event(fact, now), Ground(site or a_site(), now, rota or a_rota()))
    return {notice.recipient: (notice, facts) for notice, facts in results}


def a_notice(now: datetime = NOON, **changes: Any) -> Notice:
    """The acknowledgement of a case."""
    notice, _ = told(CaseRegistered(case=a_case()), now)["owner:r-1"]
    return notice.model_copy(update=changes)
