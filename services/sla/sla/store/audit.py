"""What the auditor asks of the store: clocks by the time of their first level, what the fact log says, the heartbeat of firing.

Not here: what is right (`domain.audit`). Nothing here reads `armed`, `next_at` or `raised_at`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from common import outbox
from common.documents import Database, Doc, Documents, Index, from_doc
from common.events.sla import ClockOpened, ClockRedated, EscalationRaised
from pydantic import AwareDatetime, BaseModel

from sla.domain.audit import Raised, read
from sla.domain.clock import Clock

INDEXES: tuple[Index, ...] = (
    Index("clocks", (("site", 1), ("first_at", 1), ("_id", 1)), where={"live": True}),
    Index("audits", (("at", -1),)),
    Index("outbox", (("stream", 1),), where={"prefix": EscalationRaised.prefix()}),
)
IN_TURN = [("site", 1), ("first_at", 1), ("_id", 1)]
FIRING, AUDIT = "fire_due", "audit"
BEAT = timedelta(seconds=5)  #: the firing loop leaves a mark as often as this, whichever worker it is


class Walk(BaseModel):
    """Where the auditor is: its place among the clocks, its place in the fact log, and business time at its last turn."""

    site: str = ""
    first_at: AwareDatetime | None = None
    clock: str = ""
    order: str = ""
    now: AwareDatetime | None = None


class Audit:
    """The auditor's questions."""

    def __init__(self, db: Documents) -> None:
        """Asked on a database, outside transactions."""
        self.db = cast("Database", db)

    async def lead(self, job: str, lease: timedelta) -> bool:
        """Say whether this worker does the job now; the lease by the database's clock is the pause between two turns of all workers."""
        if await self.db.get("jobs", job) is None:
            await self.db.put("jobs", {"_id": job, "fence": 0})
        return bool(await self.db.claim("jobs", {"_id": job}, sort=(), limit=1, lease=lease))

    async def rest(self, job: str) -> None:
        """Give a job back before its lease ends."""
        await self.db.update("jobs", {"_id": job}, {"lease_until": None})

    async def silent_for(self) -> timedelta | None:
        """Return how long ago any worker's firing loop last left its mark (database time), None before the first."""
        row = await self.db.get("jobs", FIRING)
        if row is None or not row.get("lease_until"):
            return None
        turned_at: datetime = row["lease_until"] - BEAT
        return max(await self.db.machine_now() - turned_at, timedelta(0))

    async def walk(self) -> Walk:
        """Return where the last turn ended."""
        row = await self.db.get("walks", AUDIT)
        return from_doc(Walk, row) if row else Walk()

    async def keep_walk(self, walk: Walk) -> None:
        """Keep where this turn ended."""
        await self.db.put("walks", {"_id": AUDIT, **walk.model_dump()})

    async def reached(self, walk: Walk, until: datetime, *, limit: int) -> list[Clock]:
        """Return live clocks whose first level is due by `until`, site by site, from the place of `walk` on, in its order."""
        due, rows = {"$lte": until}, list[Doc]()
        places: list[Doc] = [{"site": {"$gt": walk.site}, "first_at": due}]
        if walk.first_at:
            here: Doc = {"site": walk.site}
            places = [here | {"first_at": walk.first_at, "_id": {"$gt": walk.clock}}, here | {"first_at": due | {"$gt": walk.first_at}}, *places]
        for place in places:
            if len(rows) < limit:
                rows += await self.db.find("clocks", place | {"live": True}, sort=IN_TURN, limit=limit - len(rows))
        return [from_doc(Clock, row) for row in rows]

    async def said_of(self, clocks: Sequence[str]) -> list[Raised]:
        """Return every level ever said to be raised of these clocks."""
        prefix = EscalationRaised.prefix()
        rows = await self.db.find("outbox", {"prefix": prefix, "stream": {"$in": [f"sla:{prefix}:{clock}" for clock in clocks]}})
        return [read(row) for row in rows if row["kind"] == EscalationRaised.kind]

    async def heard_since(self, order: str, *, limit: int) -> list[Doc]:
        """Return rows of the fact log about clocks and levels after a place in it, oldest first; only settled ones, so that none is passed over."""
        prefixes = (EscalationRaised.prefix(), ClockOpened.prefix())
        return await outbox.read_log(self.db, after=order, prefixes=prefixes, limit=limit)

    async def known_at(self, clock: str, before: datetime) -> datetime | None:
        """Return when (machine time) the times of a clock were last said before an instant, None: never."""
        kinds = [ClockOpened.kind, ClockRedated.kind]
        where = outbox.of_stream(f"sla:{ClockOpened.prefix()}:{clock}") | {"kind": {"$in": kinds}, "made_at": {"$lte": before}}
        found = await self.db.find("outbox", where, sort=[("seq", -1)], limit=1)
        return found[0]["made_at"] if found else None

    async def report(self, report: Doc) -> None:
        """Keep what was found wrong in a turn."""
        await self.db.put("audits", report)

    async def last_report(self) -> Doc | None:
        """Return the newest report, None while nothing was ever wrong."""
        rows = await self.db.find("audits", sort=[("at", -1)], limit=1)
        return rows[0] if rows else None
