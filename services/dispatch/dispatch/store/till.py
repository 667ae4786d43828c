"""What is asked about money: fee standards, settlements, accounts and postings. Part of the store. Not here: decisions.

Postings are only ever inserted, and a balance is the sum of their entries. Who draws on an account that must not go below nothing takes its
document along, so that two who draw at once conflict and one of them decides again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from common import audit
from common.documents import Audited, Doc, Documents, Index, Transaction, from_doc, to_doc
from common.events import Fact
from common.states import Lane

from dispatch.domain.money.account import Settlement
from dispatch.domain.money.accounts import Held
from dispatch.domain.money.books import Account
from dispatch.domain.money.charge import Fees
from dispatch.domain.money.ledger import Balances, Posting, balances

INDEXES: tuple[Index, ...] = (
    *audit.INDEXES,
    Index("postings", (("site", 1), ("accounts", 1))),
    Index("settlements", (("site", 1), ("status", 1))),
    Index("orders", (("site", 1), ("charge.status", 1)), where={"charge.collector": {"$exists": True}}),
    Index("orders", (("site", 1), ("approver", 1)), where={"approver": {"$gt": ""}}),  # those that wait for somebody's yes
)


class Till:
    """Everything about money that the store keeps; `Store` is one."""

    db: Documents
    audited = ("orders", "settlements", "postings", "held", "fees")  #: whose changes have rows in the chain

    async def fees(self, site: str) -> Fees:
        """Return the site's fee standard, an empty one where it published none."""
        doc = await self.db.get("fees", site)
        return from_doc(Fees, doc) if doc else Fees(id=site, site=site)

    async def save_fees(self, fees: Fees, *, at: datetime, by: str) -> None:
        """Keep a fee standard."""
        await self._kept("fees", fees, (), at=at, by=by, what="put-fees")

    async def settlement(self, number: str) -> Settlement | None:
        """Return the settlement of an order."""
        doc = await self.db.get("settlements", number)
        return from_doc(Settlement, doc) if doc else None

    async def settlements(self, where: Doc, *, limit: int) -> list[Settlement]:
        """Return settlements by plain equality, by number."""
        return [from_doc(Settlement, doc) for doc in await self.db.find("settlements", where, sort=[("_id", 1)], limit=limit)]

    async def save_settlement(self, settlement: Settlement, facts: Sequence[Fact], *, at: datetime) -> None:
        """Keep a settlement with its facts."""
        done = settlement.steps[-1]
        await self._kept("settlements", settlement, facts, at=at, by=done.by, what=done.move)

    async def held_of(self, site: str, contractor: str) -> Held:
        """Return what is known of a contractor's retention money beside its entries."""
        doc = await self.db.get("held", f"{site}:{contractor}")
        return from_doc(Held, doc) if doc else Held(id=f"{site}:{contractor}", site=site, contractor=contractor)

    async def save_held(self, held: Held, *, at: datetime, by: str, what: str) -> None:
        """Keep it."""
        await self._kept("held", held, (), at=at, by=by, what=what)

    async def post(self, postings: Sequence[Posting]) -> None:
        """Add to the books. Raises Taken when one of them is there already."""
        for posting in postings:
            accounts = [entry.account for entry in posting.entries]
            doc = to_doc(posting) | {"accounts": accounts, "rev": 1}
            await self.db.insert("postings", doc)
            await audit.note(self.db, "postings", doc, at=posting.at, by=posting.by, what=posting.what)

    async def balance(self, site: str, account: str, currency: str) -> int:
        """Return the sum of an account's entries."""
        docs = await self.db.find("postings", {"site": site, "accounts": account})
        return balances(from_doc(Posting, doc) for doc in docs)[currency, account]

    async def draw(self, site: str, account: str, currency: str) -> int:
        """Return the balance of an account that must not go below nothing, and meet whoever else draws on it now."""
        id_ = f"{site}:{account}"
        doc = await self.db.get("accounts", id_)
        before = from_doc(Account, doc) if doc else Account(id=id_, site=site)
        await self.db.put("accounts", to_doc(before.model_copy(update={"drawn": before.drawn + 1})))
        return await self.balance(site, account, currency)

    async def _kept(
        self, collection: str, state: Audited, facts: Sequence[Fact], *, at: datetime, by: str, what: str, lane: Lane = Lane.NORMAL
    ) -> None:
        """Keep a document with its facts and its row in the site's chain."""
        await audit.keep(cast("Transaction", self.db), collection, state, facts, at=at, by=by, what=what, lane=lane)

    async def sums(self, site: str) -> tuple[Balances, int]:
        """Return every account's balance and how many postings there are."""
        docs = await self.db.find("postings", {"site": site})
        return balances(from_doc(Posting, doc) for doc in docs), len(docs)
