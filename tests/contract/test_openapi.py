"""Schemathesis, which nobody here wrote, reads the OpenAPI document of each service and knocks at every door over real HTTP.

No answer is a 5xx or has a status, a type or a shape that the document does not name; with a good credential and with none. Not here: what a
refusal says (`test_bad_input`), who may enter (`test_permissions`).
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
import schemathesis
from common.topology import LISTENS
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import content_type_conformance, not_a_server_error, response_schema_conformance, status_code_conformance
from schemathesis.core.failures import FailureGroup
from schemathesis.schemas import APIOperation

from tests.support.estate import OURS, THEIRS, Estate
from tests.support.operations import BODIES, operations
from tests.support.ready import Hands, ready
from tests.support.served import served_estate

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = {GenerationMode.POSITIVE: 5, GenerationMode.NEGATIVE: 4}  #: of each door and credential, at things that exist and at made-up ones
STRANGERS = 2  #: … without a credential
SYSTEM = {"/v1/facts", "/v1/contacts/{ref}", "/v1/staff/{person}/contact"}  #: for services only
OPEN = {"console /v1/session"}  #: whoever signs in has no credential yet


@dataclass
class House:
    """Where each service answers, and what was answered at each door."""

    estate: Estate
    urls: dict[str, str]
    client: requests.Session = field(default_factory=requests.Session)
    ready: dict[str, str] = field(default_factory=dict)  #: service and path -> an order or a case that stands where the door can be opened
    seen: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with served_estate() as (estate, urls, rest):
        made = House(estate, urls, ready=ready(Hands(estate, urls, BODIES, rest)))
        made.client.trust_env = False
        with made.client:
            yield made


def credentials(estate: Estate, service: str, path: str) -> list[str]:
    """Who may enter there: the owner of everything, a service where only services may, and a call centre at its own doors."""
    centre = [estate.keys[OURS]] if service == "intake" and path.startswith("/v1/cases") else []
    return [estate.world.doors.system if path in SYSTEM else estate.staff("*"), *centre]


def existing(house: House, service: str, operation: APIOperation) -> dict[str, str]:
    """A thing that there is, for each path parameter."""
    estate, things = house.estate, house.estate.things[OURS]
    number = house.ready.get(f"{service} {operation.path}", things["order"] if service == "dispatch" else things["case"])
    id_ = things["clock"] if operation.path.startswith("/v1/clocks") else things["redriven" if "redrive" in operation.path else "parked"]
    known = things | {"number": number, "id": id_, "ref": things["contact"], "key_id": estate.things[THEIRS]["key"]}
    return {parameter.name: known[parameter.name] for parameter in operation.path_parameters}


def knock(house: House, service: str, operation: APIOperation, by: str | None, mode: GenerationMode, examples: int, **given_: Any) -> None:
    """Send what schemathesis makes of one door. Raises FailureGroup for the first answer that the document does not name."""
    house.client.headers.update({"Authorization": f"Bearer {by}" if by else None})  # of the session: what is wrong with a try is not this
    door = f"{service} {operation.label}"

    @settings(max_examples=examples, derandomize=True, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(mode, **given_))
    def send(case: Case) -> None:
        case.headers.pop("Authorization", None)
        answer = case.call(base_url=house.urls[service], session=house.client)
        if by:
            house.seen[door].add(answer.status_code)
        elif f"{service} {operation.path}" not in OPEN:
            assert answer.status_code in {401, 400, 413, 415}, (door, answer.text)
        case.validate_response(answer, checks=CHECKS)

    send()


def tries(house: House, service: str, operation: APIOperation) -> Iterator[tuple[str | None, GenerationMode, int, dict[str, Any]]]:
    """Credential, right or wrong in shape, how many, and what is given: things that exist, a body that is right, or nothing."""
    there = existing(house, service, operation)
    at = {"path_parameters": there} if there else {}
    for by in credentials(house.estate, service, operation.path):
        for mode, count in EXAMPLES.items():
            yield by, mode, count, at
            if there:
                yield by, mode, count, {}
        if operation.path in BODIES and operation.body:
            body = {"body": BODIES[operation.path](house.estate.things[OURS]), "media_type": "application/json"}
            yield by, GenerationMode.POSITIVE, 2, at | body
    yield None, GenerationMode.POSITIVE, STRANGERS, at


@pytest.mark.parametrize("service", LISTENS)
def test_no_5xx_and_nothing_that_the_document_does_not_name(house: House, service: str) -> None:
    wrong = []
    for found in schemathesis.openapi.from_url(f"{house.urls[service]}/openapi.json").get_all_operations():
        operation = found.ok()
        for by, mode, count, given_ in tries(house, service, operation):
            try:
                knock(house, service, operation, by, mode, count, **given_)
            except Unsatisfiable:
                assert mode is GenerationMode.NEGATIVE, operation.label  # nothing can be wrong at a door that reads nothing
            except FailureGroup as failure:
                wrong.append(f"{operation.label}: {failure}")
    assert wrong == [], "\n\n".join(wrong)


def test_the_doors_were_open(house: House) -> None:
    """Otherwise nothing was tried: every door let the credential in, and most of them did something."""
    doors = {f"{one.service} {one.method} {one.path}" for service in LISTENS for one in operations(service, house.estate.apps[service])}
    assert {door.replace(":path}", "}") for door in house.seen} == doors
    assert {door for door, seen in house.seen.items() if seen <= {401, 403}} == set()
    assert sum(any(status < 300 for status in seen) for seen in house.seen.values()) > 0.75 * len(doors), house.seen
