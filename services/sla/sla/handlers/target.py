"""Where a change brings a case or a week: its file, its plan and the clocks there are. Not here: writing it (`changing`), arithmetic (`domain`)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from common.states import CaseStatus

from sla.domain.case_file import CaseFile
from sla.domain.changes import DRAFT, Kind, PolicyChange, Visited, brought
from sla.domain.clock import Clock
from sla.domain.follow import Moving, follow
from sla.domain.gaps import Window
from sla.domain.plan import Planned
from sla.domain.windows import Declaration
from sla.handlers import batches
from sla.handlers.following import Ground, Resolver, ground_of, ground_on, nobody, plan_case, resolver_if_needed, resolver_of
from sla.store import BatchWeek, Store

WHY = {
    Kind.POLICY: "policy_changed",
    Kind.ROLLBACK: "policy_rolled_back",
    Kind.MAJEURE: "majeure_declared",
    Kind.MAJEURE_ENDED: "majeure_ended",
    Kind.MAJEURE_UNDONE: "majeure_undone",
}  #: said with every clock that moves


@dataclass(frozen=True)
class Target:
    """What there is, what there has to be, and what else is kept."""

    visited: Visited  #: without its clocks
    existing: Mapping[str, Clock]
    before: Mapping[str, Clock]  #: as they were; a fact may have brought some of them to a new window already
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
    moving = _moving(change, ground, now)
    before = await _before(change, existing, there, moving, store)
    resolver = await resolver_if_needed(existing, planned, there, ground, store, now)
    visited = _visited(change, case, file, there).model_copy(update={"case": case})
    return Target(visited, existing, before, planned, moving, resolver, file=there)


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
    return Target(visited, existing, existing, planned, _moving(change, ground, now), resolver, week=week)


def _visited(change: PolicyChange, of: str, file: CaseFile, there: CaseFile) -> Visited:
    moved: dict[str, Any] = {"moved_from": file.moved, "moved_to": there.moved, "version_from": file.policy, "version_to": there.policy}
    return Visited(id=f"{change.id}:{of}", change=change.id, site=change.site, **moved)


def _moving(change: PolicyChange, ground: Ground, now: datetime) -> Moving:
    why = WHY[change.kind]
    return replace(ground.moving(now, why), gone=why, rejudge=change.window is not None)


async def _ground(change: PolicyChange, file: CaseFile, store: Store) -> Ground:
    """Return the ground that a change brings a case to: like that of its file, but for what a preview only looks at."""
    if change.window:
        return await _window_ground(change, file, store, (await _declared(change, store)).holding())
    if not change.preview or DRAFT not in (*file.moved, file.policy):
        return await ground_of(file, store)
    drafted = await store.changes.draft_policy(change.id)
    versions = file.moved or (file.policy,)
    policies = [drafted if version == DRAFT else await store.policy(file.site, version) for version in versions]
    return await ground_on(policies, store, await store.windows(file.site, file.case.received_at))


# --- windows --------------------------------------------------------------------------------------------------------------------

EARLIER: dict[Kind, dict[str, Any]] = {Kind.MAJEURE_ENDED: {"ended_at": None}, Kind.MAJEURE_UNDONE: {"undone_at": None}}


async def _before(change: PolicyChange, existing: Mapping[str, Clock], file: CaseFile, moving: Moving, store: Store) -> Mapping[str, Clock]:
    """Return the clocks as they were before a window was declared, ended or taken back: as the plan without that has them."""
    if change.window is None:
        return existing
    declared = await _declared(change, store)
    held = declared.model_copy(update=EARLIER[change.kind]).holding() if change.kind in EARLIER else ()
    ground = await _window_ground(change, file, store, held)
    moves = follow(existing, await plan_case(ground, file, store, moving.now), moving, nobody)
    return {**existing, **{move.clock.id: move.clock for move in moves}}


async def _declared(change: PolicyChange, store: Store) -> Declaration:
    """Return the declaration as a change leaves it."""
    if change.preview:
        return await store.changes.draft_declaration(change.id)
    return next(one for one in await store.changes.declared(change.window or "") if one.site == change.site)


async def _window_ground(change: PolicyChange, file: CaseFile, store: Store, held: tuple[Window, ...]) -> Ground:
    """Return the ground of a case with these windows in place of those of the declaration."""
    others = await store.windows(file.site, file.case.received_at, without=change.window)
    return replace(await ground_of(file, store), windows=(*others, *held))


# --- where a case goes ----------------------------------------------------------------------------------------------------------


async def _where_it_is(change: PolicyChange, file: CaseFile, store: Store) -> CaseFile:  # noqa: ARG001 - every destination is asked alike
    return file


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


DESTINATIONS: dict[Kind, Callable[[PolicyChange, CaseFile, Store], Awaitable[CaseFile]]] = {
    Kind.POLICY: _to_version,
    Kind.ROLLBACK: _back,
    Kind.MAJEURE: _where_it_is,
    Kind.MAJEURE_ENDED: _where_it_is,
    Kind.MAJEURE_UNDONE: _where_it_is,
}
