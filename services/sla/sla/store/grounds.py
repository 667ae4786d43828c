"""What sla asks of its store about what clocks stand on: policies by version, calendars, windows of force majeure, rotas. Not here: decisions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from common import outbox
from common.documents import Aggregate, Doc, Documents, Transaction, from_doc, to_doc
from common.errors import UnknownSite
from common.events import Fact
from common.events.dispatch import RotaPublished
from common.policy import SitePolicy
from common.rota import SiteRota
from common.states import Lane
from pydantic import AwareDatetime, Field

from sla.domain.calendar import WorkingDays, YearDays
from sla.domain.changes import Step
from sla.domain.gaps import Window
from sla.domain.holidays import working_days
from sla.domain.windows import Declaration
from sla.store.sweep import Sweep
from sla.store.watch import Rest


class PolicyHead(Aggregate):
    """The newest version of a site's policy and the stream that tells of it."""

    version: int = 0
    fingerprint: str = ""
    steps: tuple[Step, ...] = ()  #: the last changes that brought open cases along
    windows_until: AwareDatetime | None = None  #: when the last window of force majeure ends: no case received later asks for windows


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
        self.rest = Rest()


class Grounds:
    """Policies, calendars, windows, rotas; on a database or inside a transaction."""

    def __init__(self, db: Documents, known: Known) -> None:
        """`db` is a transaction wherever something is saved."""
        self.db, self._known = db, known

    # --- policies, calendars, rotas ----------------------------------------------------------------------------------------------

    async def head(self, site: str) -> PolicyHead | None:
        """Return what the newest policy of a site is."""
        doc = await self.db.get("heads", site)
        return from_doc(PolicyHead, doc) if doc else None

    async def keep_head(self, head: PolicyHead) -> None:
        """Keep a head without a new version."""
        await self.db.put("heads", to_doc(head))

    async def declare(self, made: Declaration) -> None:
        """Keep a declaration of force majeure, whatever stands there of it already."""
        await self.db.put("windows", to_doc(made))
        head = await self.head(made.site)
        if head:
            until = max(made.until, head.windows_until or made.until)
            await self.keep_head(head.model_copy(update={"windows_until": until}))

    async def windows(self, site: str, since: datetime, *, without: str | None = None) -> tuple[Window, ...]:
        """Return the windows of a site that hold after `since`, those of one declaration left out."""
        head = await self.head(site)
        if head is None or head.windows_until is None or head.windows_until <= since:
            return ()
        found = await self.db.find("windows", {"site": site, "until": {"$gt": since}, "declaration": {"$ne": without}}, sort=[("_id", 1)])
        return tuple(window for doc in found for window in from_doc(Declaration, doc).holding())

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

    async def sweep(self, calendar: str) -> Sweep:
        """Return how far its clocks are dated again."""
        doc = await self.db.get("sweeps", calendar)
        return from_doc(Sweep, doc) if doc else Sweep(id=calendar)

    async def keep_sweep(self, sweep: Sweep) -> None:
        """Keep how far it is."""
        await self.db.put("sweeps", to_doc(sweep))

    async def count_stale(self, book: YearBook) -> int:
        """Return how many clocks wait to be dated again; looks at all of them while a sweep goes on."""
        sweep = await self.sweep(book.id)
        if sweep.revision == book.revision and sweep.clean_at:
            return 0
        return await self.db.count("clocks", {"live": True, "calendar": book.id, "revision": {"$lt": book.revision}})

    async def mark_dated(self, clocks: Sequence[str], revision: int) -> None:
        """Note that clocks were looked at after that publication, whatever came of it."""
        if clocks:
            await self.db.update("clocks", {"_id": {"$in": list(clocks)}, "revision": {"$lt": revision}}, {"revision": revision})

    async def keep_rota(self, fact: RotaPublished) -> bool:
        """Keep a site's newest people and rota; False for an older one. Raises ValidationError for one that could not be asked: it is parked."""
        SiteRota.of(fact)
        there = await self.db.get("rotas", fact.site)
        newer = there is None or there["version"] < fact.version
        if newer:
            await self.db.put("rotas", {"_id": fact.site, "version": fact.version, "fact": fact.model_dump(mode="json")})
        return bool(newer)

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
