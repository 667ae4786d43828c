"""The doors of intake. Not here: rules, queries."""

from intake.api import attachments, cases, contacts, keys, moves

ROUTERS = (cases.router, attachments.router, moves.router, contacts.router, keys.router)
