"""Random legal and illegal sequences of moves against a reference model: no state is reached that the model does not know, money balances,
and what is refused leaves every document as it was.

On the pure rules and on the handlers over memory documents. Not here: a real MongoDB (`tests/faults/test_walks`), the model itself
(`tests.support.walking`).
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any

import pytest
from common.album import AttachmentKind, Verified
from common.audit import ROWS
from common.auth import Caller, permissions_of
from common.documents import Database
from common.errors import HuiyinError
from common.memory import MemoryDocuments
from common.policy import SitePolicy
from common.states import OrderStatus, Party
from common.vault import Vault
from dispatch import handlers
from dispatch.domain import moves
from dispatch.domain.acts import Act, Deed
from dispatch.domain.money import approvals, fees, ledger
from dispatch.domain.money.acts import MoneyAct, MoneyDeed
from dispatch.domain.money.charge import FeeStandard
from dispatch.domain.money.ledger import Posting
from dispatch.domain.order import ONSITE, Order, Rules
from dispatch.handlers import money
from dispatch.store import INDEXES, House, Store

from tests.support.walking import CONTRACTOR_SIGNS_ABOVE, Model, Try, a_model, tries
from tests.unit.dispatch.build import MINUTE, NOON, a_case, a_person, an_order
from tests.unit.dispatch.money import RULES
from tests.unit.dispatch.world import a_policy, as_site, staff

pytestmark = pytest.mark.anyio
LENGTH = 16
WALKED = ("orders", "outbox", "cases", "albums", "postings", ROWS)  #: what a walk leaves
KEPT = (*WALKED, *sorted({index.collection for index in INDEXES} - {*WALKED}))  #: rows of the audit chain too: nobody links them here
NOW = NOON + 10 * MINUTE
OWNER, FIRM, STRANGER = "ann", "lift-co", "roof-co"
DONE = "done"
REFUSALS = {
    "R6", "R7a", "R7b", "R7e", "R9", "R10", "REP-09", "R11", "R12", "R14", "R15", "R18", "DSP-14", "DEF-09", "REP-30", "R16",
}  # fmt: skip # that walks meet
Everything = Mapping[Any, Any]  #: what there is, by name
PHOTO = Verified(kind=AttachmentKind.PHOTO, media="image/jpeg", size=1, width=1, height=1, sha256="0" * 64)


def same(before: Everything, after: Everything) -> bool:
    """Say whether nothing was written: the same things, each the same object or the same in values, types and order of fields, as in BSON."""
    return before.keys() == after.keys() and all(row is after[at] or repr(row) == repr(after[at]) for at, row in before.items())


def issued(model: Model, number: int = 1) -> Order:
    """The order that the model means."""
    rules = Rules(
        money=RULES, takes_over=model.takes_over, accepted_by=model.partners, survey_by=model.surveyors, contractor_signs_above=CONTRACTOR_SIGNS_ABOVE
    )
    case = f"JN-260316-{number:05}"
    party = Party.CONTRACTOR if model.contractor else Party.OWN
    made = an_order(id=f"{case}-1", case=case, party=party, rules=rules, root_cause_required=model.root_cause_required)
    own = {
        "second_inspector": model.second,
        "assignee": FIRM if model.contractor else OWNER,
        "breached": {ONSITE: NOON - MINUTE} if model.breached else {},
    }
    return made.model_copy(update=own)


def caller(tried: Try, order: Order) -> Caller:
    """Who tries it."""
    person = {"holder": FIRM if order.party is Party.CONTRACTOR else OWNER, "stranger": STRANGER}.get(tried.by, tried.by)
    outside = person in {FIRM, STRANGER}
    roles = ("contractor",) if outside else (tried.by, "repair_worker")
    return Caller(person, "staff", roles, ("JN",), permissions_of(roles))


def act_of(tried: Try, photos: tuple[str, ...]) -> Act:
    seen = {"photos": photos} if "evidence_kept" in tried.act.get("checks", ()) else {}
    return Act.model_validate(tried.act | seen)


class Rulebook:
    """The pure rules, one order and what was posted."""

    def __init__(self, order: Order) -> None:
        self.now, self.posted = order, list[Posting]()

    async def order(self) -> Order:
        return self.now

    async def postings(self) -> Iterable[Posting]:
        return self.posted

    async def everything(self) -> Everything:
        return {"order": self.now, "posted": len(self.posted)}

    async def do(self, tried: Try) -> None:
        by, case = caller(tried, self.now), a_case()
        before = handlers.visible(self.now, by)
        if tried.door == "order":
            target = a_person(tried.act.get("to", ""))
            rechecks = target is not None and "order.recheck" in permissions_of(target.roles)
            who = {"person": a_person(by.id), "target": target, "outside": handlers.outside(by), "rechecks": rechecks}
            deed = Deed(act_of(tried, ("p1",)), by=by.id, now=NOW, **who)
            after, _ = moves.apply(before, tried.name, deed, case)
            self.now = approvals.after_survey(after, case, by=by.id, at=NOW)[0] if after.survey is not before.survey else after
            return
        asked = MoneyDeed(MoneyAct.model_validate(tried.act), by=by.id, roles=frozenset(by.roles), now=NOW)
        if tried.door == "charge":
            self.now, _, postings = fees.charge_move(before, tried.name, asked, case, FeeStandard())
            self.posted += postings
        elif tried.name == "ask-approval":
            self.now, _ = approvals.ask_approval(before, asked, case)
        else:
            self.now, _ = approvals.approval_move(before, tried.name, asked, case)


class Stored:
    """The handlers on a store."""

    def __init__(self, db: Database, number: str, everything: Callable[[], Awaitable[Everything]]) -> None:
        self.db, self.number, self._everything = db, number, everything

    async def within(self, work: Callable[[Store], Awaitable[Any]]) -> Any:
        result, _ = await self.db.transact("dispatch", "", lambda tx: work(Store(tx, Vault({"k": bytes(32)}, bytes(32)))))
        return result

    async def order(self) -> Order:
        found = await self.within(lambda store: store.order(self.number))
        assert isinstance(found, Order)
        return found

    async def postings(self) -> Iterable[Posting]:
        return [Posting.model_validate(doc | {"id": doc["_id"]}) for doc in await self.db.find("postings", {"subject": self.number})]

    async def everything(self) -> Everything:
        return await self._everything()

    async def prepare(self, tried: Try) -> tuple[str, ...]:
        """Upload the photo that a try refers to."""
        if "evidence_kept" not in tried.act.get("checks", ()) or tried.by == "stranger":
            return ()
        by = caller(tried, await self.order())
        made = await self.within(lambda store: handlers.attach(PHOTO, self.number, store=store, by=by, now=NOW))

        async def arrived(store: Store) -> None:
            await store.albums.save((await store.albums.of(self.number, "JN")).arrived(made.id))

        await self.within(arrived)
        return (made.id,)

    async def do(self, tried: Try, photos: tuple[str, ...] = ()) -> None:
        by = caller(tried, await self.order())
        if tried.door == "order":
            handler = handlers.take_over if tried.name == "take-over" else handlers.move
            act = act_of(tried, photos)
            await self.within(lambda store: handler(act, tried.name, self.number, store=store, by=by, now=NOW))
            return
        asked = MoneyAct.model_validate(tried.act)
        handle = money.move_charge if tried.door == "charge" else money.move_approval
        await self.within(lambda store: handle(asked, tried.name, self.number, store=store, by=by, now=NOW))


async def walk(place: Rulebook | Stored, model: Model, dice: random.Random, tally: Counter[str], length: int = LENGTH) -> None:
    """Try things; after each the order is what the model says, and a refusal left everything as it was."""
    before = None
    for tried in tries(dice, model, length):
        photos = await place.prepare(tried) if isinstance(place, Stored) else ()
        before = before if not photos and before is not None else await place.everything()
        wanted = model.makes(tried)
        try:
            await (place.do(tried, photos) if isinstance(place, Stored) else place.do(tried))
        except HuiyinError as refusal:
            came = str(refusal.facts.get("guard", refusal.slug))
            changed = not same(before, await place.everything())
        else:
            came, changed = DONE, False
        assert ((came == DONE), changed) == (wanted, False), (tried, came, model)
        before = None if came == DONE else before
        tally[came] += 1
        await agrees(place, model)


async def agrees(place: Rulebook | Stored, model: Model) -> None:
    order = await place.order()
    money_of = (order.charge.status if order.charge else None, order.approvals[-1].status if order.approvals else None)
    assert (order.status, *money_of) == (model.status, model.charge, model.approval), model
    assert (order.second_inspector, order.recheck_due) == (model.second, model.waits), model
    books = ledger.balances(await place.postings())
    assert sum(books.values()) == 0
    assert books[("CNY", ledger.FINANCE)] == model.paid


async def test_ten_thousand_walks_on_the_rules_reach_nothing_that_the_model_does_not_know() -> None:
    dice, tally, reached = random.Random(4), Counter[str](), set[str]()
    for _ in range(10_000):
        model = a_model(dice)
        await walk(Rulebook(issued(model)), model, dice, tally)
        reached |= model.seen
    print(sum(tally.values()), dict(tally.most_common()))  # noqa: T201 - how much was tried
    assert reached == {state.value for state in OrderStatus}
    assert set(tally) >= REFUSALS


async def furnished(db: Database) -> None:
    """A site with policy and people, in a store."""
    fact = a_policy()

    async def work(store: Store) -> None:
        await store.keep_house(House.of(SitePolicy.model_validate(fact.policy), 1), [])
        await handlers.put_people(as_site(), "JN", store=store, by=staff("boss"), now=NOON)

    await db.transact("dispatch", "", lambda tx: work(Store(tx, Vault({"k": bytes(32)}, bytes(32)))))


async def begin(db: Database, model: Model, number: int) -> str:
    order = issued(model, number)

    async def work(store: Store) -> None:
        await store.remember(a_case(id=order.case))
        await store.save(order, [], at=NOON)

    await db.transact("dispatch", "", lambda tx: work(Store(tx, Vault({"k": bytes(32)}, bytes(32)))))
    return order.id


def walked_in_memory(seed: int, walks: int) -> Counter[str]:
    """Walk the handlers over memory documents, each walk in a store of its own; return what came of the tries."""

    async def walked() -> Counter[str]:
        dice, tally, template = random.Random(seed), Counter[str](), MemoryDocuments()
        await template.start(INDEXES)
        await furnished(template)
        for number in range(walks):
            await walk_in_memory(template, a_model(dice), number, dice, tally)
        return tally

    return asyncio.run(walked())


async def walk_in_memory(template: MemoryDocuments, model: Model, number: int, dice: random.Random, tally: Counter[str]) -> None:
    db = MemoryDocuments()
    await db.start(INDEXES)
    db._data = {name: dict(rows) for name, rows in template._data.items()}  # noqa: SLF001 - a document is replaced, never changed in place
    await walk(Stored(db, await begin(db, model, number), partial(rows, db)), model, dice, tally)


async def rows(db: MemoryDocuments) -> Everything:
    """Every document there is."""
    return {(name, id_): row for name, held in db._data.items() for id_, row in held.items()}  # noqa: SLF001 - to look, not to touch


def test_walks_of_the_handlers_over_memory_documents() -> None:
    """A look; ten thousand are walked in `tests/faults/test_walks`."""
    tally = walked_in_memory(5, 400)
    print(sum(tally.values()), dict(tally.most_common()))  # noqa: T201 - how much was tried
    assert tally[DONE] > 1000
