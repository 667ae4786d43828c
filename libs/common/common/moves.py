"""State machines as data: one door for a move, and it refuses aloud.

A machine is a table of `Move`s; the routes, the permission check, the documentation table and the refusal tests are all made from
it, so a move that is not in the table cannot be called (decisions.md 3). The rules of a move are functions of the service's domain.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from common.errors import IllegalMove
from common.events import Fact

S = TypeVar("S", bound=StrEnum)


@dataclass(frozen=True)
class Move(Generic[S]):
    """One arrow. `to` is None where the state stays or the rules decide it; `guards` are ids of requirements.md part D."""

    frm: frozenset[S]
    to: S | None
    permission: str
    zh: str
    en: str
    guards: tuple[str, ...] = ()
    fact: type[Fact] | None = None


Table = Mapping[str, Move[S]]


def step(table: Table[S], name: str, here: S) -> Move[S]:
    """Return the move. Raises IllegalMove when the table has none of that name from `here`."""
    move = table.get(name)
    if move is None or here not in move.frm:
        raise IllegalMove(name, here)
    return move


def documentation(table: Table[S]) -> str:
    """Return the table as Markdown, for docs/moves.md."""
    rows = ["| move | 中文 | from | to | permission | guards | fact |", "|---|---|---|---|---|---|---|"]
    for name, move in table.items():
        frm = ", ".join(sorted(move.frm))
        fact = f"`{move.fact.kind}`" if move.fact else "–"
        to = move.to or "–"
        rows.append(f"| {name} | {move.zh} | {frm} | {to} | {move.permission} | {', '.join(move.guards) or '–'} | {fact} |")
    return "\n".join(rows) + "\n"
