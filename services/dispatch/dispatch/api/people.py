"""Doors of people: a site's people, rota and contractors, and a contact for the service that sends.

Not here: who is on duty (`common.rota`), what is kept where (`domain.people`, `store`).
"""

from typing import Annotated

from common.coverage import Gap, gaps
from common.doors import Door, permit
from common.errors import NotFound
from common.problems import RESPONSES
from fastapi import APIRouter, Path, Query

from dispatch import handlers
from dispatch.api.orders import CONFLICT, Site
from dispatch.api.shapes import ContactOut, ContractorsOut, NamesOut, PeopleOut
from dispatch.domain.attendance import attendance
from dispatch.domain.people import SitePeople
from dispatch.store import Store

router = APIRouter(tags=["people"], responses={code: RESPONSES[code] for code in (400, 401, 403, 404, 413, 415, 422, 429, 503)})

AtSite = Annotated[str | None, Query(pattern=r"^[A-Z0-9]{2,8}$")]
Person = Annotated[str, Path(pattern=r"^((person|contractor):)?[a-z0-9][a-z0-9_-]{0,39}$")]


@router.put("/v1/sites/{site}/people", responses=CONFLICT)
async def put_people(site: Site, body: SitePeople, door: Annotated[Door[Store], permit("site.manage", idempotent="optional")]) -> PeopleOut:
    """Replace a site's people, rota and contractors: the next version, or the same one when only contacts changed.

    `warnings` say where within four weeks the rota has nobody for what the site's policy counts on.
    """
    door.see(site)
    await door.command(handlers.put_people, body, site)
    shown = await _people(site, door)
    return shown.model_copy(update={"warnings": await _gaps(site, door)})


@router.get("/v1/sites/{site}/people")
async def get_people(site: Site, door: Annotated[Door[Store], permit("who.read")]) -> PeopleOut:
    """People, rota and contractors of a site; phones and e-mails only for those who manage it."""
    door.see(site)
    return await _people(site, door)


@router.get("/v1/sites/{site}/names")
async def get_names(site: Site, door: Annotated[Door[Store], permit("names.read")]) -> NamesOut:
    """What a site's people and contractors are called, for pages that staff read; never a phone or an e-mail. Not for contractors."""
    door.see(site)
    return NamesOut(site=site, names={id_: contact.name for id_, contact in (await door.store.contacts(site)).items()})


@router.get("/v1/sites/{site}/contractors")
async def get_contractors(site: Site, door: Annotated[Door[Store], permit("who.read")]) -> ContractorsOut:
    """How each contractor of a site comes and works, counted over all its orders (DSP-15)."""
    door.see(site)
    staffing = await door.store.staffing(site)
    if staffing is None:
        raise NotFound
    firms = [firm.id for firm in staffing.rota.contractors]
    orders = await door.store.orders_held_by(site, firms)
    return ContractorsOut(contractors=[attendance(firm, orders) for firm in firms])


@router.get("/v1/staff/{person}/contact")
async def get_contact(person: Person, door: Annotated[Door[Store], permit("staff.read")], site: AtSite = None) -> ContactOut:
    """How to reach a person or contractor at this moment; for services only. Who works at several sites is reached as `site` says."""
    found = await door.store.contact(person.rsplit(":", 1)[-1], site=site)
    if found is None or not door.by.sees(found[0]):
        raise NotFound
    return ContactOut.of(*found)


async def _gaps(site: str, door: Door[Store]) -> tuple[Gap, ...]:
    """Return where the rota has nobody; nothing while the site's policy has not come."""
    staffing, house = await door.store.staffing(site), await door.store.house(site)
    if staffing is None or house is None:
        return ()
    return tuple(gaps(staffing.rota, await door.store.needs(house), door.now, zone=house.zone))


async def _people(site: str, door: Door[Store]) -> PeopleOut:
    staffing = await door.store.staffing(site)
    if staffing is None:
        raise NotFound
    return PeopleOut.seen(staffing, await door.store.contacts(site), full=door.by.may("site.manage"))
