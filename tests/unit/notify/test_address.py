"""Where a webhook may not go (reliability.md row 58)."""

import pytest
from notify.domain.address import inside, problem

INSIDE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1",  # noqa: S104
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a00:1::1", "2001:db8::1",
]  # fmt: skip
OUTSIDE = ["8.8.8.8", "1.1.1.1", "114.114.114.114", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]


@pytest.mark.parametrize("address", INSIDE)
def test_inside(address: str) -> None:
    assert inside(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_outside(address: str) -> None:
    assert not inside(address)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://example.com/hook", None),
        ("https://example.com:8443/hook?x=1", None),
        ("https://[2606:4700:4700::1111]/hook", None),
        ("http://example.com/hook", "url_scheme"),
        ("file:///etc/passwd", "url_scheme"),
        ("ftp://example.com/", "url_scheme"),
        ("gopher://example.com/", "url_scheme"),
        ("//example.com/", "url_scheme"),
        ("https://", "url_malformed"),
        ("https:///hook", "url_malformed"),
        ("https://example.com:99999/", "url_malformed"),
        ("https://[::1/", "url_malformed"),
        ("https://exa mple.com/", "url_malformed"),
        ("https://example.com/\r\nX: 1", "url_malformed"),
        ("https://example.com/" + "a" * 2000, "url_malformed"),
        ("https://user:word@example.com/", "url_credentials"),
        ("https://user@example.com/", "url_credentials"),
        ("https://example.com:22/", "url_port"),
        ("https://example.com:25/", "url_port"),
        ("https://example.com:0/", "url_port"),
    ],
)
def test_the_form_of_an_endpoint(url: str, why: str | None) -> None:
    assert problem(url, allow_private=False) == why


def test_plain_http_only_where_private_addresses_are_allowed() -> None:
    assert problem("http://127.0.0.1:8025/hooks/a", allow_private=True) is None
    assert problem("file:///x", allow_private=True) == "url_scheme"
