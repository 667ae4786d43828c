"""Reads what a user of the system could read about a story's cases: the same doors as a console or a call centre uses.

Not here: deciding whether it is right (`judge`).
"""

from typing import Any

from common.clock_rules import ClockRule, Unit
from common.policy import SitePolicy
from common.sourced import Origin

from huiyin.audit import said, verified
from huiyin.doors import Doors
from huiyin.story.observation import CaseSeen, ClockSeen, NoticeSeen, RuleSeen, SiteSeen, Snapshot

PAGE = 500
MANY = 1000
MIDNIGHT = "24:00"
SHORT = {
    Unit.MINUTE: "m",
    Unit.HOUR: "h",
    Unit.WORKING_DAY: "wd",
    Unit.CALENDAR_DAY: "cd",
    Unit.FULL_DAY: "d",
    Unit.OFFICE_DAY: "od",
    Unit.OFFICE_HOUR: "oh",
    Unit.OFFICE_MINUTE: "om",
}
WORDS = {Unit.APPOINTMENT: "appt", Unit.PROMISED: "promise", Unit.SAME_DAY: "same_day"}


async def see_cases(doors: Doors, cases: dict[str, CaseSeen]) -> dict[str, CaseSeen]:
    """Return the cases with the work orders they have by now, in the order of their numbers."""
    seen = {}
    for alias, case in cases.items():
        orders = await _orders(doors, case)
        seen[alias] = case.model_copy(update={"orders": tuple(str(order["id"]) for order in orders)})
    return seen


async def _orders(doors: Doors, case: CaseSeen) -> list[dict[str, Any]]:
    body = await doors.surely("dispatch", "GET", "/v1/work-orders", case=case.number, limit=PAGE)
    return sorted(body["orders"], key=lambda order: int(order["number"]))


async def snapshot(doors: Doors, at: Any, cases: dict[str, CaseSeen]) -> Snapshot:
    """Return what the doors show of every case at this moment."""
    case, order, timeline, settlement = {}, {}, {}, {}
    for alias, known in cases.items():
        case[alias] = await doors.surely("intake", "GET", f"/v1/cases/{known.number}")
        order[alias] = await _orders(doors, known)
        timeline[alias] = (await doors.surely("console", "GET", f"/v1/cases/{known.number}/timeline"))["entries"]
        settlement[alias] = await _settlements(doors, order[alias])
    books = {site: await _books(doors, site) for site in sorted({known.site for known in cases.values()})}
    return Snapshot(at=at, case=case, order=order, timeline=timeline, settlement=settlement, books=books)


async def _settlements(doors: Doors, orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    answers = [await doors.call("dispatch", "GET", f"/v1/settlements/{order['id']}") for order in orders if order["work_class"]]
    return [answer.body for answer in answers if not answer.refused]


async def _books(doors: Doors, site: str) -> dict[str, Any]:
    body = await doors.surely("dispatch", "GET", f"/v1/sites/{site}/books")
    return {"balanced": body["balanced"]} | {row["account"]: row["amount"] for row in body["balances"]}


async def see_clocks(doors: Doors, sites: list[str]) -> tuple[ClockSeen, ...]:
    """Return every clock of the sites."""
    found = []
    for site in sites:
        rows = await doors.surely("sla", "GET", "/v1/clocks", site=site, limit=MANY)
        found += [ClockSeen.model_validate(row) for row in rows]
    return tuple(found)


async def see_chains(doors: Doors, sites: list[str]) -> tuple[str, ...]:
    """Return what does not fit in the audit chains of the sites."""
    found = [row for row in await verified(doors, None) if row["site"] in sites]
    return tuple(f"{row['service']} {row['site']} {said(fault)}" for row in found for fault in row["faults"])


async def see_notices(doors: Doors, number: str) -> tuple[NoticeSeen, ...]:
    """Return the messages about a case."""
    body = await doors.surely("notify", "GET", "/v1/notices", case=number)
    return tuple(_notice(row) for row in body["notices"])


def _notice(row: dict[str, Any]) -> NoticeSeen:
    fields = {name: row[name] for name in ("template", "recipient", "role", "channel", "status")}
    return NoticeSeen(at=row["sent_at"] or row["at"], **fields)


async def see_site(doors: Doors, site: str, roles: dict[str, tuple[str, ...]]) -> SiteSeen:
    """Return the rules that a site publishes, as a story writes them."""
    policy = SitePolicy.model_validate(await doors.surely("sla", "GET", f"/v1/sites/{site}/policy"))
    rules = tuple(RuleSeen(id=rule.id, rule=written(rule, policy), origin=told(rule.origin)) for rule in policy.clocks)
    return SiteSeen(rules=rules, roles=roles)


def told(origin: Origin | None) -> str:
    """Return where a value comes from, for a person."""
    if origin is None:
        return ""
    quote = f"「{origin.quote}」" if origin.quote else ""
    return " ".join(part for part in (origin.doc, quote, origin.default, f"site {origin.site}" if origin.site else "") if part)


def written(rule: ClockRule, policy: SitePolicy) -> str:
    """Return a rule in the words of a deadline table: `15m`, `1wd@20:00`, `same_day`, `batch+1week` …"""
    if rule.batch:
        return "batch"
    if rule.after_batch:
        return f"batch+{rule.after_batch.weeks}week"
    if rule.daily_at:
        return f"daily@{rule.daily_at}"
    if rule.repeat:
        return f"{rule.repeat.every}{SHORT[Unit(rule.repeat.unit)]}"
    duration = rule.duration
    if duration is None or duration.unit in WORDS:
        return WORDS[duration.unit] if duration else ""
    close = f"@{policy.calendar.close_of_business or MIDNIGHT}" if duration.unit in {Unit.WORKING_DAY, Unit.CALENDAR_DAY} else ""
    return f"{duration.value}{SHORT[duration.unit]}{close}"
