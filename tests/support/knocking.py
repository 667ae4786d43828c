"""What is tried on an order, as a request at dispatch's doors and back. Not here: what is tried (`walking`), what has to come of it (its model).

Services of a world write by themselves all the time; here no loop runs, so that whatever changed was changed by the request.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import uuid4

import httpx2
from common.auth import Caller, Tokens
from common.errors import HuiyinError
from common.memory import Broker, MemoryBus, MemoryDocuments
from common.runtime import Parts
from common.timesource import FakeTime
from dispatch.api.bodies import BODIES
from dispatch.api.money_shapes import APPROVAL_BODIES, CHARGE_BODIES
from dispatch.main import create_app

from tests.support.settings import settings
from tests.support.walking import Try

SHAPES = BODIES | CHARGE_BODIES | APPROVAL_BODIES
EVERYTHING = ("administrator", "engineering_manager")  #: what they may not, no role may: the rules have to refuse, not the permissions
PLENTY = 10_000_000


class Said(HuiyinError):
    """What a door refused, by its guard or its slug."""


class Front:
    """Dispatch's app over memory documents at a time that stands, without its loops."""

    def __init__(self, documents: MemoryDocuments, time: FakeTime) -> None:
        chosen = settings(rate_per_minute=PLENTY)
        app = create_app(chosen, Parts(documents, MemoryBus(Broker()), time))
        self.client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app, raise_app_exceptions=False), base_url="http://dispatch")
        self._tokens = cache(Tokens(chosen).issue)

    async def knock(self, number: str, tried: Try, by: Caller, photos: Sequence[str]) -> None:
        """Send it, with a key of its own. Raises Said."""
        token = self._tokens(by.id, kind="staff", roles=(*by.roles, *EVERYTHING), sites=by.sites, ttl=timedelta(hours=12))
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex}
        taken(await self.client.post(f"/v1/work-orders/{number}/{tried.name}", json=body_of(tried, photos), headers=headers), tried)


def taken(answer: httpx2.Response, tried: Try) -> None:
    """Raise Said for a refusal that a rule may give."""
    if answer.status_code != httpx2.codes.OK:
        problem = answer.json()
        assert problem["status"] in {404, 409}, (tried, problem)
        raise Said(None, guard=problem.get("guard", problem["type"].rsplit(":", 1)[1]))


def body_of(tried: Try, photos: Sequence[str]) -> dict[str, Any]:
    """Return the body that says it: of what is known, what the door knows."""
    note = tried.act.get("note", "why")
    known = {"reason": note, "record": note} | tried.act | tried.act.get("survey", {}) | ({"photos": photos} if photos else {})
    return {name: value for name, value in known.items() if name in SHAPES[tried.name].model_fields}
