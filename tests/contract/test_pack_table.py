"""Table C3 of the requirements, read from the document: each pack says what its column says, and says nothing where the table has a dash.

A cell is compared with the pack's own value in the notation below; a cell that the test does not know fails, so the table cannot move unseen.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from common.clock_rules import ClockRule
from common.packs import read_pack
from common.policy import Pack, Penalty, Task
from common.states import CaseKind

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT.parent / "shared" / "design" / "requirements.md"
NOTHING = {"—", "✗"}


def table() -> dict[str, dict[str, str]]:
    """Parameter -> pack -> cell."""
    if not DOCUMENT.exists():
        return {}
    part = DOCUMENT.read_text(encoding="utf-8").split("\n## C3. ")[1].split("\n# Part D")[0]
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line.startswith("|") and not line.startswith("|---")
    ]
    head = [re.sub(r"^overlay ", "", cell) for cell in lines[0]]
    return {line[0]: dict(zip(head[1:], line[1:], strict=True)) for line in lines[1:]}


TABLE = table()
pytestmark = pytest.mark.skipif(not TABLE, reason="shared/design/requirements.md is not on this machine")
PACKS = {file.stem: Pack.model_validate(read_pack(file).sections) for file in sorted((ROOT / "packs").glob("*.yaml"))}


# --- how a pack's value is written ------------------------------------------------------------------------------------------------


def limit(rule: ClockRule) -> str:
    """`15 minute`, `same_day`, `every 60 minute`, `daily 17:00`, `friday 17:00`, `batch+1`, with what is special about it."""
    if rule.duration:
        text = f"{rule.duration.value or ''} {rule.duration.unit}".strip()
    elif rule.repeat:
        text = f"every {rule.repeat.every} {rule.repeat.unit} until {'/'.join(rule.repeat.until)}"
    elif rule.batch:
        text = f"{rule.batch.weekday} {rule.batch.at}"
    else:
        text = f"daily {rule.daily_at}" if rule.daily_at else f"batch+{rule.after_batch.weeks if rule.after_batch else 0}"
    special = [rule.strength] * (rule.strength != "must") + ["consent"] * bool(rule.extension)
    return " ".join([text, *special])


def clocks(code: str, kind: CaseKind | None = None, **asked: Any) -> Callable[[Pack], tuple[str, ...]]:
    """The limits of a code, of one kind, of rules whose first condition has these values."""

    def found(pack: Pack) -> tuple[str, ...]:
        rules = [rule for rule in pack.clocks if rule.code == f"CLK_{code}"]
        if kind:
            rules = [rule for rule in rules if any(one.kind is None or one.kind[0] is kind for one in rule.applies[:1])]
        rules = [rule for rule in rules if all((getattr(rule.applies[0], name) is not None) is wanted for name, wanted in asked.items())]
        return tuple(limit(rule) for rule in rules)

    return found


def rates(*ids: str) -> Callable[[Pack], tuple[str, ...]]:
    """`floor 60`, `target 100` of the rates that the pack has."""

    def found(pack: Pack) -> tuple[str, ...]:
        known = {rate.id: rate for rate in pack.rates}
        pairs = [(name, getattr(known[id_], name)) for id_ in ids if id_ in known for name in ("floor", "target")]
        return tuple(f"{name} {value:g}" for name, value in pairs if value is not None)

    return found


def tasks(*sections: str) -> Callable[[Pack], dict[str, str]]:
    """Each task's interval."""

    def found(pack: Pack) -> dict[str, str]:
        return {task.id: interval(task) for section in sections for task in getattr(pack, section)}

    return found


def interval(task: Task) -> str:
    """`2 hours`, `week monday/thursday`, `15 calendar_day ahead`, `24 hour`, `day 2×`."""
    more = [f"{task.times}×"] * (task.times > 1) + ["/".join(task.weekdays)] * bool(task.weekdays) + [f"on {task.day}"] * bool(task.day)
    for name, span in (("ahead", task.ahead), ("within", task.within), ("lasts", task.lasts)):
        more += [f"{name} {f'{span.value} ' if span.value else ''}{span.unit}"] if span else []
    return " ".join([task.every, *more, *([f"by {task.by}"] if task.by else [])])


def spans(pack: Pack) -> tuple[str, ...]:
    return tuple(f"{span.start}–{span.end}" for span in pack.hours.desk)


def yuan(*amounts: int | None) -> tuple[float, ...]:
    return tuple(amount / 100 for amount in amounts if amount is not None)


def penalty(one: Penalty) -> tuple[Any, ...]:
    return (*yuan(*one.amount), *yuan(one.joint_amount), *one.consequences)


def every(values: dict[str, str]) -> set[str]:
    return {text.split()[0] for text in values.values()}


# --- one row for each parameter: what the pack says, and what each cell means ------------------------------------------------------

Cell = Any  #: the value, or a function that judges the pack
ROUNDS = {"every", "occupancy_from", "first_share", "sample_from", "sample_to", "least_share"}
DUTY: Cell = ("duty_supervisor",)
PROMISED: Cell = lambda pack: clocks("PROMISE")(pack) == ("promised",)  # noqa: E731 - a promise is the answer there
UNSET: Cell = ("set_by_site",)
ROWS: dict[str, tuple[Callable[[Pack], Any], dict[str, Cell]]] = {
    "Desk hours": (spans, {"08:00–17:00, 12:00–20:00": ("08:00–17:00", "12:00–20:00"), "— (09:00–18:00 default)": ("09:00–18:00",)}),
    "Online hours": (lambda pack: tuple(f"{span.start}–{span.end}" for span in pack.hours.online), {"07:00–22:00": ("07:00–22:00",)}),
    "Close of business for day clocks": (
        lambda pack: pack.calendar.close_of_business,
        {"20:00 (default from the late shift)": "20:00", "24:00 (default)": None, "18:00 (default)": "18:00", "set per site": None},
    ),
    "Night emergency to": (
        lambda pack: (pack.night_recipient.role,) if pack.night_recipient else (),
        {"night duty supervisor (default)": DUTY, "duty manager": ("duty_manager",)},
    ),
    "Phone rings": (lambda pack: pack.phone_rings, {"3": 3, "“in time”": None, '"in time"': None}),
    "CLK_RESPOND emergency": (clocks("RESPOND"), {"15 min": ("15 minute",)}),
    "CLK_ONSITE emergency": (
        clocks("ONSITE", appointment=False),
        {'15 min (water/electricity); others "promptly"': ("15 minute",), "2 h": ("2 hour",)},
    ),
    "CLK_ONSITE appointment": (clocks("ONSITE", appointment=True), {"agreed time": ("appointment",)}),
    "CLK_CONTRACTOR_ONSITE": (
        clocks("CONTRACTOR_ONSITE"),
        {"— (1 working day default)": ("1 working_day",), "30 min (lift entrapment)": ("30 minute",)},
    ),
    "CLK_ATTEND general repair": (clocks("ATTEND"), {"24 h": ("24 hour",)}),
    "CLK_SURVEY": (clocks("SURVEY"), {"4 h repair; 2 h important complaint": ("4 hour", "2 hour"), "1 working day": ("1 working_day",)}),
    "CLK_PRELIM_PLAN": (clocks("PRELIM_PLAN"), {"24 h important": ("24 hour",)}),
    "CLK_MEASURES": (clocks("MEASURES"), {"4 h general": ("4 hour",)}),
    "CLK_RESOLVE repair": (
        clocks("RESOLVE", CaseKind.REPAIR),
        {"3 wd single-trade, 7 wd multi-trade, longer with prior consent": ("3 working_day consent", "7 working_day consent")},
    ),
    "CLK_RESOLVE complaint": (
        clocks("RESOLVE", CaseKind.COMPLAINT),
        {
            "24 h general": ("24 hour",), "1 week (should)": ("7 calendar_day should",), "same day": ("same_day",),
            '"prescribed time": set per site': UNSET,
        },
    ),
    "CLK_TEST_RESULT noise": (clocks("TEST_RESULT"), {"72 h": ("72 hour",)}),
    "CLK_TRIPARTITE": (clocks("TRIPARTITE"), {"24 h": ("24 hour",)}),
    "CLK_REPLY oral / letter": (
        clocks("REPLY", CaseKind.COMPLAINT),
        {"1 wd / 3 wd (normal max)": ("1 working_day normal_max", "3 working_day normal_max"), "promised time": PROMISED},
    ),
    "CLK_REPLY enquiry": (
        clocks("REPLY", CaseKind.ENQUIRY),
        {"1 h": ("1 hour",), "on the spot or promised time": PROMISED, "reason + date": PROMISED},
    ),
    "CLK_NOTICE": (clocks("NOTICE"), {"same day": ("same_day",)}),
    "CLK_DEPT_FEEDBACK": (clocks("DEPT_FEEDBACK"), {"3 wd": ("3 working_day",), "set per site": UNSET}),
    "CLK_RESULT_REPORT": (clocks("RESULT_REPORT"), {"1 week": ("7 calendar_day",)}),
    "CLK_PROGRESS outage": (clocks("PROGRESS"), {"every 1 h": ("every 60 minute until restored",)}),
    "CLK_STAGE": (
        clocks("STAGE"),
        {"daily before 17:00": ("daily 17:00",), '"regularly"': lambda pack: tasks("cadence")(pack) == {"progress_to_owner": "regularly"}},
    ),
    "CLK_PROMISE": (
        clocks("PROMISE"),
        dict.fromkeys(("promised time", "promised time (case: 3 days)", "date fixed same day"), ("promised",)),
    ),
    "CLK_WO_RETURN": (clocks("WO_RETURN"), {"same day": ("same_day",)}),
    "CLK_SLIP_BATCH": (clocks("SLIP_BATCH"), {"Friday before end of afternoon (17:00 default)": ("friday 17:00",)}),
    "CLK_RETURN_VISIT repair": (
        clocks("RETURN_VISIT", CaseKind.REPAIR),
        {
            "weekly after the batch (DEF-13)": ("batch+1",), "48 h": ("48 hour",), "1 wd, phone": ("1 working_day",),
            "after solution, no number": lambda pack: pack.return_visit and CaseKind.REPAIR in pack.return_visit.kinds,
        },
    ),
    "CLK_RETURN_VISIT complaint": (
        clocks("RETURN_VISIT", CaseKind.COMPLAINT),
        {
            "always (3 wd default)": ("3 working_day",),
            "after solution": lambda pack: pack.return_visit and CaseKind.COMPLAINT in pack.return_visit.kinds,
        },
    ),
    "Complaint return-visit rate": (
        rates("complaint_return_visit"), {"floor 60 %": ("floor 60",), "all": ("target 100",), "target 100 %": ("target 100",)},
    ),
    "Repair return-visit rate": (rates("repair_return_visit"), {"100 %": ("target 100",), "all": ("target 100",)}),
    "Return-visit handling rate": (rates("return_visit_handling"), {"100 %": ("target 100",)}),
    "Return-visit role": (
        lambda pack: (pack.return_visit.role, pack.return_visit.seriously_dissatisfied) if pack.return_visit else None,
        {
            "customer-service supervisor": ("customer_service_supervisor", None),
            "data clerk; manager for seriously dissatisfied": ("data_clerk", "customer_service_manager"),
            "customer-service staff": ("receptionist", None),
            "site director, deputy": ("site_manager", None),
            "—": lambda pack: not pack.return_visit or said_by_default(pack, "role"),
        },
    ),
    "Anonymous complaint": (
        lambda pack: quoted(pack, "waivers"),
        {"visit may be waived, result kept": True},
    ),
    "Same problem twice": (
        lambda pack: (pack.repeat.reports, pack.repeat.inform) if pack.repeat.reports else None,
        {"≥ 2 → first receiver, person in charge told": (2, ("site_manager", "customer_service_supervisor"))},
    ),
    "Outage twice": (lambda pack: pack.repeat.outages, {"≥ 2 → root cause": 2}),
    "Monthly fault flag": (lambda pack: pack.repeat.monthly_faults, {"≥ 3 (example)": 3}),
    "Approval bands (yuan)": (
        lambda pack: tuple(band.up_to and band.up_to // 100 for band in pack.approval.bands) if pack.approval else (),
        {"≤ 1,000 / ≤ 10,000 / > 10,000": (1_000, 10_000, None)},
    ),
    "Audit threshold": (lambda pack: pack.approval and yuan(pack.approval.audit_from), {"20,000": (20_000,)}),
    "Contractor at survey": (lambda pack: pack.approval and yuan(pack.approval.contractor_signs_above), {"> 500": (500,)}),
    "Working funds": (lambda pack: yuan(*(fund.amount for fund in pack.working_funds)), {"100,000 + 100,000": (100_000, 100_000)}),
    "Large collection": (lambda pack: pack.collection and yuan(pack.collection.large_amount), {"no figure (1,000 default)": (1_000,)}),
    "Warranty route": (
        lambda pack: (pack.warranty_route, bool(pack.approval and pack.approval.retention_pays)) if pack.warranty_route else None,
        {
            "contractor first": ("contractor_first", False), "contractor for lifts": ("contractor_first", False),
            "own team first, cost to retention": ("own_team_first", True),
        },
    ),
    "Collection / dunning rates": (
        rates("fee_collection", "parking_collection", "on_behalf_collection", "dunning", "bill_handling"),
        {"95 / 98 / 100 % collected": ("floor 95", "floor 98", "target 100"), "100 % dunned, bills 100 %": ("target 100", "target 100")},
    ),
    "Satisfaction target": (
        rates("satisfaction"),
        {"statistics only": (), "until satisfied": lambda pack: bool(pack.plans and pack.plans.owner_agrees), "85 %": ("target 85",)},
    ),
    "Courtesy / response rates": (rates("courtesy", "response"), {"100 / 100 %": ("target 100", "target 100")}),
    "Red/yellow/green": (lambda pack: pack.bands and (pack.bands.green, pack.bands.yellow), {"≥ 95 / ≥ 90 / < 90 %": (95, 90)}),
    "Survey rounds": (
        lambda pack: pack.surveys and pack.surveys.model_dump(include=ROUNDS, exclude_none=True),
        {
            '"regularly"': {"every": "regularly"},
            "start at 50 % occupancy; first ≥ 90 %; yearly 10–25 %, ≥ 10 %": {
                "every": "year", "occupancy_from": 50, "first_share": 90, "sample_from": 10, "sample_to": 25, "least_share": 10,
            },
        },
    ),
    "Patrol / maintenance": (
        tasks("patrols"),
        {
            "daily": lambda pack: {"renovation_patrol": "day", "public_area_patrol": "day"}.items() <= tasks("patrols")(pack).items(),
            "security 2 h; network weekly + monthly; lift 15 days + yearly; fire monthly + quarterly; cleaning 2 × day; shrubs quarterly": {
                "security_patrol": "2 hours", "network_patrol": "week", "network_check": "month",
                "lift_maintenance": "15 days", "lift_inspection": "year",
                "fire_check": "month", "fire_maintenance": "quarter", "cleaning": "day 2×", "refuse": "day", "shrubs": "quarter",
                "gate": "day lasts 24 hour",
            },
            "equipment use report after 1 year": {"product_use_report": "on_event"},
        },
    ),
    "Publishing": (
        tasks("publishing"),
        {
            "storm board": {"storm_board": "on_event"},
            "quarter, year; parking 15 days, day 5": {
                "service_brief": "quarter", "audit_report": "year", "parking_change": "on_event ahead 15 calendar_day",
                "monthly_spaces": "month on 5", "information": "month",
            },
            "complaint place and phone": {"complaint_contact": "on_event"},
        },
    ),
    "Cadence": (
        lambda pack: every(tasks("cadence")(pack)) - {"on_event", "regularly"},
        {
            "day, week, month, quarter (targets, dunning), year": {"day", "week", "month", "quarter", "year"},
            "month, quarter, half year, year": {"month", "quarter", "half_year", "year"},
            "week, quarter, year": {"week", "quarter", "year"},
            "Mon + Thu files": lambda pack: tasks("cadence")(pack)["files_to_company"] == "week monday/thursday",
        },
    ),
    "Document clocks": (
        tasks("documents"),
        {
            "photos same afternoon; camera 17:30; owner files same day": {
                "damage_pictures": "on_event within same_day", "camera_return": "on_event within same_day by 17:30",
                "owner_file": "on_event within same_day",
                "flood_test": "on_event lasts 24 hour",
            },
            "video ≥ 30 days": lambda pack: pack.retention and pack.retention.video_days == 30,
            "24 h; 2 wd; same day": {
                "sales_documents": "on_event within same_day", "daily_files": "day", "mortgage_papers": "on_event within 24 hour",
                "presale_registration": "on_event within same_day", "original_contract": "on_event within 2 working_day",
            },
            "—": lambda pack: not [task for task in pack.documents if task.within or task.by],
        },
    ),
    "Penalties": (
        lambda pack: {penalty(one) for one in pack.penalties},
        {
            "responsibility only": {()}, "bonus": {("service_bonus",)}, "100 / 50 / 20–50 yuan": {(100, 50), (20, 50)},
            "15 yuan": {(15,), ("economic_liability",)}, "month C, pay cut, dismissal": {("grade_c", "pay_cut", "dismissal")},
        },
    ),
    "Flood test": (lambda pack: tasks("documents")(pack).get("flood_test"), {"24 h": "on_event lasts 24 hour"}),
}  # fmt: skip


def said_by_default(pack: Pack, field: str) -> bool:
    """The source is silent: what the pack has there is marked as a default."""
    origin = pack.return_visit.origin_of(field) if pack.return_visit else None
    return bool(origin and origin.default)


def quoted(pack: Pack, field: str) -> bool:
    """The value stands on a sentence of the source, not on a default."""
    origin = pack.return_visit.origin_of(field) if pack.return_visit else None
    return bool(origin and origin.quote and not origin.default and getattr(pack.return_visit, field))


CELLS = [(parameter, pack, cell) for parameter, cells in TABLE.items() for pack, cell in cells.items()]


def test_every_row_and_every_pack_of_the_table_is_known() -> None:
    assert list(TABLE) == list(ROWS)
    assert len(CELLS) == len(ROWS) * 7
    assert {pack for _, pack, _ in CELLS} == set(PACKS)


@pytest.mark.parametrize(("parameter", "pack", "cell"), CELLS, ids=[f"{parameter}·{pack}" for parameter, pack, _ in CELLS])
def test_a_pack_says_what_its_cell_says(parameter: str, pack: str, cell: str) -> None:
    value, means = ROWS[parameter]
    if cell in NOTHING and cell not in means:
        assert not value(PACKS[pack])
        return
    assert cell in means, f"the test does not know the cell {cell!r}"
    wanted = means[cell]
    if callable(wanted):
        assert wanted(PACKS[pack])
    else:
        assert value(PACKS[pack]) == wanted
