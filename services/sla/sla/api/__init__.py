"""The doors of sla. Not here: rules, queries."""

from sla.api import calendars, changes, clocks, escalation, explanations, history, majeure, rulings

ROUTERS = (clocks.router, escalation.router, explanations.router, rulings.router, calendars.router, changes.router, history.router, majeure.router)
