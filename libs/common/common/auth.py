"""Who may do what: API keys of call centres, signed tokens of staff and services, and the table role → permissions (part F).

Every route declares one permission; a site outside the caller's scope looks exactly like a missing one. Not here: where keys are stored (intake).
"""

import hmac
import secrets
from base64 import b64decode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal

import jwt
from pydantic import AwareDatetime, BaseModel

from common.errors import StartRefused, Text, Unauthorized
from common.settings import Settings
from common.timesource import machine_now

ISSUER = "huiyin"
AUDIENCE = "huiyin"
ALGORITHM = "EdDSA"
LEEWAY = timedelta(seconds=5)
ALL_SITES = "*"

_READ = {"case.read", "order.read", "clock.read", "notice.read", "timeline.read", "names.read"}
_DESK = _READ | {
    "case.report", "case.classify", "case.respond", "case.record_plan", "case.tell_progress", "case.restore", "case.request_work", "case.reply",
    "case.notify_departments", "case.answer_department", "case.decide_measures", "case.tell_test_result", "case.hold_tripartite",
    "case.report_result",
    "case.link", "case.split", "case.promise", "case.keep_promise", "case.record_result",
    "case.tell_result", "case.visit", "case.waive_visit", "case.close", "case.transfer", "contact.read", "order.cancel", "clock.extend",
    "order.assign", "order.class", "order.chase", "escalation.acknowledge", "case.attach", "fee.answer", "fee.file", "money.read", "approval.ask",
}  # fmt: skip
_WORK = {
    "order.read", "order.accept", "order.arrive", "order.assess", "order.check", "order.start", "order.leave", "order.complete",
    "order.sign", "order.return", "order.excuse", "order.recheck",
    "order.attach", "order.transfer", "order.send_back", "escalation.acknowledge", "fee.quote", "fee.answer", "fee.collect", "names.read",
}  # fmt: skip
_NOT_OUTSIDE = {
    "escalation.acknowledge", "order.recheck", "order.transfer", "order.send_back", "fee.quote", "fee.answer", "fee.collect", "names.read",
}  # fmt: skip
_DIRECT = {"case.report", "case.attach"}  # REP-02: engineering may be told directly; the report stands in the same register
_ACCEPTS = {"order.survey", "order.accept_work", "order.inspect"}  # REP-08, REP-30, REP-22
_TILL = {"escalation.acknowledge", "fee.take", "settlement.pay", "settlement.deduct", "money.read", "money.keep"}
_HEAD = _READ | {"who.read", "escalation.acknowledge", "money.read"}
_SUPERVISE = _DESK | _WORK | _ACCEPTS | {"clock.pause", "clock.excuse", "visit.check", "letter.write"} | {
    "slips.hand_over", "who.read", "delivery.read", "escalation.oversee",
}  # fmt: skip
_LEAD = _SUPERVISE | {"majeure.declare", "visit.sign"}
_ADMIN = _LEAD | _TILL | {
    "site.manage", "policy.manage", "calendar.manage", "key.manage", "account.manage", "parked.manage", "subscription.manage", "system.read",
    "approval.give", "settlement.submit", "settlement.review", "settlement.confirm", "settlement.certify", "settlement.audit", "money.opinion",
    "audit.read",
}  # fmt: skip

PERMISSIONS: dict[str, frozenset[str]] = {
    "receptionist": frozenset(_DESK),
    "data_clerk": frozenset(_DESK),
    "customer_service_officer": frozenset(_DESK | {"visit.check"}),
    "customer_service_supervisor": frozenset(_SUPERVISE),
    "customer_service_manager": frozenset(_SUPERVISE | {"approval.give", "settlement.review", "money.opinion"}),
    "duty_supervisor": frozenset(_SUPERVISE),
    "duty_manager": frozenset(_LEAD),
    "site_manager": frozenset(_LEAD),
    "deputy_site_manager": frozenset(_LEAD),
    "project_manager": frozenset(_LEAD),
    "site_service_office": frozenset(_SUPERVISE),
    "sales_assistant_director": frozenset(_SUPERVISE),
    "sales_director": frozenset(_SUPERVISE),
    "department_manager": frozenset(
        _READ | _WORK | _ACCEPTS | {"order.assign", "slips.hand_over", "case.record_result", "case.answer_department", "who.read"}
    ),
    "engineering_manager": frozenset(
        _READ
        | _WORK
        | _ACCEPTS
        | _DIRECT
        | {"order.assign", "order.chase", "order.take_over", "order.cancel", "slips.hand_over", "case.record_result", "who.read"}
    ),
    "engineering_duty": frozenset(_READ | _WORK | _DIRECT | {"order.assign", "order.inspect", "slips.hand_over"}),
    "repair_worker": frozenset(_WORK | {"slips.hand_over"}),
    "repair_team_leader": frozenset(_WORK | _ACCEPTS | {"order.assign", "slips.hand_over", "approval.ask", "settlement.submit", "money.read"}),
    "building_steward": frozenset(_READ | {"case.report", "case.attach", "case.visit", "order.chase", "escalation.acknowledge"}),
    "security": frozenset(_WORK),
    "cleaning": frozenset(_WORK),
    "department_person": frozenset(_WORK),
    "affairs_supervisor": frozenset(_WORK),
    "engineering_materials": frozenset(_HEAD | _ACCEPTS | {"order.chase"}),
    "finance": frozenset(_READ | _TILL),
    "audit": frozenset(_READ | {"money.read", "settlement.review", "settlement.audit", "audit.read"}),
    "deputy_chief_engineer": frozenset(_HEAD | {"approval.give", "settlement.certify"}),
    "contractor": frozenset(_WORK - _NOT_OUTSIDE | {"settlement.confirm"}),
    "company_deputy_director": frozenset(_HEAD),
    "company_director": frozenset(_HEAD),
    "deputy_general_manager": frozenset(_HEAD | {"majeure.declare", "approval.give"}),
    "general_manager": frozenset(_HEAD | {"majeure.declare", "approval.give"}),
    "head_office_leader": frozenset(_HEAD | {"delivery.read"}),
    "administrator": frozenset(_ADMIN),
    "service": frozenset({"contact.read", "staff.read", "facts.read", "system.read"}),
    "call_centre": frozenset({"case.report", "case.attach", "case.read"}),  # keys open the door of the service that keeps them: intake
}  #: role -> permissions; `service` and `call_centre` are the roles of tokens of services and of API keys


@dataclass(frozen=True)
class Caller:
    """Who is at the door."""

    id: str
    kind: Literal["key", "staff", "service"]
    roles: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    permissions: frozenset[str] = field(default=frozenset())

    def sees(self, site: str) -> bool:
        """Say whether the site is in scope."""
        return ALL_SITES in self.sites or site in self.sites

    def may(self, permission: str) -> bool:
        """Say whether the permission is held."""
        return permission in self.permissions


def permissions_of(roles: tuple[str, ...]) -> frozenset[str]:
    """Return the permissions of all roles together; an unknown role gives none."""
    return frozenset().union(*(PERMISSIONS.get(role, frozenset()) for role in roles))


class KeyRecord(BaseModel):
    """An API key as stored: never the secret."""

    id: str
    digest: str
    name: str
    sites: tuple[str, ...]
    scopes: tuple[str, ...] = ("call_centre",)
    created_at: AwareDatetime
    not_before: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None
    revoked_at: AwareDatetime | None = None


def key_digest(pepper: str, secret: str) -> str:
    """Return the stored form of a secret: HMAC-SHA256, fast because the secret is 256 random bits."""
    return hmac.new(b64decode(pepper), secret.encode(), sha256).hexdigest()


def new_key(pepper: str, *, name: str, sites: tuple[str, ...], now: datetime, **limits: Any) -> tuple[str, KeyRecord]:
    """Return the key to show once (`hy_<id>_<secret>`) and its record."""
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    record = KeyRecord(id=key_id, digest=key_digest(pepper, secret), name=name, sites=sites, created_at=now, **limits)
    return f"hy_{key_id}_{secret}", record


def split_key(key: str) -> tuple[str, str]:
    """Return id and secret. Raises Unauthorized."""
    parts = key.split("_", 2)
    if len(parts) != 3 or parts[0] != "hy":
        raise Unauthorized
    return parts[1], parts[2]


def check_key(pepper: str, secret: str, record: KeyRecord | None, now: datetime) -> Caller:
    """Return the caller of an API key. Raises Unauthorized without saying why (machine time: a story's time must not open a key)."""
    digest = key_digest(pepper, secret)
    good = hmac.compare_digest(digest, record.digest if record else "0" * 64)
    if not good or record is None or record.revoked_at or (record.expires_at and record.expires_at <= now):
        raise Unauthorized
    if record.not_before and record.not_before > now:
        raise Unauthorized
    return Caller(f"key:{record.id}", "key", record.scopes, record.sites, permissions_of(record.scopes))


class Tokens:
    """Signs and checks tokens of staff and services: Ed25519, one algorithm, one issuer, one audience."""

    def __init__(self, settings: Settings) -> None:
        """Take the keys of the settings; only who has the private key can issue."""
        self._public = settings.token_public_key.replace("\\n", "\n")
        private = settings.token_private_key
        self._private = private.get_secret_value().replace("\\n", "\n") if private else None
        self._service: tuple[str, datetime] | None = None

    def issue(self, subject: str, *, kind: Literal["staff", "service"], roles: tuple[str, ...], sites: tuple[str, ...], ttl: timedelta) -> str:
        """Return a token. Raises StartRefused where this process holds no private key."""
        if self._private is None:
            raise StartRefused(Text("缺少签发密钥", "this process holds no private key and cannot issue tokens"))
        now = machine_now()
        claims: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "kind": kind, "roles": roles, "sites": sites}
        claims |= {"iat": now, "nbf": now, "exp": now + ttl}
        return jwt.encode(claims, self._private, algorithm=ALGORITHM)

    def service(self, name: str) -> str:
        """Return this service's own token, renewed before it ends."""
        now = machine_now()
        if self._service is None or self._service[1] <= now:
            token = self.issue(f"service:{name}", kind="service", roles=("service",), sites=(ALL_SITES,), ttl=timedelta(minutes=15))
            self._service = (token, now + timedelta(minutes=10))
        return self._service[0]

    def check(self, token: str) -> Caller:
        """Return the caller of a token. Raises Unauthorized."""
        required = ["exp", "nbf", "iat", "iss", "aud", "sub"]
        try:
            claims = jwt.decode(
                token, self._public, algorithms=[ALGORITHM], audience=AUDIENCE, issuer=ISSUER, leeway=LEEWAY, options={"require": required}
            )
            kind: Literal["staff", "service"] = "service" if claims.get("kind") == "service" else "staff"
            roles = tuple(str(role) for role in claims.get("roles", ()))
            sites = tuple(str(site) for site in claims.get("sites", ()))
        except (jwt.InvalidTokenError, ValueError, TypeError) as error:
            raise Unauthorized from error
        if kind == "staff":
            roles = tuple(role for role in roles if role != "service")
        return Caller(str(claims["sub"]), kind, roles, sites, permissions_of(roles))
