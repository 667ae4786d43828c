"""`pack infer` finds again what an invented organisation does, says what its history leaves open, and looks at nothing else."""

import csv
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from common.clock_rules import Unit
from common.packs import read_site
from huiyin.exits import BadInput
from huiyin.infer.decide import days_off, deciding
from huiyin.infer.fit import Rule, fit
from huiyin.infer.history import Columns, Past, read_history, zone_of
from huiyin.infer.hours import Hours
from huiyin.infer.inference import explained_once, inferred
from huiyin.infer.limits import Limit, due, limits
from huiyin.main import app
from huiyin.replay.codes import code_of
from sla.domain.deadlines import Site
from sla.domain.holidays import differing, working_days
from typer.testing import CliRunner

NAMES = Columns("came", "until", "about", "sort")
WEEK = timedelta(days=7)
ESTATE = Hours("Asia/Shanghai", holidays="CN", close="18:00")
ESTATE_RULES = {
    "漏水": Limit(Unit.WORKING_DAY, 1),
    "噪音": Limit(Unit.WORKING_DAY, 3),
    "电梯困人": Limit(Unit.MINUTE, 30),
    "绿化": Limit(Unit.CALENDAR_DAY, 7),
    "停电": Limit(Unit.HOUR, 2),
}
TOWN = Hours("Europe/Berlin", office=("09:00", "16:30"))
TOWN_RULES = {
    "Lamp": Limit(Unit.OFFICE_DAY, 2),
    "Road": Limit(Unit.OFFICE_DAY, 10),
    "Tree": Limit(Unit.FULL_DAY, 90),
    "Gas": Limit(Unit.HOUR, 4),
    "Bin": Limit(Unit.OFFICE_HOUR, 6),
}


def rows(site: Site, rules: dict[str, Limit], first: datetime, days: int, each: int = 60) -> list[dict[str, str]]:
    """`each` requests of every matter, at any time of day, due as the rule says."""
    drawn, zone, found = random.Random(7), site.policy.zone, []
    for matter, limit in rules.items():
        for _ in range(each):
            at = first + timedelta(seconds=drawn.randrange(days * 86_400))
            until = due(limit, at, site)
            assert until is not None
            found.append({"came": _local(at, zone), "until": _local(until, zone), "about": matter, "sort": "all"})
    return found


def _local(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat()


def a_file(tmp_path: Path, lines: Sequence[dict[str, str]], name: str = "history.csv") -> Path:
    file = tmp_path / name
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    return file


def estate() -> list[dict[str, str]]:
    """Over the National Day holidays, with their shifted working days."""
    return rows(ESTATE.site(), ESTATE_RULES, datetime(2025, 9, 8, tzinfo=UTC), 60)


def town() -> list[dict[str, str]]:
    return rows(TOWN.site(), TOWN_RULES, datetime(2025, 9, 1, tzinfo=UTC), 75)


@pytest.mark.parametrize(("lines", "hours", "rules"), [(estate, ESTATE, ESTATE_RULES), (town, TOWN, TOWN_RULES)], ids=["estate", "town"])
def test_what_an_organisation_does_is_found_again(tmp_path: Path, lines: object, hours: Hours, rules: dict[str, Limit]) -> None:
    """Zone, calendar, hours and every rule, from nothing but requests and their deadlines."""
    assert callable(lines)
    found = inferred(read_history(a_file(tmp_path, lines()), NAMES))
    assert found.report.hours == hours
    assert {rule.title: rule.limit for rule in found.report.fit.rules} == rules
    assert found.report.total(fitted=True).share == 1


def test_the_draft_is_a_valid_pack_that_gives_the_same_deadlines(tmp_path: Path) -> None:
    """Written, read by the strict reader, and used by the engine on every row."""
    file = a_file(tmp_path, [row | {"request_id": str(n), "closed_at": "", "site": "A"} for n, row in enumerate(estate())])
    options = ["--opened", "came", "--due", "until", "--matter", "about", "--category", "sort"]
    told = CliRunner().invoke(app, ["pack", "infer", str(file), "--out", str(tmp_path / "ours"), "--name", "ours", "--site", "OURS", *options])
    assert told.exit_code == 0, told.output
    policy = read_site(tmp_path / "ours" / "sites" / "OURS.yaml").policy
    assert policy.calendar.close_of_business == "18:00"
    assert {policy.fault(code_of(name)).title.zh for name in ESTATE_RULES} == set(ESTATE_RULES)  # type: ignore[union-attr]
    text = file.read_text(encoding="utf-8").replace("came,until,about,sort", "created_at,sla_target_at,descriptor,category")
    file.write_text(text, encoding="utf-8")
    replayed = CliRunner().invoke(app, ["replay", str(file), "--engine-only", "--pack", str(tmp_path / "ours"), "--json"])
    assert json.loads(replayed.stdout)["found"] == len(ESTATE_RULES) * 60
    again = CliRunner().invoke(app, ["pack", "infer", str(file), "--out", str(tmp_path / "ours"), "--name", "ours", "--site", "OURS"])
    assert again.exit_code == 4
    assert "is there already" in again.output


def test_deadlines_of_a_month_that_is_only_predicted_change_nothing(tmp_path: Path) -> None:
    """Labels are never inputs (decisions.md 4): hidden or scrambled, the rules and the draft stay the same to the byte."""
    lines = town()
    later = [row["came"].startswith("2025-11") for row in lines]
    assert 20 < sum(later) < len(lines) / 2
    hidden = [row | {"until": ""} if late else row for row, late in zip(lines, later, strict=True)]
    wrong = [row | {"until": row["came"]} if late else row for row, late in zip(lines, later, strict=True)]
    drafts = []
    for name, version in (("all", lines), ("hidden", hidden), ("wrong", wrong)):
        out, options = tmp_path / name, ["--opened", "came", "--due", "until", "--matter", "about", "--category", "sort"]
        file = a_file(tmp_path, version, f"{name}.csv")
        told = CliRunner().invoke(
            app, ["pack", "infer", str(file), "--out", str(out), "--json", "--month", "2025-09", "--month", "2025-10", *options]
        )
        assert told.exit_code == 0, told.output
        report = json.loads(told.stdout)
        drafts.append(((out / "inferred.yaml").read_bytes(), report["rules"], report["fitted"]))
        assert report["predicted"]["share"] == (1 if name == "all" else 0)
    assert drafts[0] == drafts[1] == drafts[2]


def test_only_the_named_columns_are_read(tmp_path: Path) -> None:
    lines = town()
    file = a_file(tmp_path, lines)
    more = a_file(tmp_path, [row | {"outcome": "late", "closed": "x", "queue": "q"} for row in lines], "more.csv")
    assert read_history(file, NAMES) == read_history(more, NAMES)


# --- what stays open --------------------------------------------------------------------------------------------------------------


def a_request(at: str, until: str, matter: str = "lamp", category: str = "street") -> Past:
    zone = ZoneInfo("America/New_York")
    came, due_at = (datetime.fromisoformat(text).replace(tzinfo=zone) for text in (at, until))
    return Past(came.astimezone(UTC), due_at.astimezone(UTC), matter, matter, category, at[:7])


CITY = Hours("America/New_York", office=("08:30", "17:00"))
#: Tuesdays in the day: 10 office days are 14 full days
ALIKE = [
    a_request(f"2025-06-{day:02} 10:00", f"2025-{month}-{due_day:02} 10:00") for day, month, due_day in ((3, "06", 17), (10, "06", 24), (17, "07", 1))
]


def fitted(past: Sequence[Past]) -> dict[str, Rule]:
    return {rule.matter: rule for rule in fit(past, explained_once(past, CITY)).rules}


def test_ten_office_days_and_fourteen_days_cannot_be_told_apart_until_somebody_comes_late() -> None:
    rule = fitted(ALIKE)["lamp"]
    assert {rule.limit, *rule.undecided} >= {Limit(Unit.OFFICE_DAY, 10), Limit(Unit.FULL_DAY, 14)}
    at = deciding(Limit(Unit.OFFICE_DAY, 10), Limit(Unit.FULL_DAY, 14), date(2025, 6, 17), CITY.site())
    assert at is not None
    assert at.astimezone(ZoneInfo("America/New_York")).isoformat() == "2025-06-18T18:00:00-04:00"  # a Wednesday after closing
    site = CITY.site()
    assert due(Limit(Unit.OFFICE_DAY, 10), at, site) != due(Limit(Unit.FULL_DAY, 14), at, site)


def test_what_never_differs_is_said_so() -> None:
    assert deciding(Limit(Unit.FULL_DAY, 1), Limit(Unit.HOUR, 24), date(2025, 6, 17), Hours("Asia/Shanghai").site()) is None


@pytest.mark.parametrize(
    ("brothers", "taken"),
    [
        (
            [a_request("2025-06-07 10:00", "2025-06-11 10:00", "sign"), a_request("2025-06-03 10:00", "2025-06-05 10:00", "sign")],
            Limit(Unit.OFFICE_DAY, 10),
        ),
        (
            [a_request("2025-06-07 10:00", "2025-06-09 10:00", "sign"), a_request("2025-06-04 18:00", "2025-06-06 18:00", "sign")],
            Limit(Unit.FULL_DAY, 14),
        ),
    ],
)
def test_a_tie_is_broken_by_what_the_same_category_does(brothers: list[Past], taken: Limit) -> None:
    more = [replace(one, at=one.at + WEEK, due=one.due + WEEK) for one in brothers if one.due]
    assert fitted([*ALIKE, *brothers, *more])["lamp"].limit == taken


def test_a_number_that_nobody_says_loses() -> None:
    """86 or so office days are 120 days, whatever the brothers do."""
    site = CITY.site()
    at = datetime(2025, 6, 3, 14, tzinfo=UTC)
    until = due(Limit(Unit.FULL_DAY, 120), at, site)
    one = Past(at, until, "mould", "mould", "street", "2025-06")
    assert {limit.unit for limit in limits(one, site)} >= {Unit.OFFICE_DAY, Unit.FULL_DAY}
    office = [a_request("2025-06-07 10:00", "2025-06-11 10:00", "sign"), a_request("2025-06-03 10:00", "2025-06-05 10:00", "sign")]
    assert fitted([one, *office])["mould"].limit == Limit(Unit.FULL_DAY, 120)


def test_what_follows_no_rule_gets_none_and_an_older_rule_is_seen() -> None:
    chaos = [a_request(f"2025-06-{day:02} 10:00", f"2025-07-{day:02} {day:02}:17", "chaos") for day in range(2, 20)]
    old = [a_request(f"2025-06-{day:02} 18:00", f"2025-06-{day + 4:02} 18:00", "sign") for day in range(1, 7)]
    new = [a_request(f"2025-06-{day:02} 18:30", f"2025-06-{day + 7:02} 18:30", "sign") for day in range(8, 22)]
    found = fit([*chaos, *old, *new], explained_once([*chaos, *old, *new], CITY))
    assert found.without == (("chaos", 18),)
    (rule,) = found.rules
    assert (rule.limit, rule.rows, rule.hits) == (Limit(Unit.FULL_DAY, 7), 20, 14)
    assert rule.also == ((Limit(Unit.FULL_DAY, 4), 6),)


def test_a_day_off_that_the_calendar_does_not_know_is_seen() -> None:
    """Whit Monday 2025: the town hall is shut, and two office days are one more."""
    plain = TOWN.site()
    shut = replace(plain, days=working_days("NONE", {2025: differing([date(2025, 6, 9)])}))
    lines = rows(shut, {"Lamp": Limit(Unit.OFFICE_DAY, 2)}, datetime(2025, 6, 1, tzinfo=UTC), 28, each=200)
    past = [Past(_utc(row["came"]), _utc(row["until"]), "lamp", "Lamp", "all", row["came"][:7]) for row in lines]
    rules = fit(past, explained_once(past, TOWN)).rules
    assert [rule.limit for rule in rules] == [Limit(Unit.OFFICE_DAY, 2)]
    found, *others = days_off(rules, past, plain)
    assert others == []
    assert (found.day, found.lost) == (date(2025, 6, 9), 0)
    assert found.gained == len(past) - rules[0].hits
    assert days_off(rules, past, shut) == ()


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


# --- reading ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("times", "zone"),
    [
        (["2025-07-01T08:00:00+08:00", "2025-12-01T08:00:00+08:00"], "Asia/Shanghai"),
        (["2025-07-01T08:00:00-04:00", "2025-12-01T08:00:00-05:00"], "America/New_York"),
        (["2025-07-01T08:00:00+02:00", "2025-12-01T08:00:00+01:00"], "Europe/Berlin"),
        (["2025-07-01T08:00:00+00:00"], "UTC"),
    ],
)
def test_the_zone_is_the_first_that_has_all_offsets(times: Iterable[str], zone: str) -> None:
    assert zone_of(datetime.fromisoformat(text) for text in times) == zone


def test_a_history_that_says_nothing_is_refused(tmp_path: Path) -> None:
    line = {"came": "2025-07-01T08:00:00+08:00", "until": "", "about": "a", "sort": "b"}
    with pytest.raises(BadInput, match="no deadline"):
        inferred(read_history(a_file(tmp_path, [line]), NAMES))
    with pytest.raises(BadInput, match="no request in 2025-08"):
        inferred(read_history(a_file(tmp_path, [line]), NAMES), ["2025-08"])
    with pytest.raises(BadInput, match="give --zone"):
        zone_of([datetime.fromisoformat("2025-07-01T08:00:00+03:17")])


def test_a_matter_may_be_called_other_and_have_no_category(tmp_path: Path) -> None:
    lines = [row | {"sort": ""} | ({"about": "Other"} if row["about"] == "Road" else {}) for row in town()]
    options = ["--opened", "came", "--due", "until", "--matter", "about", "--category", "sort", "--out", str(tmp_path / "ours")]
    told = CliRunner().invoke(app, ["pack", "infer", str(a_file(tmp_path, lines)), *options])
    assert told.exit_code == 0, told.output
    policy = read_site(tmp_path / "ours" / "sites" / "DRAFT.yaml").policy
    assert {rule.id for rule in policy.clocks} == {"lamp", "other", "tree", "gas", "bin"}
    assert set(policy.routing) == {"other"}


@pytest.mark.parametrize(("option", "value"), [("--zone", "Mars/Olympus"), ("--site", "a b"), ("--name", "9"), ("--title", ""), ("--matter", "what")])
def test_what_cannot_be_used_is_said_in_a_sentence(tmp_path: Path, option: str, value: str) -> None:
    options = {"--opened": "came", "--due": "until", "--matter": "about", "--category": "sort"} | {option: value}
    told = CliRunner().invoke(app, ["pack", "infer", str(a_file(tmp_path, town())), *(word for pair in options.items() for word in pair)])
    assert (told.exit_code, told.output.count("huiyin: ")) == (4, 1)


def test_a_bad_row_is_named_and_the_rest_is_used(tmp_path: Path) -> None:
    lines = [
        *estate(),
        {"came": "yesterday", "until": "", "about": "a", "sort": "b"},
        {"came": "2025-09-09T08:00:00+08:00", "until": "", "about": "", "sort": "b"},
    ]
    options = ["--opened", "came", "--due", "until", "--matter", "about", "--category", "sort"]
    told = CliRunner().invoke(app, ["pack", "infer", str(a_file(tmp_path, lines)), *options])
    assert told.exit_code == 4
    assert "line 302: came is no ISO 8601 time" in told.output
    assert "line 303: about is empty" in told.output
    assert "300 of 300 deadlines explained (100.00%) by 5 rules" in told.output


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("Request for Pothole Repair", "request_for_pothole_repair"),
        ("Missed Trash\\Recycling", "missed_trash_recycling"),
        ("漏水", "x_aa440e13"),
        ("No. 5 (漏水)", "x_no_5_3532e20b"),
        ("311 calls", "x_311_calls_281bfa9e"),
        ("A" * 80, "x_" + "a" * 49 + "_d9b1f3e2"),
    ],
)
def test_words_have_one_code(words: str, code: str) -> None:
    """Readable where it can be, with a mark where it cannot say everything, and always a code that a pack may use."""
    assert code_of(words) == code
    assert len(code) <= 60
