"""Accounts and sessions of staff: who may sign in, and how long a sign-in lasts. Pure; times here are machine time.

An account holds a code for the person, never a name: names and contacts live with dispatch. Not here: hashing (handlers), cookies (pages).
"""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

IDLE = timedelta(hours=2)  # a desk that nobody touched for this long has to sign in again
LONGEST = timedelta(hours=12)  # one shift: then everybody has
RENEW_AFTER = timedelta(minutes=1)  # not every page view is a write

Login = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{1,39}$")]  #: no `@`: an e-mail address is personal data
Person = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,39}$")]
SiteScope = Annotated[str, Field(pattern=r"^([A-Z0-9]{2,8}|\*)$")]


class Account(BaseModel):
    """Somebody who may sign in."""

    id: Login
    hash: str
    person: Person
    roles: tuple[str, ...]
    sites: tuple[str, ...]
    locale: Literal["zh-CN", "en"] | None = None
    active: bool = True
    created_at: AwareDatetime
    created_by: str


class Session(BaseModel):
    """One sign-in; its id is the digest of a random token that only the browser has."""

    id: str
    login: str
    began_at: AwareDatetime
    seen_at: AwareDatetime
    ends_at: AwareDatetime  #: when it ends if nothing more comes


class AccountIn(BaseModel):
    """What an administrator gives to create an account."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    login: Login
    password: str = Field(min_length=10, max_length=200)
    person: Person
    roles: tuple[str, ...] = Field(min_length=1, max_length=10)
    sites: tuple[SiteScope, ...] = Field(min_length=1, max_length=500)
    locale: Literal["zh-CN", "en"] | None = None


class AccountOut(BaseModel):
    """An account as others see it: never the hash."""

    login: str
    person: str
    roles: tuple[str, ...]
    sites: tuple[str, ...]
    locale: str | None


def begin(session_id: str, login: str, now: datetime) -> Session:
    """Return a fresh session."""
    return Session(id=session_id, login=login, began_at=now, seen_at=now, ends_at=now + IDLE)


def is_over(session: Session, now: datetime) -> bool:
    """Say whether it has ended."""
    return now >= session.ends_at


def renewed(session: Session, now: datetime) -> Session | None:
    """Return the session moved on, None while it is too fresh to be worth a write."""
    if now < session.seen_at + RENEW_AFTER:
        return None
    return session.model_copy(update={"seen_at": now, "ends_at": min(now + IDLE, session.began_at + LONGEST)})


def shown(account: Account) -> AccountOut:
    """Return what may be shown of an account."""
    return AccountOut(login=account.id, person=account.person, roles=account.roles, sites=account.sites, locale=account.locale)
