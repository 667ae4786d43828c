"""Replies and promises: which reply answers (DEF-19, DEF-25), when a promise is due (DEF-06), what keeps it, what an answer ends."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from common.errors import FieldsMissing, Invalid, TimeOrder
from common.states import CaseKind, CaseStatus, Channel
from intake.domain import promise
from intake.domain.case import Act
from intake.domain.parts import Asked
from pydantic import ValidationError

from tests.unit.intake.build import HOUR, NOON, a_file, a_promise, after, case_of, classified, do, facts_of, kinds_of

TEXT = {"form": "phone", "text": "正在跟进"}
WEDNESDAY = "2026-03-18T07:00:00Z"


@pytest.mark.parametrize(
    ("channel", "body", "answers"),
    [
        ("phone", {"final": True}, True),
        ("phone", {"final": False}, False),
        ("phone", {"final": False, "next_at": WEDNESDAY}, True),
        ("app", {"final": False, "next_date": "2026-03-18"}, True),
        ("letter", {"final": True, "form": "letter"}, True),
        ("letter", {"final": False, "form": "letter", "next_at": WEDNESDAY}, True),
        ("letter", {"final": False, "form": "letter"}, False),
        ("letter", {"final": False, "next_at": WEDNESDAY}, False),  # a phone call only adds a promise
        ("suggestion_box", {"final": True}, True),  # DEF-25: only a paper letter is a letter
    ],
)
def test_which_reply_answers(channel: str, body: dict[str, Any], answers: bool) -> None:  # noqa: FBT001 - a column of the table above
    changes = do(a_file(classified(channel=Channel(channel))), "reply", **(TEXT | body))
    said = next(fact for fact in facts_of(changes) if fact.kind == "case.replied")
    assert said.answers is answers
    assert ("promise.made" in kinds_of(changes)) is bool(body.get("next_at") or body.get("next_date"))


def test_a_pack_may_take_any_interim_reply_as_an_answer() -> None:
    changes = do(a_file(classified(), reply={"interim_needs_next_time": False}), "reply", **TEXT, final=False)
    assert facts_of(changes)[0].answers is True


@pytest.mark.parametrize("body", [{"final": True, "next_at": WEDNESDAY}, {"final": False, "next_at": WEDNESDAY, "next_date": "2026-03-18"}])
def test_a_reply_that_contradicts_itself_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        do(a_file(classified()), "reply", **TEXT, **body)


def test_the_next_reply_keeps_the_promise_of_a_reply() -> None:
    file = a_file(classified())
    file = after(file, do(file, "reply", **TEXT, final=False, next_at=WEDNESDAY))
    assert (file.case.open_promises, file.promises[0].about, file.promises[0].due_at) == (1, "reply", datetime(2026, 3, 18, 7, tzinfo=UTC))
    changes = do(file, "reply", Act("desk", datetime(2026, 3, 18, 6, 30, tzinfo=UTC)), **TEXT, final=True)
    assert kinds_of(changes) == ["promise.kept", "case.replied"]
    assert case_of(changes).open_promises == 0
    assert facts_of(changes)[0].kept_at == datetime(2026, 3, 18, 6, 30, tzinfo=UTC)


def test_a_reply_keeps_no_promise_of_an_outcome() -> None:
    changes = do(a_file(classified(open_promises=1), a_promise()), "reply", **TEXT, final=True)
    assert kinds_of(changes) == ["case.replied"]


def test_a_late_entry_does_not_keep_a_promise_made_after_it() -> None:
    file = a_file(classified(open_promises=1), a_promise(about="reply", made_at=NOON + 2 * HOUR))
    assert "promise.kept" not in kinds_of(do(file, "reply", Act("desk", NOON + HOUR), **TEXT, final=True))


@pytest.mark.parametrize("kind", [CaseKind.ENQUIRY, CaseKind.HELP_REQUEST, CaseKind.SUGGESTION])
def test_a_final_reply_ends_what_only_wants_an_answer(kind: CaseKind) -> None:
    changes = do(a_file(classified(kind)), "reply", **TEXT, final=True)
    assert kinds_of(changes) == ["case.replied", "case.closed"]
    assert (case_of(changes).status, case_of(changes).outcome) == (CaseStatus.CLOSED, "answered")
    assert case_of(do(a_file(classified(kind)), "reply", **TEXT, final=False)).status is CaseStatus.CLASSIFIED


def test_it_stays_open_with_a_promise_or_with_work_to_do() -> None:
    promised = classified(CaseKind.ENQUIRY, open_promises=1)
    assert case_of(do(a_file(promised, a_promise()), "reply", **TEXT, final=True)).status is CaseStatus.CLASSIFIED
    at_work = classified(CaseKind.HELP_REQUEST, asked=(Asked(),))
    assert case_of(do(a_file(at_work), "reply", **TEXT, final=True)).status is CaseStatus.CLASSIFIED


def test_a_pack_may_want_a_call_back_after_every_case() -> None:
    visits = {"role": "visitor", "kinds": ["repair", "complaint", "enquiry"]}
    changes = do(a_file(classified(CaseKind.ENQUIRY), return_visit=visits), "reply", **TEXT, final=True)
    assert kinds_of(changes) == ["case.replied", "visit.due"]
    assert case_of(changes).status is CaseStatus.RETURN_VISIT_DUE


CHINA, BOSTON = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("day", "zone", "due"),
    [
        (date(2026, 3, 19), CHINA, "2026-03-19T16:00:00+00:00"),
        (date(2026, 3, 7), BOSTON, "2026-03-08T05:00:00+00:00"),
        (date(2026, 3, 8), BOSTON, "2026-03-09T04:00:00+00:00"),  # the day of 23 hours ends at 24:00 too
        (date(2026, 11, 1), BOSTON, "2026-11-02T05:00:00+00:00"),
    ],
)
def test_def_06_a_promised_day_ends_at_24_00_of_the_site(day: date, zone: ZoneInfo, due: str) -> None:
    assert promise.due(None, day, zone) == (datetime.fromisoformat(due), True)


def test_a_promised_time_is_the_time() -> None:
    assert promise.due(NOON, None, CHINA) == (NOON, False)
    with pytest.raises(ValueError, match="time or a day"):
        promise.due(None, None, CHINA)


PROMISE = {"text": "公示车位规则", "due_date": "2026-03-19", "approver": "boss"}


def test_three_promises_are_three() -> None:
    file, kinds = a_file(classified()), []
    for _ in range(3):
        changes = do(file, "promise", **PROMISE)
        kinds += kinds_of(changes)
        file = after(file, changes)
    assert kinds == ["promise.made"] * 3
    assert [one.id.removeprefix(file.case.id) for one in file.promises] == ["-P1", "-P2", "-P3"]
    assert file.case.open_promises == 3
    assert {one.due_at for one in file.promises} == {datetime(2026, 3, 19, 16, tzinfo=UTC)}


def test_a_promise_is_kept_by_its_number_or_when_it_is_the_only_one() -> None:
    file = a_file(classified(open_promises=2), a_promise(), a_promise(id="x-P2", number=2))
    with pytest.raises(FieldsMissing):
        do(file, "keep-promise")
    with pytest.raises(Invalid):
        do(file, "keep-promise", promise=3)
    file = after(file, do(file, "keep-promise", promise=2))
    assert [one.open for one in file.promises] == [True, False]
    changes = do(file, "keep-promise")
    assert (kinds_of(changes), case_of(changes).open_promises) == (["promise.kept"], 0)


def test_at_the_very_instant_is_in_time() -> None:
    made = a_promise()
    file = a_file(classified(open_promises=1), made)
    in_time = after(file, do(file, "keep-promise", Act("desk", made.due_at))).promises[0]
    late = after(file, do(file, "keep-promise", Act("desk", made.due_at + timedelta(milliseconds=1)))).promises[0]
    assert (in_time.late, late.late) == (False, True)


def test_nothing_is_kept_before_it_is_promised_nor_due_before_it_is_made() -> None:
    file = a_file(classified(open_promises=1), a_promise(made_at=NOON + 2 * HOUR))
    with pytest.raises(TimeOrder):
        do(file, "keep-promise", Act("desk", NOON + HOUR))
    with pytest.raises(Invalid) as refused:
        do(file, "promise", text="换灯", due_at=NOON, approver="boss")
    assert refused.value.facts["errors"][0]["field"] == "due_at"


@pytest.mark.parametrize("body", [{}, {"due_at": WEDNESDAY, "due_date": "2026-03-18"}])
def test_a_promise_has_one_due_time(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        do(a_file(classified()), "promise", text="换灯", approver="boss", **body)


def test_promise_facts_carry_no_text() -> None:
    said = "".join(fact.model_dump_json() for fact in facts_of(do(a_file(classified()), "promise", **PROMISE)))
    assert "公示" not in said
