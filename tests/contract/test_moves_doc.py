"""docs/moves.md is made from the tables of moves, their guards and the roles that may make them.

After a meant change: `HUIYIN_WRITE_SNAPSHOTS=1 ./dev test tests/contract/test_moves_doc.py`, then read the diff.
"""

import os
import textwrap
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from common.auth import PERMISSIONS
from common.moves import Table, documentation
from common.states import CaseKind
from devstack.paths import REPOSITORY
from dispatch.domain.guards import GUARDS as ORDER_GUARDS
from dispatch.domain.money.approvals import APPROVALS, ASKING
from dispatch.domain.money.approvals import GUARDS as APPROVAL_GUARDS
from dispatch.domain.money.fees import FEES
from dispatch.domain.money.fees import GUARDS as FEE_GUARDS
from dispatch.domain.money.settlement import SETTLEMENTS
from dispatch.domain.money.settlement_guards import GUARDS as SETTLEMENT_GUARDS
from dispatch.domain.moves import MOVES as ORDER_MOVES
from intake.domain.guards import GUARDS as CASE_GUARDS
from intake.domain.moves import MOVES as CASE_MOVES

FILE = REPOSITORY / "docs" / "moves.md"
OUTSIDE = ("service", "call_centre")  #: roles of tokens of services and of API keys
BY_STATE = "Held by the states: see the column *from*."
WIDTH = 140

HEAD = """# Moves · 流转

Made from the code (`tests/contract/test_moves_doc.py`): do not edit. A move that is not in a table cannot be called: routes, permissions,
refusals and these tables come from one place (`domain/moves.py` of each service). `to` is `–` where the state stays or the rules decide it.
A move from a wrong state is refused with `illegal-move`, a guard with `guard-refused` and its id; both are 409 and change nothing. Guards
are explained below the tables; who may make a move stands at the end.
"""


def families() -> dict[str, Table[Any]]:
    """Tables of cases, each once, under the kinds that share it."""
    shared: dict[int, list[CaseKind]] = {}
    for kind, table in CASE_MOVES.items():
        shared.setdefault(id(table), []).append(kind)
    return {", ".join(kinds): CASE_MOVES[kinds[0]] for kinds in shared.values()}


def sentence(checks: Sequence[Any], shared: Collection[Any]) -> str:
    """What the functions of one guard say of themselves, without the ids in front; a shared one speaks only where it is alone."""
    own = [check for check in checks if check not in shared] or checks
    said = [" ".join((check.__doc__ or "").split()).split(": ", 1)[-1] for check in own]
    return " ".join(text[:1].upper() + text[1:] for text in said)


def entry(head: str, body: str) -> str:
    """One line of a list, wrapped."""
    return textwrap.fill(f"- {head}: {body}", WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False) + "\n"


def guards(tables: Sequence[Table[Any]], known: Mapping[str, Sequence[Any]]) -> str:
    """An entry for each guard that the tables name."""
    ids = sorted({id_ for table in tables for move in table.values() for id_ in move.guards})
    uses = Counter(check for checks in known.values() for check in checks)
    shared = [check for check, count in uses.items() if count > 1]
    return "".join(entry(f"**{id_}**", sentence(known[id_], shared) if id_ in known else BY_STATE) for id_ in ids)


def permissions(tables: Sequence[Table[Any]]) -> str:
    """An entry for permissions that the same roles hold."""
    together: dict[tuple[str, ...], list[str]] = {}
    for name in sorted({move.permission for table in tables for move in table.values()}):
        holders = tuple(role for role, held in PERMISSIONS.items() if name in held and role not in OUTSIDE)
        together.setdefault(holders, []).append(name)
    return "".join(entry(", ".join(f"**{name}**" for name in names), ", ".join(roles)) for roles, names in together.items())


def text() -> str:
    """The document as the code says it."""
    cases = families()
    parts = [HEAD]
    for kinds, table in cases.items():
        parts += [f"\n## Case: {kinds}\n\nDoor: `POST /v1/cases/{{number}}/<move>`\n\n", documentation(table)]
    parts += ["\n## Work order\n\nDoor: `POST /v1/work-orders/{number}/<move>`\n\n", documentation(ORDER_MOVES)]
    parts += ["\n## What the owner pays\n\nDoor: `POST /v1/work-orders/{number}/<move>`\n\n", documentation(FEES)]
    parts += ["\n## Approval\n\nDoor: `POST /v1/work-orders/{number}/<move>`\n\n", documentation(APPROVALS)]
    parts += ["\n## Settlement\n\nDoor: `POST /v1/settlements/{number}/<move>`\n\n", documentation(SETTLEMENTS)]
    parts += ["\n## Guards of cases\n\n", guards(list(cases.values()), CASE_GUARDS)]
    parts += ["\n## Guards of work orders\n\n", guards([ORDER_MOVES], ORDER_GUARDS)]
    known: dict[str, Any] = {**FEE_GUARDS, **ASKING, **APPROVAL_GUARDS, **SETTLEMENT_GUARDS}
    parts += ["\n## Guards of money\n\n", guards([FEES, APPROVALS, SETTLEMENTS], known)]
    parts += ["\n## Who may\n\n", permissions([*cases.values(), ORDER_MOVES, FEES, APPROVALS, SETTLEMENTS])]
    return "".join(parts)


def test_the_document_is_what_the_tables_say() -> None:
    if os.environ.get("HUIYIN_WRITE_SNAPSHOTS"):
        FILE.write_text(text(), encoding="utf-8")
    assert FILE.read_text(encoding="utf-8") == text()
