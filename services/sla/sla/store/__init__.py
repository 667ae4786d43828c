"""What sla asks of its store, each question by name. Not here: decisions.

One document per clock; the firing loop finds it by `armed` and `next_at` alone, so an index keeps only clocks that wait for something.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from common import outbox, tracing
from common.buffered import Buffered
from common.clock_rules import Subject
from common.documents import Aggregate, Doc, Documents, Index, Transaction, from_doc, to_doc
from common.errors import Missing, UnknownSite
from common.events import EscalationRaised, Fact, RotaPublished
from common.policy import SitePolicy
from common.rota import SiteRota
from common.states import Lane
from pydantic import AwareDatetime, BaseModel, Field

from sla.domain.calendar import WorkingDays, YearDays
from sla.domain.case_file import CaseFile
from sla.domain.changes import Step
from sla.domain.clock import Clock
from sla.domain.follow import Change
from sla.domain.holidays import working_days
from sla.store.changes import Changes

INDEXES: tuple[Index, ...] = (
    Index("clocks", (("next_at", 1),), where={"armed": True}),
    Index("clocks", (("calendar", 1), ("revision", 1)), where={"live": True}),
    Index("clocks", (("case", 1),)),
    Index("clocks", (("subject", 1),)),
    Index("clocks", (("site", 1), ("live", 1), ("next_at", 1))),
    Index("files", (("order_ids", 1),)),
    Index("files", (("site", 1), ("weeks", 1))),
    Index("files", (("site", 1), ("case.status", 1), ("_id", 1))),
    Index("files", (("site", 1), ("_id", 1))),
    Index("clocks", (("site", 1), ("stopped_at", 1)), where={"live": False}),
    Index("policies", (("site", 1), ("version", 1)), unique=True),
    Index("changes", (("site", 1), ("_id", -1))),
    Index("changes", (("stage", 1), ("_id", 1))),
    Index("changes", (("settles_at", 1),)),
    Index("visited", (("change", 1), ("_id", 1))),
    Index("outbox", (("once", 1),), unique=True, where={"once": {"$exists": True}}),  # the lock that a level is raised once (ADR 0019)
)
LEASE = timedelta(seconds=30)


def once(fact: Fact) -> str | None:
    """Return the lock of a raised level, `<clock>:<level>` (decisions.md 2); None for any other fact."""
    return f"{fact.clock.id}:{fact.level}" if isinstance(fact, EscalationRaised) else None


class Due(NamedTuple):
    """What whoever claimed a clock has to know of it; everything else is read again when it is fired."""

    id: str
    fence: int
    site: str
    case: str | None
    next_at: datetime


class PolicyHead(Aggregate):
    """The newest version of a site's policy and the stream that tells of it."""

    version: int = 0
    fingerprint: str = ""
    steps: tuple[Step, ...] = ()  #: the last changes that brought open cases along


class YearBook(Aggregate):
    """The published years of one calendar; `revision` counts publications."""

    revision: int = 0
    years: dict[str, dict[str, list[str]]] = Field(default_factory=dict)

    def days(self) -> dict[int, YearDays]:
        """Return them as the domain knows them."""
        read = datetime.fromisoformat
        return {
            int(year): YearDays(frozenset(read(day).date() for day in days["off"]), frozenset(read(day).date() for day in days["worked"]))
            for year, days in self.years.items()
        }


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


class Known:
    """What this process has read and need not read again: policies by version, the newest rota of a site and days of a calendar.

    One per app, so that worlds in one process do not mix.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self.policies: dict[tuple[str, int], SitePolicy] = {}
        self.rotas: dict[str, tuple[int, SiteRota]] = {}
        self.days: dict[str, WorkingDays] = {}
        self.drafts: dict[str, SitePolicy] = {}


class Store:
    """Clocks and what they are a function of; on a database or inside a transaction."""

    def __init__(self, db: Documents, known: Known) -> None:
        """`db` is a transaction wherever something is saved."""
        self.db, self._known = db, known
        self.changes = Changes(db, known.drafts)

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
        return {doc["_id"]: from_doc(Clock, doc) for doc in await self.db.find("clocks", {"subject": subject})}

    async def search(self, where: Doc, *, limit: int) -> list[Clock]:
        """Return clocks by plain equality; what happens next comes first, ended ones last."""
        found = await self.db.find("clocks", where, sort=[("live", -1), ("next_at", 1), ("_id", 1)], limit=limit)
        return [from_doc(Clock, doc) for doc in found]

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

    # --- policies, calendars, rotas ----------------------------------------------------------------------------------------------

    async def head(self, site: str) -> PolicyHead | None:
        """Return what the newest policy of a site is."""
        doc = await self.db.get("heads", site)
        return from_doc(PolicyHead, doc) if doc else None

    async def keep_head(self, head: PolicyHead) -> None:
        """Keep a head without a new version."""
        await self.db.put("heads", to_doc(head))

    async def publish_policy(self, head: PolicyHead, policy: SitePolicy, fact: Fact, *, at: datetime) -> None:
        """Keep a new version beside the old ones, with its fact."""
        row: Doc = {"_id": f"{head.site}:{head.version}", "site": head.site, "version": head.version, "at": at}
        await self.db.insert("policies", row | {"policy": policy.model_dump(mode="json")})
        await outbox.save(self._tx, "heads", head, [fact], at=at, lane=Lane.NORMAL)

    async def policy(self, site: str, version: int) -> SitePolicy:
        """Return one version of a site's policy. Raises UnknownSite."""
        kept = self._known.policies.get((site, version))
        if kept is None:
            doc = await self.db.get("policies", f"{site}:{version}")
            if doc is None:
                raise UnknownSite(None, site=site)
            kept = self._known.policies[site, version] = SitePolicy.model_validate(doc["policy"])
        return kept

    async def year_book(self, calendar: str) -> YearBook:
        """Return the published years of a calendar."""
        doc = await self.db.get("calendars", calendar)
        return from_doc(YearBook, doc) if doc else YearBook(id=calendar, site="ALL")

    async def year_books(self) -> list[YearBook]:
        """Return every calendar that was ever published."""
        return [from_doc(YearBook, doc) for doc in await self.db.find("calendars")]

    async def publish_year(self, book: YearBook, fact: Fact, *, at: datetime) -> None:
        """Keep a calendar with one more year, with its fact."""
        await outbox.save(self._tx, "calendars", book, [fact], at=at, lane=Lane.NORMAL)

    async def days(self, calendar: str) -> WorkingDays:
        """Return the working days of a calendar."""
        book = await self.year_book(calendar)
        kept = self._known.days.get(calendar)
        if kept is None or kept.revision != book.revision:
            kept = self._known.days[calendar] = working_days(calendar, book.days(), book.revision)
        return kept

    async def stale(self, book: YearBook, *, limit: int) -> list[Clock]:
        """Return live clocks that were dated before the last publication of their calendar."""
        where: Doc = {"live": True, "calendar": book.id, "revision": {"$lt": book.revision}}
        return [from_doc(Clock, doc) for doc in await self.db.find("clocks", where, limit=limit)]

    async def count_stale(self, book: YearBook) -> int:
        """Return how many clocks `stale` would find."""
        return await self.db.count("clocks", {"live": True, "calendar": book.id, "revision": {"$lt": book.revision}})

    async def mark_dated(self, clock: str, revision: int) -> None:
        """Note that a clock was looked at after that publication, whatever came of it."""
        await self.db.update("clocks", {"_id": clock, "revision": {"$lt": revision}}, {"revision": revision})

    async def keep_rota(self, fact: RotaPublished) -> None:
        """Keep a site's newest people and rota. Raises ValidationError for one that could not be asked: it is parked, not met at a deadline."""
        SiteRota.of(fact)
        there = await self.db.get("rotas", fact.site)
        if there is None or there["version"] < fact.version:
            await self.db.put("rotas", {"_id": fact.site, "version": fact.version, "fact": fact.model_dump(mode="json")})

    async def rota(self, site: str) -> SiteRota | None:
        """Return a site's people and rota, None while none are published."""
        doc: Any = await self.db.get("rotas", site)
        if doc is None:
            return None
        version, kept = self._known.rotas.get(site, (0, None))
        if kept is None or version != doc["version"]:
            kept = SiteRota.of(RotaPublished.model_validate(doc["fact"]))
            self._known.rotas[site] = (doc["version"], kept)
        return kept

    @property
    def _tx(self) -> Transaction:
        return cast("Transaction", self.db)
