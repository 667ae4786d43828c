"""Builders for tests of money: the rules of the pack with bands, an order that is chargeable or surveyed, a deed about money."""

from typing import Any

from common.states import OrderStatus, WorkClass
from dispatch.domain.money.acts import MoneyAct, MoneyDeed
from dispatch.domain.money.charge import FeeStandard
from dispatch.domain.money.rules import MoneyRules
from dispatch.domain.order import Order, Rules

from tests.unit.dispatch.build import NOON, an_order

STANDARD = FeeStandard.model_validate(
    {
        "items": [
            {"item": "tap", "title": {"zh": "更换龙头", "en": "Change a tap"}, "price": 9000},
            {"item": "hour", "title": {"zh": "工时", "en": "Hour"}, "unit": "hour", "price": 6000},
        ]
    }
)
RULES = MoneyRules.model_validate(
    {
        "bands": [
            {"up_to": 1000_00, "roles": ["customer_service_manager"]},
            {"up_to": 10000_00, "roles": ["deputy_chief_engineer", "deputy_general_manager"]},
            {"roles": ["general_manager"]},
        ],
        "reviewer": "customer_service_manager",
        "audit_from": 20000_00,
        "auditor": "audit",
        "contractor_confirms": True,
        "certifier": "deputy_chief_engineer",
        "retention_pays": True,
        "large_amount": 1000_00,
    }
)


def by(person: str, *roles: str, **act: Any) -> MoneyDeed:
    """A deed about money; who does it holds the role of the same name unless another is given."""
    return MoneyDeed(MoneyAct.model_validate(act), by=person, roles=frozenset(roles or (person,)), now=NOON)


def chargeable(**changes: Any) -> Order:
    return an_order(**({"status": OrderStatus.FEE_PENDING, "rules": Rules(money=RULES)} | changes))


def surveyed(work_class: WorkClass = WorkClass.B, **changes: Any) -> Order:
    return an_order(**({"status": OrderStatus.SIGNED, "rules": Rules(money=RULES), "work_class": work_class} | changes))
