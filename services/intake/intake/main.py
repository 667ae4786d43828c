"""Builds intake from its parts. Not here: rules. Start with `uvicorn --factory intake.main:create_app`."""

from common import attachments, audit
from common.auth import KeyRecord
from common.documents import Documents
from common.runtime import Parts
from common.vault import Vault
from common.web import service
from fastapi import FastAPI

from intake.api import ROUTERS, units
from intake.handlers import SUBSCRIPTIONS
from intake.settings import Settings
from intake.store import INDEXES, Policies, Store


def create_app(settings: Settings | None = None, parts: Parts | None = None) -> FastAPI:
    """Return the app; everything is started by its lifespan."""
    settings = settings or Settings()
    vault, policies = Vault.of(settings), Policies()

    def store(documents: Documents) -> Store:
        return Store(documents, vault, policies)

    async def look_up_key(reader: Store, key_id: str) -> KeyRecord | None:
        return await reader.key(key_id)

    return service(
        name="intake",
        settings=settings,
        store=store,
        indexes=INDEXES,
        routers=ROUTERS,
        subscriptions=SUBSCRIPTIONS,
        parts=parts,
        look_up_key=look_up_key,
        loops=(attachments.LOOP, audit.loop()),
        uploads={"/v1/cases/*/attachments": attachments.UPLOAD, "/v1/sites/*/units": units.UPLOAD},
    )
