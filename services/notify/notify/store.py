"""What notify asks of its store, each question by name. Not here: decisions.

`notices` are the delivery ledger. Only open ones stand in the index the loops claim from, so it stays as small as the work at hand.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from common import outbox
from common.documents import Doc, Documents, Index, Transaction, from_doc, to_doc
from common.errors import Missing
from common.events.dispatch import RotaPublished
from common.rota import SiteRota

from notify.domain.breaker import Breaker
from notify.domain.endpoint import ALL, Endpoint
from notify.domain.notice import Audience, Hold, Notice, Result, Status
from notify.domain.site import SiteView, view_id

INDEXES: tuple[Index, ...] = (
    Index("notices", (("audience", 1), ("lane", -1), ("due_at", 1)), where={"open": True}),
    Index("notices", (("ends", 1),), where={"open": True}),
    Index("notices", (("case", 1), ("at", 1))),
    Index("notices", (("recipient", 1), ("at", -1))),
    Index("sites", (("site", 1), ("version", -1)), unique=True),
    Index("endpoints", (("site", 1), ("kinds", 1))),
)
CLAIM_ORDER = (("lane", -1), ("due_at", 1))  # "urgent" comes after "normal" in the alphabet


class Store:
    """Notices, endpoints, and copies of policies and rotas; on a database or inside a transaction."""

    def __init__(self, db: Documents) -> None:
        """`db` is a transaction wherever something is saved."""
        self.db = db

    # --- notices --------------------------------------------------------------------------------------------------------------

    async def add(self, result: Result, *, at: datetime) -> None:
        """Keep a new notice with its facts; one that is there already stays as it is."""
        notice, _ = result
        if await self.db.get("notices", notice.id) is None:
            await self.save(result, at=at)

    async def save(self, result: Result, *, at: datetime) -> None:
        """Keep a notice with its facts."""
        notice, facts = result
        await outbox.save(cast("Transaction", self.db), "notices", notice, facts, at=at, lane=notice.lane)

    async def held(self, claimed: Notice) -> Notice | None:
        """Return the claimed notice as it is now, None when somebody else claimed it since (the fence moved on)."""
        doc = await self.db.get("notices", claimed.id)
        return from_doc(Notice, doc) if doc and doc.get("fence", 0) == claimed.fence else None

    async def claim_due(self, audience: Audience, now: datetime, *, limit: int, lease: timedelta) -> list[Notice]:
        """Claim what is due for one audience, emergencies first, and mark it as being sent."""
        docs = await self.db.claim("notices", _due(audience, now), sort=CLAIM_ORDER, limit=limit, lease=lease)
        if docs:
            await self.db.update("notices", {"_id": {"$in": [doc["_id"] for doc in docs]}, "open": True}, {"status": Status.SENDING.value})
        return [from_doc(Notice, doc) for doc in docs]

    async def let_go(self, claimed: Notice) -> None:
        """Give a claim back untried: it is due at once for whoever claims next."""
        where: Doc = {"_id": claimed.id, "fence": claimed.fence, "open": True}
        await self.db.update("notices", where, {"lease_until": None, "status": claimed.status.value})

    async def due(self, audience: Audience, now: datetime) -> int:
        """Count what is due, in flight included."""
        return await self.db.count("notices", _due(audience, now))

    async def next_due(self, audience: Audience) -> datetime | None:
        """Return when the next try is due."""
        docs = await self.db.find("notices", {"open": True, "audience": audience.value}, sort=[("due_at", 1)], limit=1)
        due: datetime | None = docs[0]["due_at"] if docs else None
        return due

    async def make_moot(self, key: str, reason: str, now: datetime) -> None:
        """Mark what became untrue; the loop withholds it now, whatever hour it waited for."""
        await self.db.update("notices", {"ends": key, "open": True, "moot": None}, {"moot": reason, "due_at": now})

    async def hasten(self, case: str, now: datetime) -> None:
        """Let owner messages of a case that became an emergency go at once (NTF-24)."""
        where: Doc = {"case": case, "hold": Hold.UNLESS_URGENT.value, "status": Status.PENDING.value, "due_at": {"$gt": now}}
        await self.db.update("notices", where, {"due_at": now, "hold": Hold.NEVER.value})

    async def of_case(self, case: str) -> list[Notice]:
        """Return the notices of a case, oldest first."""
        return [from_doc(Notice, doc) for doc in await self.db.find("notices", {"case": case}, sort=[("at", 1), ("_id", 1)])]

    async def deliveries(self, recipient: str, *, limit: int) -> list[Notice]:
        """Return the newest notices to one recipient."""
        docs = await self.db.find("notices", {"recipient": recipient}, sort=[("at", -1), ("_id", 1)], limit=limit)
        return [from_doc(Notice, doc) for doc in docs]

    # --- endpoints ------------------------------------------------------------------------------------------------------------

    async def endpoint(self, ref: str) -> Endpoint | None:
        """Return the endpoint of an id or a recipient reference."""
        doc = await self.db.get("endpoints", ref.removeprefix("endpoint:"))
        return from_doc(Endpoint, doc) if doc else None

    async def endpoints(self, site: str) -> list[Endpoint]:
        """Return every endpoint the site ever had."""
        return [from_doc(Endpoint, doc) for doc in await self.db.find("endpoints", {"site": site}, sort=[("created_at", 1), ("_id", 1)])]

    async def listeners(self, site: str, kind: str) -> list[Endpoint]:
        """Return the endpoints that want facts of this kind."""
        where: Doc = {"site": site, "kinds": {"$in": [kind, ALL]}, "disabled_at": None}
        return [from_doc(Endpoint, doc) for doc in await self.db.find("endpoints", where, sort=[("_id", 1)])]

    async def keep_endpoints(self, endpoints: Sequence[Endpoint]) -> None:
        """Keep endpoints."""
        for endpoint in endpoints:
            await self.db.put("endpoints", to_doc(endpoint))

    async def keep_breaker(self, endpoint: Endpoint, breaker: Breaker) -> bool:
        """Keep a breaker's new state; False when somebody else changed it first."""
        was = endpoint.breaker
        where: Doc = {"_id": endpoint.id, "breaker.failures": was.failures, "breaker.open_until": was.open_until}
        return bool(await self.db.update("endpoints", where, {"breaker": to_doc(breaker)}))

    async def recovered(self, endpoint: Endpoint, now: datetime) -> None:
        """Bring forward what was postponed while the endpoint rested."""
        until = endpoint.breaker.open_until
        where: Doc = {"recipient": endpoint.ref, "open": True, "due_at": {"$gt": now, "$lte": until}}
        if until is not None:
            await self.db.update("notices", where, {"due_at": now})

    async def disable(self, ref: str, why: str, now: datetime) -> None:
        """Send no more to this endpoint."""
        where: Doc = {"_id": ref.removeprefix("endpoint:"), "disabled_at": None}
        await self.db.update("endpoints", where, {"disabled_at": now, "disabled_why": why})

    # --- copies of what others own --------------------------------------------------------------------------------------------

    async def keep_site(self, view: SiteView) -> None:
        """Keep one version of a site's policy."""
        await self.db.put("sites", to_doc(view))

    async def known_site(self, site: str, version: int | None = None) -> SiteView | None:
        """Return that version of the site's policy, or the newest that is here, None when none has come yet."""
        doc = await self.db.get("sites", view_id(site, version)) if version is not None else None
        newest = [doc] if doc else await self.db.find("sites", {"site": site}, sort=[("version", -1)], limit=1)
        return from_doc(SiteView, newest[0]) if newest else None

    async def site(self, site: str, version: int | None = None) -> SiteView:
        """Return what `known_site` returns. Raises Missing when no policy of the site has come yet."""
        view = await self.known_site(site, version)
        if view is None:
            raise Missing(f"sla:policy:{site}")
        return view

    async def keep_rota(self, fact: RotaPublished) -> None:
        """Keep the newest rota of a site."""
        await self.db.put("rotas", {"_id": fact.site, **to_doc(SiteRota.of(fact))})

    async def department(self, site: str, person: str) -> str | None:
        """Return the department of a member of staff."""
        doc = await self.db.get("rotas", site) or {}
        found: str | None = next((row.get("department") for row in doc.get("people", ()) if row["id"] == person), None)
        return found

    async def rota(self, site: str) -> SiteRota | None:
        """Return the site's rota, None where none was published."""
        doc = await self.db.get("rotas", site)
        return SiteRota.model_validate({key: value for key, value in doc.items() if key != "_id"}) if doc else None


def _due(audience: Audience, now: datetime) -> Doc:
    return {"open": True, "audience": audience.value, "due_at": {"$lte": now}}
