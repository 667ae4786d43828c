"""A report becomes a case: required fields, anonymity, ownership, and both classifications where they are known (K1, R1, INT-09 to INT-14). Pure.

Not here: the number's uniqueness and the external id (`store`), the contact's encryption (`store`), its phone number (`contact`).
"""

from dataclasses import dataclass, replace
from datetime import datetime

from common.errors import FieldsMissing, Invalid, TimeInFuture
from common.events import Fact
from common.events.intake import CaseClassified, CaseRegistered
from common.policy import SitePolicy
from common.states import CaseKind, CaseStatus

from intake.domain.case import Act, Case, Change, Changes
from intake.domain.classification import classified, missing, sort_out
from intake.domain.commands import Report
from intake.domain.parts import External, Sorting
from intake.domain.promise import Offer, Promise, make, said_made

SAME = {"expected": ("expected", "expected_at"), "description": ("description", "subject"), "contact": ("reporter.phone", "reporter.email")}
ALWAYS = frozenset({"site", "kind", "channel", "received_at"})  # known for every report


@dataclass(frozen=True)
class Names:
    """Ids drawn for a new case and its contact."""

    number: str
    contact: str | None


def received(command: Report, now: datetime) -> datetime:
    """Return when it was received. Raises TimeInFuture."""
    if command.received_at and command.received_at > now:
        raise TimeInFuture("received_at")
    return command.received_at or now


def lacking(command: Report, policy: SitePolicy) -> list[str]:
    """Return required fields that are missing; an anonymous report may omit what the policy says (INT-09, INT-10).

    A complaint without name and address is anonymous and has to say so (K1).
    """
    required = policy.required.fields.get(command.kind, ())
    omitted = policy.required.anonymous_may_omit if command.anonymous else ()
    wanted = [field for field in required if not any(field == one or field.startswith(f"{one}.") for one in omitted)]
    wanted += ["reply_at"] * bool(command.brought_up_in)
    nobody = command.kind is CaseKind.COMPLAINT and not (command.anonymous or command.reporter or command.unit)
    return [field for field in dict.fromkeys([*wanted, *(["reporter"] if nobody else [])]) if not _given(command, field)]


def _given(command: Report, field: str) -> bool:
    return field in ALWAYS or any(_value(command, path) for path in SAME.get(field, (field,)))


def _value(command: Report, path: str) -> object:
    value: object = command
    for part in path.split("."):
        value = getattr(value, part, None)
    return value


def register(command: Report, policy: SitePolicy, names: Names, act: Act, before: Case | None = None) -> Changes:
    """Return the new case with its facts: registered, and classified too where type and urgency are known (CLS-11).

    `before`: the case in whose return visit it came up; such a matter is told at once when it will be answered (RVT-13, K19), and that is a
    promise. Raises FieldsMissing, Invalid, TimeInFuture.
    """
    if command.brought_up_in and (before is None or before.site != command.site):
        raise Invalid("brought_up_in", "本项目没有此案件", "no case of this site")
    if fields := lacking(command, policy):
        raise FieldsMissing(fields)
    if command.anonymous and command.reporter:
        raise Invalid("reporter", "匿名事项不得登记联系人", "an anonymous report has no reporter")
    sorting = sort_out(policy, command.kind, command, command)
    case, promise = _promised(_case(command, policy, names, act).with_(sorting=sorting), command, act)
    facts: tuple[Fact, ...] = (CaseRegistered(case=case.state()),)
    if not missing(case.kind, sorting):
        case = classified(case, sorting, policy).enter(CaseStatus.CLASSIFIED, case.received_at)
        facts += (CaseClassified(case=case.state()),)
    return (Change(case, facts), *((said_made(case, promise),) if promise else ()))


def _promised(case: Case, command: Report, act: Act) -> tuple[Case, Promise | None]:
    if command.reply_at is None:
        return case, None
    text = command.expected or command.subject or command.description or ""
    return make(case, Offer("reply", text, command.reply_at, date_only=False, field="reply_at"), replace(act, at=case.received_at))


def _case(command: Report, policy: SitePolicy, names: Names, act: Act) -> Case:
    at = received(command, act.at)
    taken = {
        "subject",
        "description",
        "unit",
        "asset",
        "area",
        "anonymous",
        "expected",
        "expected_at",
        "appointment_at",
        "major",
        "nature",
        "brought_up_in",
    }
    return Case(
        id=names.number,
        site=command.site,
        kind=command.kind,
        channel=command.channel,
        since=at,
        received_at=at,
        registered_at=act.at,
        policy=policy.version,
        sorting=Sorting(),
        contact=names.contact,
        locale=command.reporter.locale if command.reporter else "zh-CN",
        owner=act.by,
        owner_provisional=not act.staff,
        received_by=act.by,
        external=External(caller=act.by, id=command.external_id) if command.external_id else None,
        read_back_confirmed=command.read_back_confirmed,
        **command.model_dump(include=taken),
    )
