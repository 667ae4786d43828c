"""What sla asks of its store about changes of policy: the queue of a site, the cases that are left to look at, what was done. Not here: decisions."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from common.documents import Doc, Documents, Transaction, from_doc, to_doc
from common.errors import NotFound
from common.policy import SitePolicy
from common.states import CaseStatus

from sla.domain.changes import PolicyChange, Stage, Visited
from sla.domain.windows import Declaration

LEASE = timedelta(seconds=30)
AT_ONCE = 20
OPEN_CASES = [status.value for status in CaseStatus if status is not CaseStatus.CLOSED]


class Changes:
    """Changes and what they did, on a database or inside a transaction."""

    def __init__(self, db: Documents, drafts: dict[str, SitePolicy]) -> None:
        """`drafts`: those that this process has read."""
        self._db, self._drafts = db, drafts

    # --- changes ----------------------------------------------------------------------------------------------------------------

    async def get(self, id: str, site: str) -> PolicyChange:
        """Return one change of a site. Raises NotFound."""
        doc = await self._db.get("changes", id)
        if doc is None or doc["site"] != site:
            raise NotFound
        return from_doc(PolicyChange, doc)

    async def of_site(self, site: str, *, limit: int, before: str | None = None) -> list[PolicyChange]:
        """Return the changes of a site, the newest first; `before` is the last one of the page before."""
        where: Doc = {"site": site} | ({"_id": {"$lt": before}} if before else {})
        return [from_doc(PolicyChange, doc) for doc in await self._db.find("changes", where, sort=[("_id", -1)], limit=limit)]

    async def newest_policy_change(self, site: str) -> PolicyChange | None:
        """Return the last change of the site's versions that was not a preview."""
        where: Doc = {"site": site, "preview": False, "kind": {"$in": ["policy", "rollback"]}}
        found = await self._db.find("changes", where, sort=[("_id", -1)], limit=1)
        return from_doc(PolicyChange, found[0]) if found else None

    async def keep(self, change: PolicyChange) -> None:
        """Keep a change."""
        await self._db.put("changes", to_doc(change))

    async def claim(self, now: datetime) -> PolicyChange | None:
        """Take the oldest change about which there is something to do, unless an older one of its site still runs. `now`: machine time."""
        taken = await self._db.claim("changes", {"wake_at": {"$lte": now}}, sort=[("_id", 1)], limit=AT_ONCE, lease=LEASE)
        first = [doc for doc in taken if not await self._db.count("changes", {**_running(doc["site"]), "_id": {"$lt": doc["_id"]}})][:1]
        for doc in taken:
            if doc not in first:
                await self.release(doc["_id"])
        return from_doc(PolicyChange, first[0]) if first else None

    async def release(self, id: str) -> None:
        """Give a claimed change free before its lease ends."""
        await self._db.update("changes", {"_id": id}, {"lease_until": None})

    async def advance(self, change: PolicyChange) -> bool:
        """Keep how far a change is and give it free; False for whoever lost its lease meanwhile."""
        return await self._db.replace("changes", to_doc(change.model_copy(update={"lease_until": None})), guard={"fence": change.fence})

    async def count_running(self) -> int:
        """Return how many changes are not done."""
        return await self._db.count("changes", {"stage": Stage.RUNNING})

    # --- what they look at --------------------------------------------------------------------------------------------------------

    async def open_cases(self, site: str, *, after: str, limit: int) -> list[str]:
        """Return open cases of a site in the order of their ids."""
        where: Doc = {"site": site, "case.status": {"$in": OPEN_CASES}, "_id": {"$gt": after}}
        return [doc["_id"] for doc in await self._db.find("files", where, sort=[("_id", 1)], limit=limit)]

    async def count_open(self, site: str) -> int:
        """Return how many cases of a site are open."""
        return await self._db.count("files", {"site": site, "case.status": {"$in": OPEN_CASES}})

    async def ended_since(self, site: str, at: datetime, *, after: str, limit: int) -> list[str]:
        """Return the cases of clocks that ended at `at` or later, in the order of their ids."""
        where: Doc = {"site": site, "live": False, "stopped_at": {"$gte": at}, "case": {"$gt": after}}
        found = await self._db.find("clocks", where, sort=[("case", 1)], limit=limit)
        return [doc["case"] for doc in found]

    async def closed_among(self, ids: Sequence[str]) -> list[str]:
        """Return those cases that are closed: the others are looked at anyway."""
        where: Doc = {"_id": {"$in": list(set(ids))}, "case.status": CaseStatus.CLOSED}
        return [doc["_id"] for doc in await self._db.find("files", where, sort=[("_id", 1)])]

    async def open_weeks(self, site: str, *, after: str, limit: int) -> list[str]:
        """Return the weeks whose batch is open."""
        where: Doc = {"site": site, "handed_over_at": None, "case": {"$ne": None}, "week": {"$gt": after}}
        return [doc["week"] for doc in await self._db.find("weeks", where, sort=[("week", 1)], limit=limit)]

    # --- what they did ------------------------------------------------------------------------------------------------------------

    async def visited(self, change: str, of: str) -> Visited | None:
        """Return what a change did to a case or week, None if it has not been there."""
        doc = await self._db.get("visited", f"{change}:{of}")
        return from_doc(Visited, doc) if doc else None

    async def unvisited(self, change: str, ids: Sequence[str]) -> list[str]:
        """Return those of the ids that a change has not been at."""
        rows = {f"{change}:{id_}": id_ for id_ in ids}
        there = {doc["_id"] for doc in await self._db.find("visited", {"_id": {"$in": list(rows)}})}
        return [id_ for row, id_ in rows.items() if row not in there]

    async def note(self, visited: Visited) -> None:
        """Keep what a change did to a case, once. Raises Taken."""
        await self._tx.insert("visited", to_doc(visited))

    async def changed_cases(self, change: str, *, after: str, limit: int) -> Sequence[Visited]:
        """Return the cases and weeks of which a clock changed, in the order of their ids."""
        where: Doc = {"change": change, "clocks.clock": {"$exists": True}, "_id": {"$gt": f"{change}:{after}"}}
        return [from_doc(Visited, doc) for doc in await self._db.find("visited", where, sort=[("_id", 1)], limit=limit)]

    # --- drafts -------------------------------------------------------------------------------------------------------------------

    async def keep_draft(self, change: str, draft: SitePolicy | Declaration) -> None:
        """Keep the policy or the declaration that a preview is about."""
        await self._tx.insert("drafts", {"_id": change, "draft": draft.model_dump(mode="json")})

    async def draft_policy(self, change: str) -> SitePolicy:
        """Return the policy that a preview is about. Raises NotFound."""
        if change not in self._drafts:
            self._drafts.clear()
            self._drafts[change] = SitePolicy.model_validate(await self._draft(change))
        return self._drafts[change]

    async def draft_declaration(self, change: str) -> Declaration:
        """Return the declaration that a preview is about. Raises NotFound."""
        return Declaration.model_validate(await self._draft(change))

    async def _draft(self, change: str) -> Doc:
        doc = await self._db.get("drafts", change)
        if doc is None:
            raise NotFound
        return cast("Doc", doc["draft"])

    # --- force majeure --------------------------------------------------------------------------------------------------------------

    async def declared(self, name: str) -> list[Declaration]:
        """Return a declaration at each of its sites."""
        found = await self._db.find("windows", {"declaration": name}, sort=[("site", 1)])
        return [from_doc(Declaration, doc) for doc in found]

    async def declarations(self, site: str, *, limit: int) -> list[Declaration]:
        """Return the declarations of a site, the newest first."""
        found = await self._db.find("windows", {"site": site}, sort=[("_id", -1)], limit=limit)
        return [from_doc(Declaration, doc) for doc in found]

    @property
    def _tx(self) -> Transaction:
        return cast("Transaction", self._db)


def _running(site: str) -> Doc:
    return {"site": site, "stage": Stage.RUNNING}
