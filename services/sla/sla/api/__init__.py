"""The doors of sla. Not here: rules, queries."""

from sla.api import calendars, changes, clocks, explanations, history, majeure, rulings

ROUTERS = (clocks.router, explanations.router, rulings.router, calendars.router, changes.router, history.router, majeure.router)
