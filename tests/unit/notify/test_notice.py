"""What an answer makes of a notice."""

from datetime import timedelta

import pytest
from common.documents import from_doc, to_doc
from common.events.notify import NoticeFailed, NoticeSent, NoticeWithheld
from notify.domain.answers import LOST, NO_CONNECTION, SENT, TIMEOUT, of_http, of_smtp
from notify.domain.notice import Notice, Outcome, Receipt, Status, postponed, tried, withheld

from tests.unit.notify.build import NOON, a_notice

LATER = NOON + timedelta(seconds=5)


@pytest.mark.parametrize(
    ("receipt", "again_at", "status", "fact"),
    [
        (SENT, LATER, Status.SENT, NoticeSent),
        (NO_CONNECTION, LATER, Status.PENDING, None),
        (NO_CONNECTION, None, Status.FAILED, NoticeFailed),
        (TIMEOUT, LATER, Status.UNKNOWN, None),
        (LOST, None, Status.FAILED, NoticeFailed),
        (Receipt(Outcome.REFUSED, "smtp_550"), LATER, Status.FAILED, NoticeFailed),
    ],
)
def test_after_a_try(receipt: Receipt, again_at: object, status: Status, fact: type | None) -> None:
    notice, facts = tried(a_notice(), receipt, now=NOON, again_at=again_at)  # type: ignore[arg-type]
    assert notice.status is status
    assert [type(one) for one in facts] == ([fact] if fact else [])
    assert len(notice.tries) == 1
    assert notice.due_at == (LATER if notice.open else NOON)
    assert (notice.sent_at is not None) is (status is Status.SENT)


def test_withheld_says_why() -> None:
    notice, (fact,) = withheld(a_notice(), "no_email")
    assert isinstance(fact, NoticeWithheld)
    assert (notice.status, notice.reason, fact.reason, fact.recipient) == (Status.WITHHELD, "no_email", "no_email", "owner:r-1")


def test_postponing_counts_no_try() -> None:
    notice, facts = postponed(a_notice(status=Status.SENDING), LATER)
    assert (notice.status, notice.due_at, notice.tries, facts) == (Status.PENDING, LATER, (), ())


@pytest.mark.parametrize("status", Status)
def test_a_notice_is_stored_and_read_back(status: Status) -> None:
    notice = a_notice(status=status)
    doc = to_doc(notice)
    assert doc["open"] is (status in {"pending", "sending", "unknown"})
    assert from_doc(Notice, doc) == notice


@pytest.mark.parametrize(("code", "outcome"), [(250, "sent"), (251, "sent"), (421, "again"), (451, "again"), (550, "refused"), (554, "refused")])
def test_smtp_answers(code: int, outcome: str) -> None:
    assert of_smtp(code).outcome == outcome


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, "sent"), (204, "sent"), (302, "again"), (400, "again"), (404, "again"), (410, "refused"), (429, "again"), (503, "again")],
)
def test_http_answers(status: int, outcome: str) -> None:
    assert of_http(status).outcome == outcome
    assert of_http(status).gone is (status == 410)


@pytest.mark.parametrize(("header", "seconds"), [("120", 120), ("", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-5", None), ("99999999", None)])
def test_retry_after(header: str, seconds: int | None) -> None:
    assert of_http(503, header).retry_after == (None if seconds is None else timedelta(seconds=seconds))
