"""The web pages: server-side HTML, htmx for live updates, everything from this host. Not here: JSON doors (`api`)."""

from fastapi import APIRouter

from console.pages import assets, cases, sign_in, work


def routers() -> tuple[APIRouter, ...]:
    """Return the routers of the pages."""
    return (assets.router, sign_in.router, cases.router, work.router)
