"""Who gets an order, and why everybody else does not. Pure.

A filter is a name and a function; the first filter a person fails is the reason kept with the order, so every choice can be explained
(house.md 7, 14). Among those left: least open orders, then longest without a new one, then the site's own order.
The site is right by itself: a scene holds the people of one site. Not here: the grab window, acceptance time-outs, transfers (`offers`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from common.rota import REPAIRERS, Contractor, SiteRota, on_duty, zone_of
from common.states import CaseKind, Party, PersonState, Urgency
from pydantic import BaseModel, ConfigDict

NOBODY = "nobody_eligible"  #: OrderState.alarm when no candidate is left
CHOSEN = "chosen"
SAME_TEAM = "same_team"  #: somebody else repaired it last, and it goes back to them
COULD = frozenset({CHOSEN, "load", "turn", "order", SAME_TEAM})  #: reasons of those who passed every filter
WORKERS = REPAIRERS | {"department_person", "security", "cleaning", "affairs_supervisor"}  # DSP-18: other departments get orders too
NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Wanted:
    """What an order asks for. `at` is when it will be worked on: now, or the agreed time."""

    at: datetime
    kind: CaseKind
    urgency: Urgency
    trade: str | None = None
    department: str | None = None
    asset: str | None = None
    fault: str | None = None
    contractor: str | None = None
    asked: frozenset[str] = frozenset()  #: who had it before and did not take it, or gave it back
    prefers: str | None = None  #: who repaired it last: what has to be done again goes back to them, where they may be sent


@dataclass(frozen=True)
class Load:
    """What a person or firm has in hand."""

    open: int = 0
    last_issued_at: datetime | None = None


@dataclass(frozen=True)
class Scene:
    """The site at that moment."""

    rota: SiteRota
    loads: Mapping[str, Load] = field(default_factory=dict)
    zone: str | None = None

    def load(self, id_: str) -> Load:
        """Return what this person or firm has in hand."""
        return self.loads.get(id_, Load())


class Considered(BaseModel):
    """One candidate: `why` is `chosen`, the filter that was failed, or what others were better in."""

    model_config = ConfigDict(frozen=True)
    id: str
    why: str
    open: int | None = None
    last_issued_at: datetime | None = None


class Choice(BaseModel):
    """The decision and its reasons, kept with the order."""

    model_config = ConfigDict(frozen=True)
    party: Party
    at: datetime
    chosen: str | None = None
    considered: tuple[Considered, ...] = ()

    @property
    def eligible(self) -> tuple[str, ...]:
        """Return everybody who could have been chosen, in the site's order."""
        return tuple(one.id for one in self.considered if one.why in COULD)

    @property
    def alarm(self) -> str | None:
        """Return the alarm that nobody could be found, or None."""
        return None if self.chosen else NOBODY


@dataclass(frozen=True)
class _Present:
    """What the filters look at: computed once per order, not once per person."""

    wanted: Wanted
    scene: Scene
    on_duty: frozenset[str]
    in_shifts: frozenset[str]


Filter = Callable[[PersonState, _Present], bool]


def works_on_orders(person: PersonState, at: _Present) -> bool:
    """The person holds a role that carries out orders of this kind."""
    roles = REPAIRERS if at.wanted.kind is CaseKind.REPAIR else WORKERS
    return not roles.isdisjoint(person.roles)


def right_department(person: PersonState, at: _Present) -> bool:
    """The person belongs to the department that is asked."""
    return at.wanted.department in (None, person.department)


def has_trade(person: PersonState, at: _Present) -> bool:
    """The person has the trade."""
    return at.wanted.trade is None or at.wanted.trade in person.trades


def has_skills(person: PersonState, at: _Present) -> bool:
    """The person has every skill that the site asks for this fault."""
    return at.scene.rota.assigning.wants(at.wanted.fault) <= set(person.skills)


def on_shift(person: PersonState, at: _Present) -> bool:
    """The person is on duty then, or never works in shifts (a small site keeps no rota)."""
    return person.id in at.on_duty or person.id not in at.in_shifts


def below_cap(person: PersonState, at: _Present) -> bool:
    """The person has room for one more; an emergency asks nobody for room."""
    cap = at.scene.rota.open_cap
    return cap is None or at.wanted.urgency is Urgency.P1 or at.scene.load(person.id).open < cap


def not_asked_before(person: PersonState, at: _Present) -> bool:
    """The person did not have this order before."""
    return person.id not in at.wanted.asked


FILTERS: dict[str, Filter] = {
    "asked": not_asked_before,
    "role": works_on_orders,
    "department": right_department,
    "trade": has_trade,
    "skill": has_skills,
    "shift": on_shift,
    "cap": below_cap,
}


def rivals(party: Party, wanted: Wanted, scene: Scene) -> tuple[str, ...]:
    """Return those between whom load and turn decide, so that only their load has to be counted; nobody when there is nothing to decide."""
    left = tuple(id_ for id_, failed in _CANDIDATES[party](wanted, scene).items() if failed is None)
    return left if len(left) > 1 or scene.rota.open_cap else ()


def choose(party: Party, wanted: Wanted, scene: Scene) -> Choice:
    """Return who gets the order, with the reason for every candidate.

    Of the own staff whoever passes every filter; of the contractors the one named, else the one whose agreement names the asset,
    else one of the trade.
    """
    return _decide(party, wanted, scene, _CANDIDATES[party](wanted, scene))


def _staff(wanted: Wanted, scene: Scene) -> dict[str, str | None]:
    """Return every member of staff with the filter that stops them, or None."""
    present = _Present(wanted, scene, frozenset(on_duty(scene.rota, wanted.at, zone=scene.zone)), scene.rota.with_shifts())
    return {person.id: _first_failed(person, present) for person in scene.rota.people}


def _firms(wanted: Wanted, scene: Scene) -> dict[str, str | None]:
    """Return every contractor with what it was not asked by, or None."""
    firms = scene.rota.contractors
    ways: tuple[tuple[str, Callable[[Contractor], bool]], ...] = (
        ("named", lambda firm: firm.id == wanted.contractor),
        ("asset", lambda firm: firm.serves(wanted.asset)),
        ("trade", lambda firm: wanted.trade is not None and wanted.trade in firm.trades),
    )
    ways = ways[:1] if wanted.contractor else ways[1:]
    name, fits = next(((name, fits) for name, fits in ways if any(map(fits, firms))), ways[-1])
    today = wanted.at.astimezone(zone_of(scene.zone or scene.rota.zone)).date()
    over = {firm.id for firm in firms if not wanted.contractor and firm.agreed_until and firm.agreed_until < today}
    return {firm.id: name if not fits(firm) else "agreement" if firm.id in over else None for firm in firms}


_CANDIDATES: dict[Party, Callable[[Wanted, Scene], dict[str, str | None]]] = {Party.OWN: _staff, Party.CONTRACTOR: _firms}


def _first_failed(person: PersonState, present: _Present) -> str | None:
    return next((name for name, passes in FILTERS.items() if not passes(person, present)), None)


def _decide(party: Party, wanted: Wanted, scene: Scene, failed: Mapping[str, str | None]) -> Choice:
    """`failed`: every candidate in the site's order, with the filter that stopped it or None."""
    left = [id_ for id_, name in failed.items() if name is None]
    ranked = sorted(left, key=lambda id_: (id_ != wanted.prefers, _rank(scene.load(id_))))
    best = ranked[0] if ranked else None
    considered = tuple(_considered(id_, failed[id_], best, scene, again=best is not None and best == wanted.prefers) for id_ in failed)
    return Choice(party=party, at=wanted.at, chosen=best, considered=considered)


def _rank(load: Load) -> tuple[int, datetime]:
    return load.open, load.last_issued_at or NEVER


def _considered(id_: str, failed: str | None, best: str | None, scene: Scene, *, again: bool) -> Considered:
    if failed or best is None:
        return Considered(id=id_, why=failed or NOBODY)
    mine, why = scene.load(id_), _why(id_, best, scene)
    return Considered(id=id_, why=SAME_TEAM if again and why != CHOSEN else why, open=mine.open, last_issued_at=mine.last_issued_at)


def _why(id_: str, best: str, scene: Scene) -> str:
    if id_ == best:
        return CHOSEN
    mine, theirs = _rank(scene.load(id_)), _rank(scene.load(best))
    return "load" if mine[0] > theirs[0] else "turn" if mine > theirs else "order"
