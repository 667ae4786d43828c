"""Answers to the reporter and promises (DEF-19, DEF-25, D4). Pure.

A reply keeps every promise of a reply; an interim one that names its next time makes a new promise. A letter is answered by a letter:
another form only adds the promise. An enquiry ends with its final reply. Not here: the promise itself (`promise`), guards (`guards`).
"""

from common.errors import FieldsMissing, Invalid, TimeOrder
from common.events import Fact
from common.events.intake import CaseReplied
from common.policy import SitePolicy
from common.states import CaseKind, Channel

from intake.domain import promise as promises
from intake.domain.attempt import Attempt
from intake.domain.case import Act, Case, Change, Changes
from intake.domain.closing import finish
from intake.domain.commands import KeepPromise, MakePromise, Reply
from intake.domain.parts import ReplyRecord
from intake.domain.promise import Offer, Promise
from intake.domain.returning import needed, open_visit

ENDS_ANSWERED = frozenset({CaseKind.ENQUIRY, CaseKind.HELP_REQUEST, CaseKind.SUGGESTION})  #: kinds that a final reply ends (INT-20, INT-25)


def form_fits(channel: Channel, form: str, policy: SitePolicy) -> bool:
    """Say whether this form can answer what came through this channel (CMP-14)."""
    return channel not in policy.channels.letter or form in policy.reply.letter_forms


def satisfies(command: Reply, case: Case, policy: SitePolicy) -> bool:
    """Say whether the reply satisfies the reply clock: full, or with the time of the next one, in the form that the channel asks for."""
    dated = bool(command.next_at or command.next_date) or not policy.reply.interim_needs_next_time
    return form_fits(case.channel, command.form, policy) and (command.final or dated)


def reply(attempt: Attempt[Reply]) -> Changes:
    """Answer the reporter."""
    command, act = attempt.command, attempt.act
    answers = satisfies(command, attempt.case, attempt.policy)
    case, kept = _keep_replies(attempt)
    case, made = _promise_next(case, attempt)
    record = ReplyRecord(form=command.form, text=command.text, final=command.final, answers=answers, by=act.by, at=act.at)
    case = case.with_(replies=(*case.replies, record), answered=case.answered or command.final)
    said = CaseReplied(case=case.state(), form=command.form, final=command.final, answers=answers, next_at=made.due_at if made else None, by=act.by)
    changes = [promises.said_kept(case, one, act.at) for one in kept]
    changes += [promises.said_made(case, made)] if made else []
    return (*changes, *_ended(case, said, attempt))


def _keep_replies(attempt: Attempt[Reply]) -> tuple[Case, list[Promise]]:
    case, kept = attempt.case, []
    for one in attempt.file.open_promises:
        if one.about == "reply" and one.made_at <= attempt.act.at:
            case, done = promises.keep(case, one, attempt.act)
            kept.append(done)
    return case, kept


def _promise_next(case: Case, attempt: Attempt[Reply]) -> tuple[Case, Promise | None]:
    command = attempt.command
    if not (command.next_at or command.next_date):
        return case, None
    due_at, date_only = promises.due(command.next_at, command.next_date, attempt.policy.zone)
    return promises.make(case, Offer("reply", command.text, due_at, date_only, field="next_at"), attempt.act)


def _ended(case: Case, said: Fact, attempt: Attempt[Reply]) -> Changes:
    """A final reply ends an enquiry, a help request or a suggestion; where the pack wants a call back, that comes first."""
    ends = attempt.command.final and case.kind in ENDS_ANSWERED and case.work_done and not case.open_promises and not case.outstanding
    if not ends:
        return (Change(case, (said,)),)
    if needed(case, attempt.policy):
        waiting, due = open_visit(case, attempt.policy, attempt.act.at)
        return (Change(waiting, (said,)), due)
    closed, facts = finish(case, attempt.act.at, "answered")
    return (Change(closed, (said, *facts)),)


def promise(attempt: Attempt[MakePromise]) -> Changes:
    """Put a promise on record; each has a clock of its own."""
    command = attempt.command
    due_at, date_only = promises.due(command.due_at, command.due_date, attempt.policy.zone)
    offer = Offer(command.about, command.text, due_at, date_only, command.approver, field="next_at" if command.about == "reply" else "due_at")
    case, made = promises.make(attempt.case, offer, attempt.act)
    return (promises.said_made(case, made), Change(case))


def keep_promise(attempt: Attempt[KeepPromise]) -> Changes:
    """Record that a promise was kept; later than promised it is kept late, not undone."""
    act: Act = attempt.act
    one = _meant(attempt)
    if act.at < one.made_at:
        raise TimeOrder
    case, kept = promises.keep(attempt.case, one, act)
    return (promises.said_kept(case, kept, act.at), Change(case))


def _meant(attempt: Attempt[KeepPromise]) -> Promise:
    number, open_ones = attempt.command.promise, attempt.file.open_promises
    if number is None and len(open_ones) != 1:
        raise FieldsMissing(["promise"])
    for one in open_ones:
        if number in {None, one.number}:
            return one
    raise Invalid("promise", "没有此编号的未履行承诺", "no open promise has this number")
