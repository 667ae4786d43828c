"""Case numbers: composed with the site's local day, read however they are typed, and a slip of the finger is noticed."""

import itertools
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake.domain.number import ALPHABET, check_character, compose, draw, read

CHINA = ZoneInfo("Asia/Shanghai")
drawn = st.text(ALPHABET, min_size=4, max_size=4)


def test_the_day_is_the_sites_own() -> None:
    number = compose("AB", datetime(2026, 3, 14, 15, 59, 59, tzinfo=UTC), CHINA, "7K3Q")
    assert number.startswith("AB-260314-7K3Q")
    assert compose("AB", datetime(2026, 3, 14, 16, 0, tzinfo=UTC), CHINA, "7K3Q").startswith("AB-260315-")


def test_chance_is_given() -> None:
    letters = iter("7K3Q")
    assert draw(lambda _: next(letters)) == "7K3Q"


@given(site=st.from_regex(r"[A-Z0-9]{2,8}", fullmatch=True), random=drawn)
def test_what_was_composed_is_read_back(site: str, random: str) -> None:
    number = compose(site, datetime(2026, 3, 14, tzinfo=UTC), CHINA, random)
    assert read(number) == number
    assert read(f"  {number.lower()} ") == number


@given(random=drawn, place=st.integers(0, 14), other=st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(random: str, place: int, other: str) -> None:
    number = compose("AB", datetime(2026, 3, 14, tzinfo=UTC), CHINA, random)
    wrong = number[:place] + other + number[place + 1 :]
    if number[place] != "-" and wrong != number:
        assert read(wrong) is None


@given(random=drawn)
def test_swapped_neighbours_are_noticed(random: str) -> None:
    number = compose("AB", datetime(2026, 3, 14, tzinfo=UTC), CHINA, random)
    for left, right in itertools.pairwise(range(len(number))):
        swapped = number[:left] + number[right] + number[left] + number[right + 1 :]
        if swapped != number:
            assert read(swapped) is None


def test_letters_that_look_like_digits_are_read_as_digits() -> None:
    number = "AB-260314-10V0"
    number += check_character(number)
    assert read(number.replace("10V0", "ioUo")) == number


@pytest.mark.parametrize(
    "text",
    ["", "AB", "AB-260314", "AB-260314-AAAA", "AB-260314-AAAAAA", "A-260314-00000", "AB-26031-00000", "ＡＢ-260314-00000", "AB-260314-0000\x00"],
)
def test_what_cannot_be_a_number_is_none(text: str) -> None:
    assert read(text) is None
