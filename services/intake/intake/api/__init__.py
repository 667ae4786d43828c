"""The doors of intake. Not here: rules, queries."""

from common import audit_doors

from intake.api import attachments, cases, contacts, keys, moves, units, visits

ROUTERS = (cases.router, attachments.router, moves.router, visits.router, contacts.router, keys.router, units.router, audit_doors.router)
