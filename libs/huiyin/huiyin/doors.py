"""The operator's way through the public doors: one client per service, tokens, answers and problems.

Everything in this package that talks to a service does it here: commands, stories and the replay. Not here: what is said.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx2
import jwt
from common.auth import ALL_SITES, Tokens
from common.errors import TYPE_BASE
from common.settings import Settings
from common.topology import PEERS
from pydantic import ValidationError

from huiyin.exits import Failed, NotHere

TOKEN_LIFE = timedelta(hours=12)
OPERATOR = "operator"
TIMEOUT_S = 30.0
AWAY = (502, 503, 504)
TRIES = 6
PAUSE_S = 0.5
REFUSED = 400


@dataclass(frozen=True)
class Answer:
    """What a door said."""

    status: int
    body: Any

    @property
    def refused(self) -> bool:
        """Whether it is a problem."""
        return self.status >= REFUSED

    @property
    def type(self) -> str | None:
        """Return the slug of the problem, None for an acceptance."""
        return str(self.body.get("type", "")).removeprefix(TYPE_BASE) if self.refused and isinstance(self.body, dict) else None

    def problem(self) -> str:
        """Return the problem as one line for a person: title, detail, wrong fields."""
        if not isinstance(self.body, dict):
            return f"HTTP {self.status}"
        said = [str(self.body[key]) for key in ("title", "detail") if self.body.get(key)]
        fields = [f"{row.get('field')}: {row.get('reason', '')}" for row in self.body.get("errors") or () if isinstance(row, dict)]
        return f"{self.status} {self.type}: " + "; ".join(said + fields)


def signed(tokens: Tokens, person: str, roles: tuple[str, ...], sites: tuple[str, ...], ttl: timedelta) -> str:
    """Return a token of a member of staff. Raises NotHere when the private key is none."""
    try:
        return tokens.issue(person, kind="staff", roles=roles, sites=sites, ttl=ttl)
    except (ValueError, TypeError, jwt.PyJWTError) as wrong:
        raise NotHere("HUIYIN_TOKEN_PRIVATE_KEY is no Ed25519 key in PEM") from wrong


class Doors:
    """Clients of the five services and whoever knocks."""

    def __init__(self, clients: Mapping[str, httpx2.AsyncClient], tokens: Tokens) -> None:
        """`tokens` signs who knocks."""
        self.clients, self._tokens = clients, tokens
        self._operator = ""

    def staff(self, person: str, roles: tuple[str, ...], sites: tuple[str, ...]) -> str:
        """Return a token of a member of staff. Raises NotHere where no key can sign it."""
        return signed(self._tokens, person, roles, sites, TOKEN_LIFE)

    @property
    def operator(self) -> str:
        """Return the token of whoever runs this command: administrator of all sites."""
        if not self._operator:
            self._operator = self.staff(OPERATOR, ("administrator",), (ALL_SITES,))
        return self._operator

    @property
    def system(self) -> str:
        """Return a token that may read what still moves."""
        return self._tokens.service(OPERATOR)

    async def call(
        self,
        service: str,
        method: str,
        path: str,
        *,
        bearer: str | None = None,
        body: Any = None,
        key: str | None = None,
        locale: str = "en",
        **params: Any,
    ) -> Answer:
        """Knock once and return the answer, a problem too. Raises NotHere when nobody answers."""
        headers = {"Authorization": f"Bearer {bearer or self.operator}", "Accept-Language": locale}
        if key:
            headers["Idempotency-Key"] = key
        wanted = {name: value for name, value in params.items() if value is not None}
        try:
            answer = await self.clients[service].request(method, path, json=body, params=wanted, headers=headers)
        except httpx2.HTTPError as away:
            raise NotHere(f"{service} does not answer at {self.clients[service].base_url} ({type(away).__name__})") from away
        return Answer(answer.status_code, _json(answer))

    async def surely(
        self,
        service: str,
        method: str,
        path: str,
        *,
        bearer: str | None = None,
        body: Any = None,
        key: str | None = None,
        locale: str = "en",
        **params: Any,
    ) -> Any:
        """Knock until the door is not busy, and return the body. Raises Failed with the problem."""
        answer = await self.call(service, method, path, bearer=bearer, body=body, key=key, locale=locale, **params)
        for attempt in range(1, TRIES):
            if answer.status not in AWAY:
                break
            await asyncio.sleep(PAUSE_S * attempt)
            answer = await self.call(service, method, path, bearer=bearer, body=body, key=key, locale=locale, **params)
        if answer.refused:
            raise Failed(f"{service} {method} {path}: {answer.problem()}")
        return answer.body


def _json(answer: httpx2.Response) -> Any:
    try:
        return answer.json() if answer.content else None
    except ValueError:
        return answer.text


def settings_here() -> Settings:
    """Return the settings of the environment. Raises NotHere naming what is missing."""
    try:
        return Settings()
    except ValidationError as wrong:
        names = ", ".join(sorted("HUIYIN_" + str(row["loc"][0]).upper() for row in wrong.errors()))
        raise NotHere(f"settings are missing or wrong: {names}. `./dev huiyin …` sets them for the running stack") from wrong


@asynccontextmanager
async def open_doors(settings: Settings | None = None) -> AsyncIterator[Doors]:
    """Yield the doors of the running system that the environment names. Raises NotHere."""
    here = settings or settings_here()
    if here.token_private_key is None:
        raise NotHere("HUIYIN_TOKEN_PRIVATE_KEY is not set: this command signs its own token")
    async with AsyncExitStack() as stack:
        clients = {
            service: await stack.enter_async_context(
                httpx2.AsyncClient(base_url=getattr(here, field), timeout=TIMEOUT_S, trust_env=False, limits=httpx2.Limits(max_connections=64))
            )
            for service, field in PEERS.items()
        }
        yield Doors(clients, Tokens(here))


def address(settings: Settings) -> str:
    """Return the front address a person opens."""
    parts = urlsplit(settings.console_url)
    return f"{parts.scheme}://{parts.netloc}"
