"""What is reported at once, whatever the clocks say: major complaints, repeats, what a return visit brought back (ESC-06, ESC-10, ESC-12). Pure.

Not here: levels of clocks (`clock`), emergencies at night (notify tells the night recipient the moment the case is classified, ESC-14).
"""

from collections.abc import Iterator

from common.clock_rules import AtOnce
from common.events.sla import EscalationReported
from common.policy import SitePolicy
from common.states import CaseStatus

from sla.domain.applies import About, applies
from sla.domain.case_file import CaseFile
from sla.domain.escalation import Asked, call


def due(file: CaseFile, policy: SitePolicy) -> Iterator[tuple[AtOnce, int]]:
    """Return the rules by which the case has to be reported now, each with how often it was reported by it then."""
    if not file.classified or file.case.status is CaseStatus.CLOSED:
        return
    about = About(file.case, policy)
    for rule in policy.at_once:
        done = file.reported.get(rule.id, 0)
        times = _times(rule, file)
        if times > done and applies(rule.applies, about):
            yield rule, times


def _times(rule: AtOnce, file: CaseFile) -> int:
    """Return how often a rule reports a case that it applies to: once, or each time that its moment happened."""
    return sum(one.moment in rule.after for one in file.happened) if rule.after else 1


def report(file: CaseFile, rule: AtOnce, number: int, asked: Asked) -> tuple[CaseFile, EscalationReported]:
    """Return the file that remembers it, and the fact. A report that reaches nobody says so."""
    called = call(rule.roles, asked, rule.id)
    fact = EscalationReported(
        case=file.case,
        rule=rule.id,
        number=number,
        roles=rule.roles,
        persons=called.persons,
        skipped=called.skipped,
        unfilled=called.unfilled,
        nobody=called.nobody,
    )
    others = tuple(name for name in file.unheard if name != rule.id)
    unheard = (*others, rule.id) if called.nobody else others
    reported = file.reported | {rule.id: number}
    return file.model_copy(update={"reported": reported, "unheard": unheard, "alarmed": bool(unheard)}), fact


def unheard(file: CaseFile, policy: SitePolicy) -> Iterator[tuple[AtOnce, int]]:
    """Return the reports that reached nobody, to be made again."""
    return ((rule, file.reported.get(rule.id, 1)) for rule in policy.at_once if rule.id in file.unheard)


def settled(file: CaseFile) -> CaseFile:
    """Return the file of a closed case without alarm: there is nothing left to report."""
    over = file.alarmed and file.case.status is CaseStatus.CLOSED
    return file.model_copy(update={"unheard": (), "alarmed": False}) if over else file
