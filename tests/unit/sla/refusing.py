"""A door of sla that refuses: the problem whole, and the whole store as it was."""

from copy import deepcopy
from typing import Any

MOVING = frozenset({"jobs"})  #: what loops write by themselves, whoever asks


def everything(front: Any) -> dict[str, Any]:
    data = front.app.state.runtime.documents._data  # noqa: SLF001 - to look, not to touch
    return deepcopy({name: rows for name, rows in data.items() if name not in MOVING})


async def not_extended(front: Any, clock: str, body: dict[str, Any]) -> None:
    """R22, D6.8: this extension is refused by its id, and nothing is stored."""
    before = everything(front)
    answer = await front.knock("POST", f"/v1/clocks/{clock}/extend", body=body)
    problem = answer.json()
    assert (answer.status_code, problem["type"], problem.get("guard")) == (409, "urn:huiyin:problem:guard-refused", "R22"), answer.text
    assert everything(front) == before
