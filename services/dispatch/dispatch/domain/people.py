"""The people, rota and contractors of a site in versions, and what is kept of a person beyond that. Pure.

Names, phones and e-mails are `Contact`s: the store seals them, and they never become part of the site's state or of its fact.
"""

from typing import Annotated, Self

from common.documents import Aggregate
from common.entered import Day
from common.errors import Invalid
from common.events import Fact
from common.rota import DEFAULT_ZONE, Assigning, Assignment, Contractor, Minutes, Override, Rate, Shift, SiteRota
from common.states import PersonState
from common.writing import one_line
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from dispatch.domain.words import Code, Codes, Email, Locale, Name, Phone, Zone

PERSONAL = {"name", "phone", "email"}  #: what is sealed and never travels
Line = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(one_line)]


class Staffing(Aggregate):
    """Who works at a site; `id` is the site's. Nothing about a person but references, roles and trades."""

    version: int = 0
    rota: SiteRota = SiteRota()


class Contact(BaseModel):
    """How to reach one person or firm: personal data."""

    model_config = ConfigDict(frozen=True)
    id: str
    name: str
    phone: str | None = None
    email: str | None = None
    locale: str = "zh-CN"


class _Named(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    id: Code
    name: Name
    phone: Phone | None = None
    email: Email | None = None
    locale: Locale = "zh-CN"

    def contact(self) -> Contact:
        """Return the personal part."""
        return Contact(id=self.id, name=self.name, phone=self.phone, email=self.email, locale=self.locale)


class Person(_Named):
    """One member of staff as a site file names them."""

    roles: Annotated[Codes, Field(min_length=1)]
    department: Code | None = None
    trades: Codes = ()
    skills: Codes = ()

    def state(self) -> PersonState:
        """Return the part that travels in facts."""
        return PersonState.model_validate(self.model_dump(exclude=PERSONAL))


class Firm(_Named):
    """One contractor as a site file names it, with what was agreed."""

    trades: Codes = ()
    assets: Annotated[tuple[Line, ...], Field(max_length=200)] = ()
    agreement: Line | None = None
    agreed_until: Day | None = None
    arrive_minutes: Minutes | None = None
    rates: Annotated[tuple[Rate, ...], Field(max_length=200)] = ()

    def state(self) -> Contractor:
        """Return the part that names no person."""
        return Contractor.model_validate(self.model_dump(exclude=PERSONAL))


class Rota(BaseModel):
    """The rota as a site file writes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    zone: Zone | None = None  #: None = the zone of the site's policy
    shifts: Annotated[tuple[Shift, ...], Field(max_length=50)] = ()
    assignments: Annotated[tuple[Assignment, ...], Field(max_length=500)] = ()
    overrides: Annotated[tuple[Override, ...], Field(max_length=2000)] = ()
    open_cap: Annotated[int, Field(ge=1, le=1000, strict=True)] | None = None
    assigning: Assigning = Assigning()


class SitePeople(BaseModel):
    """People, rota and contractors of one site: the three keys of a site file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    people: Annotated[tuple[Person, ...], Field(max_length=2000)]
    rota: Rota = Rota()
    contractors: Annotated[tuple[Firm, ...], Field(max_length=200)] = ()

    def site_rota(self, policy_zone: str | None) -> SiteRota:
        """Return the state that is published. Raises Invalid when the parts contradict each other."""
        try:
            return SiteRota(
                zone=self.rota.zone or policy_zone or DEFAULT_ZONE,
                people=tuple(person.state() for person in self.people),
                contractors=tuple(firm.state() for firm in self.contractors),
                **{name: getattr(self.rota, name) for name in ("shifts", "assignments", "overrides", "open_cap", "assigning")},
            )
        except ValidationError as wrong:
            message = str(wrong.errors(include_url=False, include_input=False)[0]["msg"]).removeprefix("Value error, ")
            raise Invalid("rota", f"人员与排班不一致:{message}", message) from None  # only codes are named, never a person's data

    def contacts(self) -> list[Contact]:
        """Return everybody's personal part."""
        return [named.contact() for named in (*self.people, *self.contractors)]

    @classmethod
    def of(cls, rota: SiteRota, contacts: dict[str, Contact]) -> Self:
        """Return a site's people as a site file would name them, with the contacts that are given."""
        people = [{**person.model_dump(), **_personal(person.id, contacts)} for person in rota.people]
        firms = [{**firm.model_dump(), **_personal(firm.id, contacts)} for firm in rota.contractors]
        return cls.model_validate({"people": people, "contractors": firms, "rota": rota.model_dump(exclude={"people", "contractors"})})


def staff(site: str, current: Staffing | None, rota: SiteRota) -> tuple[Staffing, list[Fact]]:
    """Return the site's next version and its fact; the same version and no fact when nothing but contacts changed."""
    before = current or Staffing(id=site, site=site)
    if current and before.rota == rota:
        return before, []
    after = before.model_copy(update={"version": before.version + 1, "rota": rota})
    return after, [rota.published(site, after.version)]


def gone(before: Staffing | None, rota: SiteRota) -> tuple[str, ...]:
    """Return who is no longer named: their contacts are deleted."""
    return tuple(id_ for id_ in _ids(before.rota) if id_ not in _ids(rota)) if before else ()


def _ids(rota: SiteRota) -> list[str]:
    return [person.id for person in rota.people] + [firm.id for firm in rota.contractors]


def _personal(id_: str, contacts: dict[str, Contact]) -> dict[str, str]:
    contact = contacts.get(id_)
    return contact.model_dump(exclude_none=True) if contact else {"name": id_}
