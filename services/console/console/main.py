"""Builds console: its doors, its pages, the front address. `uvicorn --factory console.main:create_app --timeout-graceful-shutdown 2`."""

from typing import Any

from common.attachments import UPLOAD
from common.runtime import Parts, Runtime
from common.web import Upload, service
from fastapi import FastAPI

from console import api, pages
from console.handlers import SUBSCRIPTIONS
from console.pages.live import Live, end_with_server
from console.pages.names import Names
from console.settings import Settings
from console.store import INDEXES, Store

SITE_FILE_BYTES = 1024 * 1024  # the front lets through what the owners of a site's files take
PICTURES = ("/v1/cases/*/attachments", "/v1/work-orders/*/attachments", "/work/*/attachments")


def create_app(settings: Settings | None = None, parts: Parts | None = None) -> FastAPI:
    """Return the app; nothing is touched before it starts."""

    async def open_live(rt: Runtime[Any]) -> None:
        app.state.live = live = Live(rt)
        app.state.names = Names(live.turn)
        end_with_server(live)

    app = service(
        name="console",
        settings=settings or Settings.model_validate({}),
        store=Store,
        indexes=INDEXES,
        routers=(*pages.routers(), *api.routers()),
        subscriptions=SUBSCRIPTIONS,
        parts=parts,
        on_start=open_live,
        uploads={"/v1/sites/": Upload(SITE_FILE_BYTES)} | dict.fromkeys(PICTURES, UPLOAD),
    )
    return app
