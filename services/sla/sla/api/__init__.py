"""The doors of sla. Not here: rules, queries."""

from sla.api import changes, clocks

ROUTERS = (clocks.router, changes.router)
