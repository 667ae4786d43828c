"""The front address: which service owns which door. One table, and what may cross.

A door that only services use is closed here, whatever token comes. Not here: reaching the owner (`gateway`).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Street:
    """A door and everything below it; `*` stands for one segment. Without an owner it is closed from outside; console's own only answers itself."""

    path: str
    owner: str | None
    below: bool = True


OWN = "console"
STREETS: tuple[Street, ...] = (
    Street("/v1/contacts/*", None),
    Street("/v1/staff/*/contact", None),
    Street("/v1/audit", None),
    Street("/v1/cases/*/timeline", OWN, below=False),
    Street("/v1/cases", "intake"),
    Street("/v1/contacts", "intake", below=False),
    Street("/v1/visits", "intake"),
    Street("/v1/open-letters", "intake"),
    Street("/v1/keys", "intake"),
    Street("/v1/work-orders", "dispatch"),
    Street("/v1/staff", "dispatch"),
    Street("/v1/sites/*/units", "intake"),
    Street("/v1/sites/*/people", "dispatch"),
    Street("/v1/sites/*/names", "dispatch"),
    Street("/v1/sites/*/contractors", "dispatch"),
    Street("/v1/sites/*/slips", "dispatch"),
    Street("/v1/charges", "dispatch"),
    Street("/v1/settlements", "dispatch"),
    Street("/v1/sites/*/fees", "dispatch"),
    Street("/v1/sites/*/books", "dispatch"),
    Street("/v1/sites/*/funds", "dispatch"),
    Street("/v1/sites/*/retention", "dispatch"),
    Street("/v1/clocks", "sla"),
    Street("/v1/calendars", "sla"),
    Street("/v1/sites/*/policy", "sla"),
    Street("/v1/sites/*/who", "sla"),
    Street("/v1/sites/*/escalation", "sla"),
    Street("/v1/sites/*/gaps", "sla"),
    Street("/v1/sites/*/changes", "sla"),
    Street("/v1/sites/*/case-files", "sla"),
    Street("/v1/majeure", "sla"),
    Street("/v1/notices", "notify"),
    Street("/v1/deliveries", "notify"),
    Street("/v1/sites/*/subscriptions", "notify"),
)  #: the first that fits decides; console's own doors are asked before

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
ASKED = frozenset({
    "accept", "accept-language", "authorization", "content-encoding", "content-length", "content-type",
    "idempotency-key", "if-match", "if-none-match",
})  # fmt: skip
#: request headers that cross; the trace is the one this request has here
ANSWERED = frozenset({
    "allow", "cache-control", "content-disposition", "content-encoding", "content-language", "content-length", "content-security-policy",
    "content-type", "cross-origin-resource-policy", "etag", "idempotency-replayed", "location", "retry-after", "vary", "www-authenticate",
    "x-content-type-options",
})  # fmt: skip
#: answer headers that cross; cookies never do


def route_paths(street: Street) -> tuple[str, ...]:
    """Return the route templates of a street, `/v1/sites/{part1}/people` and what lies below it."""
    parts = [f"{{part{n}}}" if part == "*" else part for n, part in enumerate(street.path.split("/"))]
    template = "/".join(parts)
    return (template, template + "/{rest:path}") if street.below else (template,)


def is_plain(raw_path: str) -> bool:
    """Say whether a path means the same to every reader: no dot segments, no empty ones, no encoded slash or dot."""
    lowered = raw_path.lower()
    segments = lowered.split("/")[1:]
    return not any(part in {"", ".", ".."} for part in segments) and not any(code in lowered for code in ("%2f", "%2e", "%5c", "\\", "%00"))
