"""The doors of sla as a caller meets them: scope, problems, clocks with all their levels, policies, calendars, who is called."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from common.auth import Tokens
from common.events import Fact
from common.events.dispatch import WorkOrderArrived, WorkOrderIssued, WorkOrderSurveyed
from common.events.intake import CaseClassified, CaseRegistered
from common.memory import Broker, MemoryBus, MemoryDocuments
from common.rota import SiteRota
from common.runtime import Parts
from common.states import Complexity, PersonState
from common.timesource import FakeTime
from sla.handlers import SUBSCRIPTIONS
from sla.handlers.firing import fire_due
from sla.main import create_app

from tests.support.settings import settings
from tests.unit.sla.build import CASE, SITE, a_case, a_policy, a_rule, an_event, an_order, at
from tests.unit.sla.refusing import not_extended

pytestmark = pytest.mark.anyio
POLICY = f"/v1/sites/{SITE}/policy"
CLOCK = f"case:{CASE}:CLK_KETTLE:1"
OTHER = "QQ-260316-BBBBB"
OTHER_CLOCK = f"case:{OTHER}:CLK_KETTLE:1"


@dataclass
class Front:
    """A running sla and a way to knock."""

    client: httpx2.AsyncClient
    app: Any
    time: FakeTime

    async def knock(
        self, method: str, path: str, *roles: str, body: Any = None, sites: tuple[str, ...] = (SITE,), by: str = "ann", **params: Any
    ) -> httpx2.Response:
        token = Tokens(settings()).issue(by, kind="staff", roles=roles or ("administrator",), sites=sites, ttl=timedelta(minutes=5))
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
        return await self.client.request(method, path, json=body, params=params, headers=headers)

    async def hear(self, *facts: Fact) -> None:
        for fact in facts:
            event = an_event(fact, self.time.now())

            async def work(store: Any, event: Any = event) -> None:
                for handler in SUBSCRIPTIONS[type(event.fact)]:
                    await handler(event, store, self.time.now())

            await self.app.state.runtime.transact(work)


@pytest.fixture
async def front() -> AsyncIterator[Front]:
    """sla with one site and one running clock, at 10:00."""
    time = FakeTime(at("2026-03-16 10:00"))
    app = create_app(settings(), Parts(MemoryDocuments(), MemoryBus(Broker()), time))
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx2.AsyncClient(transport=transport, base_url="http://sla") as client:
        made = Front(client, app, time)
        put = await made.knock("PUT", POLICY, body=a_policy(a_rule(excusable=True)).model_dump(mode="json"))
        assert (put.status_code, put.json()) == (200, {"site": SITE, "version": 1, "warnings": []})
        rota = SiteRota(people=(PersonState(id="boss-1", roles=("boss",)),)).published(SITE, 1)
        await made.hear(rota, CaseRegistered(case=a_case()), CaseClassified(case=a_case()), WorkOrderIssued(order=an_order(a_case()), case=a_case()))
        yield made


async def test_a_clock_shows_its_levels_its_rule_and_its_source(front: Front) -> None:
    clock = (await front.knock("GET", "/v1/clocks", "receptionist", case=CASE)).json()[0]
    assert (clock["id"], clock["state"], clock["verdict"], clock["late_s"]) == (CLOCK, "running", None, None)
    assert (clock["rule"], clock["rule_id"], clock["origin"], clock["policy"]) == (f"site:{SITE}", "kettle", {"site": SITE}, 1)
    assert [(level["level"], level["at"], level["raised_at"]) for level in clock["levels"]] == [
        ("warning", "2026-03-16T03:12:00Z", None), ("L1", "2026-03-16T03:30:00Z", None),
        ("L2", "2026-03-16T05:00:00Z", None), ("L3", "2026-03-16T06:30:00Z", None),
    ]  # fmt: skip
    assert (await front.knock("GET", f"/v1/clocks/{CLOCK}")).json() == clock


async def test_a_verdict_says_how_late_it_was(front: Front) -> None:
    front.time.set(at("2026-03-16 11:32"))
    await front.hear(WorkOrderArrived(order=an_order(a_case()), case=a_case(), excused=True))
    clock = (await front.knock("GET", f"/v1/clocks/{CLOCK}")).json()
    assert (clock["state"], clock["verdict"], clock["late_s"]) == ("excused", "excused", 120)
    assert (await front.knock("GET", "/v1/clocks", site=SITE, open="true")).json() == []
    assert len((await front.knock("GET", "/v1/clocks", subject=f"case:{CASE}", open="false")).json()) == 1


async def test_foreign_sites_look_like_missing_ones(front: Front) -> None:
    elsewhere: dict[str, Any] = {"sites": ("ZZ",)}
    assert (await front.knock("GET", "/v1/clocks", case=CASE, **elsewhere)).json() == []
    for path in (f"/v1/clocks/{CLOCK}", "/v1/clocks/none", POLICY):
        assert (await front.knock("GET", path, **elsewhere)).status_code == 404, path
    assert (await front.knock("GET", f"/v1/sites/{SITE}/who", role="boss", **elsewhere)).status_code == 404
    assert (await front.knock("GET", "/v1/clocks", site=SITE, **elsewhere)).status_code == 404


async def test_who_may_do_what(front: Front) -> None:
    assert (await front.knock("PUT", POLICY, "receptionist", body=a_policy().model_dump(mode="json"))).status_code == 403
    assert (await front.knock("PUT", "/v1/calendars/CN/2027", "site_manager", body={})).status_code == 403
    assert (await front.client.get("/v1/clocks", params={"case": CASE})).status_code == 401
    assert (await front.knock("GET", "/v1/clocks")).status_code == 422


async def test_the_same_policy_again_is_the_same_version(front: Front) -> None:
    same = a_policy(a_rule(excusable=True)).model_dump(mode="json")
    assert (await front.knock("PUT", POLICY, body=same)).json()["version"] == 1
    assert (await front.knock("PUT", POLICY, body=a_policy().model_dump(mode="json"))).json()["version"] == 2
    assert (await front.knock("GET", POLICY)).json()["version"] == 2
    assert (await front.knock("GET", POLICY, version=1)).json()["clocks"][0]["excusable"] is True
    assert (await front.knock("GET", POLICY, version=9)).status_code == 404


async def test_a_policy_that_cannot_be_kept_is_refused(front: Front) -> None:
    other = a_policy().model_dump(mode="json") | {"site": "ZZ"}
    assert (await front.knock("PUT", POLICY, body=other)).json()["errors"][0]["field"] == "site"
    wrong = await front.knock("PUT", POLICY, body={"site": SITE, "name": {"zh": "x", "en": "x"}, "colour": "red"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "colour")


async def test_who_would_be_called(front: Front) -> None:
    answer = await front.knock("GET", f"/v1/sites/{SITE}/who", "site_manager", role="boss", at="2026-03-16T03:00:00Z")
    assert answer.json() == {"site": SITE, "role": "boss", "at": "2026-03-16T03:00:00Z", "persons": ["boss-1"]}
    assert (await front.knock("GET", f"/v1/sites/{SITE}/who", role="nobody")).json()["persons"] == []
    assert (await front.knock("GET", f"/v1/sites/{SITE}/who", role="boss", at="2026-03-16T03:00:00")).status_code == 422


async def test_who_would_be_called_at_each_level(front: Front) -> None:
    """L1 has the boss, L2 has nobody and is passed on to L3; without a case the assignee is whoever it will be."""
    answer = (await front.knock("GET", f"/v1/sites/{SITE}/escalation", "site_manager", at="2026-03-16T03:00:00Z", fault="kettle_cold")).json()
    assert (answer["site"], answer["policy"], answer["chain"], answer["level_by_level"]) == (SITE, 1, "recipients", False)
    levels = {step["step"]: step for step in answer["levels"]}
    assert [role["of_case"] for role in levels["warning"]["roles"]] == [True]
    assert levels["L1"]["persons"] == ["boss-1"]
    assert levels["L1"]["roles"][0]["persons"] == [{"id": "boss-1", "shift": None}]
    assert levels["L1"]["roles"][1] == {"role": "department_manager", "persons": [], "why": "not_held", "of_case": False}
    assert (levels["L2"]["persons"], levels["L2"]["reached"], levels["L2"]["nobody"]) == (["boss-1"], "L3", False)
    of_case = (await front.knock("GET", f"/v1/sites/{SITE}/escalation", case=CASE)).json()
    assert (of_case["case"], of_case["levels"][0]["persons"]) == (CASE, ["worker-1"])
    assert (await front.knock("GET", f"/v1/sites/{SITE}/escalation", "receptionist")).status_code == 403
    assert (await front.knock("GET", f"/v1/sites/{SITE}/escalation", sites=("ZZ",))).status_code == 404
    assert (await front.knock("GET", f"/v1/sites/{SITE}/escalation", case="QQ-1")).status_code == 404
    assert (await front.knock("GET", f"/v1/sites/{SITE}/escalation", kid="repair")).status_code == 422


async def test_where_nobody_answers(front: Front) -> None:
    answer = (await front.knock("GET", f"/v1/sites/{SITE}/gaps", "site_manager")).json()
    gaps = {(gap["kind"], *gap["roles"]): gap for gap in answer["gaps"]}
    assert ("level", "nobody_has_this") in gaps
    assert ("level", "boss", "department_manager") not in gaps
    assert gaps["level", "nobody_has_this"]["where"] == ["L2"]


@pytest.mark.parametrize(("who", "role", "status"), [("boss-1", "cleaning", 200), ("ann", "duty_manager", 200), ("ann", "cleaning", 409)])
async def test_who_may_take_an_escalation_up(front: Front, who: str, role: str, status: int) -> None:
    """Whoever was told, and whoever oversees; somebody else is refused by name of the rule."""
    await _reach_l1(front)
    answer = await front.knock("POST", f"/v1/clocks/{CLOCK}/acknowledge", role, by=who)
    assert answer.status_code == status
    if status == 200:
        assert answer.json() == {
            "clock": CLOCK, "level": "L1", "acknowledged_by": who,
            "acknowledged_at": "2026-03-16T03:31:00Z", "again_at": "2026-03-16T04:01:00Z",
        }  # fmt: skip
        clock = (await front.knock("GET", f"/v1/clocks/{CLOCK}")).json()
        assert (clock["state"], clock["levels"][1]["acknowledged_by"]) == ("running", who)
    else:
        assert answer.json()["guard"] == "ESC-16"


async def test_an_escalation_is_taken_up_once(front: Front) -> None:
    await _reach_l1(front)
    first = await front.knock("POST", f"/v1/clocks/{CLOCK}/acknowledge", by="boss-1")
    front.time.advance(timedelta(minutes=5))
    assert (await front.knock("POST", f"/v1/clocks/{CLOCK}/acknowledge", by="another")).json() == first.json()


async def test_what_was_not_raised_cannot_be_taken_up(front: Front) -> None:
    early = await front.knock("POST", f"/v1/clocks/{CLOCK}/acknowledge")
    assert (early.status_code, early.json()["type"]) == (409, "urn:huiyin:problem:illegal-move")
    await _reach_l1(front)
    await front.hear(WorkOrderArrived(order=an_order(a_case()), case=a_case()))
    assert (await front.knock("POST", f"/v1/clocks/{CLOCK}/acknowledge")).status_code == 409
    assert (await front.knock("POST", f"/v1/clocks/{CLOCK}/acknowledge", sites=("ZZ",))).status_code == 404
    assert (await front.knock("POST", f"/v1/clocks/{CLOCK}/acknowledge", "contractor")).status_code == 403


async def test_a_department_manager_takes_up_what_is_their_departments(front: Front) -> None:
    """ESC-16: the role alone is not enough where every department fills it."""
    people = [PersonState(id=f"m-{name}", roles=("department_manager",), department=name) for name in ("engineering", "finance")]
    await front.hear(SiteRota(people=(PersonState(id="boss-1", roles=("boss",)), *people)).published(SITE, 2))
    await _reach_l1(front)
    assert (await front.knock("POST", f"/v1/clocks/{CLOCK}/acknowledge", "department_manager", by="m-finance")).status_code == 409
    assert (await front.knock("POST", f"/v1/clocks/{CLOCK}/acknowledge", "department_manager", by="m-engineering")).status_code == 200


async def _reach_l1(front: Front) -> None:
    front.time.set(at("2026-03-16 11:31"))
    while await fire_due(front.app.state.runtime):
        pass


async def test_what_reached_nobody_and_what_gapes_soon_is_measured(front: Front) -> None:
    text = (await front.client.get("/metrics")).text
    assert "huiyin_escalations_unanswered 0.0" in text
    assert "huiyin_rota_gaps_soon 2.0" in text  # L2 has nobody, nobody repairs


async def test_a_year_is_published_once(front: Front) -> None:
    body = {"off": ["2027-01-01", "2027-01-02"], "worked": ["2027-01-09"]}
    wanted = {"calendar": "CN", "year": 2027, "off": ["2027-01-01"], "worked": ["2027-01-09"], "revision": 1}
    assert (await front.knock("GET", "/v1/calendars/CN/2027")).status_code == 404
    for _ in range(2):
        assert (await front.knock("PUT", "/v1/calendars/CN/2027", sites=("*",), body=body)).json() == wanted
    assert (await front.knock("GET", "/v1/calendars/CN/2027")).json() == wanted
    assert (await front.knock("PUT", "/v1/calendars/CN/2027", body=body)).status_code == 403  # it moves the deadlines of every site
    other = await front.knock("PUT", "/v1/calendars/CN/2027", sites=("*",), body={"off": ["2028-01-01"]})
    assert (other.status_code, other.json()["errors"][0]["field"]) == (422, "off")


async def test_how_late_levels_are_raised_is_measured(front: Front) -> None:
    text = (await front.client.get("/metrics")).text
    assert "huiyin_clock_fire_lag_seconds_bucket" in text


# --- decisions and explanations -----------------------------------------------------------------------------------------------


async def _again(front: Front, **changes: Any) -> None:
    """The site has another policy, and a second case came under it."""
    rule = a_rule(**changes.pop("rule", {}))
    put = await front.knock("PUT", POLICY, body=a_policy(rule, **changes).model_dump(mode="json"))
    case = a_case(id=OTHER, policy=put.json()["version"])
    await front.hear(CaseRegistered(case=case), CaseClassified(case=case))


async def test_a_pause_needs_a_reason_of_the_policy_and_ends_by_itself(front: Front) -> None:
    """SLA-37: refused where the policy knows none, as in every pack of the sources."""
    refused = await front.knock("POST", f"/v1/clocks/{CLOCK}/pause", body={"reason": "owner_away"})
    assert (refused.status_code, refused.json()["guard"]) == (409, "SLA-37")
    await _again(front, pause={"reasons": ["owner_away"], "budget": {"value": 2, "unit": "hour"}})
    door = f"/v1/clocks/{OTHER_CLOCK}"
    assert (await front.knock("POST", f"{door}/pause", body={"reason": "weather"})).json()["reasons"] == ["owner_away"]
    assert (await front.knock("POST", f"{door}/resume", body={})).status_code == 409
    paused = await front.knock("POST", f"{door}/pause", "duty_manager", body={"reason": "owner_away"})
    assert (paused.status_code, paused.json()["due_at"]) == (200, "2026-03-16T05:30:00Z")  # 11:30, and the two hours of the budget
    assert (await front.knock("POST", f"{door}/pause", body={"reason": "owner_away"})).status_code == 409
    front.time.set(at("2026-03-16 10:30"))
    assert (await front.knock("POST", f"{door}/resume", body={})).json()["due_at"] == "2026-03-16T04:00:00Z"
    assert (await front.knock("POST", f"{door}/pause", "receptionist", body={"reason": "owner_away"})).status_code == 403


async def test_an_extension_needs_consent_before_the_deadline(front: Front) -> None:
    """SC-12 B: R22; what was before stays on the clock."""
    body = {"to": "2026-03-20", "consent_at": "2026-03-16T01:30:00Z", "especially_complex": True, "reason": "三个工种"}
    await not_extended(front, CLOCK, body)
    await _again(front, rule={"extension": "prior_customer_consent", "duration": {"value": 2, "unit": "working_day"}})
    door = f"/v1/clocks/{OTHER_CLOCK}/extend"
    for wrong in (
        {"especially_complex": False},
        {"to": "2026-03-18"},
        {"consent_at": "2026-03-16T03:00:00Z"},
        {"consent_at": "2026-03-19T03:00:00Z"},
    ):
        await not_extended(front, OTHER_CLOCK, body | wrong)
    done = (await front.knock("POST", door, "receptionist", body=body)).json()
    assert (done["due_at"], done["extended_from"]) == ("2026-03-20T11:00:00Z", "2026-03-18T11:00:00Z")
    (ruling,) = (await front.app.state.runtime.store.file(OTHER)).rulings
    assert ruling.stated_by == "ann"
    front.time.set(at("2026-03-20 19:01"))
    await not_extended(front, OTHER_CLOCK, body | {"to": "2026-03-24", "consent_at": "2026-03-20T11:00:30Z"})  # D6.8: consent after the deadline
    told = (await front.knock("GET", f"/v1/clocks/{OTHER_CLOCK}/explanation")).json()
    assert [(row["why"], row["due_at"]) for row in told["history"]] == [("extended", "2026-03-18T11:00:00Z")]


async def test_r22_what_was_surveyed_outweighs_the_word_of_who_asks(front: Front) -> None:
    """CLS-07, REP-12: a claim against the survey is refused and stores nothing; without a survey it is kept who said so."""
    await _again(front, rule={"extension": "prior_customer_consent", "duration": {"value": 2, "unit": "working_day"}})
    door, store = f"/v1/clocks/{OTHER_CLOCK}/extend", front.app.state.runtime.store
    body = {"to": "2026-03-20", "consent_at": "2026-03-16T01:30:00Z", "reason": "三个工种"}
    await not_extended(front, OTHER_CLOCK, body)  # nobody surveyed it and nobody says it
    case = (await store.file(OTHER)).case
    for complexity, claim in ((Complexity.MULTI_TRADE, True), (Complexity.SINGLE_TRADE, True), (Complexity.ESPECIALLY_COMPLEX, False)):
        await front.hear(WorkOrderSurveyed(order=an_order(case, complexity=complexity), case=case))
        await not_extended(front, OTHER_CLOCK, body | {"especially_complex": claim})
    assert (await front.knock("POST", door, body=body)).json()["extended_from"] == "2026-03-18T11:00:00Z"
    (ruling,) = (await store.file(OTHER)).rulings
    assert ruling.stated_by is None


async def test_a_special_reason_excuses_and_never_erases(front: Front) -> None:
    """SLA-38, also when it is recorded afterwards."""
    front.time.set(at("2026-03-16 11:32"))
    await front.hear(WorkOrderArrived(order=an_order(a_case()), case=a_case()))
    done = (await front.knock("POST", f"/v1/clocks/{CLOCK}/excuse", body={"reason": "业主11:31才到家"})).json()
    assert (done["state"], done["late_s"]) == ("excused", 120)
    await _again(front)
    assert (await front.knock("POST", f"/v1/clocks/{OTHER_CLOCK}/excuse", body={"reason": "x"})).json()["guard"] == "SLA-38"
    missing = await front.knock("POST", "/v1/clocks/case:none:CLK_X:1/excuse", body={"reason": "x"})
    assert missing.status_code == 404


async def test_a_clock_is_explained_at_its_door(front: Front) -> None:
    front.time.set(at("2026-03-16 11:45"))
    found = (await front.knock("GET", f"/v1/clocks/{CLOCK}/explanation", "receptionist")).json()
    assert found["clock"]["id"] == CLOCK
    assert (found["limit"], found["minutes"], found["late_minutes"]) == ({"zh": "90 分钟", "en": "90 minutes"}, 90, 15)
    assert [(one["why"], one["amount"], one["counts"]) for one in found["segments"]] == [("runs", 90, "minutes")]
    assert [(one["party"], one["of"], one["minutes"]) for one in found["late"]] == [("own", "engineering", 15)]
    assert found["lines"][-1] == {"zh": "超时归属:部门 engineering 15 分钟", "en": "late minutes: department engineering 15 min"}
    assert (await front.knock("GET", f"/v1/clocks/{CLOCK}/explanation", sites=("ZZ",))).status_code == 404


async def test_a_clock_that_no_rule_asks_for_any_more_says_so(front: Front) -> None:
    await _again(front, rule={"applies": {"urgency": "P3"}})
    await front.hear(CaseClassified(case=a_case(id=OTHER, policy=2, urgency="P2")))
    found = (await front.knock("GET", f"/v1/clocks/{OTHER_CLOCK}/explanation")).json()
    assert (found["segments"], found["lines"][-1]["en"]) == ([], "no longer asked for after a reclassification: cancelled")


async def test_cases_of_an_incident_share_the_clocks_of_the_first(front: Front) -> None:
    """DEF-09: joined, what happens to the later case stops the first one's work clock; apart, it has its own again."""
    put = await front.knock("PUT", POLICY, body=a_policy(a_rule(shared=True)).model_dump(mode="json"))
    version = put.json()["version"]
    first, later = a_case(id="QQ-260316-CCCCC", policy=version), a_case(id=OTHER, policy=version, incident="QQ-260316-CCCCC")
    for case in (first, later):
        await front.hear(CaseRegistered(case=case), CaseClassified(case=case))
    assert (await front.knock("GET", "/v1/clocks", case=OTHER)).json() == []
    front.time.set(at("2026-03-16 10:40"))
    order = an_order(later)
    await front.hear(WorkOrderIssued(order=order, case=later), WorkOrderArrived(order=order, case=later))
    shared = (await front.knock("GET", "/v1/clocks", case=first.id)).json()
    assert [(clock["state"], clock["stopped_at"]) for clock in shared] == [("met", "2026-03-16T02:40:00Z")]
    await front.hear(CaseClassified(case=later.model_copy(update={"incident": None})))
    own = (await front.knock("GET", "/v1/clocks", case=OTHER)).json()
    assert [(clock["id"], clock["state"]) for clock in own] == [(OTHER_CLOCK, "met")]
    again = (await front.knock("GET", "/v1/clocks", case=first.id)).json()
    assert [clock["state"] for clock in again] == ["running"], "apart, nobody has arrived at the first: splitting recomputes"
