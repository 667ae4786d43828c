"""Who acts in a story: members of staff by role or id, contractors, and the call centre with its API key.

A role is played by whoever is on duty for it at that minute, else by the first who holds it. Identities come through public doors and the
local issuer only.
"""

from collections.abc import Sequence
from datetime import datetime

from common.rota import resolve

from huiyin.doors import Doors
from huiyin.exits import BadInput
from huiyin.sites import Site

CALL_CENTRE = "call_centre"
OPERATOR = "operator"
CONTRACTOR_ROLES = ("contractor",)


class Actors:
    """Credentials of everybody in a story."""

    def __init__(self, doors: Doors, sites: Sequence[Site]) -> None:
        """`sites` say who works where."""
        self._doors = doors
        self._sites = {site.id: site for site in sites}
        self._keys: dict[str, str] = {}

    async def bearer(self, by: str, site: str, at: datetime) -> str:
        """Return the credential of `by` at this site and minute. Raises BadInput for somebody the site does not have."""
        if by == OPERATOR:
            return self._doors.operator
        if by == CALL_CENTRE:
            return await self._key(site)
        person, roles = self.person(by, site, at)
        return self._doors.staff(person, roles, (site,))

    def person(self, by: str, site: str, at: datetime) -> tuple[str, tuple[str, ...]]:
        """Return the person who plays `by`, and their roles."""
        rota = self._sites[site].rota
        if known := rota.person(by):
            return known.id, known.roles
        if firm := rota.contractor(by):
            return firm.id, CONTRACTOR_ROLES
        on_duty = resolve(rota, by, at)
        holders = [person.id for person in rota.people if by in person.roles]
        chosen = rota.person(next(iter(on_duty or holders), ""))
        if chosen is None:
            roles = sorted({role for person in rota.people for role in person.roles})
            raise BadInput(f"site {site} has nobody called or in the role of {by!r}; roles there: {', '.join(roles)}")
        return chosen.id, chosen.roles

    async def _key(self, site: str) -> str:
        if site not in self._keys:
            made = await self._doors.surely("intake", "POST", "/v1/keys", body={"name": f"story {site}", "sites": [site]})
            self._keys[site] = str(made["key"])
        return self._keys[site]
