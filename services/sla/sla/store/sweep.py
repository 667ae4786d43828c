"""Going over all clocks of a calendar without an index for it, place by place. Not here: what is done to a clock (`handlers.redating`)."""

from collections.abc import Sequence
from datetime import UTC, datetime

from common.documents import Doc
from pydantic import AwareDatetime, BaseModel

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Sweep(BaseModel):
    """How far the clocks of a calendar are dated again after its publication `revision`.

    Passes follow each other until one finds nothing; the last comes later, for clocks that were being opened by the old calendar meanwhile.
    """

    id: str  #: the calendar
    revision: int = 0
    site: str = ""
    first_at: AwareDatetime | None = None
    clock: str = ""  #: where the pass is; empty = at its beginning
    found: bool = False  #: something, in this pass
    clean_at: AwareDatetime | None = None  #: machine time at which a whole pass found nothing
    settled: bool = False  #: it looked once more

    def places(self) -> list[Doc]:
        """Return where to look on, one after the other."""
        if not self.clock:
            return [{}]
        after = {"$gt": self.first_at or LONG_AGO}
        here: Doc = {"site": self.site}
        return [here | {"first_at": self.first_at, "_id": {"$gt": self.clock}}, here | {"first_at": after}, {"site": {"$gt": self.site}}]

    def after(self, rows: Sequence[Doc], *, more: bool, now: datetime) -> "Sweep":
        """Return the sweep after it dated these clocks; `more`: the pass goes on behind them."""
        if more:
            last = rows[-1]
            return self.model_copy(update={"site": last["site"], "first_at": last["first_at"], "clock": last["_id"], "found": True})
        again = Sweep(id=self.id, revision=self.revision)
        if rows or self.found:
            return again
        return again.model_copy(update={"clean_at": self.clean_at or now, "settled": self.clean_at is not None})
