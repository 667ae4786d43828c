import gzip
from pathlib import Path

import pytest
from huiyin.exits import BadInput
from huiyin.replay.rows import read_requests

HEAD = "request_id,created_at,closed_at,channel,category,descriptor,site,unit_ref,sla_target_at,sla_outcome\n"
GOOD = "A,2011-07-01T08:00:00-04:00,,phone,Street,Light,North,u1,,ontime\n"


def _file(tmp_path: Path, text: str, name: str = "rows.csv") -> Path:
    file = tmp_path / name
    file.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return file


@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.gz"])
def test_both_kinds_of_file_are_read(tmp_path: Path, name: str) -> None:
    (one,) = read_requests(_file(tmp_path, HEAD + GOOD, name)).requests
    assert (one.id, one.site, one.channel, one.closed, one.target) == ("A", "North", "phone", None, None)


def test_requests_are_sorted_by_opening_and_limited(tmp_path: Path) -> None:
    rows = [f"{name},2011-07-0{day}T08:00:00-04:00,,phone,s,l,North,,,\n" for name, day in (("B", 2), ("A", 1), ("C", 3))]
    file = _file(tmp_path, HEAD + "".join(rows))
    assert [one.id for one in read_requests(file).requests] == ["A", "B", "C"]
    assert [one.id for one in read_requests(file, 2).requests] == ["A", "B"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("B,2011-07-01 08:00,,phone,s,l,North,,,", "created_at has no zone"),
        ("B,,,phone,s,l,North,,,", "created_at is empty"),
        (",2011-07-01T08:00:00-04:00,,phone,s,l,North,,,", "request_id is empty"),
        ("B,2011-07-01T08:00:00-04:00,,phone,s,l,,,,", "site is empty"),
        ("A,2011-07-01T08:00:00-04:00,,phone,s,l,North,,,", "request_id A is there twice"),
        ("B,2011-07-01T08:00:00-04:00,,phone,s,l,North,,soon,", "sla_target_at is no ISO 8601 time: soon"),
    ],
)
def test_a_bad_row_is_named_and_the_rest_is_used(tmp_path: Path, row: str, said: str) -> None:
    read = read_requests(_file(tmp_path, HEAD + GOOD + row + "\n"))
    assert [one.id for one in read.requests] == ["A"]
    assert read.bad == ((3, said),)


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "", "\x00\x01"])
def test_another_file_is_refused_whole(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput, match="rows"):
        read_requests(_file(tmp_path, text))


def test_a_broken_archive_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv.gz"
    file.write_bytes(b"no gzip at all")
    with pytest.raises(BadInput, match="cannot be read"):
        read_requests(file)
