"""What sla asks of its store about what reaches nobody, and about gaps of rotas before they are met. Not here: decisions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from common.documents import Doc, Documents, Index, from_doc

from sla.domain.case_file import CaseFile
from sla.domain.clock import Clock

INDEXES: tuple[Index, ...] = (Index("looks", (("looked_at", 1),)), Index("gaps", (("site", 1),)), Index("gaps", (("end", 1), ("start", 1))))
AT_ONCE = 500
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass
class Rest:
    """When this process looks again at all: nothing is asked of the store before."""

    until: datetime = NEVER


class Watch:
    """Looks and gaps, on a database or inside a transaction."""

    def __init__(self, db: Documents, rest: Rest) -> None:
        """`rest` belongs to the process."""
        self._db, self._rest = db, rest

    @property
    def not_before(self) -> datetime:
        """Return before which time there is nothing to look at."""
        return self._rest.until

    def rest_until(self, moment: datetime) -> None:
        """Look at nothing before that time."""
        self._rest.until = moment

    async def due(self, looked_before: datetime, *, limit: int) -> list[str]:
        """Return sites that were last looked at before that time."""
        found = await self._db.find("looks", {"looked_at": {"$lte": looked_before}}, sort=[("looked_at", 1)], limit=limit)
        return [doc["_id"] for doc in found]

    async def keep(self, site: str, found: Sequence[tuple[datetime, datetime]], now: datetime) -> None:
        """Replace the gaps of a site."""
        await self._db.delete("gaps", {"site": site})
        rows: list[Doc] = [{"_id": f"{site}:{n}", "site": site, "start": start, "end": end} for n, (start, end) in enumerate(found)]
        if rows:
            await self._db.put("gaps", *rows)
        await self._db.put("looks", {"_id": site, "looked_at": now})

    async def alarmed(self, site: str) -> list[Clock]:
        """Return open clocks of a site whose last level reached nobody, the first 500: what one transaction can hold."""
        found = await self._db.find("clocks", {"alarmed": True, "site": site}, sort=[("_id", 1)], limit=AT_ONCE)
        return [from_doc(Clock, doc) for doc in found]

    async def unheard(self, site: str) -> list[CaseFile]:
        """Return files of a site with a report that reached nobody, the first 500."""
        found = await self._db.find("files", {"alarmed": True, "site": site}, sort=[("_id", 1)], limit=AT_ONCE)
        return [from_doc(CaseFile, doc) for doc in found]

    async def count_alarmed(self) -> int:
        """Return how many open clocks and cases have a level or a report that reached nobody."""
        return await self._db.count("clocks", {"alarmed": True}) + await self._db.count("files", {"alarmed": True})

    async def count(self, now: datetime, until: datetime) -> int:
        """Return how many gaps are not over and begin before `until`."""
        return await self._db.count("gaps", {"end": {"$gt": now}, "start": {"$lte": until}})
