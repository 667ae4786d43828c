"""What dispatch asks of its store, each question by name. Not here: decisions.

Loads are counted, not kept: a counter per person would make every two orders of a site conflict (one site, 20 at once: 14 orders a
second and failures, against 68). Orders issued in the same instant may therefore go to the same person; the next ones even it out.
Contacts are sealed and opened only here.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import cast

from common import attachments, outbox
from common.coverage import Need
from common.documents import Aggregate, Doc, Documents, Index, Transaction, from_doc, to_doc
from common.errors import Missing
from common.events import Fact
from common.policy import SitePolicy
from common.rota import SiteRota
from common.states import CaseKind, CaseState, Lane, OrderStatus, Party
from common.vault import Vault
from pydantic import BaseModel, ConfigDict

from dispatch.domain.matching import NOBODY, Load, Scene
from dispatch.domain.money.rules import MoneyRules
from dispatch.domain.order import OPEN, Order, Returns, Rules
from dispatch.domain.people import Contact, Staffing
from dispatch.domain.slips import REPAIRED, Batch
from dispatch.store import till

DISPATCH = "dispatch"  # who acts where nobody does
INDEXES: tuple[Index, ...] = (
    *till.INDEXES,
    Index("orders", (("case", 1), ("number", 1)), unique=True),
    Index("orders", (("site", 1), ("status", 1), ("issued_at", -1))),
    Index("orders", (("assignee", 1), ("status", 1))),
    Index("orders", (("assignee", 1), ("issued_at", -1))),
    Index("orders", (("due_at", 1),), where={"status": "issued"}),
    Index("orders", (("site", 1), ("awaits", 1)), where={"awaits": {"$gt": ""}}),
    Index("policies", (("site", 1), ("version", 1)), unique=True),
    Index("staffing_log", (("site", 1), ("version", 1)), unique=True),
    Index("contacts", (("person", 1),)),
    Index("contacts", (("phone_index", 1),)),
    *attachments.INDEXES,
)
LEASE = timedelta(seconds=20)  # longer than a hundred orders take; whoever dies with them is replaced after it


class House(BaseModel):
    """What dispatch keeps of one version of a site's policy."""

    model_config = ConfigDict(frozen=True)
    site: str
    version: int
    zone: str
    rules: Rules
    funds: dict[str, int] = {}  #: working fund -> its amount in fen (FEE-17, FEE-18)

    @classmethod
    def of(cls, policy: SitePolicy, version: int) -> "House":
        """Return the part that dispatch needs."""
        funds = {fund.id: fund.amount for fund in policy.working_funds}
        return cls(site=policy.site, version=version, zone=policy.calendar.timezone, rules=_rules(policy), funds=funds)


def _rules(policy: SitePolicy) -> Rules:
    orders, approval = policy.orders, policy.approval
    return Rules(
        returns=Returns(orders.order_return),
        signature_required=orders.signature_required,
        others_may_accept=orders.others_may_accept,
        takes_over=orders.instead_of_contractor == "after_breach",
        contractor_first=policy.warranty_route != "own_team_first",
        survey_by=orders.survey_by,
        contractor_signs_above=approval.contractor_signs_above if approval else None,
        money=MoneyRules.of(policy),
        accepted_by=orders.accepted_by,
    )


class Store(till.Till):
    """Orders, people and copies of cases and policies; on a database or inside a transaction."""

    def __init__(self, db: Documents, vault: Vault) -> None:
        """`db` is a transaction wherever something is saved."""
        self.db: Documents = db
        self._vault = vault
        self.albums = attachments.Albums(db)

    # --- orders ---------------------------------------------------------------------------------------------------------------

    async def order(self, number: str) -> Order | None:
        """Return the order of that number."""
        doc = await self.db.get("orders", number)
        return from_doc(Order, doc) if doc else None

    async def orders_of(self, case: str) -> list[Order]:
        """Return all orders of a case, oldest first, cancelled ones included."""
        return [from_doc(Order, doc) for doc in await self.db.find("orders", {"case": case}, sort=[("number", 1)])]

    async def orders_held_by(self, site: str, ids: Sequence[str]) -> list[Order]:
        """Return all orders of a site that these have or had last, oldest first."""
        where: Doc = {"assignee": {"$in": list(ids)}, "site": site}
        return [from_doc(Order, doc) for doc in await self.db.find("orders", where, sort=[("issued_at", 1), ("_id", 1)])]

    async def search(self, where: Doc, *, limit: int) -> list[Order]:
        """Return orders by plain equality, newest first."""
        return [from_doc(Order, doc) for doc in await self.db.find("orders", where, sort=[("issued_at", -1), ("_id", 1)], limit=limit)]

    async def slips_waiting(self, site: str, *, until: datetime) -> list[Order]:
        """Return repaired own orders that nobody handed over yet, as they stood at `until`, oldest first."""
        where: Doc = {"site": site, "status": {"$in": sorted(REPAIRED)}, "handed_over": None, "moved_at": {"$lte": until}}
        where |= {"party": Party.OWN.value, "case_kind": CaseKind.REPAIR.value}
        return [from_doc(Order, doc) for doc in await self.db.find("orders", where, sort=[("moved_at", 1), ("_id", 1)])]

    async def save(self, order: Order, facts: Sequence[Fact], *, at: datetime) -> None:
        """Keep the order with its facts."""
        done = order.steps[-1] if order.steps else None
        what = facts[0].kind if facts else done.move if done else "kept"
        await self._kept("orders", order, facts, at=at, by=done.by if done else DISPATCH, what=what, lane=order.lane)

    # --- turns ----------------------------------------------------------------------------------------------------------------

    async def claim_turns(self, now: datetime, *, limit: int) -> list[str]:
        """Take up to `limit` orders that have to be passed on, the longest due first; nobody else takes them for the length of the lease."""
        where: Doc = {"status": OrderStatus.ISSUED.value, "due_at": {"$lte": now}}
        return [doc["_id"] for doc in await self.db.claim("orders", where, sort=[("due_at", 1)], limit=limit, lease=LEASE, fields=("due_at",))]

    async def hold(self, number: str) -> None:
        """Touch an order first of all: of those who want it at once one goes on, the others begin anew and find it taken."""
        await self.db.update("orders", {"_id": number, "status": OrderStatus.ISSUED.value}, inc={"touched": 1})

    async def release(self, numbers: Sequence[str]) -> None:
        """Give claimed orders free before their lease ends."""
        await self.db.update("orders", {"_id": {"$in": list(numbers)}}, {"lease_until": None})

    async def count_turns(self, now: datetime) -> int:
        """Return how many orders have to be passed on."""
        return await self.db.count("orders", {"status": OrderStatus.ISSUED.value, "due_at": {"$lte": now}})

    async def next_turn(self, after: datetime) -> datetime | None:
        """Return when the next order has to be passed on, of those later than `after`."""
        where: Doc = {"status": OrderStatus.ISSUED.value, "due_at": {"$gt": after}}
        found = await self.db.find("orders", where, sort=[("due_at", 1)], limit=1)
        return found[0]["due_at"] if found else None

    async def wake(self, site: str, now: datetime) -> None:
        """Have every order of the site that nobody could take looked at again: there are new people or contractors."""
        where: Doc = {"site": site, "status": OrderStatus.ISSUED.value, "alarm": NOBODY}
        await self.db.update("orders", where, {"due_at": now})

    # --- slips ----------------------------------------------------------------------------------------------------------------

    async def batch(self, site: str, week: str) -> Batch:
        """Return the slip batch of a week, a new one if there is none."""
        doc = await self.db.get("slips", f"{site}:{week}")
        return from_doc(Batch, doc) if doc else Batch(id=f"{site}:{week}", site=site, week=week)

    async def save_batch(self, batch: Batch, slips: Iterable[Order], facts: Sequence[Fact], *, at: datetime) -> None:
        """Keep the batch with its fact, and the slips that were marked."""
        await self._say("slips", batch, facts, at, Lane.NORMAL)
        for order in slips:
            await self.save(order, [], at=at)

    # --- copies of what others own --------------------------------------------------------------------------------------------

    async def remember(self, case: CaseState) -> None:
        """Keep the newest known state of a case."""
        await self.db.put("cases", to_doc(case))

    async def case(self, id: str) -> CaseState:
        """Return a case. Raises Missing when intake's fact is not here yet."""
        doc = await self.db.get("cases", id)
        if doc is None:
            raise Missing(f"intake:case:{id}")
        return from_doc(CaseState, doc)

    async def keep_house(self, house: House, needs: Sequence[Need]) -> None:
        """Keep one version of a site's policy, and whom it counts on."""
        wanted = [to_doc(need) for need in needs]
        await self.db.put("policies", {"_id": f"{house.site}:{house.version}", **to_doc(house), "needs": wanted})

    async def needs(self, house: House) -> list[Need]:
        """Return whom that version of the policy counts on, at which hours."""
        doc = await self.db.get("policies", f"{house.site}:{house.version}")
        return [from_doc(Need, need) for need in (doc or {}).get("needs", ())]

    async def house(self, site: str, version: int | None = None) -> House | None:
        """Return that version of the site's policy, or the newest that is here, None for a site without policy."""
        doc = await self.db.get("policies", f"{site}:{version}") if version is not None else None
        newest = [doc] if doc else await self.db.find("policies", {"site": site}, sort=[("version", -1)], limit=1)
        return from_doc(House, newest[0]) if newest else None

    async def house_of(self, case: CaseState) -> House:
        """Return the policy the case was received under. Raises Missing when sla has published none for its site yet."""
        house = await self.house(case.site, case.policy)
        if house is None:
            raise Missing(f"sla:policy:{case.site}")
        return house

    # --- people ---------------------------------------------------------------------------------------------------------------

    async def staffing(self, site: str) -> Staffing | None:
        """Return the site's people, rota and contractors."""
        doc = await self.db.get("staffing", site)
        return from_doc(Staffing, doc) if doc else None

    async def scene(self, site: str, zone: str) -> Scene:
        """Return the site's people and rota, without loads; an empty scene for a site without people."""
        staffing = await self.staffing(site)
        return Scene(staffing.rota if staffing else SiteRota(), zone=zone)

    async def loads(self, ids: Sequence[str]) -> dict[str, Load]:
        """Return what each of these has in hand, and when they last got something.

        Who is not among the newest orders of all of them has waited longer than the others: no time is given.
        """
        if not ids:
            return {}
        those: Doc = {"assignee": {"$in": list(ids)}}
        newest = await self.db.find("orders", those, sort=[("issued_at", -1)], limit=2 * len(ids), fields=("assignee", "issued_at"))
        last = {doc["assignee"]: doc["issued_at"] for doc in reversed(newest)}
        in_hand = await self.db.find("orders", those | {"status": {"$in": sorted(OPEN)}}, fields=("assignee",))
        held = Counter(doc["assignee"] for doc in in_hand)
        return {id_: Load(held[id_], last.get(id_)) for id_ in ids}

    async def save_staffing(self, staffing: Staffing, facts: Sequence[Fact], *, at: datetime) -> None:
        """Keep a new version with its fact; every version stays in the log."""
        if facts:
            await self._say("staffing", staffing, facts, at, Lane.NORMAL)
            await self.db.put("staffing_log", {**to_doc(staffing), "_id": f"{staffing.site}:{staffing.version}", "at": at})

    async def keep_contacts(self, site: str, contacts: Sequence[Contact], gone: Sequence[str]) -> None:
        """Seal the contacts of a site and delete those of people who left."""
        for contact in contacts:
            await self.db.put("contacts", self._sealed(site, contact))
        for person in gone:
            await self.db.delete("contacts", {"_id": f"{site}:{person}"})

    async def contact(self, person: str, *, site: str | None = None) -> tuple[str, Contact] | None:
        """Return site and contact of a person or firm: as `site` says, else the first site in order. No site's file redirects another's mail."""
        own = await self.db.get("contacts", f"{site}:{person}") if site else None
        docs = [own] if own else await self.db.find("contacts", {"person": person}, sort=[("_id", 1)], limit=1)
        return (docs[0]["site"], self._opened(docs[0])) if docs else None

    async def contacts(self, site: str) -> dict[str, Contact]:
        """Return the contacts of a site by id."""
        return {doc["person"]: self._opened(doc) for doc in await self.db.find("contacts", {"site": site})}

    def _sealed(self, site: str, contact: Contact) -> Doc:
        fields = {name: text for name in ("name", "phone", "email") if (text := getattr(contact, name))}
        sealed = {name: self._vault.seal(site, f"staff.{contact.id}.{name}", text) for name, text in fields.items()}
        digits = "".join(filter(str.isdigit, contact.phone or ""))
        index = self._vault.blind(digits) if digits else None
        return {
            "_id": f"{site}:{contact.id}",
            "site": site,
            "person": contact.id,
            "sealed": sealed,
            "locale": contact.locale,
            "phone_index": index,
        }

    def _opened(self, doc: Doc) -> Contact:
        fields = {name: self._vault.open(doc["site"], f"staff.{doc['person']}.{name}", sealed) for name, sealed in doc["sealed"].items()}
        return Contact(id=doc["person"], locale=doc["locale"], **fields)

    async def _say(self, collection: str, state: Aggregate, facts: Sequence[Fact], at: datetime, lane: Lane) -> None:
        await outbox.save(cast("Transaction", self.db), collection, state, facts, at=at, lane=lane)
