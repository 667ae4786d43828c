"""The doors of dispatch. Not here: rules, queries."""

from dispatch.api import orders, people

ROUTERS = (orders.router, people.router)
