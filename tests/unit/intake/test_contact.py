"""Phone numbers as people write them, one form each; what is none is named."""

import pytest
from common.errors import Invalid
from intake.domain.commands import Reporter
from intake.domain.contact import contact_of, normalised, region_of


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("138 0013 8000", "+8613800138000"),
        ("+86-138-0013-8000", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("(0755) 8601 3388", "+8675586013388"),
        ("0755-86013388-801", "+8675586013388;ext=801"),
        ("0755 86013388转801", "+8675586013388;ext=801"),
        ("075586013388 ext. 801", "+8675586013388;ext=801"),
        ("86013388", "+8686013388"),
        ("12345", "12345"),
        ("95533", "95533"),
        ("400-123-4567", "4001234567"),
        ("400-123-4567-9", "4001234567;ext=9"),
        ("+852 2123 4567", "+85221234567"),
    ],
)
def test_one_form_for_every_way_of_writing(written: str, kept: str) -> None:
    assert normalised(written) == kept


@pytest.mark.parametrize("written", ["abc", "12", "+", "138001380001234567", "13800138000 或 13900139000", "call me", "-----"])
def test_what_is_no_number_is_named(written: str) -> None:
    with pytest.raises(Invalid) as refused:
        contact_of(Reporter(phone=written), "CN")
    assert refused.value.facts["errors"][0]["field"] == "reporter.phone"
    assert written not in str(refused.value.problem("en"))


def test_a_site_elsewhere_writes_numbers_its_own_way() -> None:
    assert region_of("US") == "US"
    assert region_of("NONE") == "CN"
    assert normalised("617-555-0123", region_of("US")) == "+16175550123"


def test_the_other_fields_stay_as_they_are() -> None:
    made = contact_of(Reporter(name="某", email="a@example.com", address="一号楼", locale="en"), "CN")
    assert (made.name, made.phone, made.email, made.address, made.locale) == ("某", None, "a@example.com", "一号楼", "en")
