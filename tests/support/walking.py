"""Random walks of one work order: what may be tried, and a reference model that says what has to come of it.

The model restates D1 and D6 of the requirements with plain sets; it shares no line with the tables and guards of dispatch.
Not here: who does the moves (pure rules, handlers on a store), what is compared (`tests/contract/test_order_walks.py`).
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

CONTAIN = {"stopped", "leaders_notified", "evidence_kept"}
FOLLOW = {"responsible_found", "responsible_recorded", "protective_repair", "loss_limited", "insurer"}
WAITING = {"issued", "accepted"}
BEFORE = {"on_site", "contained", "fee_pending", "approval_pending", "unfinished"}
HELD = WAITING | BEFORE | {"surveyed", "in_progress"}
AGREED = {"confirmed", "collected", "paid", "cleared"}
LARGE = 1_000_00
CONTRACTOR_SIGNS_ABOVE = 500_00
SECOND, THIRD, DESK = "bob", "cid", "desk"  #: who may look at the work of others, and who may not


@dataclass(frozen=True)
class Try:
    """Something somebody tries: a move of the order (`order`), of the owner's charge (`charge`), of its approval (`approval`)."""

    door: str
    name: str
    by: str = "holder"
    act: dict[str, Any] = field(default_factory=dict)


@dataclass
class Model:
    """What an order has to be after what happened to it."""

    contractor: bool = False
    root_cause_required: bool = False
    takes_over: bool = True
    breached: bool = False
    partners: tuple[str, ...] = ()  #: who accepts the work beside the customer
    surveyors: tuple[str, ...] = ()
    second: str | None = None  #: who looks at the work too
    rechecked: bool = False
    completed_by: str = ""
    status: str = "issued"
    outcome: str | None = None
    checks: set[str] = field(default_factory=set)
    accepted: set[str] = field(default_factory=set)
    chased: bool = False
    work_class: str | None = None
    sheet: dict[str, Any] | None = None
    charge: str | None = None
    amount: int = 0
    approval: str | None = None
    asked: int = 0
    asked_by: str = ""
    given: list[str] = field(default_factory=list)
    paid: int = 0
    seen: set[str] = field(default_factory=set)

    # --- money ----------------------------------------------------------------------------------------------------------------

    @property
    def band(self) -> tuple[str, ...]:
        """The roles that approve what is asked."""
        if self.asked <= 1_000_00:
            return ("customer_service_manager",)
        return ("deputy_chief_engineer", "deputy_general_manager") if self.asked <= 10_000_00 else ("general_manager",)

    def covered(self) -> bool:
        """Work that the company or the contractor bears is approved up to its estimate."""
        if self.work_class not in {"A", "B"}:
            return True
        return self.approval == "granted" and self.sheet is not None and self.sheet["estimate"] <= self.asked

    def put_up(self, amount: int, by: str) -> None:
        self.approval, self.asked, self.asked_by, self.given = "pending", amount, by, []

    # --- what has to come of it -----------------------------------------------------------------------------------------------

    def makes(self, tried: Try) -> bool:
        """Say whether the try has to succeed, and change with it if so."""
        if tried.by == "stranger":
            return False
        return bool(getattr(self, f"_{tried.door}_{tried.name.replace('-', '_')}")(tried))

    def _to(self, status: str, *, when: bool = True) -> bool:
        if when:
            self.status = status
            self.seen.add(status)
        return when

    def _order_accept(self, _: Try) -> bool:
        return self._to("accepted", when=self.status == "issued")

    def _order_arrive(self, _: Try) -> bool:
        return self._to("on_site", when=self.status == "accepted")

    def _order_assess(self, tried: Try) -> bool:
        outcome = tried.act["outcome"]
        if self.status != "on_site" or (self.contractor and outcome in {"chargeable", "warranty"}):
            return False
        self.outcome = outcome
        ways = {"major": "contained", "chargeable": "fee_pending", "normal": "in_progress", "guided": "guided", "warranty": "warranty"}
        return self._to(ways[outcome])

    def _order_check(self, tried: Try) -> bool:
        if self.status not in {"contained", "in_progress", "unfinished"} or self.outcome != "major":
            return False
        self.checks |= set(tried.act["checks"])
        return True

    def _order_survey(self, tried: Try) -> bool:
        sheet = tried.act["survey"]
        needed = set(self.surveyors)
        if sheet["estimate"] <= CONTRACTOR_SIGNS_ABOVE:
            needed -= {"construction_contractor"}
        if self.status != "on_site" or not self.surveyors or not needed <= set(sheet["signers"]):
            return False
        self.sheet = sheet
        if sheet["in_warranty"] or sheet["borne_by"] == "company":
            self.put_up(sheet["estimate"], tried.by)
        return self._to("surveyed")

    def _order_class(self, tried: Try) -> bool:
        if self.status != "surveyed" or self.sheet is None:
            return False
        fits = "A" if self.sheet["in_warranty"] else "B" if self.sheet["borne_by"] == "company" else "owner"
        if tried.act["work_class"] != fits:
            return False
        self.work_class = fits
        return self._to("fee_pending" if fits == "owner" else "approval_pending")

    def _order_start(self, _: Try) -> bool:
        ready = self.status in BEFORE and self.covered()
        ready &= self.status != "on_site" or self.contractor
        ready &= self.status != "contained" or self.checks >= CONTAIN
        ready &= self.status != "fee_pending" or self.charge in AGREED
        return self._to("in_progress", when=ready)

    def _order_leave(self, _: Try) -> bool:
        return self._to("unfinished", when=self.status == "in_progress")

    def _order_complete(self, tried: Try) -> bool:
        ready = self.status == "in_progress" and self.covered()
        ready &= not self.root_cause_required or bool(tried.act.get("root_cause"))
        ready &= self.outcome != "major" or self.checks >= FOLLOW
        self.completed_by = tried.by if ready else self.completed_by
        return self._to("completed", when=ready)

    @property
    def waits(self) -> bool:
        """For its second inspector."""
        return self.status == "completed" and self.second is not None and not self.rechecked

    def _order_recheck(self, tried: Try) -> bool:
        ready = self.waits and tried.by == self.second != self.completed_by
        self.rechecked |= ready
        return ready

    def _order_name_second(self, tried: Try) -> bool:
        to = tried.act["to"]
        ready = self.status in HELD | {"completed"} and not self.contractor and to in {SECOND, THIRD} - {self.completed_by}
        if ready:
            self.second, self.rechecked = to, False
        return ready

    def _order_accept_work(self, tried: Try) -> bool:
        if self.status != "completed" or tried.act["party"] not in self.partners:
            return False
        self.accepted.add(tried.act["party"])
        return True

    def _order_sign(self, _: Try) -> bool:
        ready = self.status == "completed" and not self.contractor and self.accepted >= set(self.partners)
        return self._to("signed", when=ready and not self.waits)

    def _order_refuse_sign(self, _: Try) -> bool:
        if self.status != "completed" or self.contractor:
            return False
        self.accepted, self.rechecked = set(), False
        return self._to("in_progress")

    def _order_return(self, _: Try) -> bool:
        return self._to("returned", when=self.status in {"guided", "signed"} or (self.status == "completed" and self.contractor))

    def _order_inspect(self, tried: Try) -> bool:
        if self.status != "returned" or not self.contractor:
            return False
        if not tried.act["passed"]:
            self.outcome, self.breached, self.chased = None, False, False
        return self._to("inspected" if tried.act["passed"] else "issued")

    def _order_cancel(self, _: Try) -> bool:
        return self._to("cancelled", when=self.status in WAITING)

    def _order_take_over(self, _: Try) -> bool:
        ready = self.status in WAITING and self.contractor and self.takes_over and self.breached and self.chased
        return self._to("cancelled", when=ready)

    def _order_chase(self, _: Try) -> bool:
        ready = self.status in HELD and self.contractor
        self.chased |= ready
        return ready

    def _order_explain(self, _: Try) -> bool:
        return self.status in HELD and self.contractor

    def _charge_quote(self, tried: Try) -> bool:
        free = self.status == "fee_pending" and not self.contractor and self.work_class not in {"A", "B"}
        if not free or self.charge not in {None, "unquoted", "quoted", "confirmed"}:
            return False
        self.charge, self.amount = "quoted", tried.act["lines"][0]["amount"]
        return True

    def _charge_confirm_fee(self, _: Try) -> bool:
        return self._charged("confirmed", self.status == "fee_pending" and self.charge == "quoted")

    def _charge_refuse_fee(self, _: Try) -> bool:
        refused = self._charged("refused", self.status == "fee_pending" and self.charge in {None, "unquoted", "quoted", "confirmed"})
        return self._to("fee_refused", when=refused)

    def _charge_collect(self, _: Try) -> bool:
        return self._charged("collected", self._worked() and self.charge == "confirmed" and self.amount < LARGE)

    def _charge_take_money(self, _: Try) -> bool:
        taken = self._charged("paid", self._worked() and self.charge in {"confirmed", "collected"})
        self.paid += self.amount if taken else 0
        return taken

    def _charge_file_receipt(self, _: Try) -> bool:
        return self._charged("cleared", self.charge == "paid")

    def _charged(self, status: str, ready: bool) -> bool:  # noqa: FBT001
        self.charge = status if ready else self.charge
        return ready

    def _worked(self) -> bool:
        return self.status in {"signed", "returned", "inspected"}

    def _approval_ask_approval(self, tried: Try) -> bool:
        if not self._company_bears():
            return False
        amount = tried.act["amount"]
        if self.approval != "granted" or amount > self.asked:
            self.put_up(amount, tried.by)
        return True

    def _company_bears(self) -> bool:
        ended = self.status in {"cancelled", "fee_refused"}
        return not ended and self.charge is None and self.status != "fee_pending" and self.work_class != "owner"

    def _approval_approve(self, tried: Try) -> bool:
        if not self._may_say(tried):
            return False
        self.given.append(tried.by)
        self.approval = "granted" if len(self.given) == len(self.band) else "pending"
        return True

    def _approval_decline(self, tried: Try) -> bool:
        said = self._may_say(tried)
        self.approval = "declined" if said else self.approval
        return said

    def _may_say(self, tried: Try) -> bool:
        turn = self._company_bears() and self.approval == "pending" and self.band[len(self.given)] == tried.by
        return turn and tried.by != self.asked_by and tried.by not in self.given


MAKE: dict[str, Callable[[random.Random], dict[str, Any]]] = {
    "assess": lambda dice: {"outcome": dice.choice(["major", "chargeable", "normal", "guided", "warranty"])},
    "check": lambda dice: {"checks": dice.sample(sorted(CONTAIN | FOLLOW), dice.choice([1, 3, 8])), "note": "done"},
    "survey": lambda dice: {"survey": a_sheet(dice)},
    "class": lambda dice: {"work_class": dice.choice(["A", "B", "owner"])},
    "complete": lambda dice: {"note": "done", "root_cause": dice.choice([None, "a stuck reducer"])},
    "accept-work": lambda dice: {"party": dice.choice(["customer_service", "repair_team_leader"])},
    "recheck": lambda _: {"result": "good"},
    "name-second": lambda dice: PLAIN | {"to": dice.choice([SECOND, THIRD, DESK])},
    "inspect": lambda dice: {"passed": dice.random() < 0.6},
    "quote": lambda dice: {"lines": [{"item": "work", "amount": dice.choice([180_00, 999_99, LARGE, 2_500_00])}]},
    "confirm-fee": lambda _: {"form": "signature"},
    "refuse-fee": lambda _: {"form": "phone"},
    "take-money": lambda _: {"receipt": "0001"},
    "ask-approval": lambda dice: {"amount": dice.choice([500_00, 1_000_00, 15_000_00])},
}
PLAIN = {"note": "why"}
ORDER = (
    *("accept", "arrive", "assess", "check", "survey", "class", "start", "leave", "complete", "accept-work", "sign", "refuse-sign"),
    *("return", "inspect", "cancel", "take-over", "chase", "explain", "recheck", "name-second"),
)
CHARGE = ("quote", "confirm-fee", "refuse-fee", "collect", "take-money", "file-receipt")
APPROVAL = ("ask-approval", "approve", "decline")
APPROVERS = ("customer_service_manager", "deputy_chief_engineer", "deputy_general_manager", "general_manager")
DOORS = [("order", name) for name in ORDER] + [("charge", name) for name in CHARGE] + [("approval", name) for name in APPROVAL]
RARE = {"name-second", "cancel", "leave", "refuse-sign", "refuse-fee", "decline", "explain"}


def a_sheet(dice: random.Random) -> dict[str, Any]:
    """A survey's sheet, perhaps unsigned by somebody."""
    signers = ["customer_service", "construction_contractor"] if dice.random() < 0.8 else ["customer_service"]
    return {
        "responsible": "company",
        "in_warranty": dice.random() < 0.4,
        "borne_by": dice.choice(["company", "owner"]),
        "trades": ["plumbing"],
        "estimate": dice.choice([400_00, CONTRACTOR_SIGNS_ABOVE, 1_000_00, 1_000_01, 10_000_00, 25_000_00]),
        "signers": signers,
    }


def a_model(dice: random.Random) -> Model:
    """An order that was just issued."""
    contractor = dice.random() < 0.35
    return Model(
        contractor=contractor,
        second=SECOND if not contractor and dice.random() < 0.4 else None,
        root_cause_required=dice.random() < 0.2,
        takes_over=dice.random() < 0.8,
        breached=dice.random() < 0.7,
        partners=("customer_service", "repair_team_leader") if dice.random() < 0.3 else (),
        surveyors=("customer_service", "construction_contractor") if dice.random() < 0.8 else (),
    )


def tries(dice: random.Random, model: Model, length: int) -> Iterator[Try]:
    """Yield what is tried: half of the time something that the model would let happen, else anything. The caller moves the model on."""
    for _ in range(length):
        one = a_try(dice)
        if dice.random() < 0.6:
            for _ in range(60):
                if (one.name not in RARE or dice.random() < 0.15) and could(model, one):
                    break
                one = a_try(dice)
        yield one


def a_try(dice: random.Random) -> Try:
    """Anything at all."""
    door, name = dice.choice(DOORS)
    by = dice.choice(APPROVERS) if name in {"approve", "decline"} else "stranger" if dice.random() < 0.05 else "holder"
    if (name == "recheck" and dice.random() < 0.8) or (name == "complete" and dice.random() < 0.1):
        by = dice.choice([SECOND, SECOND, THIRD])
    return Try(door, name, by, MAKE.get(name, lambda _: PLAIN)(dice))


def could(model: Model, tried: Try) -> bool:
    """Say whether the model would let it happen."""
    own = {"checks": set(model.checks), "accepted": set(model.accepted), "given": list(model.given), "seen": set()}
    return replace(model, **own).makes(tried)
