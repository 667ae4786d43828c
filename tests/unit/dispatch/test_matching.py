"""Who gets an order: each filter, load, turn, contractors – and the reason kept for everybody."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from common.states import CaseKind, Party, Urgency
from dispatch.domain.matching import CHOSEN, FILTERS, NOBODY, Choice, Load, Scene, Wanted, choose, rivals
from dispatch.domain.order import Request

from tests.unit.dispatch.build import FIRMS, MINUTE, NOON, PEOPLE, a_case, a_rota

NIGHT = NOON + timedelta(hours=11)  # 23:00 in China


def wanted(**changes: Any) -> Wanted:
    usual = Wanted(at=NOON, kind=CaseKind.REPAIR, urgency=Urgency.P2, trade="plumbing", department="engineering")
    return replace(usual, **changes)


def scene(loads: dict[str, Load] | None = None, **rota: Any) -> Scene:
    return Scene(a_rota(**rota), loads or {})


def why(choice: Choice) -> dict[str, str]:
    return {one.id: one.why for one in choice.considered}


def test_every_candidate_has_its_reason() -> None:
    choice = choose(Party.OWN, wanted(), scene())
    assert (choice.chosen, choice.alarm, choice.party) == ("ann", None, Party.OWN)
    assert why(choice) == {
        "desk": "role",
        "ann": CHOSEN,
        "bob": "order",
        "cid": "order",
        "owl": "shift",
        "boss": "role",
        "mop": "role",
    }


@pytest.mark.parametrize(
    ("asks", "chosen"),
    [
        ({"trade": "electrical"}, "bob"),
        ({"trade": None}, "ann"),
        ({"trade": None, "department": None}, "ann"),
        ({"at": NIGHT}, "owl"),
        ({"at": NIGHT, "urgency": Urgency.P1}, "owl"),
        ({"kind": CaseKind.COMPLAINT, "trade": "cleaning", "department": "cleaning"}, "mop"),
        ({"kind": CaseKind.COMPLAINT, "trade": None, "department": "cleaning"}, "mop"),
        ({"kind": CaseKind.COMPLAINT}, "ann"),
    ],
)
def test_trade_department_shift_and_kind_decide(asks: dict[str, Any], chosen: str) -> None:
    assert choose(Party.OWN, wanted(**asks), scene()).chosen == chosen


@pytest.mark.parametrize(
    ("asks", "reasons"),
    [
        ({"trade": "roof"}, {"ann": "trade", "bob": "trade"}),
        ({"department": "security"}, {"ann": "department", "mop": "role"}),
        ({"at": NIGHT, "trade": "electrical"}, {"bob": "shift", "owl": "trade"}),
        ({"trade": "cleaning", "department": "cleaning"}, {"mop": "role"}),  # a cleaner repairs nothing
    ],
)
def test_nobody_eligible_is_an_alarm_with_reasons(asks: dict[str, Any], reasons: dict[str, str]) -> None:
    choice = choose(Party.OWN, wanted(**asks), scene())
    assert (choice.chosen, choice.alarm) == (None, NOBODY)
    assert why(choice).items() >= reasons.items()


def test_a_site_without_people_has_nobody() -> None:
    assert choose(Party.OWN, wanted(), Scene(a_rota(people=[], assignments=[]))).alarm == NOBODY


def test_who_never_works_in_shifts_is_always_there() -> None:
    assert choose(Party.OWN, wanted(at=NIGHT), scene(assignments=[])).chosen == "ann"


def test_the_least_loaded_comes_first() -> None:
    choice = choose(Party.OWN, wanted(), scene({"ann": Load(2), "bob": Load(1), "cid": Load(2)}))
    assert (choice.chosen, why(choice)["ann"], why(choice)["cid"]) == ("bob", "load", "load")
    assert next(one for one in choice.considered if one.id == "ann").open == 2


def test_with_equal_load_it_is_the_turn_of_who_waited_longest() -> None:
    loads = {"ann": Load(1, NOON - 5 * MINUTE), "bob": Load(1, NOON - 9 * MINUTE), "cid": Load(1, NOON - 7 * MINUTE)}
    choice = choose(Party.OWN, wanted(), scene(loads))
    assert (choice.chosen, why(choice)["ann"]) == ("bob", "turn")
    assert choose(Party.OWN, wanted(), scene(loads | {"cid": Load(1)})).chosen == "cid"


def test_orders_go_round() -> None:
    loads: dict[str, Load] = {}
    got: list[str] = []
    for minute in range(6):
        chosen = choose(Party.OWN, wanted(), scene(loads)).chosen
        assert chosen
        got.append(chosen)
        loads[chosen] = Load(loads.get(chosen, Load()).open, NOON + minute * MINUTE)
    assert got == ["ann", "bob", "cid", "ann", "bob", "cid"]


def test_the_cap_holds_but_not_against_an_emergency() -> None:
    loads = {"ann": Load(3), "bob": Load(3), "cid": Load(3)}
    assert why(choose(Party.OWN, wanted(), scene(loads, open_cap=3)))["ann"] == "cap"
    assert choose(Party.OWN, wanted(), scene(loads, open_cap=3)).alarm == NOBODY
    assert choose(Party.OWN, wanted(urgency=Urgency.P1), scene(loads, open_cap=3)).chosen == "ann"
    assert choose(Party.OWN, wanted(), scene(loads | {"cid": Load(2)}, open_cap=3)).chosen == "cid"


def test_a_fault_that_needs_a_skill_goes_to_who_has_it() -> None:
    people = [row | {"skills": ["gas"]} if row["id"] == "cid" else row for row in PEOPLE]
    skilled = scene(people=people, assigning={"needs": {"gas_leak": ["gas"]}})
    choice = choose(Party.OWN, wanted(fault="gas_leak"), skilled)
    assert (choice.chosen, why(choice)["ann"], choice.eligible) == ("cid", "skill", ("cid",))
    assert choose(Party.OWN, wanted(fault="blocked_pipe"), skilled).chosen == "ann"


def test_who_had_the_order_before_is_passed_over() -> None:
    choice = choose(Party.OWN, wanted(asked=frozenset({"ann"})), scene())
    assert (choice.chosen, why(choice)["ann"]) == ("bob", "asked")


@pytest.mark.parametrize(("until", "chosen"), [("2026-03-16", "lift-co"), ("2026-03-15", "other-lift-co")])
def test_dsp13_a_firm_whose_agreement_is_over_is_called_by_name_only(until: str, chosen: str) -> None:
    firms = [row | {"agreed_until": until} if row["id"] == "lift-co" else row for row in FIRMS]
    choice = choose(Party.CONTRACTOR, wanted(asset="lift-9", trade="lift"), scene(contractors=firms))
    assert choice.chosen == chosen
    assert choose(Party.CONTRACTOR, wanted(asset=None, contractor="lift-co"), scene(contractors=firms)).chosen == "lift-co"


def test_the_reasons_are_the_names_of_the_filters() -> None:
    assert list(FILTERS) == ["asked", "role", "department", "trade", "skill", "shift", "cap"]


@pytest.mark.parametrize(
    ("asks", "chosen", "reasons"),
    [
        ({"trade": "lift", "asset": "lift-3"}, "lift-co", {"other-lift-co": "asset", "roof-co": "asset"}),
        ({"trade": "lift", "asset": "lift-9"}, "lift-co", {"other-lift-co": "order"}),
        ({"trade": "roof", "asset": None}, "roof-co", {"lift-co": "trade"}),
        ({"trade": "roof", "asset": "roof-1"}, "roof-co", {"lift-co": "trade"}),
        ({"contractor": "other-lift-co", "trade": "roof"}, "other-lift-co", {"roof-co": "named"}),
        ({"contractor": "ghost", "trade": "lift"}, None, {"lift-co": "named"}),
        ({"trade": None}, None, {"lift-co": "trade"}),
    ],
)
def test_a_contractor_is_found_by_name_then_asset_then_trade(asks: dict[str, Any], chosen: str | None, reasons: dict[str, str]) -> None:
    choice = choose(Party.CONTRACTOR, wanted(**({"asset": None} | asks)), scene())
    assert (choice.chosen, choice.party, choice.alarm) == (chosen, Party.CONTRACTOR, None if chosen else NOBODY)
    assert why(choice).items() >= reasons.items()


def test_two_firms_of_one_asset_share_the_work() -> None:
    assert choose(Party.CONTRACTOR, wanted(asset="lift-9"), scene({"lift-co": Load(1)})).chosen == "other-lift-co"


@pytest.mark.parametrize(("appointment", "at"), [(NIGHT, NIGHT), (NOON - MINUTE, NOON), (None, NOON)])
def test_an_appointment_is_matched_for_the_agreed_time(appointment: datetime | None, at: datetime) -> None:
    assert Request().wanted(a_case(appointment_at=appointment), NOON).at == at


def test_nothing_in_a_choice_names_a_person() -> None:
    assert {one.id for one in choose(Party.OWN, wanted(), scene()).considered} == {person["id"] for person in PEOPLE}


@pytest.mark.parametrize(
    ("party", "asks", "rota", "between"),
    [
        (Party.OWN, {}, {}, ("ann", "bob", "cid")),
        (Party.OWN, {"trade": "electrical"}, {}, ()),
        (Party.OWN, {"trade": "electrical"}, {"open_cap": 4}, ("bob",)),
        (Party.OWN, {"trade": "roof"}, {}, ()),
        (Party.CONTRACTOR, {"asset": "lift-9"}, {}, ("lift-co", "other-lift-co")),
    ],
)
def test_only_rivals_have_their_load_counted(party: Party, asks: dict[str, Any], rota: dict[str, Any], between: tuple[str, ...]) -> None:
    assert rivals(party, wanted(**asks), scene(**rota)) == between
