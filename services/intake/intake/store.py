"""What intake asks of its database, each question by name. Contacts are sealed and opened here and nowhere else.

A policy version never changes, so parsed versions are kept in the process (`Policies`). Not here: decisions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from typing import Any, cast

from common import attachments, audit, outbox
from common.auth import Caller, KeyRecord
from common.documents import Doc, Documents, Index, Transaction, from_doc, to_doc
from common.errors import NotFound, Taken, UnknownSite
from common.events import Fact
from common.policy import SitePolicy
from common.states import Lane
from common.vault import Vault

from intake.domain.attempt import File
from intake.domain.case import Case, Change, Changes
from intake.domain.commands import Report
from intake.domain.contact import Contact
from intake.domain.letter import OpenLetter
from intake.domain.promise import Promise
from intake.domain.repeats import ONE_UNIT, WORKED_ON, Earlier
from intake.domain.unit import Unit, unit_id
from intake.domain.visit import Visit, VisitState

INDEXES: tuple[Index, ...] = (
    Index("cases", (("site", 1), ("place", -1))),
    Index("cases", (("site", 1), ("status", 1), ("place", -1))),
    Index("cases", (("contact", 1),)),
    Index("cases", (("site", 1), ("marks", 1), ("received_at", -1))),
    Index("externals", (("caller", 1), ("external", 1)), unique=True),
    Index("promises", (("case", 1), ("number", 1)), unique=True),
    Index("visits", (("case", 1), ("number", 1)), unique=True),
    Index("visits", (("site", 1), ("state", 1), ("due_since", 1))),
    Index("letters", (("site", 1), ("at", -1))),
    Index("contacts", (("site", 1), ("phone_index", 1))),
    Index("units", (("site", 1), ("unit", 1)), unique=True),
    *attachments.INDEXES,
    *audit.INDEXES,
)

COLLECTIONS: dict[type, str] = {Case: "cases", Promise: "promises", Visit: "visits"}
SEALED = ("name", "phone", "email", "address")
MOST_LETTERS = 200  # shown of the archive
MOST_REPORTS = 100  # of one problem: the repeat check looks no further back
Policies = dict[tuple[str, int], SitePolicy]


class Store:
    """Cases and what hangs on them; on the database for reading, inside a transaction for writing."""

    audited = tuple(COLLECTIONS.values())  #: whose changes have rows in the chain

    def __init__(self, db: Documents, vault: Vault, policies: Policies) -> None:
        """`policies` is shared by all stores of the process."""
        self.db, self._vault, self._policies = db, vault, policies
        self.albums = attachments.Albums(db)

    # --- cases ----------------------------------------------------------------------------------------------------------------

    async def case(self, number: str) -> Case:
        """Return the case. Raises NotFound."""
        doc = await self.db.get("cases", number)
        if doc is None:
            raise NotFound
        return from_doc(Case, doc)

    async def file(self, number: str, *, incident: str | None = None, letter: str | None = None) -> File:
        """Return the case with its policy, promises, visits, incident (or the one it may join) and that letter. Raises NotFound."""
        case = await self.case(number)
        promises = await self.db.find("promises", {"case": number}, sort=[("number", 1)]) if case.promise_count else []
        visits = await self.db.find("visits", {"case": number}, sort=[("number", 1)]) if case.visit_count else []
        policy = await self.policy(case.site, case.policy)
        first = incident or case.incident
        head = await self.db.get("cases", first) if first else None
        return File(
            case,
            policy,
            tuple(from_doc(Promise, doc) for doc in promises),
            tuple(from_doc(Visit, doc) for doc in visits),
            from_doc(Case, head) if head else None,
            await self.letter(case.site, letter) if letter else None,
            tuple([await self.case(one) for one in case.linked]),
        )

    async def cases(self, where: Doc, *, before: str | None, limit: int) -> list[tuple[str, Case]]:
        """Return cases by plain equality with their places in the list, latest received first, after the place `before`."""
        wanted = where | ({"place": {"$lt": before}} if before else {})
        docs = await self.db.find("cases", wanted, sort=[("place", -1)], limit=limit)
        return [(doc["place"], from_doc(Case, doc)) for doc in docs]

    async def earlier(self, case: Case) -> Earlier:
        """Return what is there of the problem of a new case. Touches the problem, so that two reports at once are told apart."""
        place, *_ = case.marks or (None,)
        for mark in case.marks:
            await self.db.put("problems", {"_id": f"{case.site}|{mark}", "latest": case.id})
        if place is None:
            return Earlier()
        reports = await self.db.find("cases", {"site": case.site, "marks": place}, sort=[("received_at", -1)], limit=MOST_REPORTS)
        shared = [mark for mark in case.marks if not mark.startswith(ONE_UNIT)]
        if not shared:
            return Earlier(tuple(from_doc(Case, doc) for doc in reports))
        opened = {"status": {"$in": sorted(WORKED_ON)}, "incident": None, "kind": case.kind.value, "_id": {"$ne": case.id}}
        heads = await self.db.find("cases", {"site": case.site, "marks": {"$in": shared}} | opened, sort=[("received_at", 1)], limit=1)
        return Earlier(tuple(from_doc(Case, doc) for doc in reports), from_doc(Case, heads[0]) if heads else None)

    async def first_free(self, numbers: Sequence[str]) -> str:
        """Return the first number that no case has. Raises Taken."""
        for number in numbers:
            if await self.db.get("cases", number) is None:
                return number
        raise Taken

    async def case_of_event(self, caller: str, external: str) -> Case | None:
        """Return the case that a call centre's event made before (DEF-15)."""
        doc = await self.db.get("externals", _event_id(caller, external))
        return await self.case(doc["case"]) if doc else None

    async def brought_up_in(self, command: Report, by: Caller) -> Case | None:
        """Return the case in whose return visit a matter came up, where the caller may know of it."""
        doc = await self.db.get("cases", command.brought_up_in) if command.brought_up_in else None
        return from_doc(Case, doc) if doc and by.sees(doc["site"]) else None

    async def add(self, changes: Changes, contact: Contact | None, *, at: datetime, by: str) -> Case:
        """Add a new case with its facts, contact and external id, and what changed with it. Raises Taken when its number or external id is."""
        change, *others = changes
        case: Case = change.state
        await self._keep(change, case, at, by, "report", fresh=True)
        if case.external:
            made_by = {"caller": case.external.caller, "external": case.external.id, "case": case.id}
            await self.db.insert("externals", {"_id": _event_id(case.external.caller, case.external.id), **made_by})
        if contact and case.contact:
            await self.db.insert("contacts", self._sealed(case.site, case.contact, contact))
        for other in others:
            await self._keep(other, other.state if isinstance(other.state, Case) else case, at, by, "report")
        return case

    async def save(self, changes: Changes, *, at: datetime, by: str, what: str) -> Case:
        """Keep everything that changed with its facts, each in the lane of its case; return the case that was moved, the first of them.

        `by`, `what`: who moved it, and how: for the audit chain, where no fact says it.
        """
        cases = {change.state.id: change.state for change in changes if isinstance(change.state, Case)}
        for change in changes:
            state = change.state
            await self._keep(change, state if isinstance(state, Case) else cases[state.case], at, by, what)
        return next(iter(cases.values()))

    async def _keep(self, change: Change[Any], case: Case, at: datetime, by: str, what: str, *, fresh: bool = False) -> None:
        state, said = change.state, change.facts[0].kind if change.facts else what
        more = {"place": state.place} if isinstance(state, Case) else {}
        await audit.keep(self._tx, COLLECTIONS[type(state)], state, change.facts, at=at, by=by, what=said, lane=case.lane, more=more, fresh=fresh)

    # --- return visits --------------------------------------------------------------------------------------------------------

    async def visits(self, site: str, state: VisitState, *, unsigned: bool, limit: int) -> list[tuple[Visit, Case]]:
        """Return visits of a site in that state with their cases, due the longest first; `unsigned`: only what is not signed yet."""
        where: Doc = {"site": site, "state": state.value} | ({"signed": None} if unsigned else {})
        found = [from_doc(Visit, doc) for doc in await self.db.find("visits", where, sort=[("due_since", 1), ("_id", 1)], limit=limit)]
        docs = await self.db.find("cases", {"_id": {"$in": sorted({visit.case for visit in found})}}) if found else []
        cases = {doc["_id"]: from_doc(Case, doc) for doc in docs}
        return [(visit, cases[visit.case]) for visit in found]

    async def letter(self, site: str, name: str) -> OpenLetter | None:
        """Return an open letter of the site."""
        doc = await self.db.get("letters", name)
        return from_doc(OpenLetter, doc) if doc and doc["site"] == site else None

    async def letters(self, site: str) -> list[OpenLetter]:
        """Return the open letters of a site, latest first."""
        docs = await self.db.find("letters", {"site": site}, sort=[("at", -1), ("_id", 1)], limit=MOST_LETTERS)
        return [from_doc(OpenLetter, doc) for doc in docs]

    async def keep_letter(self, letter: OpenLetter) -> None:
        """Put an open letter into the archive."""
        await self.db.put("letters", to_doc(letter))

    # --- policies -------------------------------------------------------------------------------------------------------------

    async def keep_policy(self, policy: SitePolicy, version: int) -> None:
        """Keep a version of a site's policy; the newest is the one in force."""
        made = policy.model_copy(update={"version": version})
        await self.db.put("policies", {"_id": f"{policy.site}:{version}", "policy": made.model_dump_json(by_alias=True)})
        site = await self.db.get("sites", policy.site)
        await self.db.put("sites", {"_id": policy.site, "version": max(version, site["version"] if site else 0)})

    async def policy_in_force(self, site: str) -> SitePolicy:
        """Return the newest policy of a site. Raises UnknownSite."""
        known = await self.db.get("sites", site)
        if known is None:
            raise UnknownSite
        return await self.policy(site, known["version"])

    async def policy(self, site: str, version: int) -> SitePolicy:
        """Return one version. Raises UnknownSite."""
        kept = self._policies.get((site, version))
        if kept is None:
            doc = await self.db.get("policies", f"{site}:{version}")
            if doc is None:
                raise UnknownSite
            kept = self._policies[site, version] = SitePolicy.model_validate_json(doc["policy"])
        return kept

    # --- units ----------------------------------------------------------------------------------------------------------------

    async def unit(self, site: str, unit: str) -> Unit | None:
        """Return a unit of the site's register."""
        doc = await self.db.get("units", unit_id(site, unit))
        return from_doc(Unit, doc) if doc else None

    async def units_named(self, site: str, units: Sequence[str]) -> dict[str, Unit]:
        """Return those of these units that the register has, by their code."""
        docs = await self.db.find("units", {"_id": {"$in": [unit_id(site, unit) for unit in units]}})
        return {doc["unit"]: from_doc(Unit, doc) for doc in docs}

    async def units(self, site: str, *, after: str | None, limit: int) -> list[Unit]:
        """Return units of a site by their code, those after `after`."""
        where: Doc = {"site": site} | ({"unit": {"$gt": after}} if after else {})
        return [from_doc(Unit, doc) for doc in await self.db.find("units", where, sort=[("unit", 1)], limit=limit)]

    async def save_unit(self, unit: Unit, facts: Sequence[Fact], contacts: Mapping[str, Contact], gone: Sequence[str], *, at: datetime) -> None:
        """Keep a unit with its fact and the sealed contacts of its people; delete those of who left."""
        await outbox.save(self._tx, "units", unit, facts, at=at, lane=Lane.NORMAL)
        if contacts:
            await self.db.put("contacts", *(self._sealed(unit.site, ref, contact) for ref, contact in contacts.items()))
        if gone:
            await self.db.delete("contacts", {"_id": {"$in": list(gone)}})

    # --- contacts -------------------------------------------------------------------------------------------------------------

    async def contact(self, ref: str) -> tuple[str, Contact] | None:
        """Return site and contact of a reference."""
        doc = await self.db.get("contacts", ref)
        return (doc["site"], self._opened(doc)) if doc else None

    async def cases_of_phone(self, site: str, phone: str, *, limit: int) -> list[Case]:
        """Return cases whose reporter left this (normalised) number, latest first; found by the blind index."""
        docs = await self.db.find("contacts", {"site": site, "phone_index": self._vault.blind(phone)})
        refs = [doc["_id"] for doc in docs]
        found = await self.db.find("cases", {"contact": {"$in": refs}}, sort=[("place", -1)], limit=limit) if refs else []
        return [from_doc(Case, doc) for doc in found]

    def _sealed(self, site: str, ref: str, contact: Contact) -> Doc:
        texts = {name: text for name, text in asdict(contact).items() if name in SEALED and text}
        sealed = {name: self._vault.seal(site, f"contact.{ref}.{name}", text) for name, text in texts.items()}
        index = self._vault.blind(contact.phone) if contact.phone else None
        return {"_id": ref, "site": site, "sealed": sealed, "phone_index": index, "locale": contact.locale}

    def _opened(self, doc: Doc) -> Contact:
        texts = {name: self._vault.open(doc["site"], f"contact.{doc['_id']}.{name}", sealed) for name, sealed in doc["sealed"].items()}
        return Contact(locale=doc["locale"], **texts)

    # --- API keys -------------------------------------------------------------------------------------------------------------

    async def key(self, key_id: str) -> KeyRecord | None:
        """Return the key of that id, revoked ones too."""
        doc = await self.db.get("keys", key_id)
        return from_doc(KeyRecord, doc) if doc else None

    async def keys(self) -> list[KeyRecord]:
        """Return all keys, oldest first."""
        return [from_doc(KeyRecord, doc) for doc in await self.db.find("keys", sort=[("created_at", 1), ("_id", 1)])]

    async def keep_key(self, record: KeyRecord) -> None:
        """Keep a key."""
        await self.db.put("keys", to_doc(record))

    @property
    def _tx(self) -> Transaction:
        return cast("Transaction", self.db)


def _event_id(caller: str, external: str) -> str:
    return sha256(f"{caller}|{external}".encode()).hexdigest()
