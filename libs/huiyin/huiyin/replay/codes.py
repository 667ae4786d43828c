"""The code of a matter in a pack from the words of a history: the same words always give the same code. Pure."""

import re
from hashlib import sha256

LONGEST = 60  # of a Slug
MARK = 8


def code_of(words: str) -> str:
    """Return the words as a code, e.g. `Request for Pothole Repair` -> `request_for_pothole_repair`.

    Words in another script, or too many of them, keep what can be written and get a mark that tells them apart. Words that differ only in
    punctuation and case are the same matter.
    """
    plain = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")
    said_all = words.isascii() and plain[:1].isalpha() and len(plain) <= LONGEST
    if said_all:
        return plain
    mark = sha256(words.encode()).hexdigest()[:MARK]
    return "_".join(part for part in ("x", plain[: LONGEST - MARK - 3].strip("_"), mark) if part)
