"""What sla does on a command about versions: propose a change for open cases, look at it first, take one back. Not here: doing it (`changing`)."""

from datetime import datetime
from typing import Annotated, Any

from common.auth import Caller
from common.errors import Refused, UnknownSite
from common.policy import SitePolicy
from common.timesource import machine_now
from pydantic import BaseModel, ConfigDict, Field
from uuid_utils.compat import uuid7

from sla.domain.changes import DRAFT, Kind, OpenCases, PolicyChange, Stage, Step
from sla.handlers.commands import fingerprint_of, put_policy, vet
from sla.store import Store

STEPS = 20  # of the newest changes: a case is heard of within days, not after twenty of them


class Proposal(BaseModel):
    """A policy and what it means for open cases; without a policy, the version in force."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    policy: SitePolicy | None = None
    open_cases: OpenCases = OpenCases.KEEP
    preview: Annotated[bool, Field(strict=True)] = False


class TakeBack(BaseModel):
    """What taking a change back means for cases that were received under its version; as the change did, unless said."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    open_cases: OpenCases | None = None
    preview: Annotated[bool, Field(strict=True)] = False


async def propose(asked: Proposal, site: str, *, store: Store, by: Caller, now: datetime) -> PolicyChange:
    """Publish a policy and begin to bring open cases along; a preview changes nothing. Raises Invalid, UnknownSite."""
    head = await store.head(site)
    policy = asked.policy or (await store.policy(site, head.version) if head else None)
    if policy is None:
        raise UnknownSite
    vet(policy, site)
    change = begun(Kind.POLICY, site, by, now, open_cases=asked.open_cases, preview=asked.preview, version_from=head.version if head else None)
    return await _bring(change, policy, store, by, now)


async def take_back(asked: TakeBack, site: str, id_: str, *, store: Store, by: Caller, now: datetime) -> PolicyChange:
    """Publish the policy before a change again, and begin to bring its cases back. Raises NotFound, Refused."""
    undone = await store.changes.get(id_, site)
    newest = await store.changes.newest_policy_change(site)
    _may_be_taken_back(undone, newest)
    policy = await store.policy(site, undone.version_from or 0)
    open_cases = asked.open_cases or undone.open_cases
    more = {"open_cases": open_cases, "preview": asked.preview, "version_from": undone.version_to, "undoes": id_}
    change = begun(Kind.ROLLBACK, site, by, now, **more)
    made = await _bring(change, policy, store, by, now)
    if not asked.preview:
        await store.changes.keep(undone.model_copy(update={"undone_by": made.id}))
    return made


def begun(kind: Kind, site: str, by: Caller, now: datetime, **more: Any) -> PolicyChange:
    """Return a new change."""
    return PolicyChange(id=f"ch-{uuid7().hex}", site=site, kind=kind, by=by.id, at=now, wake_at=machine_now(), **more)


def _may_be_taken_back(undone: PolicyChange, newest: PolicyChange | None) -> None:
    if undone.kind is not Kind.POLICY or undone.preview or undone.version_from is None:
        raise Refused("DEF-18", "此变更没有可恢复的上一版本", "there is no version before this change to go back to")
    if newest is None or newest.id != undone.id:
        raise Refused("DEF-18", "只能撤回最近一次变更", "only the newest change can be taken back", newest=newest.id if newest else None)


async def _bring(change: PolicyChange, policy: SitePolicy, store: Store, by: Caller, now: datetime) -> PolicyChange:
    """Publish what is published, note what happens to cases that are on their way, and keep the change."""
    if change.preview:
        change = await _drafted(change, policy, store)
    else:
        out = await put_policy(policy, change.site, store=store, by=by, now=now)
        change = change.model_copy(update={"version_to": out.version})
        await _note_step(change, store)
    if change.open_cases is OpenCases.KEEP and change.undoes is None:
        change = change.model_copy(update={"stage": Stage.DONE, "done_at": now, "wake_at": None})
    await store.changes.keep(change)
    return change


async def _drafted(change: PolicyChange, policy: SitePolicy, store: Store) -> PolicyChange:
    head = await store.head(change.site)
    if head and head.fingerprint == fingerprint_of(policy):
        return change.model_copy(update={"version_to": head.version})
    await store.changes.keep_draft(change.id, policy.model_copy(update={"version": DRAFT}))
    return change.model_copy(update={"version_to": DRAFT})


async def _note_step(change: PolicyChange, store: Store) -> None:
    head = await store.head(change.site)
    if head is None or change.version_to is None:
        return
    steps = [step for step in head.steps if step.change != change.undoes]
    if change.open_cases is not OpenCases.KEEP:
        steps.append(Step(change=change.id, to=change.version_to, open_cases=change.open_cases, at=change.at))
    await store.keep_head(head.model_copy(update={"steps": tuple(steps[-STEPS:])}))
