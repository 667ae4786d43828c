"""Where a webhook may go: the form of its URL, and which IP addresses are inside (server-side request forgery, reliability.md row 58).

Pure: resolving names and connecting to the address that was checked is `gateway.egress`.
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

LONGEST = 2000
PORTS_BELOW_1024 = frozenset({80, 443})  # other well-known ports belong to other protocols
_NAT64 = IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")

Address = IPv4Address | IPv6Address


def problem(url: str, *, allow_private: bool) -> str | None:
    """Return why this URL is no webhook endpoint (a static word), or None. Plain http only where private addresses are allowed."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "url_malformed"
    if len(url) > LONGEST or any(character.isspace() or ord(character) < 32 for character in url):
        return "url_malformed"
    return _scheme(parts, allow_private=allow_private) or _authority(parts, port)


def _scheme(parts: SplitResult, *, allow_private: bool) -> str | None:
    if parts.scheme == "https" or (allow_private and parts.scheme == "http"):
        return None
    return "url_scheme"


def _authority(parts: SplitResult, port: int | None) -> str | None:
    if not parts.hostname:
        return "url_malformed"
    if parts.username is not None or parts.password is not None:
        return "url_credentials"
    if port is not None and port < 1024 and port not in PORTS_BELOW_1024:
        return "url_port"
    return None


def inside(text: str) -> bool:
    """Say whether an IP address is not a public one: private, loopback, link-local, reserved, or one of these wrapped in IPv6."""
    address: Address = ip_address(text.split("%", 1)[0])
    return any(not one.is_global or one.is_multicast for one in (address, *_wrapped(address)))


def _wrapped(address: Address) -> tuple[Address, ...]:
    """Return the IPv4 addresses that an IPv6 address leads to."""
    if isinstance(address, IPv4Address):
        return ()
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    number = int(address)
    if address in _NAT64 or address in _NAT64_LOCAL or number >> 32 == 0:  # NAT64, and the old IPv4-compatible form
        found.append(IPv4Address(number & 0xFFFFFFFF))
    return tuple(one for one in found if one is not None)
