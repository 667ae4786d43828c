"""The contract between services, visible in review: the schema of every fact and the whole topology, held against what the code does.

After a meant change: `HUIYIN_WRITE_SNAPSHOTS=1 ./dev test tests/contract/test_facts.py`, then read the diff.
"""

import importlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from common.envelope import Envelope
from common.events import FACTS, Fact
from common.events.intake import CaseRegistered
from common.events.sla import ClockRedated
from common.memory import Broker, MemoryBus, MemoryDocuments
from common.messaging import topology
from common.outbox import Dumped, envelope, say
from common.runtime import Parts
from common.states import CaseKind, CaseState, CaseStatus, Channel, ClockState, ClockView, Lane
from common.timesource import FakeTime
from common.topology import LISTENS, SAYS
from pydantic.json_schema import models_json_schema

from tests.support.settings import settings

HERE = Path(__file__).parent
AT = datetime(2026, 3, 14, 15, 40, tzinfo=UTC)
PERSONAL = {"name", "phone", "email", "address", "text", "note", "description", "record"}  # a clock's `subject` is a reference


def held(file: str, now: Any) -> None:
    path = HERE / file
    text = json.dumps(now, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    if os.environ.get("HUIYIN_WRITE_SNAPSHOTS"):
        path.write_text(text)
    assert path.read_text() == text


def test_the_schema_of_every_fact_is_the_one_we_promised() -> None:
    """The shapes that facts share are drawn once, so that a change of one is one change in review."""
    refs, shared = models_json_schema([(fact, "validation") for fact in FACTS.values()])
    held("facts.schema.json", {"facts": {kind: refs[fact, "validation"]["$ref"] for kind, fact in FACTS.items()}, **shared})


def test_the_topology_is_the_one_we_promised() -> None:
    exchanges, queues = topology("huiyin")
    drawn = {queue.name: {"arguments": queue.arguments, "bindings": [list(item) for item in bindings]} for queue, bindings in queues}
    held("topology.json", {"exchanges": {item.name: str(item.type) for item in exchanges}, "queues": drawn, "says": SAYS, "listens": LISTENS})


@pytest.mark.parametrize("service", LISTENS)
def test_a_service_subscribes_to_exactly_the_streams_it_binds(service: str) -> None:
    parts = Parts(MemoryDocuments(), MemoryBus(Broker()), FakeTime(AT))
    subscriptions = importlib.import_module(f"{service}.main").create_app(settings(), parts).state.runtime.subscriptions
    assert {fact.prefix() for fact in subscriptions} == set(LISTENS[service])


def test_every_fact_has_one_service_that_says_it() -> None:
    assert {fact.prefix() for fact in FACTS.values()} == set(SAYS)


def test_no_fact_has_room_for_a_person_or_for_words() -> None:
    fields = {f"{kind}.{name}" for kind, fact in FACTS.items() for name in _fields(fact.model_json_schema())}
    assert {field for field in fields if field.rsplit(".", 1)[1] in PERSONAL} == set()


def _fields(schema: dict[str, Any]) -> set[str]:
    found = set(schema.get("properties", {}))
    for inner in schema.get("$defs", {}).values():
        found |= _fields(inner)
    return found


def made() -> Envelope:
    case = CaseState(
        id="XX-260314-ABCDE",
        site="XX",
        kind=CaseKind.REPAIR,
        status=CaseStatus.REGISTERED,
        channel=Channel.APP,
        received_at=AT,
        registered_at=AT,
        policy=1,
    )
    return envelope(
        "intake", case.id, 1, CaseRegistered(case=case), at=AT, site="XX", lane=Lane.URGENT, trace="00-" + "1" * 32 + "-" + "2" * 16 + "-01"
    )


def test_the_cloudevents_sdk_reads_our_envelope() -> None:
    body = made().model_dump_json().encode()
    event = from_http_event(HTTPMessage({"content-type": "application/cloudevents+json"}, body))
    assert event.get_id() == "intake:case:XX-260314-ABCDE:1"
    assert event.get_type() == "huiyin.case.registered.v1"
    assert event.get_extension("site") == "XX"
    assert event.get_time() == AT


@pytest.mark.anyio
async def test_a_fact_said_as_data_is_the_same_on_the_wire() -> None:
    """What a mass change says without a model of each (ADR 0039) is byte for byte what the model would have said."""
    about: dict[str, Any] = {"id": "case:XX-1:CLK_A:1", "site": "XX", "code": "CLK_A", "subject": "case:XX-1", "rule": "SLA-01"}
    view = ClockView(state=ClockState.RUNNING, strength="must", start_at=AT, due_at=AT, **about)
    fact = ClockRedated(clock=view, why="calendar_published")
    assert await wire(fact) == await wire(Dumped(fact.kind, fact.model_dump(exclude_none=True)))


async def wire(fact: Fact | Dumped) -> str:
    documents = MemoryDocuments()
    await documents.transact("sla", "", lambda tx: say(tx, "XX-1", {}, [fact], site="XX", at=AT, lane=Lane.NORMAL))
    (row,) = await documents.find("outbox")
    return str(row["body"])


def test_readers_ignore_what_they_do_not_know() -> None:
    body = json.loads(made().model_dump_json())
    body["later"] = True
    body["data"]["case"]["later"] = {"field": 1}
    event = Envelope.model_validate(body).event()
    assert event is not None
    assert isinstance(event.fact, CaseRegistered)
