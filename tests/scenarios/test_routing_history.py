"""A real city's history as routing rules: found on its first half, frozen, read on its second; and through intake and dispatch at all its sites.

The rules were frozen before the second half was read; a test holds the shipped file to what the first half gives. What was measured, and why it
is not more, is in packs/examples/city-311/README.md.
"""

import csv
import gzip
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from common.packs import read_pack, read_site
from common.policy import SitePolicy
from common.routing import RoutingRule
from common.states import CaseKind
from dispatch.domain.matching import Scene, choose
from dispatch.domain.order import Order, Request, Rules, issue
from dispatch.domain.people import SitePeople
from huiyin.main import app
from huiyin.routing.compare import policy_of
from huiyin.routing.past import Columns, Read, Sent, read_sent
from huiyin.sites import Site, apply_site, inline_site
from huiyin.world.memory import memory_world
from intake.domain.case import Act, Case
from intake.domain.commands import Report
from intake.domain.registration import Names, register
from typer.testing import CliRunner

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "service_requests.csv.gz"
CITY = Path(__file__).parents[2] / "packs" / "examples" / "city-311"
RULES = CITY / "city-311-routing.yaml"
COLUMNS = Columns("request_id", "created_at", "descriptor", "category", "channel", "site", "area", "department")
KNOWN = ("request_id", "created_at", "descriptor", "category", "channel", "site")
EACH = 200  # newest requests of a site that are replayed

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="shared data is not here")


@pytest.fixture(scope="module")
def history() -> Read:
    return read_sent(DATA, COLUMNS, learn=True)


@pytest.fixture(scope="module")
def rules() -> tuple[RoutingRule, ...]:
    return tuple(RoutingRule.model_validate(one) for one in read_pack(RULES).sections["routing_rules"])


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """What `routing check` counts on the second half, and its routes."""
    out = tmp_path_factory.mktemp("routes") / "routes.csv"
    return _told("check", str(DATA), "--rules", str(RULES), "--out", str(out)), out


def _told(*said: str) -> dict[str, Any]:
    ended = CliRunner().invoke(app, ["routing", *said, "--json"])
    assert ended.exit_code == 0, ended.output
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def test_the_second_half_goes_where_the_city_sent_it(checked: tuple[dict[str, Any], Path]) -> None:
    """Not worse than the table of each matter's most frequent department anywhere that counts; how far from the aim is said, not hidden.

    The aim of 0.02 more than the table lies beyond what is known when a request comes: with the answers at hand the best table of matter, category,
    channel and site together stays below it.
    """
    counts, _ = checked
    assert counts["all"]["rows"] == 15914
    assert counts["all"]["rules_share"] >= 0.955
    assert counts["all"]["rules"] > counts["all"]["table"]
    assert counts["unseen"]["rules"] > counts["unseen"]["table"]
    assert (counts["ceiling"] - counts["all"]["table"]) / counts["all"]["rows"] < 0.02


def test_hidden_answers_change_no_route(checked: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    """decisions.md 4: queue, department, status and what came later are no inputs."""
    hidden = tmp_path / "hidden.csv"
    with gzip.open(DATA, "rt", encoding="utf-8", newline="") as text, hidden.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, KNOWN, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(csv.DictReader(text))
    _told("check", str(hidden), "--rules", str(RULES), "--out", str(tmp_path / "routes.csv"))
    assert (tmp_path / "routes.csv").read_bytes() == checked[1].read_bytes()


def test_hidden_later_answers_change_no_rule(tmp_path: Path) -> None:
    """The shipped rules are what the first half gives, whatever the second half answers."""
    scrambled = tmp_path / "scrambled.csv"
    with gzip.open(DATA, "rt", encoding="utf-8", newline="") as text:
        rows = sorted(csv.DictReader(text), key=lambda row: row["created_at"])
    half = rows[len(rows) // 2]["created_at"]
    with scrambled.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, (*KNOWN, "department"), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(row if row["created_at"] < half else row | {"department": "Nobody"} for row in rows)
    found = _told("infer", str(scrambled), "--until", "half", "--name", "city-311-routing", "--out", str(tmp_path / "rules.yaml"))
    assert (tmp_path / "rules.yaml").read_bytes() == RULES.read_bytes()
    assert (found["requests"], len(found["rules"])) == (15914, 152)


def test_a_site_names_the_rules_and_has_them(tmp_path: Path) -> None:
    shutil.copytree(CITY, tmp_path / "city")
    site = tmp_path / "city" / "sites" / "CITY.yaml"
    site.write_text(site.read_text(encoding="utf-8").replace("base: city-311", "base: city-311\noverlays: [city-311-routing]"), encoding="utf-8")
    policy = read_site(site).policy
    assert len(policy.routing_rules) == 152
    assert len({fault for rule in policy.routing_rules for fault in rule.when.fault or ()} - policy.faults.keys()) == 15  # matters without a deadline


def test_requests_of_all_sites_reach_the_person_of_their_department_and_every_choice_is_explained(
    history: Read, rules: tuple[RoutingRule, ...]
) -> None:
    """DSP-02, CLS-13: intake's and dispatch's own decisions on real requests, one person of each department at each site.

    `sites.csv` lists 24; one of them has no request in the file.
    """
    departments = sorted({rule.department for rule in rules})
    replayed = Counter[str]()
    for code, sent in _by_site(history):
        policy = policy_of(code, sent[0].site, rules, {fault for rule in rules for fault in rule.when.fault or ()})
        scene = _scene(code, departments)
        for one in sent:
            case, order = _through(one, policy, scene)
            assert case.sorting.route
            assert case.sorting.route.department == order.department == case.sorting.department
            assert case.sorting.route.why.en.startswith(f"routing rule {case.sorting.route.rule} (")
            assert order.assignee == f"{code.lower()}-{order.department}"
            assert order.choice
            assert {chosen.id: chosen.why for chosen in order.choice.considered if chosen.why != "department"} == {order.assignee: "chosen"}
            replayed[code] += 1
    assert len(replayed) == 23
    assert replayed.total() >= 2000


def _by_site(history: Read) -> Iterator[tuple[str, list[Sent]]]:
    sites: dict[str, list[Sent]] = {}
    for one in history.sent:
        sites.setdefault(one.site, []).append(one)
    for number, name in enumerate(sorted(sites), 1):
        yield f"S{number:02}", sites[name][-EACH:]


def _scene(code: str, departments: list[str]) -> Scene:
    people = [{"id": f"{code.lower()}-{one}", "name": one, "roles": ["repair_worker"], "department": one} for one in departments]
    return Scene(SitePeople.model_validate({"people": people}).site_rota("America/New_York"), {}, "America/New_York")


def _through(one: Sent, policy: SitePolicy, scene: Scene) -> tuple[Case, Order]:
    known = one.known
    fault = known.fault if policy.fault(known.fault) else None
    report = Report.model_validate(
        {"site": policy.site, "kind": CaseKind.REPAIR, "channel": known.channel, "subject": one.title, "fault": fault, "category": known.category}
        | {"urgency": "P3", "received_at": one.at}
    )
    case = register(report, policy, Names(f"{policy.site}-{one.id}", None), Act("desk", one.at))[0].state
    state = case.state()
    request = Request(department=state.department, trade=state.trade)
    return case, issue(state, request, choose(request.party, request.wanted(state, one.at), scene), number=1, rules=Rules(), at=one.at)


@pytest.mark.anyio
async def test_in_the_memory_world_orders_go_to_the_department_of_the_rule(history: Read, rules: tuple[RoutingRule, ...]) -> None:
    """Through the doors: a site names the overlay, the call centre names no department, the order goes to the person of the rule's department."""
    departments = sorted({rule.department for rule in rules})
    sites = {sent[0].site: (_inline(code, sent[0].site, departments), sent[-4:]) for code, sent in list(_by_site(history))[::5]}
    async with memory_world(min(one.at for _, sent in sites.values() for one in sent)) as world:
        for site, _ in sites.values():
            await apply_site(world.doors, site)
        await world.settle()
        key = (await world.doors.surely("intake", "POST", "/v1/keys", body={"name": "history", "sites": [site.id for site, _ in sites.values()]}))[
            "key"
        ]
        for site, sent in sites.values():
            for one in sent:
                answer = await world.doors.call("intake", "POST", "/v1/cases", bearer=key, body=_body(site.id, site.policy, one), key=one.id)
                assert not answer.refused, answer.problem()
        await world.settle()
        for site, sent in sites.values():
            listed = (await world.doors.surely("dispatch", "GET", "/v1/work-orders", site=site.id))["orders"]
            assert len(listed) == len(sent)
            for order in listed:
                case = await world.doors.surely("intake", "GET", f"/v1/cases/{order['case']}")
                assert order["department"] == case["route"]["department"] == case["department"]
                assert case["route"]["rule"]
                assert order["assignee"] == f"{site.id.lower()}-{order['department']}"


def _inline(code: str, name: str, departments: list[str]) -> Site:
    people = [{"id": f"{code.lower()}-{one}", "name": one, "roles": ["repair_worker"], "department": one} for one in departments]
    raw = {"site": code, "name": {"zh": name, "en": name}, "base": "city-311", "overlays": ["city-311-routing"], "people": people, "rota": {}}
    return inline_site(raw, (), CITY)


def _body(site: str, policy: SitePolicy, one: Sent) -> dict[str, Any]:
    known = one.known
    more = {"fault": known.fault} if policy.fault(known.fault) else {"category": known.category, "urgency": "P3"}
    return {"site": site, "kind": "repair", "channel": known.channel, "subject": one.title} | more
