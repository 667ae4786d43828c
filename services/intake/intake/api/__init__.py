"""The doors of intake. Not here: rules, queries."""

from intake.api import cases, contacts, keys, moves

ROUTERS = (cases.router, moves.router, contacts.router, keys.router)
