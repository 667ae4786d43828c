"""Steps of a complaint that clocks wait for: measures, test results, the three-party talk, the report upward (SLA-16, -17, -20, -33). Pure.

Not here: the result of the handling (`handling`), plans and the owner's consent.
"""

from common.errors import Refused
from common.events import Fact
from common.events.intake import CaseMeasuresDecided, CaseResultReported, CaseTestResultTold, CaseTripartiteHeld

from intake.domain.attempt import Attempt
from intake.domain.case import Case, Change, Changes
from intake.domain.commands import DecideMeasures, HoldTripartite, ReportResult, TellTestResult
from intake.domain.parts import Taken

BOTH = 2  # parties of a dispute


def decide_measures(attempt: Attempt[DecideMeasures]) -> Changes:
    """Put the corrective measures on record."""
    return _taken(attempt, "measures", CaseMeasuresDecided)


def tell_test_result(attempt: Attempt[TellTestResult]) -> Changes:
    """The owner was told the test result and the corrective plan; one alone is none (requirements.md 0.4)."""
    return _taken(attempt, "test_result", CaseTestResultTold)


def hold_tripartite(attempt: Attempt[HoldTripartite]) -> Changes:
    """The talk of both parties and the company was held."""
    return _taken(attempt, "tripartite", CaseTripartiteHeld)


def report_result(attempt: Attempt[ReportResult]) -> Changes:
    """The site's office told the department above it how the case stands."""
    return _taken(attempt, "result_report", CaseResultReported)


def _taken(
    attempt: Attempt[DecideMeasures] | Attempt[TellTestResult] | Attempt[HoldTripartite] | Attempt[ReportResult],
    kind: str,
    said: type[CaseMeasuresDecided | CaseTestResultTold | CaseTripartiteHeld | CaseResultReported],
) -> Changes:
    act, command = attempt.act, attempt.command
    texts = {name: value for name, value in command.model_dump(exclude={"at"}).items() if isinstance(value, str)}
    parties = command.parties if isinstance(command, HoldTripartite) else ()
    case: Case = attempt.case.with_(taken=(*attempt.case.taken, Taken(kind=kind, texts=texts, parties=parties, by=act.by, at=act.at)))
    fact: Fact = said(case=case.state(), by=act.by)
    return (Change(case, (fact,)),)


def all_present(attempt: Attempt[HoldTripartite]) -> Refused | None:
    """SLA-20: a three-party talk has both parties and the property company."""
    command = attempt.command
    if command.company and len(set(command.parties)) >= BOTH:
        return None
    return Refused("SLA-20", "三方沟通须双方及物业公司均到场", "a three-party talk needs both parties and the company")
