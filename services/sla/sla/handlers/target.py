"""Where a change brings a case or a week: its file, its plan and the clocks there are. Not here: writing it (`changing`), arithmetic (`domain`)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from common.states import CaseStatus

from sla.domain.case_file import CaseFile
from sla.domain.changes import DRAFT, Kind, PolicyChange, Visited, brought
from sla.domain.clock import Clock
from sla.domain.follow import Moving
from sla.domain.plan import Planned
from sla.handlers import batches
from sla.handlers.following import Ground, Resolver, ground_of, ground_on, plan_case, resolver_if_needed, resolver_of
from sla.store import BatchWeek, Store

WHY = {Kind.POLICY: "policy_changed", Kind.ROLLBACK: "policy_rolled_back"}  #: said with every clock that moves


@dataclass(frozen=True)
class Target:
    """What there is, what there has to be, and what else is kept."""

    visited: Visited  #: without its clocks
    existing: Mapping[str, Clock]
    planned: Sequence[Planned]
    moving: Moving
    resolver: Resolver
    file: CaseFile | None = None
    week: BatchWeek | None = None

    async def keep(self, store: Store) -> None:
        """Keep the file of a case, or when the batch of a week is due; the file also where nothing changed: a fact meanwhile then conflicts."""
        if self.file:
            await store.keep_file(self.file)
        if self.week:
            await batches.redue(self.week, self.planned, store)


async def target_of_case(change: PolicyChange, case: str, store: Store, now: datetime) -> Target:
    """Return where a change brings a case."""
    file = await store.file(case)
    there = await DESTINATIONS[change.kind](change, file, store)
    if not change.preview:
        there = await batches.fall_in(there, store, now)
    ground = await _ground(change, there, store)
    existing, planned = await store.clocks_of(case), await plan_case(ground, there, store, now)
    resolver = await resolver_if_needed(existing, planned, there, ground, store, now)
    visited = _visited(change, case, file, there).model_copy(update={"case": case})
    return Target(visited, existing, planned, _moving(change, ground, now), resolver, file=there)


async def target_of_week(change: PolicyChange, name: str, store: Store, now: datetime) -> Target:
    """Return where a change brings the batch of a week: where the case went that opened it."""
    week = await store.week(change.site, name)
    file = await store.file(week.case or "")
    moves = change.preview and file.case.status is not CaseStatus.CLOSED  # otherwise it is there already
    there = await DESTINATIONS[change.kind](change, file, store) if moves else file
    ground = await _ground(change, there, store)
    existing, planned = await store.clocks_on(week.subject), batches.week_plan(week, there, ground)
    resolver = await resolver_of(None, ground.policy, store, now)
    visited = _visited(change, name, file, there).model_copy(update={"week": name})
    return Target(visited, existing, planned, _moving(change, ground, now), resolver, week=week)


def _visited(change: PolicyChange, of: str, file: CaseFile, there: CaseFile) -> Visited:
    moved: dict[str, Any] = {"moved_from": file.moved, "moved_to": there.moved, "version_from": file.policy, "version_to": there.policy}
    return Visited(id=f"{change.id}:{of}", change=change.id, site=change.site, **moved)


def _moving(change: PolicyChange, ground: Ground, now: datetime) -> Moving:
    why = WHY[change.kind]
    return replace(ground.moving(now, why), gone=why)


async def _ground(change: PolicyChange, file: CaseFile, store: Store) -> Ground:
    if not change.preview or DRAFT not in (*file.moved, file.policy):
        return await ground_of(file, store)
    versions = file.moved or (file.policy,)
    drafted = await store.changes.draft(change.id)
    return await ground_on([drafted if version == DRAFT else await store.policy(file.site, version) for version in versions], store)


# --- where a case goes ----------------------------------------------------------------------------------------------------------


async def _to_version(change: PolicyChange, file: CaseFile, store: Store) -> CaseFile:  # noqa: ARG001 - every destination is asked alike
    if change.version_to is None:
        return file
    return file.model_copy(update={"moved": brought(file.moved, file.policy, change.version_to, change.open_cases)})


async def _back(change: PolicyChange, file: CaseFile, store: Store) -> CaseFile:
    """Bring a case back to where it was; one that was received under the version taken back goes as its change says."""
    went = await store.changes.visited(change.undoes or "", file.id)
    if went and file.moved == went.moved_to:
        return file.model_copy(update={"moved": went.moved_from})
    return await _to_version(change, file, store) if file.policy == change.version_from else file


DESTINATIONS: dict[Kind, Callable[[PolicyChange, CaseFile, Store], Awaitable[CaseFile]]] = {Kind.POLICY: _to_version, Kind.ROLLBACK: _back}
