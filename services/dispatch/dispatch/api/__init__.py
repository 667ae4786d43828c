"""The doors of dispatch. Not here: rules, queries."""

from common import audit_doors

from dispatch.api import attachments, money, orders, people

ROUTERS = (attachments.router, orders.router, people.router, money.router, audit_doors.router)
