"""What intake does on a command and on a fact: load, decide, save. Not here: the decisions (`domain`), HTTP (`api`), the driver."""

from dataclasses import dataclass
from datetime import datetime

from common.album import Attachment, AttachmentKind, Verified
from common.auth import Caller, KeyRecord
from common.envelope import Event
from common.errors import Degraded, Invalid, NotFound, UnknownSite
from common.events import FACTS
from common.events.dispatch import WorkOrderFact
from common.events.sla import PolicyPublished
from common.inbox import Subscriptions
from common.policy import SitePolicy
from common.states import Lane
from pydantic import BaseModel

from intake.domain import letter, number, orders, repeats, unit
from intake.domain.case import Act, Changes
from intake.domain.commands import Report, Timed
from intake.domain.contact import contact_of, region_of
from intake.domain.decide import decide
from intake.domain.letter import OpenLetter, WriteLetter
from intake.domain.registration import Names, received, register
from intake.domain.unit import Units
from intake.domain.view import CaseBrief
from intake.store import Store

# --- commands ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Drawn:
    """Chance and circumstance of one report, fixed before its transaction, which may run several times."""

    numbers: tuple[str, ...]  #: random parts, the first that is free is taken
    contact: str  #: reference of its contact
    urgent_only: bool = False  #: facts cannot leave: only emergencies are accepted (reliability.md 3.8)


async def report(command: Report, *, drawn: Drawn, store: Store, by: Caller, now: datetime) -> CaseBrief:
    """Record a request. Raises UnknownSite, FieldsMissing, Invalid, TimeInFuture, Degraded, Taken."""
    if not by.sees(command.site):
        raise UnknownSite
    if command.external_id and (known := await store.case_of_event(by.id, command.external_id)):
        return CaseBrief.of(known, again=True)
    policy = await store.policy_in_force(command.site)
    known_unit = await _unit_known(command, policy, store)
    at = received(command, now)
    free = await store.first_free([number.compose(command.site, at, policy.zone, one) for one in drawn.numbers])
    contact = contact_of(command.reporter, region_of(policy.calendar.holidays)) if command.reporter else None
    names = Names(free, drawn.contact if contact else None)
    before = await store.brought_up_in(command, by)
    changes = register(command, policy, names, Act(by.id, now, staff=by.kind == "staff"), before)
    if drawn.urgent_only and changes[0].state.lane is not Lane.URGENT:
        raise Degraded
    made = CaseBrief.of(await store.add(await _checked(changes, policy, store), contact, at=now, by=by.id))
    return made.model_copy(update={"unit_known": known_unit})


async def _unit_known(command: Report, policy: SitePolicy, store: Store) -> bool | None:
    """Say whether the register has the unit, None where the site does not ask. Raises Invalid where only known units are taken."""
    if command.unit is None or policy.required.units == "any":
        return None
    known = await store.unit(command.site, command.unit) is not None
    if not known and policy.required.units == "known":
        raise Invalid("unit", "本项目没有登记此房屋", "the site's register has no such unit")
    return known


async def move(command: Timed, name: str, case: str, *, store: Store, by: Caller, now: datetime) -> CaseBrief:
    """Move a case. Raises NotFound, IllegalMove, Refused, FieldsMissing, Invalid, TimeInFuture, TimeOrder."""
    file = await store.file(case, incident=getattr(command, "incident", None), letter=getattr(command, "letter", None))
    if not by.sees(file.case.site):
        raise NotFound
    act = Act(by.id, command.at or now, staff=by.kind == "staff", roles=by.roles)
    changes = await _checked(decide(name, file, command, act, now), file.policy, store)
    return CaseBrief.of(await store.save(changes, at=act.at, by=act.by, what=name))


async def write_letter(command: WriteLetter, *, name: str, store: Store, by: Caller, now: datetime) -> OpenLetter:
    """Put an open letter into the archive. Raises UnknownSite, Refused, NotFound."""
    if not by.sees(command.site):
        raise UnknownSite
    cases = [await store.case(number) for number in command.cases]
    if any(not by.sees(case.site) for case in cases):
        raise NotFound
    made = letter.write(command, name, cases, await store.policy_in_force(command.site), Act(by.id, now))
    await store.keep_letter(made)
    return made


async def _checked(changes: Changes, policy: SitePolicy, store: Store) -> Changes:
    """Run the repeat check where a classification was said (R2)."""
    case = repeats.asks(changes, policy)
    if case is None:
        return changes
    return repeats.checked(changes, case, policy, await store.earlier(case))


async def attach(given: Verified, number: str, *, store: Store, by: Caller, now: datetime) -> Attachment:
    """Add an attachment to a case; a photo belongs to it at once. Raises NotFound, TooManyAttachments."""
    case = await store.case(number)
    if not by.sees(case.site):
        raise NotFound
    return await store.albums.attach(case.id, case.site, given, by=by.id, at=now, used_by="case" if given.kind is AttachmentKind.PHOTO else None)


class UnitsKept(BaseModel):
    """What became of units that were brought in."""

    site: str
    added: int
    replaced: int


async def put_units(ask: Units, site: str, *, store: Store, by: Caller, now: datetime) -> UnitsKept:  # noqa: ARG001
    """Add units to the register or replace them. Raises UnknownSite, Invalid."""
    region = region_of((await store.policy_in_force(site)).calendar.holidays)
    known = await store.units_named(site, [row.unit for row in ask.units])
    for place, row in enumerate(ask.units):
        before = known.get(row.unit)
        after, facts = unit.register(before, row, site)
        await store.save_unit(after, facts, unit.contacts(row, site, place, region), unit.gone(before, after), at=now)
    return UnitsKept(site=site, added=len(ask.units) - len(known), replaced=len(known))


async def keep_key(record: KeyRecord, *, store: Store, by: Caller, now: datetime) -> KeyRecord:  # noqa: ARG001
    """Keep a new key."""
    await store.keep_key(record)
    return record


async def revoke_key(key_id: str, *, at: datetime, store: Store, by: Caller, now: datetime) -> None:  # noqa: ARG001
    """End a key; the time is the machine's, a story's must not open or close it. Raises NotFound."""
    record = await store.key(key_id)
    if record is None or not all(by.sees(site) for site in record.sites):
        raise NotFound
    await store.keep_key(record.model_copy(update={"revoked_at": record.revoked_at or at}))


# --- facts ------------------------------------------------------------------------------------------------------------------------


async def keep_policy(event: Event[PolicyPublished], store: Store, now: datetime) -> None:  # noqa: ARG001 - every handler gets the time
    """Keep a version of a site's policy: a case is stamped with the one in force at its receipt (DEF-18)."""
    await store.keep_policy(SitePolicy.model_validate(event.fact.policy), event.fact.version)


async def follow_order(event: Event[WorkOrderFact], store: Store, now: datetime) -> None:  # noqa: ARG001
    """Keep the case's own view of its orders; the last one done makes the call back due. Raises NotFound."""
    file = await store.file(event.fact.order.case)
    changes = orders.follow(file.case, event.fact.order, file.policy, event.at, file.linked)
    await store.save(changes, at=event.at, by="dispatch", what=event.fact.kind)


_ORDER_FACTS = [fact for fact in FACTS.values() if issubclass(fact, WorkOrderFact)]

SUBSCRIPTIONS: Subscriptions = {
    **dict.fromkeys(_ORDER_FACTS, (follow_order,)),
    PolicyPublished: (keep_policy,),
}
