"""The doors of sla. Not here: rules, queries."""

from sla.api import changes, clocks, explanations, history, majeure, rulings

ROUTERS = (clocks.router, explanations.router, rulings.router, changes.router, history.router, majeure.router)
