"""What a template needs of a row, a clock, an order, an entry: words and numbers only, nothing left to decide. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from common.states import ClockState, OrderStatus

from console.domain import timeline
from console.domain.board import BoardClock, BoardOrder, Row
from console.domain.timeline import Entry
from console.domain.wording import Speech
from console.pages.words import word
from console.store import Crew, Site

TONES: Mapping[str, str] = {
    "case.closed": "good",
    "case.reopened": "bad",
    "case.work_done": "good",
    "clock.warned": "warn",
    "clock.breached": "bad",
    "escalation.raised": "bad",
    "escalation.repeated": "bad",
    "escalation.reported": "bad",
    "escalation.raised:warning": "warn",
    "notice.failed": "bad",
    "notice.withheld": "warn",
    "clock.met:met": "good",
    "clock.met:late": "bad",
    "clock.met:excused": "warn",
    "visit.recorded:True": "good",
    "visit.recorded:False": "bad",
    "work_order.cancelled": "warn",
}  #: kind of entry, and what decides within it -> colour of its dot
DECIDES = {"clock.met": "clock_state", "visit.recorded": "satisfied", "escalation.raised": "level"}
CLOCK_TONES = {ClockState.MET: "good", ClockState.LATE: "bad", ClockState.EXCUSED: "warn"}


@dataclass(frozen=True)
class Scene:
    """What is needed to speak about the cases of one site."""

    speech: Speech
    site: Site | None = None
    crew: Crew | None = None
    named: int = 0  #: version of the names of people

    @property
    def version(self) -> tuple[int, int, int]:
        """Return what differs when other words may be said."""
        return (self.site.version if self.site else 0, self.crew.version if self.crew else 0, self.named)

    def site_name(self, code: str) -> str:
        """Return the site's name, its code while none is known."""
        return self.site.named(self.speech.locale) if self.site else code

    def who(self, person: str | None) -> str | None:
        """Return what a person is called, the reference while that is not known."""
        return self.speech.value("person", person)

    def role(self, person: str | None) -> str:
        """Return what a person does at the site, empty when that is not known."""
        roles = self.crew.people.get(person or "", ()) if self.crew else ()
        return self.speech.code("role", roles[0]) if roles else ""


@dataclass(frozen=True)
class Tag:
    """A code with its word, for colour and text."""

    code: str
    text: str


@dataclass(frozen=True)
class Countdown:
    """A due time: the browser counts, the page says when."""

    start_ms: int
    due_ms: int
    due: str
    late: bool


@dataclass(frozen=True)
class ShownRow:
    """One line of the list."""

    number: str
    site: str
    unit: str | None
    kind: Tag
    matter: str | None
    urgency: Tag | None
    status: Tag
    stage: str | None  #: where its newest order stands
    alarm: str | None
    who: str | None
    role: str
    clock: str | None
    countdown: Countdown | None
    undated: bool
    levels: list[Tag]
    received: str
    channel: str


@dataclass(frozen=True)
class ShownClock:
    """One clock of the case page."""

    name: str
    state: Tag
    tone: str
    since: str
    due: str | None
    estimate: str | None  #: a guess while a calendar year is missing
    stopped: str | None
    countdown: Countdown | None
    levels: list[Tag]


@dataclass(frozen=True)
class ShownOrder:
    """One order of the case page."""

    id: str
    number: int
    status: Tag
    party: str
    trade: str | None
    assignee: str | None
    role: str
    alarm: str | None


@dataclass(frozen=True)
class ShownEntry:
    """One entry of the timeline."""

    time: str
    iso: str
    text: str
    by: str | None
    role: str
    tone: str


@dataclass(frozen=True)
class ShownDay:
    """The entries of one local day."""

    day: str
    entries: list[ShownEntry]


@dataclass(frozen=True)
class ShownCase:
    """The case page."""

    row: ShownRow
    facts: list[tuple[str, str]] = field(default_factory=list)  #: key of the word, text
    clocks: list[ShownClock] = field(default_factory=list)
    orders: list[ShownOrder] = field(default_factory=list)
    days: list[ShownDay] = field(default_factory=list)


def row(made: Row, scene: Scene, now: datetime) -> ShownRow:
    """Return a line of the list."""
    speech = scene.speech
    who = made.assignee or made.owner
    working = [order for order in made.orders if order.status is not OrderStatus.CANCELLED][-1:]
    return ShownRow(
        number=made.id,
        site=scene.site_name(made.site),
        unit=made.unit,
        kind=Tag(made.kind, speech.code("kind", made.kind)),
        matter=speech.value("fault", made.fault) or speech.value("category", made.category),
        urgency=Tag(made.urgency, speech.code("urgency", made.urgency)) if made.urgency else None,
        status=Tag(made.status, speech.code("status", made.status)),
        stage=next((speech.code("order_status", order.status) for order in working), None),
        alarm=next((speech.value("alarm", order.alarm) for order in working if order.status is OrderStatus.ISSUED), None),
        who=scene.who(who),
        role=scene.role(who),
        clock=speech.code("clock", made.next.code) if made.next else None,
        countdown=countdown(made.next, speech, now),
        undated=any(clock.state is ClockState.UNDATED for clock in made.clocks),
        levels=[Tag(level, speech.code("level", level)) for level in made.levels[-1:]],
        received=speech.instant(made.received_at),
        channel=speech.code("channel", made.channel),
    )


def case(made: Row, entries: Sequence[Entry], scene: Scene, now: datetime) -> ShownCase:
    """Return the case page."""
    speech = scene.speech
    facts = {
        "received": speech.dated(made.received_at),
        "channel": speech.code("channel", made.channel),
        "unit": made.unit,
        "category": speech.value("category", made.category),
        "department": speech.value("department", made.department),
        "owner": made.owner and f"{scene.who(made.owner)} {scene.role(made.owner)}".strip(),
        "repeat": f"{made.repeat_of} · {made.repeat_count}" if made.repeat_of else None,
        "root_cause": word("required", speech.locale) if made.root_cause_required else None,
        "frequent": word("this_month", speech.locale) if made.frequent else None,
        "incident": made.incident,
        "closed_at": speech.dated(made.closed_at) if made.closed_at else None,
    }
    return ShownCase(
        row=row(made, scene, now),
        facts=[(name, text) for name, text in facts.items() if text],
        clocks=[_clock(clock, speech, now) for clock in made.clocks],
        orders=[_order(order, scene) for order in made.orders],
        days=_days([entry for entry in timeline.in_order(entries) if not _is_machinery(entry)], scene),
    )


def countdown(clock: BoardClock | None, speech: Speech, now: datetime) -> Countdown | None:
    """Return what is left of a clock that runs towards a due time."""
    if clock is None or clock.due_at is None or not clock.counts:
        return None
    start, due = (int(at.timestamp() * 1000) for at in (clock.start_at, clock.due_at))
    return Countdown(start, due, speech.due(clock.due_at), clock.due_at < now)


def _clock(clock: BoardClock, speech: Speech, now: datetime) -> ShownClock:
    return ShownClock(
        name=speech.code("clock", clock.code),
        state=Tag(clock.state, speech.code("clock_state", clock.state)),
        tone=CLOCK_TONES.get(clock.state, ""),
        since=speech.instant(clock.start_at),
        due=speech.due(clock.due_at) if clock.due_at else None,
        estimate=speech.due(clock.estimate_at) if clock.estimate_at and not clock.due_at else None,
        stopped=speech.instant(clock.stopped_at) if clock.stopped_at else None,
        countdown=countdown(clock, speech, now),
        levels=[Tag(level, speech.code("level", level)) for level in clock.levels],
    )


def _order(order: BoardOrder, scene: Scene) -> ShownOrder:
    speech = scene.speech
    return ShownOrder(
        id=order.id,
        number=order.number,
        status=Tag(order.status, speech.code("order_status", order.status)),
        party=speech.code("party", order.party),
        trade=speech.value("trade", order.trade),
        assignee=scene.who(order.assignee),
        role=scene.role(order.assignee),
        alarm=speech.value("alarm", order.alarm),
    )


def _days(entries: Sequence[Entry], scene: Scene) -> list[ShownDay]:
    by_day = groupby(entries, key=lambda entry: scene.speech.day(entry.at))
    return [ShownDay(day, [_entry(entry, scene) for entry in group]) for day, group in by_day]


def _is_machinery(entry: Entry) -> bool:
    """Say whether only machines care: every fact that reaches another system would double the page."""
    return entry.kind == "notice.sent" and entry.data.get("means") == "webhook"


def _entry(entry: Entry, scene: Scene) -> ShownEntry:
    decides = entry.data.get(DECIDES.get(entry.kind, ""))
    tone = TONES.get(f"{entry.kind}:{decides}") or TONES.get(entry.kind, "")
    text = timeline.text(entry, scene.speech)
    return ShownEntry(scene.speech.clock(entry.at), entry.at.isoformat(), text, scene.who(entry.by), scene.role(entry.by), tone)
