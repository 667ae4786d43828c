"""Every fact that crosses a service border, a module for each service that says them (ADR 0038).

A fact is past tense, carries the full state of its subject (`states`), and never a name, a phone number, an address or free text; readers
ignore unknown fields, only optional fields may be added, anything else is a new kind (a contract test holds the JSON schemas).
Not here: how facts travel (`envelope`, `outbox`, `messaging`) and who listens (`topology`, SUBSCRIPTIONS of each service).
"""

from common.events import dispatch, intake, notify, sla  # noqa: F401 - whoever knows one fact knows them all
from common.events.fact import Fact

__all__ = ["FACTS", "Fact"]


def _kinds(base: type[Fact]) -> dict[str, type[Fact]]:
    found: dict[str, type[Fact]] = {}
    for child in base.__subclasses__():
        if child.kind:
            found[child.kind] = child
        found |= _kinds(child)
    return found


FACTS: dict[str, type[Fact]] = _kinds(Fact)  #: kind -> class
