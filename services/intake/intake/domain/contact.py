"""The reporter's contact: phone numbers as people write them, brought to one form so that the same number is found again. Pure.

Not here: encryption and look-up (`store`). A hotline is a number; an extension is split off and kept.
"""

import re
import unicodedata
from dataclasses import dataclass

import phonenumbers
from common.errors import Invalid

from intake.domain.commands import Reporter

HOTLINE = re.compile(r"1\d{2}|1\d{4}|9[56]\d{3,4}|[48]00\d{7}")  # 110, 12345, 95533, 400…: no subscriber's, so no library knows them
MARKED = re.compile(r"(.*?)\s*(?:转|轉|分机|分機|ext\.?|x|#|,|;)\s*(\d{1,6})", re.IGNORECASE)  # 0755-86013388转801
DASHED = re.compile(r"(0\d{2,3}-\d{7,8}|[48]00-\d{3}-\d{4}|[48]00\d{7})-(\d{1,6})")  # 0755-86013388-801
WRITTEN = re.compile(r"\+?[\d\s().\-–]+")
DEFAULT_REGION = "CN"


@dataclass(frozen=True)
class Contact:
    """How to reach a reporter; in the store every field is sealed."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None
    locale: str = "zh-CN"


def normalised(phone: str, region: str = DEFAULT_REGION) -> str:
    """Return `+8675586013388;ext=801` for `0755-86013388-801`; a hotline stays as it is. Raises ValueError for what is no number."""
    number, extension = _split(unicodedata.normalize("NFKC", phone).strip())
    digits = re.sub(r"[\s\-–().]", "", number)
    suffix = f";ext={extension}" if extension else ""
    if HOTLINE.fullmatch(digits):
        return digits + suffix
    if not WRITTEN.fullmatch(number):
        raise ValueError("no phone number")
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException as error:
        raise ValueError("no phone number") from error
    if not phonenumbers.is_possible_number(parsed):
        raise ValueError("no phone number")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) + suffix


def _split(phone: str) -> tuple[str, str | None]:
    found = DASHED.fullmatch(phone) or MARKED.fullmatch(phone)
    return (found[1], found[2]) if found else (phone, None)


def region_of(calendar: str) -> str:
    """Return the region whose way of writing numbers a site uses: that of its calendar where it is one, else China."""
    return calendar if calendar in phonenumbers.SUPPORTED_REGIONS else DEFAULT_REGION


def contact_of(reporter: Reporter, region: str) -> Contact:
    """Return the contact with its phone number in one form. Raises Invalid naming reporter.phone."""
    try:
        phone = normalised(reporter.phone, region) if reporter.phone else None
    except ValueError:
        raise Invalid("reporter.phone", "电话号码格式不正确", "is no phone number") from None
    return Contact(reporter.name, phone, reporter.email, reporter.address, reporter.locale)
