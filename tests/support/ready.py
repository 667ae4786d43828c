"""Orders and cases brought, through public doors, to where each door of theirs can be opened: what is tried on one order alone is mostly refused.

Not here: the doors that are tried (`tests/contract/test_openapi.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import requests

from tests.support.estate import FAULT, OURS, Estate

RUDE = "staff_attitude"
ON_SITE = ("accept", "arrive")
AT_WORK = (*ON_SITE, "assess normal")
DONE = (*AT_WORK, "complete")
CHARGEABLE = (*ON_SITE, "assess chargeable")
QUOTED = (*CHARGEABLE, "quote")
AGREED = (*QUOTED, "confirm-fee")
SIGNED = (*AGREED, "start", "complete", "sign")
ORDERS: dict[str, tuple[str, ...]] = {
    "arrive": ("accept",), "assess": ON_SITE, "check": (*ON_SITE, "assess major"), "start": AGREED, "leave": AT_WORK, "complete": AT_WORK,
    "excuse": ("accept",), "sign": DONE, "refuse-sign": DONE, "return": (*DONE, "sign"), "cancel": (), "transfer": (), "assign": (), "send-back": (),
    "quote": CHARGEABLE, "confirm-fee": QUOTED, "refuse-fee": QUOTED,
    "collect": SIGNED, "take-money": SIGNED, "file-receipt": (*SIGNED, "take-money"),
}  # fmt: skip
RETURNED = (*DONE, "sign", "return")
REPAIRS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "keep-promise": ((), ("promise",)),
    "answer-department": ((), ("notify-departments",)),
    "visit": (RETURNED, ()),
    "check-visit": (RETURNED, ("visit",)),
    "sign-visit": (RETURNED, ("visit", "check-visit")),
}  #: move of a case -> what happened to its order and to itself before
COMPLAINTS: dict[str, tuple[str, ...]] = {
    "record-result": (),
    "decide-measures": (),
    "tell-test-result": (),
    "hold-tripartite": (),
    "tell-result": ("record-result",),
}  #: move of a case -> what happened to it before


def ready(hands: "Hands") -> dict[str, str]:
    """Return the number of an order or a case for each door that needs one of its own: `dispatch /v1/work-orders/{number}/sign` -> number."""
    found = {f"dispatch /v1/work-orders/{{number}}/{move}": hands.order(steps)[1] for move, steps in ORDERS.items()}
    cases = {move: hands.repair(*steps) for move, steps in REPAIRS.items()} | {move: hands.complaint(steps) for move, steps in COMPLAINTS.items()}
    return found | {f"intake /v1/cases/{{number}}/{move}": case for move, case in cases.items()}


@dataclass
class Hands:
    """Does what comes before. `bodies`: what each door takes; `rest` waits until nothing moves between services."""

    estate: Estate
    urls: dict[str, str]
    bodies: Mapping[str, Callable[[dict[str, str]], Any]]
    rest: Callable[[], None]
    reported: int = 0

    def report(self, **what: str) -> str:
        """Report something at a unit of its own; return the case."""
        self.reported += 1
        body = {"site": OURS, "channel": "phone", "subject": "厨房水管", "unit": f"9-{self.reported:03d}"} | what
        reporter = {"name": "测试业主", "phone": "13900000000", "email": "owner@example.com"}
        return str(self.post("intake", "/v1/cases", body | {"reporter": reporter})["number"])

    def order(self, steps: tuple[str, ...]) -> tuple[str, str]:
        """Report a repair and take its order so far; return case and order."""
        case = self.report(kind="repair", fault=FAULT)
        (order,) = self.get("dispatch", "/v1/work-orders", case=case)["orders"]
        for step in steps:
            name, _, outcome = step.partition(" ")
            path = "/v1/work-orders/{number}/" + name
            given = {"outcome": outcome} if outcome else self.bodies[path](self.estate.things[OURS])
            self.post("dispatch", path.format(number=order["id"]), given, person=order["assignee"] if name == "accept" else "before")
        return case, order["id"]

    def repair(self, of_order: tuple[str, ...], own: tuple[str, ...]) -> str:
        """Report a repair, take its order and then the case itself so far; return the case."""
        case, _ = self.order(of_order)
        return self.own(case, own)

    def complaint(self, own: tuple[str, ...]) -> str:
        """Report a complaint and take it so far; return the case."""
        return self.own(self.report(kind="complaint", fault=RUDE), own)

    def own(self, case: str, steps: tuple[str, ...]) -> str:
        """Take a case so far, each step by somebody else: nobody checks their own visit."""
        for number, name in enumerate(steps):
            path = "/v1/cases/{number}/" + name
            self.post("intake", path.format(number=case), self.bodies[path](self.estate.things[OURS]), person=f"before-{number}")
        return case

    def post(self, service: str, path: str, body: Any, *, person: str = "before") -> Any:
        answer = requests.post(self.urls[service] + path, json=body, headers=self.by(person) | {"Idempotency-Key": str(uuid4())}, timeout=30)
        assert answer.ok, (path, answer.text)
        self.rest()
        return answer.json()

    def get(self, service: str, path: str, **asked: str) -> Any:
        answer = requests.get(self.urls[service] + path, params=asked, headers=self.by("before"), timeout=30)
        assert answer.ok, (path, answer.text)
        return answer.json()

    def by(self, person: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.estate.staff('*', person=person)}"}
