"""The doors of dispatch. Not here: rules, queries."""

from dispatch.api import attachments, audit, money, orders, people

ROUTERS = (attachments.router, orders.router, people.router, money.router, audit.router)
