"""The doors every service has: health, metrics, the fact log, what still moves, parked facts, reconciliation."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictStr
from starlette.responses import JSONResponse, Response

from common import reconcile
from common.auth import ALL_SITES
from common.documents import Doc
from common.doors import Door, permit
from common.errors import NotFound
from common.outbox import as_fact, read_log
from common.problems import RESPONSES
from common.writing import not_blank, one_line

probes = APIRouter(include_in_schema=False)
router = APIRouter(tags=["operations"], responses={code: RESPONSES[code] for code in (401, 403, 404, 422, 429, 503)})
WRITES: dict[int | str, dict[str, Any]] = {code: RESPONSES[code] for code in (400, 413, 415)}


@probes.get("/healthz")
async def healthz() -> dict[str, str]:
    """Say that the process runs; touches nothing else."""
    return {"status": "ok"}


@probes.get("/readyz")
async def readyz(request: Request) -> JSONResponse:
    """Make a real round trip to every part; 503 names those that fail."""
    failing = await request.app.state.runtime.health()
    return JSONResponse({"status": "ready" if not failing else "not ready", "failing": failing}, 503 if failing else 200)


@probes.get("/metrics")
async def metrics(request: Request) -> Response:
    """Return the Prometheus text."""
    await request.app.state.runtime.measure()
    return Response(request.app.state.runtime.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


class Facts(BaseModel):
    """A page of the fact log."""

    facts: list[dict[str, Any]]
    next: str


@router.get("/v1/facts")
async def facts(
    door: Annotated[Door[Any], permit("facts.read")],
    after: Annotated[str, Query(max_length=64)] = "",
    prefix: Annotated[list[str] | None, Query(max_length=40)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
) -> Facts:
    """Replay the fact log after a cursor, oldest first; what is younger than ten seconds comes later (nothing is ever skipped)."""
    rows = await read_log(door.rt.documents, after=after, prefixes=prefix or (), limit=limit)
    return Facts(facts=[as_fact(row) for row in rows], next=rows[-1]["order"] if rows else after)


@router.get("/v1/quiet")
async def quiet(door: Annotated[Door[Any], permit("system.read")]) -> dict[str, Any]:
    """Say what still moves here."""
    return await door.rt.quiet()


class Parked(BaseModel):
    """A parked fact without its content."""

    id: str
    reason: str
    detail: str
    kind: str | None
    site: str | None
    attempt: int
    bytes: int
    parked_at: datetime


class Discard(BaseModel):
    """Why a parked fact is given up; kept with the decision."""

    model_config = ConfigDict(extra="forbid")
    reason: Annotated[StrictStr, Field(min_length=1, max_length=500), AfterValidator(one_line), AfterValidator(not_blank)]


@router.get("/v1/parked")
async def parked(door: Annotated[Door[Any], permit("parked.manage")], limit: Annotated[int, Query(ge=1, le=1000)] = 200) -> list[Parked]:
    """List what was parked at the caller's sites, oldest first; what names no site only to who sees all."""
    where = {} if ALL_SITES in door.by.sites else {"site": {"$in": list(door.by.sites)}}
    rows = await door.rt.documents.find("parked", where, sort=[("parked_at", 1)], limit=limit)
    return [Parked(id=row["_id"], **{key: row[key] for key in Parked.model_fields if key != "id"}) for row in rows]


async def _parked_row(door: Door[Any], id: str) -> Doc:
    """Return a parked fact in the caller's scope. Raises NotFound."""
    row = await door.rt.documents.get("parked", id)
    if row is None or not door.by.sees(row["site"] or ALL_SITES):
        raise NotFound
    return row


@router.post("/v1/parked/{id:path}/redrive", responses=WRITES)
async def redrive(id: str, door: Annotated[Door[Any], permit("parked.manage")]) -> dict[str, str]:
    """Handle a parked fact again under its own id; what was applied meanwhile is not applied twice."""
    row = await _parked_row(door, id)
    fate = await reconcile.redrive(door.rt, row, by=door.by.id)
    return {"id": id, "fate": fate}


@router.post("/v1/parked/{id:path}/discard", responses=WRITES)
async def discard(id: str, body: Discard, door: Annotated[Door[Any], permit("parked.manage")]) -> dict[str, str]:
    """Give a parked fact up; the decision stays in the audit rows."""
    row = await _parked_row(door, id)
    await reconcile.discard(door.rt, row, by=door.by.id, reason=body.reason)
    return {"id": id, "fate": "discarded"}


@router.get("/v1/reconcile")
async def last_report(door: Annotated[Door[Any], permit("system.read")]) -> dict[str, Any]:
    """Return the newest reconciliation report."""
    return await reconcile.last(door.rt) or {}


@router.post("/v1/reconcile", responses=WRITES)
async def run_now(door: Annotated[Door[Any], permit("parked.manage")], full: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 - a query parameter
    """Compare with the fact logs now and bring what is missing; `full` begins at the first fact ever."""
    return await reconcile.reconcile(door.rt, full=full)
