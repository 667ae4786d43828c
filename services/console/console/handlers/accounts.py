"""Accounts and sessions: create, sign in, come back, sign out. Times here are machine time: a story's time must not open a door.

Hashing takes memory and some 50 ms on purpose, so it runs beside the event loop and never inside a transaction. Not here: cookies,
throttling (`api`).
"""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from common.auth import PERMISSIONS, Caller, permissions_of
from common.errors import Conflict, Invalid, Text, Unauthorized
from common.timesource import machine_now

from console.domain import account
from console.domain.account import Account, AccountIn, AccountOut, Session
from console.store import Store

OUTSIDE = frozenset({"service", "call_centre"})  # roles of tokens and keys, not of people
BAD_LOGIN = Text("账号或密码不正确", "login or password is wrong")


@dataclass(frozen=True)
class SignedIn:
    """Somebody at a page: who it is, by which sign-in."""

    account: Account
    session: Session

    @property
    def caller(self) -> Caller:
        """Return the person as a caller."""
        mine = self.account
        return Caller(mine.person, "staff", mine.roles, mine.sites, permissions_of(mine.roles))


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    return PasswordHasher()  # argon2id with the parameters of RFC 9106 for little memory


@lru_cache(maxsize=1)
def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(2, "argon2")  # 64 MiB each: more at once would only be slower


@lru_cache(maxsize=1)
def _nobody() -> str:
    return _hasher().hash(secrets.token_hex(16))  # verified for unknown logins, so that they take as long as known ones


async def hashed(password: str) -> str:
    """Return the argon2id hash of a password."""
    return await asyncio.get_running_loop().run_in_executor(_workers(), _hasher().hash, password)


async def _verified(known: Account | None, password: str) -> bool:
    def verify() -> bool:
        try:
            _hasher().verify(known.hash if known else _nobody(), password)
        except (VerificationError, InvalidHashError):
            return False
        return known is not None

    return await asyncio.get_running_loop().run_in_executor(_workers(), verify)


async def create_account(body: AccountIn, password_hash: str, *, store: Store, by: Caller, now: datetime) -> AccountOut:  # noqa: ARG001
    """Create an account. Raises Conflict for a login in use, Invalid for a role nobody can hold."""
    for place, role in enumerate(body.roles):
        if role not in PERMISSIONS or role in OUTSIDE:
            raise Invalid(f"roles.{place}", "未知角色", "no role of staff")
    if await store.account(body.login):
        raise Conflict(Text("账号已存在", "this login is in use"))
    given = body.model_dump(exclude={"login", "password"})
    made = Account(id=body.login, hash=password_hash, created_at=machine_now(), created_by=by.id, **given)
    await store.add_account(made)
    return account.shown(made)


async def sign_in(store: Store, login: str, password: str) -> tuple[str, SignedIn]:
    """Return a browser's token and who signed in with it. Raises Unauthorized without saying what was wrong."""
    known = await store.account(login)
    good = await _verified(known, password)
    if known is None or not good or not known.active:
        raise Unauthorized(BAD_LOGIN)
    token, now = secrets.token_urlsafe(32), machine_now()
    session = account.begin(_digest(token), known.id, now)
    await store.sweep_sessions(now)
    await store.keep_session(session)
    return token, SignedIn(known, session)


async def signed_in(store: Store, token: str) -> SignedIn | None:
    """Return who holds a browser's token, None when the session is over or the account closed; a used session moves on."""
    session, now = await store.session(_digest(token)), machine_now()
    if session is None or account.is_over(session, now):
        return None
    known = await store.account(session.login)
    if known is None or not known.active:
        return None
    moved = account.renewed(session, now)
    if moved:
        await store.keep_session(moved)
    return SignedIn(known, moved or session)


async def sign_out(store: Store, token: str) -> None:
    """End a session."""
    await store.end_session(_digest(token))


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
