"""What notify keeps of a site's policy: names, hours and roles, small enough to be read for every notice. Pure."""

from collections.abc import Sequence
from typing import Literal, Self

from common.errors import Text
from common.events.sla import PolicyPublished
from common.policy import SitePolicy, Span
from common.sourced import minutes_of
from common.states import Level
from pydantic import BaseModel, ConfigDict

from notify.domain.schedule import Hours, Window

FROM_THE_CASE = frozenset({"assignee", "holder"})  #: words of a chain that are no roles of the rota


class SiteView(BaseModel):
    """One version of a site's policy as notify needs it."""

    model_config = ConfigDict(frozen=True)
    id: str  #: <site>:<version>
    site: str
    version: int
    name: Text
    zone: str
    desk: tuple[Window, ...] = ()
    online: tuple[Window, ...] = ()
    night_role: str | None = None  #: who takes emergencies outside the hours (INT-05, INT-06)
    night_outside: Literal["desk", "online"] = "online"
    alarm_roles: tuple[str, ...] = ()  #: told when nobody can be assigned: the first level of the ladder
    faults: dict[str, Text] = {}

    @property
    def speaking(self) -> Hours:
        """Return when owners are spoken to: desk hours, online hours where the policy has no desk hours (NTF-24)."""
        return Hours(zone=self.zone, windows=self.desk or self.online)

    @property
    def day(self) -> Hours:
        """Return the hours outside which the night recipient takes emergencies (INT-05, INT-06)."""
        return Hours(zone=self.zone, windows=self.desk if self.night_outside == "desk" else self.online)

    @classmethod
    def of(cls, fact: PolicyPublished) -> Self:
        """Return the view of a published policy."""
        policy = SitePolicy.model_validate(fact.policy)
        night = policy.night_recipient
        return cls(
            id=view_id(fact.site, fact.version),
            site=fact.site,
            version=fact.version,
            name=policy.name,
            zone=policy.calendar.timezone,
            desk=_windows(policy.hours.desk),
            online=_windows(policy.hours.online),
            night_role=night.role if night else None,
            night_outside=night.outside if night else "online",
            alarm_roles=tuple(role for role in policy.escalation.recipients.at(Level.L1) if role not in FROM_THE_CASE),
            faults={code: fault.title for code, fault in policy.faults.items()},
        )


def view_id(site: str, version: int) -> str:
    """Return the id of one version."""
    return f"{site}:{version}"


def _windows(spans: Sequence[Span]) -> tuple[Window, ...]:
    return tuple(Window(start=minutes_of(span.start), end=minutes_of(span.end)) for span in spans)
