"""Bring the stored clocks of a case in line with its file; who answers for roles now. Not here: when (`facts`, `firing`), how (`domain`)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce

from common.policy import SitePolicy
from common.rota import SiteRota

from sla.domain.acknowledging import moved_on_at
from sla.domain.calendar import WorkingDays
from sla.domain.case_file import CaseFile
from sla.domain.clock import Clock, overdue
from sla.domain.compare import never_earlier
from sla.domain.deadlines import uses_calendar
from sla.domain.escalation import NOBODY, Asked, assignees, night_role
from sla.domain.follow import Moving, follow
from sla.domain.gaps import Window
from sla.domain.holidays import of_site, unpublished
from sla.domain.plan import Planned, plan
from sla.store import Store

DUE = "update_due"
DECLARED = "majeure_declared"
Resolver = Callable[[Clock], Asked]


@dataclass(frozen=True)
class Ground:
    """The policy a case goes by, its working days, the windows of force majeure, and the policies it must not undercut (ADR 0021)."""

    policy: SitePolicy
    days: WorkingDays
    windows: tuple[Window, ...] = ()
    floors: tuple["Ground", ...] = ()

    def planned(self, file: CaseFile, now: datetime, linked: Sequence[CaseFile] = ()) -> list[Planned]:
        """Return every clock that the case has to have; `linked`: the later cases of its incident."""
        return reduce(never_earlier, (plan(file, one.policy, one.days, self.windows, now=now, linked=linked) for one in (*self.floors, self)))

    def moving(self, now: datetime, why: str, trace: str = "") -> Moving:
        """Return what holds for all clocks of one step."""
        return Moving(now, why, trace, self.days.calendar, self.days.revision)


async def ground_of(file: CaseFile, store: Store) -> Ground:
    """Return the ground of a case; where no rule asks for working days no calendar is read. Raises UnknownSite."""
    policies = [await store.policy(file.site, version) for version in file.moved or (file.policy,)]
    return await ground_on(policies, store, await store.windows(file.site, file.case.received_at))


async def ground_on(policies: Sequence[SitePolicy], store: Store, windows: tuple[Window, ...]) -> Ground:
    """Return the ground of policies, the governing one last."""
    *floors, ground = [Ground(policy, await _days(policy, store)) for policy in policies]
    return replace(ground, windows=windows, floors=tuple(floors))


async def _days(policy: SitePolicy, store: Store) -> WorkingDays:
    needed = any(uses_calendar(rule) for rule in policy.clocks)
    calendar = policy.calendar.holidays
    return of_site(await store.days(calendar), policy.calendar) if needed else unpublished(calendar)


async def plan_case(ground: Ground, file: CaseFile, store: Store, now: datetime) -> list[Planned]:
    """Return every clock that a case has to have, what happened to later cases of its incident included (DEF-09)."""
    return ground.planned(file, now, [await store.file(case) for case in file.linked])


async def follow_case(file: CaseFile, store: Store, now: datetime, *, why: str, trace: str = "") -> None:
    """Make the stored clocks of a case what its file says."""
    if not file.classified:
        return
    ground = await ground_of(file, store)
    existing = await store.clocks_of(file.id)
    planned = await plan_case(ground, file, store, now)
    await bring(existing, planned, ground.moving(now, why, trace), store, await resolver_if_needed(existing, planned, file, ground, store, now))


async def go_on(clock: Clock, file: CaseFile | None, store: Store, now: datetime) -> None:
    """Let the next update of a row be there once one is due, whether it was given or not."""
    if clock.recurs and file:
        await follow_case(file, store, now, why=DUE)


async def as_declared(clock: Clock, file: CaseFile, store: Store, now: datetime) -> Clock:
    """Return the clock with the windows that hold by now: nobody is called while their change has yet to come to the case (ADR 0022)."""
    if not await store.windows(file.site, file.case.received_at):
        return clock
    await follow_case(file, store, now, why=DECLARED)
    return await store.clock(clock.id) or clock


async def share(before: CaseFile | None, file: CaseFile, store: Store, now: datetime, *, why: str) -> None:
    """Let the first case of an incident know who shares its work clocks, and follow what happens to them. Raises Missing."""
    was, now_in = before.case.incident if before else None, file.case.incident
    for first in dict.fromkeys(one for one in (was, now_in) if one and one != file.id):
        head = await store.file(first)
        linked = tuple(dict.fromkeys((*(one for one in head.linked if one != file.id), *((file.id,) if first == now_in else ()))))
        head = head.model_copy(update={"linked": linked})
        await store.keep_file(head)
        await follow_case(head, store, now, why=why)


async def bring(existing: Mapping[str, Clock], planned: Iterable[Planned], moving: Moving, store: Store, resolver: Resolver) -> None:
    """Save every change that makes `existing` what `planned` says."""
    for change in follow(existing, planned, moving, resolver):
        await store.save(change)


async def resolver_if_needed(
    existing: Mapping[str, Clock], planned: Iterable[Planned], file: CaseFile, ground: Ground, store: Store, now: datetime
) -> Resolver:
    """Return who answers for roles now, where levels have to be raised that a stop outran; reading the rota is not free."""
    outran = any(overdue(existing.get(clock.id), clock) for clock in planned)
    return await resolver_of(file, ground.policy, store, now) if outran else nobody


async def resolver_of(file: CaseFile | None, policy: SitePolicy, store: Store, now: datetime) -> Resolver:
    """Return how the persons of each clock of a case (None: of a site) are found now."""
    rota = await store.rota(policy.site)

    def of(clock: Clock) -> Asked:
        if file is None:
            return Asked(now, rota, policy.calendar.timezone, clock.department)
        waits = any(rung.again_at for rung in clock.rungs)
        asked = asked_about(file, policy, rota, now, order=clock.order)
        return replace(asked, department=clock.department, moved_on_at=moved_on_at(file, clock) if waits else None)

    return of


def asked_about(file: CaseFile, policy: SitePolicy, rota: SiteRota | None, now: datetime, *, order: str | None = None) -> Asked:
    """Return the question who is to be told about a case, or about one order of it."""
    case, night = file.case, night_role(policy, file.case.urgency, now)
    return Asked(now, rota, policy.calendar.timezone, case.department, assignees(file, order), case.owner, night)


def nobody(_clock: Clock) -> Asked:
    """Answer for steps that raise no level."""
    return NOBODY
