"""What people are called on pages. Dispatch keeps their names; here they stand in memory for a while and are never stored.

A page never waits long for a name: while dispatch is away people stand there by their references. Not here: who may read names (dispatch says).
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic

from common.errors import HuiyinError

FRESH_S = 60.0  # a new name is seen after a minute
PAUSE_S = 10.0  # between two questions while dispatch is away
WAIT_S = 1.0  # the longest a page waits for its first names

Ask = Callable[[], Awaitable[Mapping[str, str] | None]]  #: None: dispatch did not say


@dataclass
class Named:
    """The people of one site: reference -> name. `version` differs when other names are to be shown."""

    names: Mapping[str, str] = field(default_factory=dict)
    version: int = 0
    due: float = 0.0  #: when they are asked again
    asked: float = 0.0
    asking: asyncio.Task[None] | None = None


class Names:
    """What is known of all sites; one question at a time for each."""

    def __init__(self, changed: Callable[[], None]) -> None:
        """Begin with nothing; `changed` tells open pages to look."""
        self._changed = changed
        self._sites: dict[str, Named] = {}

    async def of(self, site: str, ask: Ask) -> Named:
        """Return what the people of a site are called as far as it is known; ask for it when that was long ago."""
        named = self._sites.setdefault(site, Named())
        if named.asking is None and monotonic() >= named.due:
            named.asked = monotonic()
            named.due = named.asked + PAUSE_S
            named.asking = asyncio.create_task(self._refresh(named, ask), name=f"names of {site}")
        if named.asking and not named.names and (left := named.asked + WAIT_S - monotonic()) > 0:
            await asyncio.wait({named.asking}, timeout=left)
        return named

    async def _refresh(self, named: Named, ask: Ask) -> None:
        try:
            said = await ask()
        except HuiyinError:
            said = None
        finally:
            named.asking = None
        if said is None:
            return
        named.due = monotonic() + FRESH_S
        if (names := distinct(said)) != named.names:
            named.names, named.version = names, named.version + 1
            self._changed()


def distinct(names: Mapping[str, str]) -> dict[str, str]:
    """Return names that tell people apart: who shares a name with a colleague has the reference behind it."""
    often = Counter(names.values())
    return {id_: f"{name} ({id_})" if often[name] > 1 else name for id_, name in names.items()}
