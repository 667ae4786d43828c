"""What sla asks of its store, each question by name. Not here: decisions.

One document per clock; the firing loop finds it by `armed` and `next_at` alone, so an index keeps only clocks that wait for something.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from common import outbox, tracing
from common.buffered import Buffered
from common.clock_rules import Subject
from common.documents import Doc, Documents, Index, from_doc, to_doc
from common.errors import Missing
from common.events import Fact
from common.events.sla import EscalationRaised, EscalationRepeated
from common.states import Lane, Urgency
from pydantic import AwareDatetime, BaseModel

from sla.domain.case_file import CaseFile
from sla.domain.clock import Clock
from sla.domain.follow import Change
from sla.store import audit, dated, watch
from sla.store.changes import Changes
from sla.store.grounds import Grounds, Known, PolicyHead, YearBook
from sla.store.notes import Notes
from sla.store.sweep import Sweep

__all__ = ["INDEXES", "BatchWeek", "Due", "Known", "PolicyHead", "Store", "Sweep", "YearBook"]

INDEXES: tuple[Index, ...] = (
    *audit.INDEXES,
    Index("clocks", (("next_at", 1),), where={"armed": True}),
    Index("clocks", (("site", 1),), where={"alarmed": True}),
    Index("clocks", (("case", 1),)),
    Index("files", (("order_ids", 1),)),
    Index("files", (("site", 1),), where={"alarmed": True}),
    Index("files", (("site", 1), ("weeks", 1))),
    Index("files", (("site", 1), ("case.status", 1), ("_id", 1))),
    Index("files", (("site", 1), ("_id", 1))),
    Index("clocks", (("site", 1), ("stopped_at", 1)), where={"live": False}),
    Index("policies", (("site", 1), ("version", 1)), unique=True),
    Index("reasons", (("clock", 1), ("at", 1))),
    Index("changes", (("site", 1), ("_id", -1))),
    Index("changes", (("stage", 1), ("_id", 1))),
    Index("changes", (("wake_at", 1),)),
    Index("windows", (("site", 1), ("until", 1))),
    Index("windows", (("declaration", 1),)),
    Index("visited", (("change", 1), ("_id", 1))),
    Index("outbox", (("once", 1),), unique=True, where={"once": {"$exists": True}}),  # the lock that a level is raised once (ADR 0019)
    *watch.INDEXES,
)
LEASE = timedelta(seconds=30)


def _hanging_on(subject: str) -> Doc:
    """Return what finds the clocks of a subject: their ids begin with it, so no index of its own is kept."""
    return {"_id": {"$gt": f"{subject}:", "$lt": f"{subject};"}}


def once(fact: Fact) -> str | None:
    """Return the lock of a raised level, `<clock>:<level>` (decisions.md 2), of one raised again with its number; None for any other fact."""
    if isinstance(fact, EscalationRepeated):
        return f"{fact.clock.id}:{fact.level}:{fact.number}"
    return f"{fact.clock.id}:{fact.level}" if isinstance(fact, EscalationRaised) else None


class Due(NamedTuple):
    """What whoever claimed a clock has to know of it; everything else is read again when it is fired."""

    id: str
    fence: int
    site: str
    case: str | None
    next_at: datetime


class BatchWeek(BaseModel):
    """The slip batch of one site and week, and the order that opened it."""

    id: str
    site: str
    week: str
    case: str | None = None
    order: str | None = None
    due_at: AwareDatetime | None = None
    handed_over_at: AwareDatetime | None = None
    touched: int = 0  #: so that a completion and a handover at the same time conflict and one decides again

    @property
    def subject(self) -> str:
        """Return what its clock hangs on."""
        return f"{Subject.SITE_WEEK}:{self.site}:{self.week}"


class Store(Grounds):
    """Clocks and what they are a function of; on a database or inside a transaction."""

    def __init__(self, db: Documents, known: Known) -> None:
        """`db` is a transaction wherever something is saved."""
        super().__init__(db, known)
        self.changes = Changes(db, known.drafts)
        self.notes = Notes(db)
        self.watch = watch.Watch(db, known.rest)
        self.audit = audit.Audit(db)

    # --- clocks ---------------------------------------------------------------------------------------------------------------

    async def clock(self, id: str) -> Clock | None:
        """Return one clock."""
        doc = await self.db.get("clocks", id)
        return from_doc(Clock, doc) if doc else None

    async def clocks_of(self, case: str) -> dict[str, Clock]:
        """Return every clock of a case by id."""
        return {doc["_id"]: from_doc(Clock, doc) for doc in await self.db.find("clocks", {"case": case})}

    async def clocks_on(self, subject: str) -> dict[str, Clock]:
        """Return every clock that hangs on a subject by id."""
        return {doc["_id"]: from_doc(Clock, doc) for doc in await self.db.find("clocks", _hanging_on(subject))}

    async def search(self, where: Doc, *, limit: int) -> list[Clock]:
        """Return clocks by plain equality: open ones first, those due earliest before the others; then ended ones, the last first."""
        if subject := where.get("subject"):
            where = where | _hanging_on(subject)
        rows = list[Doc]()
        for live, sort in ((True, [("first_at", 1), ("_id", 1)]), (False, [("stopped_at", -1), ("_id", 1)])):
            if len(rows) < limit and where.get("live", live) is live:
                rows += await self.db.find("clocks", where | {"live": live}, sort=sort, limit=limit - len(rows))
        return [from_doc(Clock, doc) for doc in rows]

    async def claim_due(self, now: datetime, *, limit: int) -> list[Due]:
        """Take up to `limit` clocks whose next level is due; a crash gives them free when the lease ends (reliability.md 3.5)."""
        where: Doc = {"armed": True, "next_at": {"$lte": now}}
        rows = await self.db.claim("clocks", where, sort=[("next_at", 1)], limit=limit, lease=LEASE, fields=Due._fields)
        return [Due(row["_id"], *(row[name] for name in Due._fields[1:])) for row in rows]

    async def foresee(self, clocks: Sequence[Due]) -> None:
        """Read all that firing these clocks asks for, in a few round trips; where nothing is buffered, each is read when it is asked for."""
        if isinstance(self.db, Buffered):
            await self.db.read("clocks", [clock.id for clock in clocks])
            await self.db.read("files", list({clock.case for clock in clocks if clock.case}))
            await self.db.read("rotas", list({clock.site for clock in clocks}))

    async def hold(self, clocks: Sequence[Due]) -> None:
        """Touch these clocks first of all: from here on whoever else writes one of them waits for this transaction, not this one for them."""
        await self.db.update("clocks", {"_id": {"$in": [clock.id for clock in clocks]}}, inc={"touched": 1})

    async def release(self, ids: Sequence[str]) -> None:
        """Give claimed clocks free before their lease ends; whoever claims next raises the fence."""
        await self.db.update("clocks", {"_id": {"$in": list(ids)}}, {"lease_until": None})

    async def count_due(self, now: datetime) -> int:
        """Return how many clocks have a level due."""
        return await self.db.count("clocks", {"armed": True, "next_at": {"$lte": now}})

    async def next_at(self, after: datetime | None = None) -> datetime | None:
        """Return when the next level is due, of those later than `after` if it is given."""
        where: Doc = {"armed": True} | ({"next_at": {"$gt": after}} if after else {})
        found = await self.db.find("clocks", where, sort=[("next_at", 1)], limit=1)
        return found[0]["next_at"] if found else None

    async def save(self, change: Change) -> None:
        """Keep the clock with its facts, each at the time it happened. A level that was raised before raises Taken, at once or at the commit."""
        clock = change.clock
        seqs = dict(clock.seqs)
        for fact, at in change.facts:
            await outbox.say(self._tx, clock.id, seqs, [fact], site=clock.site, at=at, lane=clock.lane, once=once(fact))
        await self.db.put("clocks", to_doc(clock.model_copy(update={"seqs": seqs})))

    async def stale(self, sweep: Sweep, *, limit: int) -> list[Doc]:
        """Return live clocks that were dated before a publication of their calendar, from the place of a sweep on: what dating again needs.

        In the order of the auditor's index: one for this question alone would cost every clock that is opened or fired.
        """
        rows, stale = list[Doc](), {"live": True, "calendar": sweep.id, "revision": {"$lt": sweep.revision}}
        for place in sweep.places():
            if len(rows) < limit:
                rows += await self.db.find("clocks", place | stale, sort=audit.IN_TURN, limit=limit - len(rows), fields=dated.FIELDS)
        return rows

    async def redated(self, moves: Sequence[tuple[Doc, Doc]], revision: int, now: datetime) -> None:
        """Keep the new dates of clocks with their facts, in one write (ADR 0037). `moves`: a clock as it was, and what changes."""
        rows = []
        for doc, fields in moves:
            seqs = dict(doc["seqs"])
            self.continue_trace(doc["trace"])
            said = [dated.redated(doc, fields)]
            await outbox.say(self._tx, doc["_id"], seqs, said, site=doc["site"], at=now, lane=dated.lane_of(doc), at_leisure=True)
            rows.append(({"_id": doc["_id"]}, fields | {"seqs": seqs, "revision": revision}))
        await self.db.amend("clocks", rows)

    def continue_trace(self, trace: str) -> None:
        """Let what is said now belong to the trace that opened the clock."""
        self._tx.trace = trace or tracing.new()

    # --- what clocks are a function of ------------------------------------------------------------------------------------------

    async def known_file(self, case: str) -> CaseFile | None:
        """Return the file of a case, None if there is none yet."""
        doc = await self.db.get("files", case)
        return from_doc(CaseFile, doc) if doc else None

    async def file(self, case: str) -> CaseFile:
        """Return the file of a case. Raises Missing when intake's fact is not here yet."""
        file = await self.known_file(case)
        if file is None:
            raise Missing(f"intake:case:{case}")
        return file

    async def file_of_order(self, order: str) -> CaseFile:
        """Return the file of the case that an order belongs to. Raises Missing when dispatch's fact is not here yet."""
        found = await self.db.find("files", {"order_ids": order}, limit=1)
        if not found:
            raise Missing(f"dispatch:work_order:{order}")
        return from_doc(CaseFile, found[0])

    async def files_in_week(self, site: str, week: str) -> list[CaseFile]:
        """Return the files with a slip in the batch of that week."""
        return [from_doc(CaseFile, doc) for doc in await self.db.find("files", {"site": site, "weeks": week})]

    async def files_since(self, site: str, at: datetime, *, after: str, limit: int) -> list[CaseFile]:
        """Return files of cases received at `at` or later, in the order of their ids."""
        where: Doc = {"site": site, "case.received_at": {"$gte": at}, "_id": {"$gt": after}}
        return [from_doc(CaseFile, doc) for doc in await self.db.find("files", where, sort=[("_id", 1)], limit=limit)]

    async def count_files_since(self, site: str, at: datetime) -> int:
        """Return how many files `files_since` would find in all."""
        return await self.db.count("files", {"site": site, "case.received_at": {"$gte": at}})

    async def say_of_case(self, file: CaseFile, facts: Sequence[Fact], *, at: datetime) -> CaseFile:
        """Say facts about a case; return the file that counts them, to be kept."""
        seqs = dict(file.seqs)
        lane = Lane.URGENT if file.case.urgency is Urgency.P1 else Lane.NORMAL
        await outbox.say(self._tx, file.id, seqs, facts, site=file.site, at=at, lane=lane)
        return file.model_copy(update={"seqs": seqs})

    async def keep_file(self, file: CaseFile) -> None:
        """Keep the file of a case."""
        await self.db.put("files", to_doc(file))

    async def week(self, site: str, week: str) -> BatchWeek:
        """Return the batch of a site and week, a new one if there is none."""
        doc = await self.db.get("weeks", f"{site}:{week}")
        return from_doc(BatchWeek, doc) if doc else BatchWeek(id=f"{site}:{week}", site=site, week=week)

    async def weeks(self, site: str, names: Sequence[str]) -> list[BatchWeek]:
        """Return those of the weeks that are there."""
        found = await self.db.find("weeks", {"_id": {"$in": [f"{site}:{name}" for name in names]}})
        return [from_doc(BatchWeek, doc) for doc in found]

    async def weeks_waiting(self, site: str, until: datetime) -> list[BatchWeek]:
        """Return the batches that were due before `until` and were not handed over."""
        found = await self.db.find("weeks", {"site": site, "handed_over_at": None, "due_at": {"$lt": until}}, sort=[("due_at", 1)])
        return [from_doc(BatchWeek, doc) for doc in found]

    async def keep_week(self, week: BatchWeek) -> None:
        """Keep a batch."""
        await self.db.put("weeks", to_doc(week))
