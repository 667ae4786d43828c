"""What sla notes beside its clocks: which of them a calendar moved, and the words of people's reasons. Not here: decisions."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from common.documents import Doc, Documents, Transaction, from_doc, to_doc
from pydantic import AwareDatetime, BaseModel
from uuid_utils.compat import uuid7

from sla.domain.rulings import Ruling


class Moved(BaseModel):
    """A clock that was dated, or dated anew, because a year of its calendar was published."""

    clock: str
    site: str
    case: str | None = None
    code: str
    due_from: AwareDatetime | None = None
    due_to: AwareDatetime | None = None


class Moves(BaseModel):
    """What one transaction moved: a row for each clock would cost a million of them."""

    id: str  #: `<calendar>:<revision>:<when it was written>`
    rows: tuple[Moved, ...]

    @property
    def place(self) -> str:
        """Its place among those of the same publication."""
        return self.id.rsplit(":", 1)[1]


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

    async def moved(self, calendar: str, revision: int, rows: Sequence[Doc]) -> None:
        """Note which clocks a publication moved, in the form of Moved."""
        if rows:
            await self._tx.insert("moved", {"_id": f"{calendar}:{revision}:{uuid7().hex}", "rows": list(rows)})

    async def moved_by(self, calendar: str, revision: int, *, after: str = "") -> tuple[list[Moved], str | None]:
        """Return some of the clocks that a publication moved, in the order in which they were written, and the place after which there are more."""
        where = {"_id": {"$gt": f"{calendar}:{revision}:{after}", "$lt": f"{calendar}:{revision};"}}  # ids begin with these words
        found = [from_doc(Moves, doc) for doc in await self._db.find("moved", where, sort=[("_id", 1)], limit=2)]
        return (list(found[0].rows), found[0].place if len(found) > 1 else None) if found else ([], None)

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
