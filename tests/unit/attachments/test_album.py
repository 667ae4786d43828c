"""How many attachments there may be, and that each is referred to once."""

from datetime import UTC, datetime, timedelta

import pytest
from common.album import MOST, MOST_UNUSED, Album, AttachmentKind, Verified
from common.errors import AttachmentUsed, Invalid, TooManyAttachments

NOW = datetime(2026, 3, 16, 4, 0, tzinfo=UTC)
PHOTO, SIGNATURE = AttachmentKind.PHOTO, AttachmentKind.SIGNATURE


def an_album(count: int, *, used: bool = False, kind: AttachmentKind = PHOTO, start: int = 0, album: Album | None = None) -> Album:
    album = album or Album(id="JN-1-1", site="JN")
    given = Verified(kind=kind, media="image/jpeg", size=1, width=9, height=9, sha256="0" * 64)
    for n in range(start, start + count):
        album, made = album.added(given, id=f"{n:032x}", by="ann", at=NOW, machine=NOW + timedelta(minutes=n), used_by="case" if used else None)
        album = album.arrived(made.id)
    return album


def test_there_is_a_most_of_unused_ones_and_of_all() -> None:
    with pytest.raises(TooManyAttachments):
        an_album(MOST_UNUSED + 1)
    with pytest.raises(TooManyAttachments):
        an_album(MOST + 1, used=True)


def test_a_step_refers_to_what_is_there_once() -> None:
    album = an_album(3)
    first, second, third = (one.id for one in album.items)
    album = album.used([first, second], PHOTO, by="arrive:2", field="photos")
    assert [one.used_by for one in album.items] == ["arrive:2", "arrive:2", None]
    assert album.unused_since == album.items[2].uploaded_at
    with pytest.raises(AttachmentUsed) as refused:
        album.used([third, first], PHOTO, by="complete:5", field="photos")
    assert refused.value.facts == {"field": "photos.1"}
    assert album.used([third], PHOTO, by="complete:5", field="photos").unused_since is None


@pytest.mark.parametrize("ids", [["f" * 32], [f"{0:032x}", f"{0:032x}"]])
def test_what_is_not_there_or_named_twice_is_invalid(ids: list[str]) -> None:
    with pytest.raises(Invalid):
        an_album(1).used(ids, PHOTO, by="arrive:2", field="photos")


def test_a_photo_is_no_signature() -> None:
    with pytest.raises(Invalid):
        an_album(1).used([f"{0:032x}"], SIGNATURE, by="sign:6", field="signature")


def test_what_has_not_arrived_cannot_be_referred_to() -> None:
    album = Album(id="JN-1-1", site="JN")
    given = Verified(kind=PHOTO, media="image/jpeg", size=1, width=9, height=9, sha256="0" * 64)
    album, made = album.added(given, id="a" * 32, by="ann", at=NOW, machine=NOW)
    assert album.item(made.id) is None
    with pytest.raises(Invalid):
        album.used([made.id], PHOTO, by="arrive:2", field="photos")


def test_only_what_nothing_refers_to_is_taken_out_when_its_time_is_over() -> None:
    album = an_album(3).used([f"{0:032x}"], PHOTO, by="arrive:2", field="photos")
    after, gone = album.without_unused(NOW + timedelta(minutes=1))
    assert gone == (f"{1:032x}",)
    assert [one.id for one in after.items] == [f"{0:032x}", f"{2:032x}"]
    assert after.unused_since == NOW + timedelta(minutes=2)
