"""What the technician's pages need of orders, clocks and steps: words and numbers only. Pure. Not here: the other pages (`show`), forms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.auth import Caller
from common.errors import Text
from common.money import ChargeStatus
from common.states import Awaited, CaseKind, OrderStatus, Party, Urgency

from console.domain.board import NEVER, BoardClock, BoardOrder, Row
from console.domain.wording import Speech, whole
from console.pages.forms import FORMS, Known, MoveForm, ordered, with_options
from console.pages.show import Countdown, Scene, Tag, countdown

WAITING = frozenset({OrderStatus.ISSUED})
HANDED_ON = frozenset({"transfer", "send-back"})
REUSED = "urn:huiyin:problem:idempotency-key-reused"
DONE = frozenset({OrderStatus.RETURNED, OrderStatus.INSPECTED, OrderStatus.CANCELLED, OrderStatus.FEE_REFUSED})
DONE_BEFORE = Text(
    "上一次发送已经登记成功,这次的改动没有登记。请看当前状态",
    "What you sent before was recorded; the change was not. Look at where the order stands now",
)
AWAITED: Mapping[str, tuple[str, str]] = {
    Awaited.ACCEPTANCE: ("order.accept_work", "work_to_accept_as_done"),
    Awaited.INSPECTION: ("order.inspect", "work_to_inspect"),
    Awaited.CLASS: ("order.class", "work_to_class"),
}  #: what an order waits for -> who may do it, and the word of its heading
CHOICES: Mapping[tuple[str, str], str] = {
    ("transfer", "to"): "candidates",
    ("assign", "to"): "assignable",
    ("name-second", "to"): "seconds",
    ("survey", "signers"): "survey_by",
    ("accept-work", "party"): "yet_to_accept",
}  #: a move's field -> where dispatch tells its choices
OTHERS = tuple(heading for _, heading in AWAITED.values())
GROUPS = ("work_to_grab", "work_to_recheck", "work_now", "work_to_accept", *OTHERS, "work_later")  #: words of the headings, in their order


@dataclass(frozen=True)
class ShownWork:
    """One order of the list."""

    id: str
    site: str
    unit: str | None
    matter: str
    urgency: Tag | None
    status: Tag
    clock: str | None
    countdown: Countdown | None
    appointment: str | None


@dataclass(frozen=True)
class ShownStep:
    """What was done to an order."""

    time: str
    iso: str
    move: str
    by: str
    note: str | None
    checks: str | None
    photos: tuple[str, ...]
    signature: str | None


@dataclass(frozen=True)
class ShownMove:
    """A move that is possible now."""

    name: str
    form: MoveForm


@dataclass(frozen=True)
class ShownPrice:
    """An item of the site's fee standard."""

    item: str
    title: Text
    price: str


@dataclass(frozen=True)
class ShownTask:
    """The page of one order."""

    work: ShownWork
    case: str
    facts: list[tuple[str, str]]
    steps: list[ShownStep]
    charge: str | None
    main: ShownMove | None
    others: list[ShownMove]
    rest: str | None  #: the word for why nothing comes next

    @property
    def moves(self) -> set[str]:
        """Names of the moves that are shown."""
        return {shown.name for shown in (self.main, *self.others) if shown}


def awaited(by: Caller) -> tuple[str, ...]:
    """Return what an order may wait for that this person may do; a contractor knows only of its own orders (DSP-13)."""
    return () if "contractor" in by.roles else tuple(what for what, (permission, _) in AWAITED.items() if by.may(permission))


def groups(
    rows: Sequence[Row], person: str, scenes: Mapping[str, Scene], now: datetime, does: Sequence[str] = ()
) -> list[tuple[str, list[ShownWork]]]:
    """Return somebody's open orders: to look at too, in hand, to accept, agreed for a later day, and those of others that wait for what
    they may do (`does`); emergencies first, then what is due first.
    """
    found: dict[str, list[tuple[tuple[bool, datetime, str], ShownWork]]] = {name: [] for name in GROUPS}
    for row in rows:
        for order in row.orders:
            mine = person in (order.assignee, order.second, *order.offered) and order.status not in DONE
            if mine or order.awaits in does:
                scene, clock = scenes[row.site], _next(row, order.id)
                place = (row.urgency != Urgency.P1, (clock.due_at if clock else None) or NEVER, order.id)
                group = AWAITED[order.awaits][1] if order.awaits and order.awaits in does else _group(order, person, scene, now)
                found[group].append((place, work(row, order, clock, scene, now)))
    return [(name, [shown for _, shown in sorted(entries, key=lambda entry: entry[0])]) for name, entries in found.items() if entries]


def _group(order: BoardOrder, person: str, scene: Scene, now: datetime) -> str:
    if order.offered:
        return "work_to_grab"
    if order.second == person:
        return "work_to_recheck"
    zone = scene.speech.zone
    if order.appointment_at and order.appointment_at.astimezone(zone).date() > now.astimezone(zone).date():
        return "work_later"
    return "work_to_accept" if order.status in WAITING else "work_now"


def work(row: Row, order: BoardOrder, clock: BoardClock | None, scene: Scene, now: datetime) -> ShownWork:
    """Return one order of the list."""
    speech = scene.speech
    matter = speech.value("fault", row.fault) or speech.value("category", row.category) or speech.value("trade", order.trade)
    return ShownWork(
        id=order.id,
        site=scene.site_name(row.site),
        unit=row.unit,
        matter=matter or speech.code("kind", row.kind),
        urgency=Tag(row.urgency, speech.code("urgency", row.urgency)) if row.urgency else None,
        status=Tag(order.status, speech.code("order_status", order.status)),
        clock=speech.code("clock", clock.code) if clock else None,
        countdown=countdown(clock, speech, now),
        appointment=speech.instant(order.appointment_at) if order.appointment_at else None,
    )


def task(view: Mapping[str, Any], row: Row, person: str, scene: Scene, now: datetime) -> ShownTask:
    """Return the page of an order as dispatch shows it to `person`."""
    speech, order, charge = scene.speech, _board_order(view), view.get("charge") or {}
    known = _known(view, person)
    main, others = ordered(view["moves"], known)
    facts = {
        "order_area": view.get("area"),
        "order_asset": view.get("asset"),
        "order_trade": speech.value("trade", view.get("trade")),
        "order_issued": speech.instant(_at(view["issued_at"])),
        "order_rework_of": view.get("rework_of"),
        "order_second": " · ".join(
            filter(None, (scene.who(view.get("second_inspector")), view.get("recheck_due") and speech.code("template", "recheck_due")))
        ),
        "order_yet_to_accept": speech.value("signer", list(view.get("yet_to_accept") or ())) if order.status is OrderStatus.COMPLETED else None,
        "order_outcome": speech.value("found", view.get("outcome")),
        **_sheet(view, speech),
        "order_root_cause": view.get("root_cause"),
    }
    return ShownTask(
        work=work(row, order, _next(row, order.id), scene, now),
        case=row.id,
        facts=[(name, text) for name, text in facts.items() if text],
        steps=[_step(step, scene) for step in view["steps"]],
        charge=_charge(charge, speech),
        main=_shown_move(main, view) if main else None,
        others=[_shown_move(name, view) for name in others],
        rest="work_handed_on" if known.given else "work_over" if order.status in DONE else None,
    )


def _known(view: Mapping[str, Any], person: str) -> Known:
    charge, mine = view.get("charge") or {}, view.get("assignee") == person
    return Known(
        status=str(view["status"]),
        contractor=view["party"] == Party.CONTRACTOR,
        repair=view["case_kind"] == CaseKind.REPAIR,
        outcome=view.get("outcome"),
        checks=tuple(view.get("checks") or ()),
        agreed=charge.get("status") == ChargeStatus.CONFIRMED,
        collector=str(charge.get("collector", "worker")),
        waits=bool(view.get("recheck_due")),
        second=view.get("second_inspector") == person,
        mine=mine,
        given=not mine and any(step["move"] in HANDED_ON and step["by"] == person for step in view["steps"]),
        heirs=bool(view.get("candidates")),
        surveyed=bool(view.get("survey_by")),
        assignable=bool(view.get("assignable")),
        seconds=bool(view.get("seconds")),
        unaccepted=bool(view.get("yet_to_accept")),
    )


def _shown_move(name: str, view: Mapping[str, Any]) -> ShownMove:
    """Return a move with the choices that only this order knows."""
    known = {ask.name: view.get(CHOICES[name, ask.name]) or () for ask in FORMS[name].asks if (name, ask.name) in CHOICES}
    return ShownMove(name, with_options(FORMS[name], known))


def _sheet(view: Mapping[str, Any], speech: Speech) -> dict[str, str | None]:
    """Return what the joint survey found; nothing where nobody surveyed."""
    sheet = view.get("survey") or {}
    return {
        "order_complexity": speech.value("complexity", view.get("complexity")),
        "order_trades": speech.value("trade", list(sheet.get("trades") or ())),
        "order_responsible": speech.value("responsible", sheet.get("responsible")),
        "order_warranty": speech.code("warranted", "yes" if sheet["in_warranty"] else "no") if sheet else None,
        "order_estimate": whole(sheet["estimate"]) if sheet else None,
        "order_class": speech.value("work_class", view.get("work_class")),
    }


def unsent(form: MoveForm, given: Mapping[str, list[str]], locale: str) -> list[tuple[str, str]]:
    """Return what was written on a form that is not shown any more: a person's words are never thrown away."""
    written = ((ask.label.in_(locale), "\n".join(given.get(ask.name, ())).strip()) for ask in form.asks if ask.kind in {"text", "amount"})
    return [(label, text) for label, text in written if text]


def prices(standard: Mapping[str, Any]) -> list[ShownPrice]:
    """Return a site's fee standard as dispatch tells it."""
    currency = standard["currency"]
    return [ShownPrice(one["item"], Text(one["title"]["zh"], one["title"]["en"]), whole(one["price"], currency)) for one in standard["items"]]


def _charge(charge: Mapping[str, Any], speech: Speech) -> str | None:
    """Return what the owner pays and how far that is, None where nothing was quoted."""
    return f"{whole(charge['amount'], charge['currency'])} · {speech.code('charge', charge['status'])}" if charge.get("amount") else None


def refusal(document: Mapping[str, Any], form: MoveForm, speech: Speech) -> list[str]:
    """Return why dispatch refused a move, in words: what it says, but codes and fields as people know them."""
    said = [str(document["title"])]
    if "state" in document and "move" in document:
        return [*said, speech.code("order_status", str(document["state"]))]
    if document.get("type") == REUSED:
        return [DONE_BEFORE.in_(speech.locale)]
    lacking = speech.value("lacking", list(document.get("lacking") or ()))
    fits = speech.value("work_class", document.get("fits"))
    wrong = {str(error["field"]).split(".", 1)[0] for error in document.get("errors") or ()}
    asked = [ask.label.in_(speech.locale) for ask in form.asks if ask.name in wrong]
    return [*said, *(text for text in (document.get("detail"), lacking, fits, *asked) if text)]


def _board_order(view: Mapping[str, Any]) -> BoardOrder:
    made = {name: view.get(name) for name in ("id", "number", "status", "party", "assignee", "trade", "alarm", "appointment_at")}
    return BoardOrder.model_validate(made)


def _step(step: Mapping[str, Any], scene: Scene) -> ShownStep:
    at, move = _at(step["at"]), str(step["move"])
    return ShownStep(
        time=scene.speech.instant(at),
        iso=at.isoformat(),
        move=scene.speech.code("move", move),
        by=scene.speech.code("person", str(step["by"])),
        note=step.get("note"),
        checks=scene.speech.value("check", list(step.get("checks") or ())),
        photos=tuple(step.get("photos") or ()),
        signature=step.get("signature"),
    )


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _next(row: Row, order: str) -> BoardClock | None:
    """Return the clock that is due first among those of the order and of its case."""
    mine = (f"order:{order}:", f"case:{row.id}:")
    running = [clock for clock in row.clocks if clock.counts and clock.id.startswith(mine)]
    return min(running, key=lambda clock: clock.due_at or NEVER, default=None)
