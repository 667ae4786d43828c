"""Type, urgency and department of a request: given by a person, else from the fault table of the site's policy (CLS-03 … CLS-13).

Pure. Not here: the repeat check, and who gets the work (dispatch).
"""

from common.errors import FieldsMissing, Invalid, Refused
from common.events.intake import CaseClassified
from common.policy import SitePolicy
from common.routing import Asking, Reported
from common.states import CaseKind, CaseStatus, Party, Urgency

from intake.domain.attempt import Attempt
from intake.domain.case import Case, Change, Changes
from intake.domain.commands import Classify, Report
from intake.domain.parts import Asked, Reclassified, Sorting

ANSWERED = frozenset({CaseKind.ENQUIRY, CaseKind.SUGGESTION})  # nobody is sent: the kind is their type, general their urgency (INT-20, INT-25)


def sort_out(policy: SitePolicy, kind: CaseKind, given: Classify | Report, about: Reported, before: Sorting = Sorting()) -> Sorting:  # noqa: B008 - frozen
    """Return type and urgency: what is given, else what the (new) fault derives, else what was known. Raises Invalid for an unknown fault.

    `about`: the report or the case; a department that nobody gave is the policy's, with the reason.
    """
    fault = given.fault or before.fault
    rule = policy.fault(fault)
    if given.fault and rule is None:
        raise Invalid("fault", "本项目没有此故障代码", "the site's policy has no such fault")
    derived = rule if given.fault else None
    category = given.category or (derived and derived.category) or before.category
    anew = given.fault or given.category or not before.department
    routed = policy.routed(Asking.of(about, kind, given.fault, category)) if anew and not given.department else None
    urgency = given.urgency or (derived and derived.urgency) or before.urgency
    needs_repair = given.needs_repair if given.needs_repair is not None else bool(derived and derived.needs_repair) or before.needs_repair
    return Sorting(
        fault=fault,
        category=category,
        urgency=urgency or (Urgency.P3 if kind in ANSWERED else None),
        trade=given.trade or (derived and derived.trade) or before.trade,
        department=given.department or (routed and routed.department) or before.department,
        route=None if given.department else routed or before.route,
        needs_repair=needs_repair,
        warranty=before.warranty if given.warranty is None else given.warranty,
    )


def missing(kind: CaseKind, sorting: Sorting) -> list[str]:
    """Return what is not known yet of the two that dispatch needs (CLS-11): `category` stands for the type."""
    typed = bool(sorting.category or sorting.fault) or kind is CaseKind.HELP_REQUEST or kind in ANSWERED
    if kind is CaseKind.REPAIR:
        typed = typed or bool(sorting.trade or sorting.department)
    return ([] if typed else ["category"]) + ([] if sorting.urgency else ["urgency"])


def classified(case: Case, sorting: Sorting, policy: SitePolicy) -> Case:
    """Return the case with type and urgency set; a repair asks for its order by that (decisions.md 5), of the contractor where the desk
    knows of the warranty and the site's policy sends the contractor first (R7e, C-12).
    """
    if case.kind is not CaseKind.REPAIR or case.status is not CaseStatus.REGISTERED:
        return case.with_(sorting=sorting)
    party = Party.CONTRACTOR if sorting.warranty and policy.warranty_route != "own_team_first" else Party.OWN
    return case.with_(sorting=sorting, asked=(*case.asked, Asked(party=party, department=sorting.department, trade=sorting.trade)))


def _scoped(case: Case, command: Classify) -> Case:
    """Return the case with the scope check on record (CLS-09): yes or no, with the reason."""
    if command.in_scope is None:
        return case
    if case.kind is not CaseKind.COMPLAINT:
        raise Invalid("in_scope", "仅投诉需要判断服务范围", "only a complaint is checked for scope")
    if not command.scope_reason and not command.in_scope:
        raise FieldsMissing(["scope_reason"])
    return case.with_(in_scope=command.in_scope, scope_reason=command.scope_reason)


def classify(attempt: Attempt[Classify]) -> Changes:
    """Set or change type and urgency; old values stay on record (CLS-20) and clocks are recalculated by the fact."""
    was, command, act = attempt.case, attempt.command, attempt.act
    kind = command.kind or was.kind
    if kind is not was.kind and was.status is not CaseStatus.REGISTERED:
        raise Refused("CLS-20", "已分类的事项不能改变类别", "the kind of a classified case does not change")
    case = was.with_(kind=kind, major=was.major if command.major is None else command.major, nature=command.nature or was.nature)
    case = _scoped(case, command)
    sorting = sort_out(attempt.policy, kind, command, was, was.sorting)
    if case.out_of_scope:  # nobody is sent: the reporter only gets an explanation (K3)
        sorting = sorting.model_copy(update={"urgency": sorting.urgency or Urgency.P3})
    elif lacking := missing(kind, sorting):
        raise FieldsMissing(lacking)
    changed = classified(case, sorting, attempt.policy)
    if was.status is CaseStatus.REGISTERED:
        changed = changed.enter(CaseStatus.CLASSIFIED, act.at)
        return (Change(changed, (CaseClassified(case=changed.state()),)),)
    if sorting.urgency is not was.sorting.urgency and not command.why:  # D6.16: a changed priority keeps its reason
        raise FieldsMissing(["why"])
    kept = Reclassified(before=was.sorting, by=act.by, at=act.at, why=command.why)
    changed = changed.with_(history=(*was.history, kept))
    return (Change(changed, (CaseClassified(case=changed.state(), previous=was.state()),)),)
