"""The register of units: which there are, and who lives in or owns them. Pure.

People of a unit are contacts, sealed in the contact store like a reporter's; the unit keeps references, and its fact not even these.
Not here: encryption (`store`), what a case does with a unit (`registration`).
"""

from collections import Counter
from hashlib import sha256
from typing import Annotated, Literal, Self

from common.documents import Aggregate
from common.errors import Invalid
from common.events import Fact
from common.events.intake import UnitRegistered
from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, model_validator
from pydantic_core import PydanticCustomError

from intake.domain.commands import EMAIL, Locale
from intake.domain.contact import Contact, normalised
from intake.domain.text import Body, Line, Place

MOST = 500  #: units in one request
Relation = Literal["owner", "tenant", "family"]


class Occupant(Body):
    """Somebody of a unit: personal data, for the contact store and nothing else."""

    name: Line
    relation: Relation = "owner"
    phone: Annotated[Line, Field(max_length=60)] | None = None
    email: Annotated[Line, Field(pattern=EMAIL, max_length=200)] | None = None
    locale: Locale = "zh-CN"


class UnitIn(Body):
    """A unit as it is brought in."""

    unit: Place
    building: Place | None = None
    floor: Annotated[StrictInt, Field(ge=-20, le=300)] | None = None
    area_m2: Annotated[StrictInt | StrictFloat, Field(gt=0, le=1_000_000)] | None = None
    people: Annotated[tuple[Occupant, ...], Field(max_length=10)] = ()


class Units(Body):
    """Units of a site to add or to replace; units that are not named stay as they are."""

    units: Annotated[tuple[UnitIn, ...], Field(min_length=1, max_length=MOST)]

    @model_validator(mode="after")
    def _once(self) -> Self:
        twice = [unit for unit, times in Counter(row.unit for row in self.units).items() if times > 1]
        if twice:
            raise PydanticCustomError("unit_twice", "names a unit twice: {unit}", {"unit": twice[0]})
        return self


class Resident(BaseModel):
    """A reference into the contact store."""

    model_config = ConfigDict(frozen=True)
    contact: str
    relation: Relation


class Unit(Aggregate):
    """A unit of a site; `id` is `<site>:<unit>`."""

    unit: str
    building: str | None = None
    floor: int | None = None
    area_m2: float | None = None
    residents: tuple[Resident, ...] = ()


def unit_id(site: str, unit: str) -> str:
    """Return the id under which a unit is kept."""
    return f"{site}:{unit}"


def contacts(ask: UnitIn, site: str, place: int, region: str) -> dict[str, Contact]:
    """Return the contacts of a unit's people by reference, the same for the same place. Raises Invalid naming the phone."""
    return {reference(site, ask.unit, n): _contact(who, f"units.{place}.people.{n}.phone", region) for n, who in enumerate(ask.people)}


def reference(site: str, unit: str, number: int) -> str:
    """Return the reference of the n-th person of a unit."""
    return "c-" + sha256(f"unit|{site}|{unit}|{number}".encode()).hexdigest()[:20]


def register(before: Unit | None, ask: UnitIn, site: str) -> tuple[Unit, list[Fact]]:
    """Return the unit as asked, and its fact when something changed that others may know."""
    known = before or Unit(id=unit_id(site, ask.unit), site=site, unit=ask.unit)
    residents = tuple(Resident(contact=reference(site, ask.unit, n), relation=who.relation) for n, who in enumerate(ask.people))
    after = known.model_copy(update=ask.model_dump(exclude={"people"}) | {"residents": residents})
    same = before is not None and (before.building, before.floor) == (after.building, after.floor)
    return after, [] if same else [UnitRegistered(site=site, unit=after.unit, building=after.building, floor=after.floor)]


def gone(before: Unit | None, after: Unit) -> list[str]:
    """Return the contacts that nobody of the unit has any more."""
    left = {one.contact for one in after.residents}
    return [one.contact for one in before.residents if one.contact not in left] if before else []


def _contact(who: Occupant, field: str, region: str) -> Contact:
    try:
        phone = normalised(who.phone, region) if who.phone else None
    except ValueError:
        raise Invalid(field, "电话号码格式不正确", "is no phone number") from None
    return Contact(who.name, phone, who.email, None, who.locale)
