"""Counts what became of acknowledged cases by reading the services' databases, not our API."""

import asyncio
from collections import Counter
from dataclasses import asdict, dataclass, replace
from time import monotonic

from common.documents import Doc
from common.mongo import MongoDatabase
from common.topology import LISTENS, SAYS

CLOCKS_EACH = 2  # the load's fault runs exactly two clocks
SERVICES = tuple(LISTENS)
PAGE = 1000


@dataclass(frozen=True)
class Count:
    """Zero everywhere is right."""

    lost: int  #: acknowledged − stored
    doubled_cases: int  #: stored cases nobody was told of
    missing_orders: int
    double_orders: int
    missing_clocks: int
    double_clocks: int
    missing_notices: int
    double_notices: int
    unsent: int
    unheard: int  #: said − (heard), over all pairs of services
    waiting: int
    parked: int

    @property
    def clean(self) -> bool:
        """Whether everything is zero."""
        return not any(asdict(self).values())


async def everything(database: MongoDatabase, collection: str, where: Doc | None = None) -> list[Doc]:
    """Every document, in pages: none takes longer than a query may, however many there are and however busy the machine is."""
    found: list[Doc] = []
    while page := await database.find(
        collection, {**(where or {}), "_id": {"$gt": found[-1]["_id"] if found else ""}}, sort=[("_id", 1)], limit=PAGE
    ):
        found += page
    return found


class Checker:
    """Reads the databases of one namespace."""

    def __init__(self, mongo_url: str, namespace: str) -> None:
        """Connect lazily."""
        self._of = {name: MongoDatabase(mongo_url, f"{namespace}_{name}", "pymongo") for name in SERVICES}

    async def close(self) -> None:
        """Let go."""
        for database in self._of.values():
            await database.stop()

    async def _each(self, service: str, collection: str, where: Doc | None = None) -> Counter[str]:
        return Counter(str(row["case"]) for row in await everything(self._of[service], collection, where))

    async def _each_count(self, collection: str, where: Doc | None = None) -> int:
        return sum([await self._of[service].count(collection, where) for service in SERVICES])

    async def _unheard(self) -> int:
        unheard = 0
        for service, prefixes in LISTENS.items():
            for prefix in prefixes:
                said = await self._of[SAYS[prefix]].count("outbox", {"prefix": prefix})
                unheard += abs(said - await self._of[service].count("inbox", {"of": prefix}))
        return unheard

    async def count(self, acknowledged: set[str]) -> Count:
        """Return the differences."""
        stored = {row["_id"] for row in await everything(self._of["intake"], "cases")}
        orders = await self._each("dispatch", "orders")
        clocks = await self._each("sla", "clocks")
        notices = await self._each("notify", "notices", {"template": "case_registered"})
        return Count(
            lost=len(acknowledged - stored),
            doubled_cases=len(stored - acknowledged),
            missing_orders=sum(orders[case] < 1 for case in acknowledged),
            double_orders=sum(count > 1 for count in orders.values()),
            missing_clocks=sum(clocks[case] < CLOCKS_EACH for case in acknowledged),
            double_clocks=sum(count > CLOCKS_EACH for count in clocks.values()),
            missing_notices=sum(notices[case] < 1 for case in acknowledged),
            double_notices=sum(count > 1 for count in notices.values()),
            unsent=await self._each_count("outbox", {"sent_at": None}),
            unheard=await self._unheard(),
            waiting=await self._each_count("waiting"),
            parked=await self._each_count("parked"),
        )

    async def _at_rest(self) -> bool:
        """Whether nobody has anything left to say, hear or wait for: cheaper than the count, which reads every document."""
        return not (await self._each_count("outbox", {"sent_at": None}) or await self._each_count("waiting") or await self._unheard())

    async def drained(self, acknowledged: set[str], *, parked: int = 0, seconds: float = 240.0) -> Count:
        """Count when all is at rest, again and again until all is clean but `parked`, or the bound is over; return the last count."""
        until = monotonic() + seconds
        while monotonic() < until:
            if await self._at_rest() and replace(now := await self.count(acknowledged), parked=now.parked - parked).clean:
                return now
            await asyncio.sleep(0.5)
        return await self.count(acknowledged)
