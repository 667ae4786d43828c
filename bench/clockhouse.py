"""sla in this process on a real database, for the bench of clocks: its own handlers, loops and store; clocks are copies of those it opens itself.

Not here: what is measured (`clocks`). The relay runs as in the product, against a bus that confirms at once.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from common import inbox, outbox, tracing
from common.clock_rules import ClockRule, Moment
from common.documents import Doc
from common.events import Fact
from common.events.intake import CaseClassified, CaseClosed, CaseRegistered
from common.memory import Broker, MemoryBus
from common.mongo import MongoDatabase
from common.runtime import Parts, Runtime
from common.settings import Settings
from common.states import CaseState, CaseStatus, Lane
from common.tasks import end
from common.timesource import SystemTime
from devstack.paths import REPOSITORY
from huiyin.secret_keys import new_secrets
from huiyin.sites import load_site
from sla.domain.calendar import SATURDAY
from sla.domain.deadlines import Site, Start, dates
from sla.domain.ground import Dates
from sla.handlers import SUBSCRIPTIONS, foresee
from sla.handlers.commands import YearIn, put_policy, put_year
from sla.handlers.firing import FIRE_LAG, LOOPS
from sla.store import INDEXES, Known, Store

SITES = REPOSITORY / "packs" / "sites"
HOURS, WORKING_DAYS = SITES / "XZ.yaml", SITES / "JN.yaml"  #: a site whose clocks run by the hour, one that counts working days
AT_ONCE = 1000
REPAIR = {"kind": "repair", "urgency": "P2", "fault": "blocked_pipe", "department": "engineering"}
LETTER = {"kind": "complaint", "urgency": "P3", "channel": "letter", "department": "customer_service", "category": "service"}
Told = Callable[[int], None]


@dataclass
class Lags:
    """Takes the place of the product's histogram of firing lag and keeps every value, seconds."""

    values: list[float] = field(default_factory=list)

    def observe(self, value: float) -> None:
        """Keep one value."""
        self.values.append(value)


class ClockHouse:
    """One sla, and clocks in it."""

    def __init__(self, mongo_url: str, site: Path = HOURS) -> None:
        """Nothing is touched before `start`."""
        given = {name.removeprefix("HUIYIN_").lower(): value for name, value in new_secrets().items()}
        settings = Settings.model_validate({**given, "namespace": f"bench_{secrets.token_hex(4)}", "mongo_url": mongo_url})
        self.db = MongoDatabase(mongo_url, f"{settings.namespace}_sla", settings.driver)
        self.lags, known, self.site = Lags(), Known(), load_site(site)
        parts = Parts(self.db, MemoryBus(Broker()), SystemTime(self.db.machine_now), extra={FIRE_LAG: self.lags})
        self.rt: Runtime[Store] = Runtime(
            "sla",
            settings,
            parts,
            store=lambda documents: Store(documents, known),
            indexes=INDEXES,
            subscriptions=SUBSCRIPTIONS,
            loops=LOOPS,
            foresee=foresee,
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._cases = 0

    async def start(self) -> None:
        """Make the database and publish the site."""
        await self.rt.time.start()
        await self.db.start([*outbox.INDEXES, *inbox.INDEXES, *INDEXES])
        self._tasks = [asyncio.create_task(self.rt.worker.run()), asyncio.create_task(self.rt.relay.run())]
        by: Any = None
        await self.rt.transact(lambda store: put_policy(self.site.policy, self.site.id, store=store, by=by, now=self.rt.now()))
        await self._hear([self.site.rota.published(self.site.id, 1)], "dispatch", self.site.id)

    async def stop(self) -> None:
        """Remove everything again."""
        await end(*self._tasks)
        await self.db.drop()
        await self.rt.time.stop()
        await self.db.stop()
        await self.rt.http.aclose()

    async def _hear(self, facts: Sequence[Fact], source: str, subject: str, *, first: int = 1) -> None:
        """Let sla hear facts of one stream, as from the broker."""
        for seq, fact in enumerate(facts, first):
            made = outbox.envelope(source, subject, seq, fact, at=self.rt.now(), site=self.site.id, lane=Lane.NORMAL, trace=tracing.new())
            await self.rt.worker.receive(made.model_dump_json().encode())

    def case(self, kind: dict[str, Any] = REPAIR, *, received_at: datetime | None = None) -> CaseState:
        """Return the state of a case that nobody has heard of yet."""
        self._cases += 1
        at = received_at or self.rt.now()
        id_ = f"{self.site.id}-{at:%y%m%d}-{self._cases:07d}"
        common = {"status": "classified", "channel": "phone", "received_at": at, "registered_at": at, "policy": 1, "owner": "desk-1"}
        return CaseState.model_validate({"id": id_, "site": self.site.id, **common, **kind})

    async def report(self, case: CaseState) -> None:
        """Let sla hear of a case."""
        await self._hear([CaseRegistered(case=case), CaseClassified(case=case)], "intake", case.id)

    async def close(self, case: CaseState) -> None:
        """Let sla hear that a case was closed."""
        await self._hear([CaseClosed(case=case.model_copy(update={"status": CaseStatus.CLOSED}), outcome="visited")], "intake", case.id, first=3)

    async def template(self, kind: dict[str, Any], code: str | None = None) -> tuple[Doc, Doc]:
        """Return the file of a fresh case and one of its clocks, as the product stores them."""
        case = self.case(kind)
        await self.report(case)
        file = await self.db.get("files", case.id) or {}
        clocks = [row for row in await self.db.find("clocks", {"case": case.id, "armed": True}) if code in {None, row["code"]}]
        await self.db.delete("files", {"_id": case.id})
        await self.db.delete("clocks", {"case": case.id})
        return file, clocks[0]

    async def fill(self, count: int, template: Doc, at: Callable[[int], datetime], *, name: str, told: Told, file: Doc | None = None) -> None:
        """Put `count` copies of a clock, the first level of number n due at `at(n)`; with `file` each has its case too."""
        for start in range(0, count, AT_ONCE):
            numbers = range(start, min(count, start + AT_ONCE))
            cases = [f"{self.site.id}-{name}-{number:07d}" for number in numbers]
            if file:
                await self.db.insert("files", *(file | {"_id": case, "case": file["case"] | {"id": case}} for case in cases))
            await self.db.insert("clocks", *(moved(template, case, at(number)) for case, number in zip(cases, numbers, strict=True)))
            told(len(numbers))

    async def fill_spanning(self, count: int, file: Doc, template: Doc, told: Told) -> date:
        """Put copies of a clock of working days with their cases, dated by the engine, all open over the next working day; return that day."""
        rule, site = self._rule(template), Site(self.site.policy, await self.rt.store.days(self.site.policy.calendar.holidays))
        today = self.rt.now().replace(microsecond=0)
        table = [dates(rule, Start(today - timedelta(minutes=n), Moment.RECEIVED), site) for n in range(600)]
        for start in range(0, count, AT_ONCE):
            numbers = range(start, min(count, start + AT_ONCE))
            found = [(f"{self.site.id}-span-{number:07d}", table[number % len(table)]) for number in numbers]
            await self.db.insert("files", *(_received(file, case, times.start_at) for case, times in found if times))
            await self.db.insert("clocks", *(_dated(template, case, times) for case, times in found if times))
            told(len(numbers))
        return site.days.after(today.date(), 1)

    def _rule(self, clock: Doc) -> ClockRule:
        return next(rule for rule in self.site.policy.clocks if rule.id == clock["rule_id"])

    async def checked(self, template: Doc, sample: int = 2000) -> dict[str, int]:
        """Compare clocks that were dated again with what the engine says of each alone; each must have said so once."""
        rule, site = self._rule(template), Site(self.site.policy, await self.rt.store.days(self.site.policy.calendar.holidays))
        rows, wrong = await self.db.find("clocks", {"code": template["code"]}, limit=sample), 0
        for row in rows:
            right = dates(rule, Start(row["start_at"], Moment.CLASSIFIED), site)
            same = right is not None and row["due_at"] == right.due_at and [rung["at"] for rung in row["rungs"]] == [at for _, at in right.rungs]
            wrong += not same or await self.db.count("outbox", outbox.of_stream(f"sla:clock:{row['_id']}")) != 1
        return {"checked": len(rows), "wrong": wrong}

    async def holiday(self, day: date) -> None:
        """Publish that the year of `day` has one more day off."""
        by: Any = None
        calendar = self.site.policy.calendar.holidays
        worked_on = set((await self.rt.store.days(calendar)).days)
        year = [one for n in range(366) if (one := date(day.year, 1, 1) + timedelta(days=n)).year == day.year]
        off = tuple(one for one in year if one.weekday() < SATURDAY and (one.toordinal() not in worked_on or one == day))
        worked = tuple(one for one in year if one.weekday() >= SATURDAY and one.toordinal() in worked_on)
        await self.rt.transact(lambda store: put_year(YearIn(off=off, worked=worked), calendar, day.year, store=store, by=by, now=self.rt.now()))


def _received(file: Doc, case: str, at: datetime) -> Doc:
    """Return a copy of a case's file for another case that was received and classified then."""
    happened = [one | {"at": at, "of": case} for one in file["happened"]]
    return file | {"_id": case, "case": file["case"] | {"id": case, "received_at": at, "registered_at": at}, "happened": happened}


def _dated(template: Doc, case: str, found: Dates) -> Doc:
    """Return a copy of a clock for another case with these times."""
    levels = {rung["level"]: rung for rung in template["rungs"]}
    rungs = [levels[str(level)] | {"at": at} for level, at in found.rungs if str(level) in levels]
    times = {"trigger_at": found.start_at, "start_at": found.start_at, "due_at": found.due_at, "next_at": rungs[0]["at"], "first_at": rungs[0]["at"]}
    names = {"_id": template["_id"].replace(template["case"], case), "subject": template["subject"].replace(template["case"], case)}
    return template | times | names | {"case": case, "rungs": rungs, "seqs": {}}


def moved(template: Doc, case: str, first_at: datetime) -> Doc:
    """Return a copy of a clock for another case, all its times moved so that the first level is due at `first_at` (whole milliseconds)."""
    first_at = first_at.replace(microsecond=first_at.microsecond // 1000 * 1000)
    by = first_at - template["next_at"]
    times = {key: template[key] + by for key in ("trigger_at", "start_at", "due_at", "next_at", "first_at")}
    subject = template["subject"].replace(template["case"], case)
    rungs = [rung | {"at": rung["at"] + by} for rung in template["rungs"]]
    return template | times | {"_id": template["_id"].replace(template["case"], case), "subject": subject, "case": case, "rungs": rungs}
