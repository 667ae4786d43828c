"""Builders for tests of sla: policies, cases, orders and facts, in Shanghai wall-clock time."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from common.clock_rules import SHAPES
from common.envelope import Event
from common.events import Fact
from common.policy import SitePolicy, resolve
from common.states import CaseKind, CaseState, CaseStatus, Channel, Lane, OrderState, OrderStatus, Party, Urgency

SHANGHAI = ZoneInfo("Asia/Shanghai")
SITE = "QQ"
CASE = "QQ-260316-AAAAA"


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    """`2026-03-14 23:40` of the site as an instant; 24:00 is the next midnight."""
    if text.endswith("24:00"):
        return at(text.replace("24:00", "00:00"), zone) + timedelta(days=1)
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def shown(moment: datetime | None) -> str | None:
    """The other way round."""
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if moment else None


def a_rule(**changes: Any) -> dict[str, Any]:
    """A rule that no source has: kettles are looked at within 90 minutes."""
    base = {"id": "kettle", "code": "CLK_KETTLE", "stop": "on_site", "origin": {"site": SITE}}
    shape = {} if set(SHAPES) & changes.keys() else {"duration": {"value": 90, "unit": "minute"}}
    return base | shape | changes


def a_policy(*rules: dict[str, Any], version: int = 1, **sections: Any) -> SitePolicy:
    """A policy of a site that exists in no source."""
    recipients = {"warning": ["assignee"], "L1": ["boss", "department_manager"], "L2": ["nobody_has_this"], "L3": ["boss"]}
    base: dict[str, Any] = {
        "calendar": {"close_of_business": "19:00"},
        "hours": {"desk": [{"from": "09:00", "to": "19:00"}], "online": [{"from": "07:00", "to": "22:00"}]},
        "faults": {"kettle_cold": {"title": {"zh": "水壶不热", "en": "Cold kettle"}, "classes": ["kettle"]}},
        "clocks": list(rules or (a_rule(),)),
        "escalation": {"recipients": recipients},
    }
    return resolve([base, sections, {"site": SITE, "name": {"zh": "示例", "en": "Example"}, "version": version}])


def a_case(**changes: Any) -> CaseState:
    """A repair by phone, received on Monday 2026-03-16 at 10:00."""
    received = changes.pop("received_at", at("2026-03-16 10:00"))
    base: dict[str, Any] = {
        "id": CASE,
        "site": SITE,
        "kind": CaseKind.REPAIR,
        "status": CaseStatus.CLASSIFIED,
        "channel": Channel.PHONE,
        "received_at": received,
        "registered_at": received,
        "policy": 1,
        "urgency": Urgency.P3,
        "fault": "kettle_cold",
        "department": "engineering",
        "owner": "desk-1",
    }
    return CaseState.model_validate(base | changes)


def an_order(case: CaseState, number: int = 1, **changes: Any) -> OrderState:
    """An own order of the case."""
    base: dict[str, Any] = {
        "id": f"{case.id}-{number}",
        "site": case.site,
        "case": case.id,
        "case_kind": case.kind,
        "number": number,
        "status": OrderStatus.ISSUED,
        "party": Party.OWN,
        "department": "engineering",
        "urgency": case.urgency or Urgency.P3,
        "assignee": "worker-1",
        "issued_at": case.received_at,
    }
    return OrderState.model_validate(base | changes)


def an_event(fact: Fact, moment: datetime, number: int = 1) -> Event[Any]:
    """A fact that happened at `moment`."""
    return Event(f"intake:{fact.prefix()}:x:{number}", "intake", "x", number, SITE, Lane.NORMAL, moment, "", fact)
