"""Builds dispatch from its parts. Not here: rules. Start with `uvicorn --factory dispatch.main:create_app`."""

from common import attachments, audit
from common.documents import Documents
from common.runtime import Parts
from common.vault import Vault
from common.web import Upload, service
from fastapi import FastAPI

from dispatch.api import ROUTERS
from dispatch.handlers import SUBSCRIPTIONS
from dispatch.handlers.turns import LOOPS
from dispatch.settings import Settings
from dispatch.store import INDEXES, Store

SITE_FILE = ("people", "fees", "slips")  # doors that take as much as a large site needs
SITE_FILE_BYTES = 1024 * 1024  # a large site's people and rota


def create_app(settings: Settings | None = None, parts: Parts | None = None) -> FastAPI:
    """Return the app; everything is started by its lifespan."""
    settings = settings or Settings()
    vault = Vault.of(settings)

    def store(documents: Documents) -> Store:
        return Store(documents, vault)

    return service(
        name="dispatch",
        settings=settings,
        store=store,
        indexes=INDEXES,
        routers=ROUTERS,
        subscriptions=SUBSCRIPTIONS,
        loops=(*LOOPS, attachments.LOOP, audit.loop()),
        parts=parts,
        uploads={f"/v1/sites/*/{part}": Upload(SITE_FILE_BYTES) for part in SITE_FILE} | {"/v1/work-orders/*/attachments": attachments.UPLOAD},
    )
