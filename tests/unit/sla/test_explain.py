"""A clock explained by the code that computed it: segments add up to its limit and end at its deadline, late minutes have owners."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

from common.clock_rules import Moment, Unit
from common.events import Fact
from common.events.dispatch import WorkOrderCompleted, WorkOrderIssued
from common.states import CaseState, ClockState, OrderState, Party
from hypothesis import given, settings
from hypothesis import strategies as st
from sla.domain.case_file import CaseFile
from sla.domain.clock import drawn
from sla.domain.explain import Account, account
from sla.domain.gaps import Window
from sla.domain.holding import Holder, Holding
from sla.domain.holidays import unpublished
from sla.domain.moments import Happened
from sla.domain.plan import plan
from sla.domain.planned import Planned
from sla.domain.rulings import Ruling, RulingKind
from sla.domain.segments import Tally
from sla.domain.wording import lines
from sla.domain.words import MOMENT, UNIT

from tests.unit.sla.build import CASE, a_case, a_policy, a_rule, an_order, at, shown
from tests.unit.sla.test_plan import arrived, completed, issued, registered, told

DAYS = unpublished("CN")
OFFICE = {"hours": {"office": [{"from": "09:00", "to": "12:00"}, {"from": "13:00", "to": "18:00"}]}}
COUNTED = [
    ("minute", 90),
    ("minute", 1),
    ("hour", 72),
    ("working_day", 1),
    ("working_day", 7),
    ("calendar_day", 5),
    ("office_minute", 200),
    ("office_hour", 20),
    ("office_day", 3),
    ("full_day", 4),
    ("same_day", None),
]
instants = st.datetimes(datetime(2026, 1, 5), datetime(2026, 10, 1), timezones=st.just(UTC)).map(lambda one: one.replace(microsecond=0))  # noqa: DTZ001
factors = st.sampled_from([0, 0.25, 0.5, 0.9])


def accounted(planned: Planned, file: CaseFile, now: datetime) -> Account:
    return account(planned, file, now, drawn(planned, None, calendar="CN", revision=0, trace=""))


def one(file: CaseFile, now: str = "2026-03-30 10:00", *, rule: dict[str, Any] | None = None, windows: tuple[Window, ...] = ()) -> Account:
    (clock,) = plan(file, a_policy(rule or a_rule()), DAYS, windows)
    return accounted(clock, file, at(now))


def _received(moment: datetime) -> CaseFile:
    return _file(a_case(received_at=moment))


def _file(case: CaseState) -> CaseFile:
    return told(*registered()).model_copy(update={"case": case, "happened": _moments(case)})


def _moments(case: CaseState) -> Any:
    return (
        Happened(moment=Moment.RECEIVED, at=case.received_at, of=case.id),
        Happened(moment=Moment.CLASSIFIED, at=case.received_at, of=case.id),
    )


@settings(deadline=None, derandomize=True, max_examples=200)
@given(instants, st.sampled_from(COUNTED), st.lists(st.tuples(instants, st.integers(1, 400), factors), max_size=3))
def test_segments_add_up_to_the_limit_and_end_at_the_deadline(
    start: datetime, limit: tuple[str, int | None], declared: list[tuple[datetime, int, float]]
) -> None:
    """Whatever the shape and the windows: no hole, no overlap, the sum is the limit, the end is the deadline."""
    unit, value = limit
    windows = tuple(
        Window(id=f"w{index}", begin=begin, until=begin + timedelta(hours=hours), factor=factor)
        for index, (begin, hours, factor) in enumerate(declared)
    )
    file = _received(start)
    rule = a_rule(duration={"unit": unit} | ({"value": value} if value else {}))
    (clock,) = plan(file, a_policy(rule, **OFFICE), DAYS, windows)
    found = accounted(clock, file, start)
    due_at = clock.dates.due_at
    assert due_at is not None
    segments = found.segments
    assert [one.begin for one in segments[1:]] == [one.end for one in segments[:-1]]
    assert (segments[0].begin, segments[-1].end) == (min(clock.trigger_at, clock.dates.start_at), due_at)
    by_day = {"working_day", "calendar_day", "office_day", "full_day"}
    if unit in by_day:
        assert found.days == value
    elif unit != "same_day":
        wanted = Fraction(value or 0) * (60 if "hour" in unit else 1)
        assert 0 <= found.minutes - wanted < Fraction(1, 1000)  # the store keeps whole milliseconds


def test_the_holiday_and_the_shifted_day_are_named() -> None:
    """SC-11 B: seven holidays do not count, Saturday 10 October does."""
    file = _received(at("2026-09-30 16:00"))
    found = one(file, rule=a_rule(duration={"value": 3, "unit": "working_day"}))
    told_ = [(one.why, shown(one.begin), float(one.amount)) for one in found.segments]
    assert told_ == [
        ("start_day", "2026-09-30 16:00", 0),
        ("holiday", "2026-10-01 00:00", 0),
        ("weekend", "2026-10-03 00:00", 0),
        ("holiday", "2026-10-05 00:00", 0),
        ("working_day", "2026-10-08 00:00", 2),
        ("worked_weekend", "2026-10-10 00:00", 1),
    ]
    assert found.segments[-1].end == at("2026-10-10 19:00")


def test_the_wait_for_the_opening_is_told() -> None:
    file = _file(a_case(channel="app", received_at=at("2026-03-14 23:45")))
    found = one(file)
    assert [(one.why, shown(one.begin), one.tally) for one in found.segments] == [
        ("closed", "2026-03-14 23:45", Tally.NOTHING), ("runs", "2026-03-15 07:00", Tally.MINUTES),
    ]  # fmt: skip


def test_pauses_and_windows_are_segments_of_their_own() -> None:
    pause = Ruling(kind=RulingKind.PAUSE, clock=f"case:{CASE}:CLK_KETTLE:1", at=at("2026-03-16 10:30"), by="boss", reason="owner_away")
    file = told(*registered()).model_copy(update={"rulings": (pause,)})
    policy = a_policy(a_rule(), pause={"reasons": ["owner_away"], "budget": {"value": 30, "unit": "minute"}})
    rain = Window(id="rain", begin=at("2026-03-16 11:15"), until=at("2026-03-16 11:45"), factor=0.5)
    (clock,) = plan(file, policy, DAYS, (rain,))
    found = accounted(clock, file, at("2026-03-16 12:00"))
    assert [(one.why, float(one.amount)) for one in found.segments] == [
        ("runs", 30), ("pause:owner_away", 0), ("runs", 15), ("window:rain", 15), ("runs", 30),
    ]  # fmt: skip
    assert any("暂停(owner_away)" in text.zh for text in lines(found))
    assert any("force majeure (rain)" in text.en for text in lines(found))


# --- whose minutes ------------------------------------------------------------------------------------------------------------


def _contractor() -> OrderState:
    return an_order(a_case(), 2, party=Party.CONTRACTOR, assignee="firm-1")


def test_late_minutes_have_owners() -> None:
    """Due 11:30: engineering until 11:50, the contractor from 11:50 to 12:30, the desk until somebody arrived at 12:45."""
    firm = _contractor()
    facts: list[tuple[str, Fact]] = [
        ("11:00", issued()),
        ("11:50", WorkOrderIssued(order=firm, case=a_case())),
        ("12:30", _completed(firm)),
        ("12:20", completed()),
        ("12:45", arrived()),
    ]
    found = one(told(*registered(), *facts))
    assert found.clock.state is ClockState.LATE
    assert found.owned() == {
        Holder(Holding.OWN, "engineering"): timedelta(minutes=20),
        Holder(Holding.CONTRACTOR, "firm-1"): timedelta(minutes=40),
        Holder(Holding.DESK): timedelta(minutes=15),
    }
    assert shown(found.held[0].begin) == "2026-03-16 10:00"
    assert [str(one.by.party) for one in found.held] == ["desk", "own", "contractor", "desk"]


def _completed(order: OrderState) -> Fact:
    return WorkOrderCompleted(order=order, case=a_case())


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 600), st.integers(1, 300), st.booleans()), max_size=5), st.integers(91, 900))
def test_owned_minutes_are_the_late_minutes(orders: list[tuple[int, int, bool]], stop: int) -> None:
    """However orders overlap: no minute of the lateness is nobody's, none is two parties'."""
    base, facts = at("2026-03-16 10:00"), registered()
    for number, (begin, length, outside) in enumerate(orders, 1):
        order = an_order(a_case(), number, party=Party.CONTRACTOR if outside else Party.OWN)
        facts.append((_text(base, begin), WorkOrderIssued(order=order, case=a_case())))
        facts.append((_text(base, begin + length), _completed(order)))
    facts.append((_text(base, stop), arrived()))
    file = told(*facts)
    (clock,) = plan(file, a_policy(a_rule()), DAYS)
    found = accounted(clock, file, at("2026-03-17 10:00"))
    assert clock.end is not None
    assert clock.dates.due_at is not None
    assert sum(found.owned().values(), timedelta()) == clock.end.at - clock.dates.due_at == timedelta(minutes=stop - 90)


def _text(base: datetime, minutes: int) -> str:
    return shown(base + timedelta(minutes=minutes)) or ""


def test_what_is_in_time_is_nobodys_minute() -> None:
    assert one(told(*registered(), ("10:05", issued()), ("10:30", arrived()))).owned() == {}


# --- words --------------------------------------------------------------------------------------------------------------------


def test_the_arithmetic_in_words() -> None:
    """One line a step, in both languages: rule with quote and versions, start, each stretch, deadline, end, whose minutes."""
    quoted = {"doc": "手册 3", "req": "SLA-05", "quote": "一个工作日"}
    rule = a_rule(duration={"value": 1, "unit": "working_day"}, origin=quoted)
    file = told(*registered(received_at=at("2026-03-13 18:30")), ("2026-03-16 20:30", arrived()))
    found = one(file, rule=rule)
    assert [text.zh for text in lines(found)] == [
        "CLK_KETTLE · SLA-05 · 「一个工作日」 手册 3 · 1 个工作日 · QQ · 第 1 版 · CN#0",
        "接报 2026-03-13(周五)18:30 起算",
        "03-13 18:30–03-14 00:00 起始日,不计",
        "03-14 00:00–03-16 00:00 周末,不计",
        "03-16 00:00–19:00 工作日,计 1 天",
        "合计 1 天",
        "到期 2026-03-16(周一)19:00",
        "2026-03-16(周一)20:30 到场:超时(晚 1 小时 30 分钟)",
        "超时归属:客服 1 小时 30 分钟",
    ]
    assert [text.en for text in lines(found)][-3:] == [
        "due Mon 2026-03-16 19:00",
        "Mon 2026-03-16 20:30 on site: late (1 h 30 min after the deadline)",
        "late minutes: customer service 1 h 30 min",
    ]


def test_an_estimate_is_called_one() -> None:
    file = _file(a_case(received_at=at("2026-12-31 10:00")))
    text = lines(one(file, rule=a_rule(duration={"value": 1, "unit": "working_day"})))
    assert "CN:2027 未公布,尚无到期时间;估计 2027-01-01(周五)19:00" in [line.zh for line in text]


def test_an_extension_is_told() -> None:
    ruling = Ruling(
        kind=RulingKind.EXTENSION, clock=f"case:{CASE}:CLK_KETTLE:1", at=at("2026-03-17 16:00"), by="b", reason="x",
        to=date(2026, 3, 20), consent_at=at("2026-03-17 15:00"),
    )  # fmt: skip
    file = told(*registered()).model_copy(update={"rulings": (ruling,)})
    rule = a_rule(duration={"value": 2, "unit": "working_day"}, extension="prior_customer_consent")
    found = one(file, rule=rule)
    assert (found.segments[-1].why, shown(found.segments[-1].end)) == ("extension", "2026-03-20 19:00")
    assert "原到期 2026-03-18(周三)19:00" in [line.zh for line in lines(found)]


def test_every_moment_and_unit_has_its_word() -> None:
    assert (set(MOMENT), set(UNIT)) == (set(Moment), set(Unit))


def test_a_late_clock_of_an_order_is_its_partys() -> None:
    leg = a_rule(code="CLK_LEG", subject="order", start="contractor_issued", stop="contractor_on_site", duration={"value": 30, "unit": "minute"})
    file = told(*registered(), ("10:10", WorkOrderIssued(order=_contractor(), case=a_case())))
    found = one(file, "2026-03-16 11:00", rule=leg)
    assert found.owned() == {Holder(Holding.CONTRACTOR, "firm-1"): timedelta(minutes=20)}


def test_what_ended_was_judged_by_the_deadline_of_its_time() -> None:
    """A calendar published afterwards would give another deadline; the account says which one judged."""
    file = told(*registered(), ("11:00", arrived()))
    (clock,) = plan(file, a_policy(a_rule()), DAYS)
    stored = drawn(clock, None, calendar=None, revision=0, trace="").model_copy(update={"due_at": at("2026-03-16 10:45"), "state": ClockState.LATE})
    found = account(clock, file, at("2026-03-16 12:00"), stored)
    told_ = [text.en for text in lines(found)]
    assert "judged when it ended, by the deadline of that time: Mon 2026-03-16 10:45" in told_
    assert told_[-1] == "Mon 2026-03-16 11:00 on site: late (15 min after the deadline)"
