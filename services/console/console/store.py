"""What console asks of its store, each question by name: the board, timelines, copies of what others own, accounts and sessions.

Nothing personal is kept: cases, people and recipients are references. Not here: decisions, hashing.
"""

from collections.abc import Sequence
from datetime import datetime

from common.auth import ALL_SITES
from common.documents import Doc, Documents, Index, from_doc, to_doc
from common.errors import Missing, Taken, Text
from common.states import CaseStatus
from common.timesource import machine_now
from pydantic import BaseModel

from console.domain.account import Account, Session
from console.domain.board import TAIL, Row
from console.domain.filters import ALL, OPEN, Filter
from console.domain.fixes import Fix
from console.domain.timeline import Entry

INDEXES: tuple[Index, ...] = (
    Index("cases", (("open", 1), ("sort_at", 1), ("_id", 1))),
    Index("cases", (("site", 1), ("open", 1), ("sort_at", 1), ("_id", 1))),
    Index("cases", (("status", 1), ("closed_at", -1), ("_id", 1))),
    Index("cases", (("tail", 1),)),
    Index("cases", (("changed_at", 1),)),
    Index("cases", (("orders.assignee", 1), ("open", 1))),
    Index("cases", (("orders.offered", 1), ("open", 1))),
    Index("cases", (("orders.second", 1), ("open", 1))),
    Index("cases", (("orders.awaits", 1), ("open", 1), ("site", 1))),
    Index("timeline", (("case", 1), ("at", 1))),
    Index("timeline", (("recorded_at", 1),)),
    Index("fixes", (("site", 1), ("completed_at", 1))),
    Index("returns", (("site", 1), ("order", 1), ("case", 1))),
    Index("sessions", (("ends_at", 1),)),
    Index("sessions", (("login", 1),)),
)
LAST = "\U0010ffff"  # sorts behind every character of a case number
MOST_WORK = 200  # nobody has more in hand on a phone
NEWEST = 20  # how far back a look for changes goes: a late commit lands a few places behind


class Site(BaseModel):
    """What console keeps of a site's policy: names, zone, words for faults."""

    id: str
    version: int
    name: dict[str, str]
    zone: str
    faults: dict[str, dict[str, str]] = {}

    def named(self, locale: str) -> str:
        """Return the site's name."""
        return Text(**self.name).in_(locale)

    @property
    def fault_names(self) -> dict[str, Text]:
        """Return the words for the site's faults."""
        return {code: Text(**names) for code, names in self.faults.items()}


class Crew(BaseModel):
    """Who works at a site: references and roles."""

    id: str
    version: int
    people: dict[str, tuple[str, ...]]


class Store:
    """Read models, accounts and sessions; on a database or inside a transaction."""

    def __init__(self, db: Documents) -> None:
        """Keep the documents."""
        self.db = db

    # --- board and timeline ---------------------------------------------------------------------------------------------------

    async def find_row(self, number: str) -> Row | None:
        """Return a case's row, or None."""
        doc = await self.db.get("cases", number)
        return from_doc(Row, doc) if doc else None

    async def row(self, number: str) -> Row:
        """Return a case's row. Raises Missing while intake's first fact about it has not come."""
        found = await self.find_row(number)
        if found is None:
            raise Missing(f"intake:case:{number}")
        return found

    async def save_row(self, row: Row) -> None:
        """Keep a row; `changed_at` is machine time and only tells open pages where to look."""
        await self.db.put("cases", to_doc(row.model_copy(update={"rev": row.rev + 1})) | {"changed_at": machine_now()})

    async def add_entry(self, entry: Entry) -> None:
        """Keep an entry, once."""
        if await self.db.get("timeline", entry.id) is None:
            await self.db.put("timeline", to_doc(entry) | {"recorded_at": machine_now()})

    async def entries(self, number: str) -> list[Entry]:
        """Return the entries of a case, oldest first (the order within one instant is the domain's)."""
        return [from_doc(Entry, doc) for doc in await self.db.find("timeline", {"case": number}, sort=[("at", 1)])]

    async def board(self, wanted: Filter, sites: Sequence[str]) -> list[Row]:
        """Return what a view shows: what is due first comes first; among closed cases the newest."""
        sort = [("closed_at", -1), ("_id", 1)] if wanted.status == CaseStatus.CLOSED else [("sort_at", 1), ("_id", 1)]
        return [from_doc(Row, doc) for doc in await self.db.find("cases", _where(wanted, sites), sort=sort, limit=wanted.show)]

    async def work_of(self, person: str, sites: Sequence[str], awaited: Sequence[str] = ()) -> list[Row]:
        """Return the open cases with an order that was given or is open to this person or firm, waits for their second look, or for `awaited`."""
        scope: Doc = {"open": True} | ({} if ALL_SITES in sites else {"site": {"$in": list(sites)}})
        wanted = [scope | {name: person} for name in ("orders.assignee", "orders.offered", "orders.second")]
        wanted += [scope | {"orders.awaits": what} for what in awaited]
        found = [await self.db.find("cases", where, sort=[("sort_at", 1), ("_id", 1)], limit=MOST_WORK) for where in wanted]
        return [from_doc(Row, doc) for doc in {doc["_id"]: doc for docs in found for doc in docs}.values()]

    async def tally(self, wanted: Filter, sites: Sequence[str], now: datetime) -> dict[str, int]:
        """Return how many cases a view has, and how many of them are late."""
        where = _where(wanted, sites)
        late = await self.db.count("cases", where | {"sort_at": {"$lt": now}})
        return {"cases": await self.db.count("cases", where), "late": late}

    async def latest(self) -> frozenset[str]:
        """Return marks of the newest changes: another set means that something changed, late commits included."""
        rows = await self.db.find("cases", sort=[("changed_at", -1)], limit=NEWEST)
        entries = await self.db.find("timeline", sort=[("recorded_at", -1)], limit=NEWEST)
        return frozenset([f"{doc['_id']}@{doc['rev']}" for doc in rows] + [doc["_id"] for doc in entries])

    # --- repairs that held ----------------------------------------------------------------------------------------------------

    async def keep_fix(self, fix: Fix) -> None:
        """Keep a completed repair."""
        await self.db.put("fixes", to_doc(fix))

    async def keep_return(self, site: str, *, order: str | None = None, case: str | None = None, told_by: str | None = None) -> None:
        """Keep that an order has to be done again, or that a case's problem came again in `told_by` (None: it did not after all)."""
        name = f"order:{order}" if order else f"case:{told_by}"
        if order or case:
            await self.db.put("returns", {"_id": name, "site": site, "order": order, "case": case})
        else:
            await self.db.delete("returns", {"_id": name})

    async def fixes(self, site: str, since: datetime, until: datetime) -> tuple[list[Fix], set[str], set[str]]:
        """Return the repairs completed in the period, which of them had to be done again, and which of their cases came again."""
        docs = await self.db.find("fixes", {"site": site, "completed_at": {"$gte": since, "$lt": until}}, sort=[("completed_at", 1)])
        done = [from_doc(Fix, doc) for doc in docs]
        orders = await self.db.find("returns", {"site": site, "order": {"$in": [one.id for one in done]}}) if done else []
        cases = await self.db.find("returns", {"site": site, "case": {"$in": [one.case for one in done]}}) if done else []
        return done, {doc["order"] for doc in orders}, {doc["case"] for doc in cases}

    # --- copies of what others own --------------------------------------------------------------------------------------------

    async def site(self, site: str) -> Site | None:
        """Return what is known of a site."""
        doc = await self.db.get("sites", site)
        return from_doc(Site, doc) if doc else None

    async def sites(self, scope: Sequence[str]) -> list[Site]:
        """Return the sites in scope, by code."""
        where = {} if ALL_SITES in scope else {"_id": {"$in": list(scope)}}
        return [from_doc(Site, doc) for doc in await self.db.find("sites", where, sort=[("_id", 1)])]

    async def keep_site(self, site: Site) -> None:
        """Keep the newest version of a site."""
        await self.db.put("sites", to_doc(site))

    async def crew(self, site: str) -> Crew | None:
        """Return who works at a site."""
        doc = await self.db.get("crews", site)
        return from_doc(Crew, doc) if doc else None

    async def keep_crew(self, crew: Crew) -> None:
        """Keep the newest version of who works at a site."""
        await self.db.put("crews", to_doc(crew))

    # --- accounts and sessions (machine time) ---------------------------------------------------------------------------------

    async def account(self, login: str) -> Account | None:
        """Return an account, or None."""
        doc = await self.db.get("accounts", login)
        return from_doc(Account, doc) if doc else None

    async def add_account(self, account: Account) -> None:
        """Keep a new account. Raises Taken when the login is in use."""
        if await self.db.get("accounts", account.id) is not None:
            raise Taken
        await self.db.insert("accounts", to_doc(account))

    async def session(self, session_id: str) -> Session | None:
        """Return a session, or None."""
        doc = await self.db.get("sessions", session_id)
        return from_doc(Session, doc) if doc else None

    async def keep_session(self, session: Session) -> None:
        """Keep a session."""
        await self.db.put("sessions", to_doc(session))

    async def end_session(self, session_id: str) -> None:
        """Forget a session."""
        await self.db.delete("sessions", {"_id": session_id})

    async def sweep_sessions(self, now: datetime) -> int:
        """Forget sessions that are over; return how many."""
        return await self.db.delete("sessions", {"ends_at": {"$lte": now}})


def _where(wanted: Filter, scope: Sequence[str]) -> Doc:
    """Return the conditions of a view. A site is only ever narrowed to, never widened."""
    where: Doc = {}
    if ALL_SITES not in scope:
        where["site"] = {"$in": [site for site in scope if wanted.site in {"", site}]}
    elif wanted.site:
        where["site"] = wanted.site
    if wanted.status == OPEN:
        where["open"] = True
    elif wanted.status != ALL:
        where["status"] = str(wanted.status)
    where |= {name: value for name, value in (("kind", wanted.kind), ("urgency", wanted.urgency)) if value}
    if wanted.wanted and len(wanted.wanted) == TAIL and "-" not in wanted.wanted:
        where["tail"] = wanted.wanted
    elif wanted.wanted:
        where["_id"] = {"$gte": wanted.wanted, "$lt": wanted.wanted + LAST}
    return where
