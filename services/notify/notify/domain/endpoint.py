"""Webhook endpoints of a site: what is subscribed, and the change that a new list of subscriptions makes. Pure.

An endpoint is its site and its URL: another URL is another endpoint with another secret, so a secret never moves to another receiver.
Secrets are made and sealed by the caller; here they are opaque. Not here: where an endpoint may live (`address`), when it rests (`breaker`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from pydantic import AwareDatetime, BaseModel, ConfigDict

from notify.domain.breaker import Breaker

ROTATION = timedelta(hours=24)  # the old secret signs as well for this long, so that a receiver can change over without a gap
ALL = "*"


class Secret(BaseModel):
    """A sealed signing secret; `until` ends its use after a rotation."""

    model_config = ConfigDict(frozen=True)
    sealed: dict[str, str]
    until: AwareDatetime | None = None


class Endpoint(BaseModel):
    """One receiver of a site's facts."""

    id: str
    site: str
    url: str
    kinds: tuple[str, ...]  #: kinds of facts, or `*`
    secrets: tuple[Secret, ...]  #: newest first
    created_at: AwareDatetime
    breaker: Breaker = Breaker()
    disabled_at: AwareDatetime | None = None  #: it answered 410, or was taken off the list
    disabled_why: str | None = None

    @property
    def ref(self) -> str:
        """Return it as a recipient."""
        return f"endpoint:{self.id}"

    def signing(self, now: datetime) -> tuple[Secret, ...]:
        """Return the secrets that sign at `now`."""
        return tuple(secret for secret in self.secrets if secret.until is None or now < secret.until)


@dataclass(frozen=True)
class Wanted:
    """One line of the list that a site puts."""

    url: str
    kinds: tuple[str, ...]
    rotate: bool = False


def endpoint_id(site: str, url: str) -> str:
    """Return the id of the endpoint at `url` for `site`, always the same."""
    return "ep-" + sha256(f"{site} {url}".encode()).hexdigest()[:16]


def subscribe(
    site: str, have: Sequence[Endpoint], wanted: Sequence[Wanted], fresh: Mapping[str, dict[str, str]], now: datetime
) -> tuple[Endpoint, ...]:
    """Return every endpoint of the site after its list was put; `fresh` holds a new sealed secret for each that needs one, by id.

    Who is no longer listed is disabled, never deleted: its deliveries stay readable. Listing it again enables it with a new secret.
    """
    known = {endpoint.id: endpoint for endpoint in have}
    lines = {endpoint_id(site, item.url): item for item in wanted}
    listed = tuple(
        _put(Endpoint(id=id_, site=site, url=item.url, kinds=item.kinds, secrets=(), created_at=now), known.get(id_), fresh, now)
        for id_, item in lines.items()
    )
    gone = {"disabled_at": now, "disabled_why": "unsubscribed"}
    rest = (endpoint for endpoint in have if endpoint.id not in lines)
    return listed + tuple(endpoint if endpoint.disabled_at else endpoint.model_copy(update=gone) for endpoint in rest)


def needing_secret(site: str, have: Sequence[Endpoint], wanted: Sequence[Wanted]) -> frozenset[str]:
    """Return the ids that get a new secret: new ones, those enabled again, and those that ask for it."""
    live = {endpoint.id for endpoint in have if endpoint.disabled_at is None}
    ids = {endpoint_id(site, item.url): item.rotate for item in wanted}
    return frozenset(id_ for id_, rotate in ids.items() if rotate or id_ not in live)


def _put(item: Endpoint, known: Endpoint | None, fresh: Mapping[str, dict[str, str]], now: datetime) -> Endpoint:
    secrets = (Secret(sealed=fresh[item.id]),) if item.id in fresh else ()
    if known is None or known.disabled_at is not None:
        return item.model_copy(update={"secrets": secrets})
    ends = now + ROTATION if secrets else None
    kept = tuple(secret.model_copy(update={"until": secret.until or ends}) for secret in known.signing(now))
    return known.model_copy(update={"kinds": item.kinds, "secrets": secrets + kept})
