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

    async def count(self, acknowledged: set[str]) -> Count:
        """Return the differences."""
        stored = {row["_id"] for row in await everything(self._of["intake"], "cases")}
        orders = await self._each("dispatch", "orders")
        clocks = await self._each("sla", "clocks")
        notices = await self._each("notify", "notices", {"template": "case_registered"})
        unheard = 0
        for service, prefixes in LISTENS.items():
            for prefix in prefixes:
                said = await self._of[SAYS[prefix]].count("outbox", {"prefix": prefix})
                unheard += abs(said - await self._of[service].count("inbox", {"of": prefix}))
        totals = {name: sum([await self._of[service].count(name) for service in SERVICES]) for name in ("waiting", "parked")}
        return Count(
            lost=len(acknowledged - stored),
            doubled_cases=len(stored - acknowledged),
            missing_orders=sum(orders[case] < 1 for case in acknowledged),
            double_orders=sum(count > 1 for count in orders.values()),
            missing_clocks=sum(clocks[case] < CLOCKS_EACH for case in acknowledged),
            double_clocks=sum(count > CLOCKS_EACH for count in clocks.values()),
            missing_notices=sum(notices[case] < 1 for case in acknowledged),
            double_notices=sum(count > 1 for count in notices.values()),
            unsent=sum([await self._of[service].count("outbox", {"sent_at": None}) for service in SERVICES]),
            unheard=unheard,
            **totals,
        )

    async def drained(self, acknowledged: set[str], *, parked: int = 0, seconds: float = 240.0) -> Count:
        """Count again and again until all is clean but `parked`, or the bound is over; return the last count."""
        until = monotonic() + seconds
        while not replace(now := await self.count(acknowledged), parked=now.parked - parked).clean and monotonic() < until:  # noqa: ASYNC110 - other processes
            await asyncio.sleep(0.5)
        return now
