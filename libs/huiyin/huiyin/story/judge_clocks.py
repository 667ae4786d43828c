"""Expectations about clocks: rows of a deadline table, absent clocks, raised levels. Pure."""

import re

from common.states import ClockState, Level

from huiyin.story.format import Deadline, NoClock, Raised
from huiyin.story.observation import ClockSeen, Observation, RuleSeen
from huiyin.story.times import instant, local
from huiyin.story.verdict import Fault

TIMES = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}(:\d{2})?")
LEVELS = {"warning": Level.WARNING, "l1": Level.L1, "l2": Level.L2, "l3": Level.L3}
ENDED = {ClockState.MET: "met", ClockState.LATE: "late", ClockState.EXCUSED: "excused"}


def clocks_of(seen: Observation, of: str, code: str | None = None) -> list[ClockSeen]:
    """Return the clocks of a case, of its n-th order, or of a site's weeks, earliest start first."""
    alias, _, number = of.partition("/")
    case = seen.cases.get(alias)

    def mine(clock: ClockSeen) -> bool:
        if case is None:
            return clock.site == of and clock.case is None and clock.order is None
        if number:
            return int(number) <= len(case.orders) and clock.order == case.orders[int(number) - 1]
        return clock.case == case.number

    found = [clock for clock in seen.clocks if mine(clock) and code in (None, clock.code)]
    return sorted(found, key=lambda clock: (clock.start_at, clock.id))


def _one(seen: Observation, of: str, code: str, nth: int) -> ClockSeen | None:
    found = clocks_of(seen, of, code)
    return found[nth - 1] if nth <= len(found) else None


def deadline(line: Deadline, seen: Observation) -> Fault | None:
    """Compare every column of a row; the fault names only the columns that differ."""
    clock = _one(seen, line.of, line.clock, line.nth)
    if clock is None:
        there = ", ".join(sorted({one.code for one in clocks_of(seen, line.of)})) or "none"
        return Fault(f"a clock {line.clock}", f"not there; clocks of {line.of}: {there}")
    rules = _rules(seen, clock)
    wanted = _wanted(line)
    actual = _actual(clock, seen.zone) | {"rule": _rule(line, rules), "req": clock.rule if line.req else ""}
    wrong = [column for column, value in wanted.items() if actual[column] != value]
    if not wrong:
        return None
    return Fault(
        "; ".join(f"{column} {wanted[column] or 'none'}" for column in wrong),
        "; ".join(f"{column} {actual[column] or 'none'}" for column in wrong),
        clock.rule,
        rules[0].origin if rules else "",
    )


def _wanted(line: Deadline) -> dict[str, str]:
    times = {"start": line.start, "warning": line.warning, "l1": line.l1, "l2": line.l2, "l3": line.l3}
    raised = ", ".join(f"{level} {times[level.lower()]}" for level in sorted(line.raised, key=list(Level).index))
    plain = {column: _same_day(value) for column, value in times.items()}
    return plain | {"rule": line.rule, "req": line.req or "", "result": _same_day(line.result), "raised": _same_day(raised)}


def _actual(clock: ClockSeen, zone: str) -> dict[str, str]:
    at = {rung.level: rung.at for rung in clock.levels}
    times = {column: local(at.get(level), zone) for column, level in LEVELS.items()}
    ended = ENDED.get(clock.state)
    result = f"{ended} {local(clock.stopped_at, zone)}" if ended else str(clock.state)
    raised = [(rung.level, local(rung.raised_at, zone)) for rung in clock.levels if rung.raised_at]
    told = ", ".join(f"{level} {when}" for level, when in sorted(raised, key=lambda row: list(Level).index(row[0])))
    return times | {"start": local(clock.start_at, zone), "result": result, "raised": told}


def _same_day(text: str) -> str:
    """Return a text with each `24:00` written as the next day's `00:00`, as `local` writes it, and whole minutes without seconds."""
    return TIMES.sub(lambda found: local(instant(found[0], "UTC"), "UTC"), text)


def _rules(seen: Observation, clock: ClockSeen) -> list[RuleSeen]:
    site = seen.sites.get(clock.site)
    return [rule for rule in site.rules if rule.id == clock.rule_id] if site else []


def _rule(line: Deadline, rules: list[RuleSeen]) -> str:
    """Return the rule as written where the policy has it, else what the policy has."""
    written = [rule.rule for rule in rules]
    return line.rule if line.rule in written else " or ".join(written)


def clock_absent(line: NoClock, seen: Observation) -> Fault | None:
    """No clock of this code was opened."""
    if line.of.partition("/")[0] not in seen.cases and line.of not in seen.sites:
        return Fault(f"no {line.no_clock}", f"{line.of} is not known")
    found = clocks_of(seen, line.of, line.no_clock)
    if not found:
        return None
    return Fault(f"no {line.no_clock}", f"{len(found)}, the first from {local(found[0].start_at, seen.zone)}", found[0].rule)


def clock_raised(line: Raised, seen: Observation) -> Fault | None:
    """A level was raised at exactly this time to exactly these roles (and persons, where the line names them)."""
    clock = _one(seen, line.of, line.clock, line.nth)
    rung = next((rung for rung in clock.levels if rung.level == line.raised), None) if clock else None
    wanted = _told(_same_day(line.at), line.roles, line.persons)
    if clock is None or rung is None or rung.raised_at is None:
        return Fault(wanted, "not raised", clock.rule if clock else "")
    actual = _told(local(rung.raised_at, seen.zone), rung.roles, rung.persons if line.persons else ())
    return None if actual == wanted else Fault(wanted, actual, clock.rule)


def _told(at: str, roles: tuple[str, ...], persons: tuple[str, ...]) -> str:
    return f"{at} to {', '.join(sorted(roles))}" + (f" ({', '.join(sorted(persons))})" if persons else "")
