"""Who says which facts and who listens: the whole topology as data. Every service declares all of it, so the start order never matters.

A contract test holds these tables against each service's SUBSCRIPTIONS and against the checked-in list in tests/contract.
"""

from functools import cache

SAYS: dict[str, str] = {
    "case": "intake",
    "promise": "intake",
    "visit": "intake",
    "unit": "intake",
    "work_order": "dispatch",
    "approval": "dispatch",
    "settlement": "dispatch",
    "slips": "dispatch",
    "rota": "dispatch",
    "clock": "sla",
    "escalation": "sla",
    "policy": "sla",
    "calendar": "sla",
    "notice": "notify",
}  #: stream prefix -> the service that says it

LISTENS: dict[str, tuple[str, ...]] = {
    "intake": ("work_order", "policy"),
    "dispatch": ("case", "policy", "clock"),
    "sla": ("case", "promise", "visit", "work_order", "slips", "rota"),
    "notify": ("case", "promise", "visit", "work_order", "approval", "settlement", "escalation", "policy", "rota", "clock"),
    "console": ("case", "promise", "visit", "work_order", "approval", "settlement", "clock", "escalation", "notice", "policy", "rota"),
}  #: service -> the whole streams it binds

PEERS: dict[str, str] = {name: f"{name}_url" for name in LISTENS}  #: service -> the setting that holds its address


@cache
def heard(prefix: str) -> bool:
    """Say whether anybody listens to this prefix; what nobody hears stays in the fact log and is never published."""
    return any(prefix in prefixes for prefixes in LISTENS.values())
