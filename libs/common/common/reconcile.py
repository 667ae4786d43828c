"""Compares what was said with what was heard and brings what is missing, whatever lost it (reliability.md 3.7).

Runs in every consumer, leased, against the fact logs of the services it listens to:
a wiped broker is rebuilt from there. Counts are 0 in steady state.
"""

from datetime import timedelta
from typing import Any

import structlog
from uuid_utils.compat import uuid7

from common import inbox
from common.documents import Doc, Documents, Transaction
from common.errors import BadBody, Fate, HuiyinError, PeerAway, PeerRefused
from common.inbox import decode
from common.loop import Loop, my_turn
from common.runtime import Runtime
from common.timesource import machine_now
from common.topology import SAYS

log = structlog.get_logger()
PAGE = 500
LEASE = timedelta(minutes=10)
JOB = "reconcile"


def sources(prefixes: tuple[str, ...]) -> dict[str, list[str]]:
    """Return the services to ask, each with the prefixes it says."""
    wanted: dict[str, list[str]] = {}
    for prefix in prefixes:
        wanted.setdefault(SAYS[prefix], []).append(prefix)
    return wanted


async def _page(rt: Runtime[Any], source: str, prefixes: list[str], after: str) -> tuple[list[Doc], str]:
    answer = await rt.ask(source, "/v1/facts", after=after, prefix=prefixes, limit=PAGE)
    return answer["facts"], answer["next"]


async def _bring(rt: Runtime[Any], facts: list[Doc]) -> int:
    """Handle those of the facts that never arrived; return how many."""
    ids = [fact["id"] for fact in facts]
    there = {row["_id"] for name in ("inbox", "waiting", "parked") for row in await rt.documents.find(name, {"_id": {"$in": ids}})}
    missing = [fact for fact in facts if fact["id"] not in there]
    for fact in missing:
        await rt.worker.receive(fact["event"].encode())
    return len(missing)


async def _from_source(rt: Runtime[Any], source: str, prefixes: list[str], *, full: bool) -> dict[str, Any]:
    row = await rt.documents.get("cursors", source) or {"_id": source, "after": ""}
    after = "" if full else row["after"]
    seen = repaired = 0
    while True:
        facts, following = await _page(rt, source, prefixes, after)
        repaired += await _bring(rt, facts)
        seen += len(facts)
        after = following
        await rt.documents.put("cursors", {"_id": source, "after": after})
        if len(facts) < PAGE:
            return {"seen": seen, "repaired": repaired}


async def reconcile(rt: Runtime[Any], *, full: bool = False) -> dict[str, Any]:
    """Compare with every source; return and store one report. Every repair is counted, nothing is applied twice."""
    report: dict[str, Any] = {"_id": str(uuid7()), "at": machine_now(), "service": rt.name, "full": full, "sources": {}}
    report["woken"] = await rt.worker.retry_waiting()
    for source, prefixes in sources(rt.prefixes).items():
        try:
            report["sources"][source] = await _from_source(rt, source, prefixes, full=full)
        except (PeerAway, PeerRefused):
            report["sources"][source] = {"away": True}
    report["waiting"], report["parked"] = await rt.documents.count("waiting"), await rt.documents.count("parked")
    report["repaired"] = sum(item.get("repaired", 0) for item in report["sources"].values())
    await rt.documents.put("reports", report)
    if report["repaired"]:
        rt.metrics.repaired.inc(report["repaired"])
        log.warning("reconcile_repaired", repaired=report["repaired"])
    return report


async def last(rt: Runtime[Any]) -> Doc | None:
    """Return the newest report."""
    rows = await rt.documents.find("reports", sort=[("_id", -1)], limit=1)
    return rows[0] if rows else None


async def _leased(rt: Runtime[Any]) -> int:
    """Run when nobody else of this service did within the lease; the pause between two runs is the lease itself."""
    if await my_turn(rt, JOB, min(timedelta(seconds=rt.settings.reconcile_s), LEASE)):
        await reconcile(rt)
    return 0


LOOP = Loop("reconcile", _leased, every=timedelta(seconds=5))


async def audit(db: Documents, action: str, subject: str, by: str, **facts: Any) -> None:
    """Keep who did what to a parked fact."""
    await db.insert("audit", {"_id": str(uuid7()), "at": machine_now(), "action": action, "subject": subject, "by": by, **facts})


async def redrive(rt: Runtime[Any], row: Doc, *, by: str) -> str:
    """Handle a parked fact again; it is parked anew when it fails anew."""
    body = rt.vault.open(rt.name, "parked", row["body"]).encode("latin-1")
    await rt.documents.delete("parked", {"_id": row["_id"]})
    fate = await rt.worker.receive(body, attempt=10_000)
    if fate is Fate.AGAIN:
        await rt.documents.put("parked", row)
    await audit(rt.documents, "redrive", row["_id"], by, fate=str(fate))
    return "parked again" if await _is_parked(rt, row, body) else str(fate)


async def _is_parked(rt: Runtime[Any], row: Doc, body: bytes) -> bool:
    """Say whether the fact lies there again; what still cannot be read was parked under a new name."""
    try:
        made = decode(body)
    except HuiyinError:
        return True
    return bool(await rt.documents.find("parked", {"_id": {"$in": [row["_id"], made.id]}}))


async def discard(rt: Runtime[Any], row: Doc, *, by: str, reason: str) -> None:
    """Give a parked fact up, with a reason: it counts as handled, and what waits behind it in its stream goes on."""
    body = rt.vault.open(rt.name, "parked", row["body"]).encode("latin-1")

    async def work(tx: Transaction) -> tuple[bytes, ...]:
        await audit(tx, "discard", row["_id"], by, why=reason[:500], kind=row.get("kind"))
        await tx.delete("parked", {"_id": row["_id"]})
        try:
            return await inbox.skip(tx, inbox.decode(body))
        except BadBody:
            return ()  # nobody can say which stream it was of

    rt.worker.wake(await rt.commit(work))
