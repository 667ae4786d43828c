"""Doors of moves: the routes are made from the tables, so a move that is in no table cannot be called.

Not here: what a move needs (`domain.moves`, `domain.guards`) and does (`domain.decide`).
"""

from inspect import Parameter, Signature
from typing import Annotated, Any

from common.doors import Door, permit
from common.problems import RESPONSES
from fastapi import APIRouter

from intake import handlers
from intake.api.cases import CONFLICT, Number, canonical
from intake.domain import commands
from intake.domain.commands import Timed
from intake.domain.moves import MOVES, PERMISSION
from intake.domain.view import CaseBrief
from intake.store import Store

router = APIRouter(tags=["moves"], responses={code: RESPONSES[code] for code in (400, 401, 403, 404, 413, 415, 422, 429, 503)})

BODIES: dict[str, type[Timed]] = {
    "classify": commands.Classify,
    "respond": commands.Respond,
    "record-plan": commands.RecordPlan,
    "tell-progress": commands.TellProgress,
    "restore": commands.Restore,
    "notify-departments": commands.NotifyDepartments,
    "answer-department": commands.AnswerDepartment,
    "decide-measures": commands.DecideMeasures,
    "tell-test-result": commands.TellTestResult,
    "hold-tripartite": commands.HoldTripartite,
    "report-result": commands.ReportResult,
    "link": commands.Link,
    "split": commands.Split,
    "request-work": commands.RequestWork,
    "reply": commands.Reply,
    "promise": commands.MakePromise,
    "keep-promise": commands.KeepPromise,
    "record-result": commands.RecordResult,
    "tell-result": commands.TellResult,
    "visit": commands.RecordVisit,
    "check-visit": commands.CheckVisit,
    "sign-visit": commands.SignVisit,
    "waive-visit": commands.WaiveVisit,
    "close": commands.Close,
    "transfer": commands.TransferOwner,
}  #: one body for each move of the tables


def _route(name: str, shape: type[Timed]) -> Any:
    """Return the endpoint of one move; its signature tells FastAPI the body and the permission that the table names."""

    async def endpoint(number: str, body: Timed, door: Door[Store]) -> CaseBrief:
        return CaseBrief.model_validate(await door.command(handlers.move, body, name, canonical(number)))

    entrance = Annotated[Door[Store], permit(PERMISSION[name], idempotent="optional")]
    shapes = (("number", Annotated[str, Number]), ("body", shape), ("door", entrance))
    parameters = [Parameter(word, Parameter.POSITIONAL_OR_KEYWORD, annotation=kind) for word, kind in shapes]
    endpoint.__signature__ = Signature(parameters, return_annotation=CaseBrief)  # type: ignore[attr-defined]
    endpoint.__name__ = name.replace("-", "_")
    endpoint.__doc__ = _says(name, shape)
    return endpoint


def _says(name: str, shape: type[Timed]) -> str:
    listed = {kind: table[name] for kind, table in MOVES.items() if name in table}
    first = next(iter(listed.values()))
    guards = sorted({guard for move in listed.values() for guard in move.guards})
    return f"{first.zh} · {shape.__doc__} For {', '.join(listed)}. Guards: {', '.join(guards) or 'none'}."


for _name, _body in BODIES.items():
    router.add_api_route(f"/v1/cases/{{number}}/{_name}", _route(_name, _body), methods=["POST"], responses=CONFLICT)
