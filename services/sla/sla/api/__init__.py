"""The doors of sla. Not here: rules, queries."""

from sla.api import changes, clocks, history

ROUTERS = (clocks.router, changes.router, history.router)
