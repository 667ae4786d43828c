"""Explains which clocks an imagined case would have: due times, ladder, rule and sentence, who would be called. The engine of sla counts.

Not here: clocks of real cases (`huiyin case show`, `huiyin why`), printing (`told`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from common.clock_rules import ClockRule, Moment, Subject
from common.coverage import FROM_THE_CASE
from common.policy import SitePolicy
from common.routing import Asking
from common.sourced import Origin
from common.states import CaseKind, CaseState, CaseStatus, Channel, Level, OrderState, OrderStatus, Party, Urgency
from sla.domain.applies import About, applies
from sla.domain.deadlines import Dates, Site, Start, dates
from sla.domain.escalation import Asked, Frozen, call, chain_of, night_role, reach
from sla.domain.holidays import unpublished

from huiyin.pack.looked import Looked

AT_ONCE = frozenset({Moment.RECEIVED, Moment.CLASSIFIED})


@dataclass(frozen=True)
class Imagined:
    """A case that nobody reported."""

    kind: CaseKind
    at: datetime
    fault: str | None = None
    urgency: Urgency | None = None
    channel: Channel = Channel.PHONE
    appointment_at: datetime | None = None
    expected_at: datetime | None = None
    flags: Mapping[str, bool] = field(default_factory=dict)  #: anonymous, major …

    def state(self, policy: SitePolicy) -> CaseState:
        """Return it as sla would know it."""
        fault = policy.fault(self.fault)
        routed = policy.routed(Asking(self.kind, self.fault, channel=self.channel))
        return CaseState(
            id=f"{policy.site}-?",
            site=policy.site,
            kind=self.kind,
            status=CaseStatus.CLASSIFIED,
            channel=self.channel,
            received_at=self.at,
            registered_at=self.at,
            policy=1,
            urgency=self.urgency or (fault.urgency if fault else None) or Urgency.P3,
            fault=self.fault,
            category=fault.category if fault else None,
            department=routed.department if routed else None,
            needs_repair=bool(fault and fault.needs_repair),
            appointment_at=self.appointment_at,
            expected_at=self.expected_at,
            **self.flags,
        )


@dataclass(frozen=True)
class Rung:
    """One level: when, which roles, who that is then."""

    level: Level
    at: datetime
    roles: tuple[str, ...]
    persons: tuple[str, ...]
    skipped: tuple[str, ...]
    reached: str | None = None  #: the level above (or `night`) whose persons stand in, because nobody fills the level's own roles


@dataclass(frozen=True)
class Clock:
    """One clock that would run; `now`: from the receipt on, otherwise as if its start had just happened."""

    rule: ClockRule
    dates: Dates | None
    rungs: tuple[Rung, ...]
    now: bool
    party: Party | None = None
    governed_by: str | None = None  #: the rule of the same code that is due earlier (DEF-17)


def explain(looked: Looked, case: Imagined) -> list[Clock]:
    """Return every clock the case would have, those that start at receipt first, the soonest first."""
    assert looked.resolved is not None  # noqa: S101 - the verb takes sites only
    site = Site(looked.resolved, unpublished(looked.resolved.calendar.holidays))
    found = [_clock(rule, about, site, looked) for rule, about in _asked(looked.resolved, case)]
    governed = [replace(clock, governed_by=_governor(clock, found)) for clock in found]
    return sorted(governed, key=lambda clock: (not clock.now, _due(clock)))


def told_at_once(looked: Looked, case: Imagined) -> dict[str, tuple[tuple[str, ...], tuple[str, ...], Origin | None]]:
    """Return who has to know the moment the case is so, whatever its clocks say: rule -> roles, persons, origin."""
    assert looked.resolved is not None  # noqa: S101
    policy = looked.resolved
    about = About(case.state(policy), policy)
    asked = Asked(case.at, looked.rota, policy.calendar.timezone, department=about.case.department)
    rules = [rule for rule in policy.at_once if not rule.after and applies(rule.applies, about)]
    return {rule.id: (rule.roles, call(rule.roles, asked).persons, rule.origin) for rule in rules}


def _asked(policy: SitePolicy, case: Imagined) -> Iterator[tuple[ClockRule, About]]:
    about = About(case.state(policy), policy)
    for rule in policy.clocks:
        if rule.subject in {Subject.ORDER, Subject.SITE_WEEK}:
            abouts = [replace(about, order=_order(about.case, party, case.at)) for party in Party]
        else:
            abouts = [about]
        mine = [one for one in abouts if applies(rule.applies, one)]
        yield from ((rule, one) for one in (mine[:1] if not any(alternative.party for alternative in rule.applies) else mine))


def _order(case: CaseState, party: Party, at: datetime) -> OrderState:
    return OrderState(
        id=f"{case.id}-1",
        site=case.site,
        case=case.id,
        case_kind=case.kind,
        number=1,
        status=OrderStatus.ISSUED,
        party=party,
        department=case.department,
        urgency=case.urgency or Urgency.P3,
        issued_at=at,
        appointment_at=case.appointment_at,
    )


def _clock(rule: ClockRule, about: About, site: Site, looked: Looked) -> Clock:
    case = about.case
    moment = next((one for one in rule.start if one in AT_ONCE), rule.start[0])
    start = Start(case.received_at, moment, case=case, appointment_at=case.appointment_at, promised_at=case.expected_at)
    made = dates(rule, start, site)
    chain = chain_of(site.policy, about)
    rungs = tuple(_rung(level, at, chain, about, looked) for level, at in (made.rungs if made else ()))
    return Clock(rule, made, rungs, moment in AT_ONCE, about.party if any(one.party for one in rule.applies) else None)


def _rung(level: Level, at: datetime, chain: Frozen, about: About, looked: Looked) -> Rung:
    """Return a level with its persons; one that counts on the assignee is not passed on, since nearly every case has one."""
    policy, case = about.policy, about.case
    asked = Asked(at, looked.rota, policy.calendar.timezone, department=case.department, night=night_role(policy, case.urgency, at))
    called = call(chain.at(level), asked) if FROM_THE_CASE.intersection(chain.at(level)) or looked.rota is None else reach(chain, level, asked)
    return Rung(level, at, chain.at(level), called.persons, called.skipped, called.reached)


def _governor(clock: Clock, others: list[Clock]) -> str | None:
    if clock.rule.recurs or clock.rule.subject is Subject.PROMISE:
        return None
    same = [
        one
        for one in others
        if (one.rule.code, one.rule.subject, one.party, one.now) == (clock.rule.code, clock.rule.subject, clock.party, clock.now)
    ]
    first = min(same, key=_due)
    return first.rule.id if first.rule.id != clock.rule.id and _due(first) <= _due(clock) else None


def _due(clock: Clock) -> float:
    return clock.dates.due_at.timestamp() if clock.dates and clock.dates.due_at else float("inf")


def as_json(clock: Clock) -> dict[str, Any]:
    """Return one clock for programs."""
    made = clock.dates
    return {
        "rule": clock.rule.id,
        "code": clock.rule.code,
        "requirement": clock.rule.rule,
        "origin": clock.rule.origin.model_dump(exclude_defaults=True) if clock.rule.origin else None,
        "starts_now": clock.now,
        "start": [str(one) for one in clock.rule.start],
        "stop": [str(one) for one in clock.rule.stop],
        "party": clock.party,
        "strength": clock.rule.strength,
        "start_at": made.start_at.isoformat() if made else None,
        "due_at": made.due_at.isoformat() if made and made.due_at else None,
        "calendar_missing": made.needs if made else None,
        "governed_by": clock.governed_by,
        "levels": [
            {"level": rung.level, "at": rung.at.isoformat(), "roles": rung.roles, "persons": rung.persons, "skipped": rung.skipped}
            for rung in clock.rungs
        ],
    }
