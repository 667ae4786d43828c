"""What dispatch remembers of facts, and the table of all it hears. Not here: issuing orders (`issuing`), commands."""

from datetime import datetime

from common.coverage import needs_of
from common.envelope import Event
from common.events import FACTS
from common.events.intake import CaseClassified, CaseClosed, CaseFact, CaseLinked, CaseReopened, CaseSplit, CaseWorkRequested
from common.events.sla import ClockBreached, PolicyPublished
from common.inbox import Subscriptions
from common.policy import SitePolicy

from dispatch.handlers.contractors import note_breach
from dispatch.handlers.issuing import cancel_unstarted, issue, issue_requested, rework
from dispatch.store import House, Store


async def remember_case(event: Event[CaseFact], store: Store, now: datetime) -> None:  # noqa: ARG001 - every handler gets the time
    """Keep the case: the facts about its orders carry it."""
    await store.remember(event.fact.case)


async def keep_policy(event: Event[PolicyPublished], store: Store, now: datetime) -> None:  # noqa: ARG001
    """Keep what dispatch needs of a site's policy, one row a version (DEF-18)."""
    policy = SitePolicy.model_validate(event.fact.policy)
    await store.keep_house(House.of(policy, event.fact.version), needs_of(policy))


_CASE_FACTS = [fact for fact in FACTS.values() if issubclass(fact, CaseFact)]

SUBSCRIPTIONS: Subscriptions = {
    **dict.fromkeys(_CASE_FACTS, (remember_case,)),
    CaseClassified: (remember_case, issue),
    CaseWorkRequested: (remember_case, issue_requested),
    CaseReopened: (remember_case, rework),
    CaseClosed: (remember_case, cancel_unstarted),
    CaseLinked: (remember_case, cancel_unstarted),
    CaseSplit: (remember_case, issue),
    ClockBreached: (note_breach,),
    PolicyPublished: (keep_policy,),
}
