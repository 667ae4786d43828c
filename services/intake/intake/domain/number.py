"""Case numbers: `<site>-<yymmdd>-<5 characters>`, e.g. `JN-260314-7K3QX`: readable on the phone, drawn at random (decisions.md 3).

The last character checks the whole number: every single wrong character and every swap of neighbours is noticed (a code over GF(32)).
Pure: chance is given. Not here: making sure that a number is free (the unique index decides).
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
RANDOM_CHARACTERS = 4  # 1,048,576 numbers per site and day
_READ_AS = str.maketrans("ILOU", "110V")
_SHAPE = re.compile(r"([A-Z0-9]{2,8})-(\d{6})-([0-9A-Z]{5})")
_POLYNOMIAL = 0b100101  # x^5 + x^2 + 1, primitive: weights repeat only after 31 places


def draw(choose: Callable[[Sequence[str]], str]) -> str:
    """Return the random part of a number. `choose` takes one of several, e.g. `secrets.choice`."""
    return "".join(choose(ALPHABET) for _ in range(RANDOM_CHARACTERS))


def compose(site: str, received_at: datetime, zone: ZoneInfo, drawn: str) -> str:
    """Return the number of a case received at that instant: the day is the site's own."""
    body = f"{site}-{received_at.astimezone(zone):%y%m%d}-{drawn}"
    return body + check_character(body)


def check_character(body: str) -> str:
    """Return the check character of a number without it."""
    total = 0
    for character in body.translate(_READ_AS):
        if character != "-":
            total = _times_alpha(total) ^ ALPHABET.index(character)
    return ALPHABET[_times_alpha(total)]


def read(text: str) -> str | None:
    """Return the number as stored, however it was typed (case, spaces, I and L for 1, O for 0); None when it cannot be one."""
    found = _SHAPE.fullmatch(text.strip().upper())
    if found is None or not text.isascii():
        return None
    body = f"{found[1]}-{found[2]}-{found[3][:-1].translate(_READ_AS)}"
    last = found[3][-1].translate(_READ_AS)
    return body + last if check_character(body) == last else None


def _times_alpha(value: int) -> int:
    doubled = value << 1
    return doubled ^ _POLYNOMIAL if doubled & 0b100000 else doubled
