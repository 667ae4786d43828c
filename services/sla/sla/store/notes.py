"""What sla notes beside its clocks: which of them a calendar moved, and the words of people's reasons. Not here: decisions."""

from collections.abc import Iterable
from datetime import datetime
from typing import cast

from common.documents import Doc, Documents, Transaction, from_doc, to_doc
from pydantic import AwareDatetime, BaseModel

from sla.domain.clock import Clock
from sla.domain.rulings import Ruling


class Moved(BaseModel):
    """A clock that was dated, or dated anew, because a year of its calendar was published."""

    id: str  #: `<calendar>:<revision>:<clock>`
    calendar: str
    revision: int
    clock: str
    site: str
    case: str | None = None
    code: str
    due_from: AwareDatetime | None = None
    due_to: AwareDatetime | None = None


class Reason(BaseModel):
    """Why somebody decided something about a clock, in their words; never part of a fact or of a case's file."""

    id: str
    clock: str
    site: str
    kind: str
    by: str
    at: AwareDatetime
    text: str


class Notes:
    """Notes on a database or inside a transaction."""

    def __init__(self, db: Documents) -> None:
        """`db` is a transaction wherever something is noted."""
        self._db = db

    async def moved(self, before: Clock, after: Clock, revision: int) -> None:
        """Note that a publication of its calendar moved a clock."""
        calendar = after.calendar or ""
        row = Moved(
            id=f"{calendar}:{revision}:{after.id}",
            calendar=calendar,
            revision=revision,
            clock=after.id,
            site=after.site,
            case=after.case,
            code=after.code,
            due_from=before.due_at,
            due_to=after.due_at,
        )
        await self._tx.put("moved", to_doc(row))

    async def moved_together(self, moves: Iterable[tuple[Doc, Doc]], revision: int) -> None:
        """Note the same of clocks that were dated together, never before: each as it was, and what changed."""
        rows = [
            {
                "_id": f"{doc['calendar']}:{revision}:{doc['_id']}",
                **{name: doc[name] for name in ("calendar", "site", "case", "code")},
                "revision": revision,
                "clock": doc["_id"],
                "due_from": doc["due_at"],
                "due_to": fields["due_at"],
            }
            for doc, fields in moves
        ]
        if rows:
            await self._tx.insert("moved", *rows)

    async def moved_by(self, calendar: str, revision: int, *, after: str, limit: int) -> list[Moved]:
        """Return what a publication moved, by id of the clock."""
        where = {"_id": {"$gt": f"{calendar}:{revision}:{after}", "$lt": f"{calendar}:{revision};"}}  # ids begin with these words
        return [from_doc(Moved, doc) for doc in await self._db.find("moved", where, sort=[("_id", 1)], limit=limit)]

    async def reason(self, ruling: Ruling, site: str, text: str, at: datetime) -> None:
        """Keep the words of a decision."""
        row = Reason(
            id=f"{ruling.clock}:{ruling.kind}:{at:%Y%m%dT%H%M%S%f}", clock=ruling.clock, site=site, kind=ruling.kind, by=ruling.by, at=at, text=text
        )
        await self._tx.put("reasons", to_doc(row))

    async def reasons(self, clock: str) -> list[Reason]:
        """Return the words of every decision about a clock, oldest first."""
        return [from_doc(Reason, doc) for doc in await self._db.find("reasons", {"clock": clock}, sort=[("at", 1)])]

    @property
    def _tx(self) -> Transaction:
        return cast("Transaction", self._db)
