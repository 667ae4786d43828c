"""What happens to a return visit after it was made: checked by one role of the pack, signed with an opinion by the next (RVT-12). Pure.

It changes nothing of the case, which is closed by then as a rule. Not here: the visit itself (`returning`).
"""

from typing import Any

from common.errors import Refused
from common.events.intake import VisitChecked, VisitSigned

from intake.domain.attempt import Attempt
from intake.domain.case import Change, Changes
from intake.domain.commands import CheckVisit, SignVisit
from intake.domain.visit import Signature, Visit, VisitState


def check(attempt: Attempt[CheckVisit]) -> Changes:
    """Check the record of a visit."""
    act, visit = attempt.act, meant(attempt)
    checked = visit.model_copy(update={"checked": Signature(by=act.by, at=act.at, opinion=attempt.command.opinion)})
    return (Change(checked, (VisitChecked(visit=visit.id, case=attempt.case.state(), by=act.by),)), Change(attempt.case))


def sign(attempt: Attempt[SignVisit]) -> Changes:
    """Sign a checked visit with an opinion."""
    act, visit = attempt.act, meant(attempt)
    signed = visit.model_copy(update={"signed": Signature(by=act.by, at=act.at, opinion=attempt.command.opinion)})
    return (Change(signed, (VisitSigned(visit=visit.id, case=attempt.case.state(), by=act.by),)), Change(attempt.case))


def meant(attempt: Attempt[Any]) -> Visit:
    """Return the visit that is meant: the one of that number, else the latest that was made."""
    made = _made(attempt)
    return made[-1]


def may_check(attempt: Attempt[Any]) -> Refused | None:
    """RVT-12: the first role that the pack names checks a visit that was made, once, and not their own."""
    if not isinstance(attempt.command, CheckVisit):
        return None
    visits, roles = _made(attempt), _roles(attempt)
    if not visits or visits[-1].checked:
        return Refused("RVT-12", "没有待检查的回访记录", "there is no visit to check")
    if not roles or roles[0] not in attempt.act.roles or visits[-1].by == attempt.act.by:
        return Refused(
            "RVT-12", "回访须由规定岗位且非回访本人检查", "a visit is checked by the role that the policy names, not by who made it", roles=roles[:1]
        )
    return None


def may_sign(attempt: Attempt[Any]) -> Refused | None:
    """RVT-12: the last role that the pack names signs what was checked, with an opinion; not who made the visit, nor who checked it."""
    if not isinstance(attempt.command, SignVisit):
        return None
    visits, roles = _made(attempt), _roles(attempt)
    if not visits or visits[-1].signed or (len(roles) > 1 and not visits[-1].checked):
        return Refused("RVT-12", "没有已检查待签署的回访记录", "there is no checked visit to sign")
    if not roles or roles[-1] not in attempt.act.roles:
        return Refused("RVT-12", "回访须由规定岗位签署意见", "a visit is signed by the role that the policy names", roles=roles[-1:])
    checked = visits[-1].checked
    if attempt.act.by in {visits[-1].by, checked.by if checked else None}:
        return Refused("RVT-12", "回访人和检查人不得签署本人经手的记录", "a visit is not signed by who made or checked it")
    return None


def _made(attempt: Attempt[Any]) -> list[Visit]:
    number = attempt.command.visit
    return [one for one in attempt.file.visits if one.state is VisitState.DONE and number in {None, one.number}]


def _roles(attempt: Attempt[Any]) -> tuple[str, ...]:
    section = attempt.policy.return_visit
    return section.checked_by if section else ()
