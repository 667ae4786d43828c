"""Expectations about messages: one that left, and times in which nothing did. Pure."""

from collections.abc import Iterator
from datetime import datetime

from huiyin.story.format import Notice, Silence
from huiyin.story.judge_clocks import clocks_of
from huiyin.story.observation import NoticeSeen, Observation
from huiyin.story.times import instant, local
from huiyin.story.verdict import Fault


def notice_left(line: Notice, seen: Observation) -> Fault | None:
    """A message of this template went to this recipient at this time."""
    about = line.of.partition("/")[0]
    sent = seen.notices.get(about, ())
    at = instant(line.at, seen.zone)

    def fits(one: NoticeSeen) -> bool:
        right = one.template == line.template and one.status == line.status and line.channel in (None, one.channel)
        return right and one.at == at and _is_for(one, line.to, about, seen)

    if any(fits(one) for one in sent):
        return None
    close = [one for one in sent if one.template == line.template] or list(sent)
    there = "; ".join(f"{one.template} to {one.recipient} {local(one.at, seen.zone)} {one.channel} {one.status}" for one in close)
    channel = f" by {line.channel}" if line.channel else ""
    return Fault(f"{line.template} to {line.to} {line.at}{channel} {line.status}", there or "no message")


def _is_for(one: NoticeSeen, to: str, about: str, seen: Observation) -> bool:
    kind, _, id_ = one.recipient.partition(":")
    if to in (kind, one.recipient, one.role):
        return True
    case = seen.cases.get(about)
    roles = seen.sites[case.site].roles if case and case.site in seen.sites else {}
    return kind == "person" and to in roles.get(id_, ())


def silence(line: Silence, seen: Observation) -> Fault | None:
    """Nothing of the named kinds happened in the window."""
    start, end = instant(line.from_, seen.zone), instant(line.to, seen.zone)
    if line.of.partition("/")[0] not in seen.cases and line.of not in seen.sites:
        return Fault("silence", f"{line.of} is not known")
    heard = [(at, what) for at, what in _sounds(line, seen) if start <= at < end]
    if not heard:
        return None
    return Fault("silence", "; ".join(f"{what} at {local(at, seen.zone)}" for at, what in sorted(heard)))


def _sounds(line: Silence, seen: Observation) -> Iterator[tuple[datetime, str]]:
    for clock in clocks_of(seen, line.of):
        for rung in clock.levels:
            if rung.raised_at and rung.level.value in line.what:
                yield rung.raised_at, f"{rung.level} of {clock.code}"
    if "notice" in line.what:
        for one in seen.notices.get(line.of.partition("/")[0], ()):
            yield one.at, f"{one.template} to {one.recipient}"
