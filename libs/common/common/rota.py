"""Who is on duty: people, shifts and contractors of one site, and the questions everybody asks about them. Pure.

dispatch owns the data and publishes it whole (`rota.published`); dispatch, sla and notify all ask here, so they never disagree.
Not here: names and contacts (dispatch's encrypted collection), choosing a technician (`dispatch.domain.matching`), storage.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from common.events.dispatch import RotaPublished
from common.states import PersonState, Urgency

Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Hour = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Minutes = Annotated[int, Field(ge=1, le=7 * 24 * 60, strict=True)]
EndHour = Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
DEFAULT_ZONE = "Asia/Shanghai"  # DEF-01
REPAIRERS = frozenset({"repair_worker", "engineering_duty", "repair_team_leader"})  #: roles that carry out the orders of repairs
OF_A_DEPARTMENT = frozenset({"department_manager"})  #: roles that every department fills for itself: asked with the department
INSTANTS_KEPT = 64  # levels of one firing share their instant


class Weekday(StrEnum):
    """Days of the week, Monday first as `date.weekday()` counts them."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


WEEKDAYS = tuple(Weekday)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)


class Shift(_Part):
    """Hours of duty in the site's local time. An end not later than the start is on the next day; equal ends mean 24 hours."""

    name: Code
    start: Hour = Field(alias="from")
    end: EndHour = Field(alias="to")

    def span(self, day: date, zone: str) -> tuple[datetime, datetime]:
        """Return the shift that begins on `day`: from (included) and to (excluded), aware UTC.

        Wall-clock hours decide: a night shift is an hour shorter or longer when the clocks change.
        """
        last = day if self.end > self.start else day + timedelta(days=1)
        return instant(day, self.start, zone), instant(last, self.end, zone)


class _Row(_Part):
    shift: Code
    people: Annotated[tuple[str, ...], Field(max_length=500)] = ()


class Assignment(_Row):
    """People of a shift: always, on weekdays, or on dates."""

    days: Literal["always"] | Annotated[tuple[Weekday | date, ...], Field(max_length=400)] = "always"

    def falls_on(self, day: date) -> bool:
        """Say whether the shift that begins on `day` is meant."""
        return self.days == "always" or day in self.days or WEEKDAYS[day.weekday()] in self.days


class Override(_Row):
    """Who really works one shift of one date, in place of all assignments. Nobody = an empty list."""

    day: date = Field(alias="date")


class Rate(_Part):
    """What one unit of an item of work costs by the agreement."""

    item: Code
    unit: Code = "piece"
    cents: int = Field(ge=0, le=10**12, strict=True)
    currency: str = Field("CNY", pattern=r"^[A-Z]{3}$")


class Contractor(_Part):
    """An outside firm and its agreement; its id shares the name space of persons. No trades = called by asset or by id only."""

    id: Code
    trades: tuple[Code, ...] = ()
    assets: tuple[Annotated[str, Field(max_length=60)], ...] = ()  #: assets it maintains, or `<prefix>*`
    locale: str = Field("zh-CN", max_length=12)
    agreement: str | None = Field(None, max_length=60)  #: number of the agreement
    agreed_until: date | None = None  #: last day of the agreement; None = no end
    arrive_minutes: Minutes | None = None  #: agreed from the order to the arrival
    rates: Annotated[tuple[Rate, ...], Field(max_length=200)] = ()  #: stay in dispatch

    def serves(self, asset: str | None) -> bool:
        """Say whether `asset` is named in its agreement."""
        return asset is not None and any(asset == own or (own.endswith("*") and asset.startswith(own[:-1])) for own in self.assets)


class Assigning(_Part):
    """How orders find their people. Nothing said = the best gets it at once and nobody is hurried. All of it stays in dispatch."""

    offer_minutes: Mapping[Urgency, Minutes] = {}  #: orders of this urgency are offered to all who could do them for so long (抢单)
    accept_minutes: Mapping[Urgency, Minutes] = {}  #: not accepted so long after it was given: the next one gets it
    max_handings: int = Field(3, ge=0, le=20, strict=True)  #: transfers and returns of one order by those who hold it; more needs a lead (DSP-03)
    needs: Annotated[Mapping[Code, tuple[Code, ...]], Field(max_length=500)] = {}  #: fault -> skills that a person must have for it

    def wants(self, fault: str | None) -> frozenset[str]:
        """Return the skills that a fault needs."""
        return frozenset(self.needs.get(fault or "", ()))


class SiteRota(_Part):
    """People, shifts, assignments and contractors of one site: references only. The order of `people` is the site's own order."""

    zone: str = DEFAULT_ZONE
    people: Annotated[tuple[PersonState, ...], Field(max_length=2000)] = ()
    shifts: Annotated[tuple[Shift, ...], Field(max_length=50)] = ()
    assignments: Annotated[tuple[Assignment, ...], Field(max_length=500)] = ()
    overrides: Annotated[tuple[Override, ...], Field(max_length=2000)] = ()
    contractors: Annotated[tuple[Contractor, ...], Field(max_length=200)] = ()
    open_cap: int | None = Field(None, ge=1, le=1000)  #: open orders one person may hold; None = no cap (not in sources)
    assigning: Assigning = Assigning()

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        zone_of(value)
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ids = [person.id for person in self.people] + [firm.id for firm in self.contractors]
        shifts = [shift.name for shift in self.shifts]
        for what, values in (("person or contractor", ids), ("shift", shifts)):
            twice = sorted({value for value in values if values.count(value) > 1}) if len(set(values)) < len(values) else []
            _require(not twice, f"{what} named twice: {', '.join(twice)}")
        known = {person.id for person in self.people}
        for row in self._rows():
            _require(row.shift in shifts, f"unknown shift: {row.shift}")
            strangers = sorted(set(row.people) - known)
            _require(not strangers, f"shift {row.shift} names unknown people: {', '.join(strangers)}")
        return self

    @classmethod
    def of(cls, fact: RotaPublished) -> Self:
        """Return the state that `rota.published` carries."""
        return cls.model_validate({**fact.rota, "people": fact.people, "contractors": fact.contractors})

    def published(self, site: str, version: int) -> RotaPublished:
        """Return the fact that carries this state whole."""
        rota = self.model_dump(mode="json", exclude={"people", "contractors", "assigning"})
        firms = tuple(firm.model_dump(mode="json", exclude={"rates"}) for firm in self.contractors)
        return RotaPublished(site=site, version=version, people=self.people, rota=rota, contractors=firms)

    def person(self, id: str) -> PersonState | None:
        """Return the member of staff, or None."""
        return next((person for person in self.people if person.id == id), None)

    def contractor(self, id: str) -> Contractor | None:
        """Return the contractor, or None."""
        return next((firm for firm in self.contractors if firm.id == id), None)

    def with_shifts(self) -> frozenset[str]:
        """Return who works in shifts at all. Everybody else (managers, mostly) can be reached at any time."""
        return self._in_shifts

    def holders(self, role: str) -> tuple[PersonState, ...]:
        """Return who holds a role, in the site's own order, on duty or not."""
        return self._by_role.get(role, ())

    def assigned(self, shift: str, day: date) -> frozenset[str]:
        """Return who works the shift that begins on `day`."""
        replaced = [row for row in self.overrides if row.day == day and row.shift == shift]
        rows: Sequence[_Row] = replaced or [row for row in self.assignments if row.shift == shift and row.falls_on(day)]
        return frozenset(person for row in rows for person in row.people)

    @cached_property
    def _in_shifts(self) -> frozenset[str]:
        return frozenset(person for row in self._rows() for person in row.people)

    @cached_property
    def _by_role(self) -> Mapping[str, tuple[PersonState, ...]]:
        roles = {role for person in self.people for role in person.roles}
        return {role: tuple(person for person in self.people if role in person.roles) for role in roles}

    @cached_property
    def _present(self) -> dict[tuple[datetime, str], Mapping[str, str]]:
        """What was computed of the last instants: many levels are raised at the same one."""
        return {}

    def _rows(self) -> tuple[_Row, ...]:
        return (*self.assignments, *self.overrides)


def on_duty(state: SiteRota, at: datetime, *, zone: str | None = None) -> tuple[str, ...]:
    """Return who is in a shift at the instant `at` (aware), in the order of the site's people.

    `zone` replaces the rota's own (the site policy's zone, where the caller has it).
    """
    present = in_shift(state, at, zone=zone)
    return tuple(person.id for person in state.people if person.id in present)


def in_shift(state: SiteRota, at: datetime, *, zone: str | None = None) -> Mapping[str, str]:
    """Return the shift of everybody who is in one at `at`: person -> name of the shift."""
    key = (at, zone or state.zone)
    kept = state._present  # noqa: SLF001 - the rota's own memory
    if key not in kept:
        if len(kept) >= INSTANTS_KEPT:
            kept.clear()
        kept[key] = _in_shift(state, *key)
    return kept[key]


def _in_shift(state: SiteRota, at: datetime, zone: str) -> Mapping[str, str]:
    today = at.astimezone(zone_of(zone)).date()
    found: dict[str, str] = {}
    for day in (today - timedelta(days=1), today):  # a shift that began yesterday may pass midnight
        for shift in state.shifts:
            start, end = shift.span(day, zone)
            if start <= at < end:
                found |= dict.fromkeys(state.assigned(shift.name, day), shift.name)
    return found


def next_start(state: SiteRota, at: datetime, *, zone: str | None = None) -> datetime | None:
    """Return when the next shift with people begins after `at` (aware UTC), None when none does within nine days."""
    zone = zone or state.zone
    today = at.astimezone(zone_of(zone)).date()
    for day in (today + timedelta(days=n) for n in range(9)):
        starts = (shift.span(day, zone)[0] for shift in state.shifts if state.assigned(shift.name, day))
        if first := min((start for start in starts if start > at), default=None):
            return first
    return None


def resolve(state: SiteRota, role: str, at: datetime, *, department: str | None = None, zone: str | None = None) -> tuple[str, ...]:
    """Return the persons who answer for `role` at `at`, in the order of the site's people; empty when nobody does.

    Those on duty who hold it; if there are none, those who hold it and never work in shifts. `department` narrows to that
    department: give it only for roles that every department fills (a department's manager).
    """
    holders = [person.id for person in state.holders(role) if department in (None, person.department)]
    present = in_shift(state, at, zone=zone)
    return tuple(id_ for id_ in holders if id_ in present) or tuple(id_ for id_ in holders if id_ not in state.with_shifts())


def eligible(state: SiteRota, at: datetime, *, trade: str | None = None, department: str | None = None, zone: str | None = None) -> tuple[str, ...]:
    """Return who is on duty at `at` and has the trade and the department, each only if asked for."""
    present = set(on_duty(state, at, zone=zone))
    wanted = [p for p in state.people if (trade is None or trade in p.trades) and department in (None, p.department)]
    return tuple(person.id for person in wanted if person.id in present)


@lru_cache(maxsize=1024)
def instant(day: date, hour: str, zone: str) -> datetime:
    """Return the wall-clock time `HH:MM` of a day (24:00 = its end) as an instant; of a time that comes twice, the first."""
    if hour == "24:00":
        day, hour = day + timedelta(days=1), "00:00"
    return datetime.combine(day, time.fromisoformat(hour), zone_of(zone)).astimezone(UTC)


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """Return a time zone. Raises ValueError for one that nobody knows."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as wrong:  # unknown, unsafe path, or a directory
        message = f"unknown time zone: {name}"
        raise ValueError(message) from wrong


def _require(holds: bool, message: str) -> None:  # noqa: FBT001 - reads as an assertion
    if not holds:
        raise ValueError(message)
