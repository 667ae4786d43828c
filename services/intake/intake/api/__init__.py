"""The doors of intake. Not here: rules, queries."""

from intake.api import attachments, cases, contacts, keys, moves, units, visits

ROUTERS = (cases.router, attachments.router, moves.router, visits.router, contacts.router, keys.router, units.router)
