"""The doors of dispatch. Not here: rules, queries."""

from dispatch.api import money, orders, people

ROUTERS = (orders.router, people.router, money.router)
