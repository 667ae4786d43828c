"""The JSON doors of console, and the front address."""

from fastapi import APIRouter

from console.api import accounts, fixes, front, timeline


def routers() -> tuple[APIRouter, ...]:
    """Return the routers in order: console's own doors come before the front address."""
    return (timeline.router, fixes.router, accounts.router, front.front())
