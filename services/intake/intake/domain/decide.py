"""The one door to every move: in order of time, legal by its table, let go by its guards, then decided. Pure.

Raises TimeInFuture, TimeOrder, IllegalMove, Refused, and what the decision raises (FieldsMissing, Invalid).
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from common.errors import Refused, TimeInFuture, TimeOrder
from common.moves import Move, step
from common.states import CaseStatus

from intake.domain import classification, closing, complaint, departments, handling, incidents, replying, returning, signing
from intake.domain.attempt import Attempt, File
from intake.domain.case import Act, Case, Changes
from intake.domain.commands import Timed
from intake.domain.guards import GUARDS
from intake.domain.moves import MOVES

Decision = Callable[[Attempt[Any]], Changes]

DECISIONS: dict[str, Decision] = {
    "classify": classification.classify,
    "respond": handling.respond,
    "record-plan": handling.record_plan,
    "tell-progress": handling.tell_progress,
    "restore": handling.restore,
    "notify-departments": departments.notify_departments,
    "answer-department": departments.answer_department,
    "decide-measures": complaint.decide_measures,
    "tell-test-result": complaint.tell_test_result,
    "hold-tripartite": complaint.hold_tripartite,
    "report-result": complaint.report_result,
    "link": incidents.link,
    "split": incidents.split,
    "request-work": handling.request_work,
    "reply": replying.reply,
    "promise": replying.promise,
    "keep-promise": replying.keep_promise,
    "record-result": handling.record_result,
    "tell-result": handling.tell_result,
    "visit": returning.visit,
    "check-visit": signing.check,
    "sign-visit": signing.sign,
    "waive-visit": returning.waive,
    "close": closing.close,
    "transfer": handling.transfer,
}

FOLLOWS_STATE = frozenset({"record-result", "tell-result", "visit", "waive-visit", "close"})
#: moves that cannot have happened before the state they end began; the others only not before the receipt


def decide(name: str, file: File, command: Timed, act: Act, now: datetime) -> Changes:
    """Return what the move changes and says."""
    move = step(MOVES[file.case.kind], name, file.case.status)
    _in_time(name, file.case, act.at, now)
    attempt: Attempt[Any] = Attempt(_taken_up(file, act), command, act)
    _let_go(move, attempt)
    changes = DECISIONS[name](attempt)
    ended = [change.state for change in changes if isinstance(change.state, Case) and change.state.status is CaseStatus.CLOSED]
    return (*changes, *(incidents.handed_on(ended[0], file.linked, act) if ended else ()))


def _in_time(name: str, case: Case, at: datetime, now: datetime) -> None:
    if at > now:
        raise TimeInFuture
    if at < (case.since if name in FOLLOWS_STATE else case.received_at):
        raise TimeOrder


def _taken_up(file: File, act: Act) -> File:
    """The first member of staff who touches what a call centre sent becomes its first-contact owner (INT-14)."""
    if not (file.case.owner_provisional and act.staff):
        return file
    return replace(file, case=file.case.with_(owner=act.by, owner_provisional=False))


def _let_go(move: Move[CaseStatus], attempt: Attempt[Any]) -> None:
    """Raise the first refusal of the move's guards; it names all that refuse, so that everything missing is seen at once."""
    refusals = [found for id_ in move.guards for guard in GUARDS[id_] if (found := guard(attempt))]
    if not refusals:
        return
    first: Refused = refusals[0]
    first.facts["guards"] = [one.facts["guard"] for one in refusals]
    raise first
