"""Brings what a file holds to its owners: units to intake, people to dispatch, where who is not named stays. Not here: reading (`reading`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from intake.domain.unit import MOST

from huiyin.doors import Doors
from huiyin.exits import Failed
from huiyin.sheets.register import Found

SHOWN_BESIDE = {"site", "version", "warnings"}  #: what dispatch shows of people that is not theirs


@dataclass(frozen=True)
class Brought:
    """How many came, and how many of them had been there."""

    units_added: int = 0
    units_replaced: int = 0
    people_added: int = 0
    people_replaced: int = 0


async def bring(doors: Doors, site: str, what: Found) -> Brought:
    """Give everything to its owner; the same file again changes nothing. Raises Failed."""
    added = replaced = 0
    for start in range(0, len(what.units), MOST):
        part = list(what.units[start : start + MOST])
        kept = await doors.surely("intake", "PUT", f"/v1/sites/{site}/units", body={"units": part})
        added, replaced = added + kept["added"], replaced + kept["replaced"]
    here = await _people(doors, site, what.people) if what.people else 0
    return Brought(added, replaced, len(what.people) - here, here)


async def _people(doors: Doors, site: str, people: Sequence[dict[str, Any]]) -> int:
    """Add people to those of the site, or replace them; return how many there were already."""
    path = f"/v1/sites/{site}/people"
    answer = await doors.call("dispatch", "GET", path)
    if answer.refused and answer.type != "not-found":
        raise Failed(f"site {site}: people: {answer.problem()}")
    there = {} if answer.refused else {key: value for key, value in answer.body.items() if key not in SHOWN_BESIDE}
    kept = {row["id"]: row for row in there.get("people", ())}
    both = kept | {row["id"]: {key: value for key, value in kept.get(row["id"], {}).items() if value is not None} | row for row in people}
    await doors.surely("dispatch", "PUT", path, body={**there, "people": list(both.values())})
    return sum(row["id"] in kept for row in people)
