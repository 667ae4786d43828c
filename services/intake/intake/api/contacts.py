"""Doors of contacts: one by reference, for the service that sends; cases by the caller's phone number, for the desk.

A phone number never stands in an address (it would be logged): it is asked for in a body. Not here: encryption (`store`).
"""

from typing import Annotated

from common.doors import Door, permit
from common.errors import Forbidden, Invalid, NotFound
from common.problems import RESPONSES
from fastapi import APIRouter, Path

from intake.api.shapes import CasesOut, ContactOut
from intake.domain.contact import normalised, region_of
from intake.domain.text import Body, Line, Site
from intake.domain.view import CaseBrief
from intake.store import Store

router = APIRouter(tags=["contacts"], responses={code: RESPONSES[code] for code in (400, 401, 403, 404, 413, 415, 422, 429, 503)})
MOST = 50  # cases of one caller


class Caller(Body):
    """Somebody on the phone."""

    site: Site
    phone: Line


@router.get("/v1/contacts/{ref}")
async def get_contact(ref: Annotated[str, Path(pattern=r"^c-[0-9a-f]{20}$")], door: Annotated[Door[Store], permit("contact.read")]) -> ContactOut:
    """How to reach a reporter at this moment; for services only, staff see it with the case."""
    if door.by.kind != "service":
        raise Forbidden(None, permission="contact.read")
    found = await door.store.contact(ref)
    if found is None or not door.by.sees(found[0]):
        raise NotFound
    return ContactOut.of(ref, *found)


@router.post("/v1/cases/of-caller")
async def cases_of_caller(body: Caller, door: Annotated[Door[Store], permit("contact.read")]) -> CasesOut:
    """Cases of whoever left this phone number, latest first (INT-37)."""
    door.see(body.site)
    policy = await door.store.policy_in_force(body.site)
    try:
        phone = normalised(body.phone, region_of(policy.calendar.holidays))
    except ValueError:
        raise Invalid("phone", "电话号码格式不正确", "is no phone number") from None
    found = await door.store.cases_of_phone(body.site, phone, limit=MOST)
    return CasesOut(cases=[CaseBrief.of(case) for case in found], next=None)
