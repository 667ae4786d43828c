"""The only way to an address that a stranger named: resolve, check every address, connect to the one that was checked (reliability.md row 58).

A name that answers differently after the check, a redirect to the inside or a proxy of the environment have nothing to hold on to: the
connection goes to the checked IP, redirects are not followed, and the environment is not read.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from ipaddress import ip_address

import httpx2

from notify.domain.address import inside, problem

Resolve = Callable[[str, int], Awaitable[list[str]]]


class Forbidden(Exception):
    """This address is not to be reached; the word says why."""

    def __init__(self, reason: str) -> None:
        """Keep the word."""
        super().__init__(reason)
        self.reason = reason


async def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a name as the system sees them (decimal and octal forms of IPv4 included). Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]) for row in found))


class Egress:
    """Posts to the outside."""

    def __init__(self, *, allow_private: bool, timeout_s: float, resolve: Resolve = resolve, trust: ssl.SSLContext | None = None) -> None:
        """`allow_private`: for tests and the demo; `timeout_s` bounds one whole request, look-up included; `trust`: None = public authorities."""
        self._allow_private, self._timeout_s, self._resolve, self._trust = allow_private, timeout_s, resolve, trust
        self._client: httpx2.AsyncClient | None = None

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> httpx2.Response:
        """Return the answer without its body. Raises Forbidden, TimeoutError, OSError (no such name) or httpx2.HTTPError."""
        try:
            parsed = httpx2.URL(url)
        except httpx2.InvalidURL:
            raise Forbidden("url_malformed") from None
        async with asyncio.timeout(self._timeout_s):
            return await self._post(parsed, await self._checked(parsed), body, headers)

    async def _checked(self, url: httpx2.URL) -> str:
        wrong = problem(str(url), allow_private=self._allow_private)
        if wrong:
            raise Forbidden(wrong)
        addresses = await self._resolve(_host(url), url.port or (443 if url.scheme == "https" else 80))
        if not self._allow_private and any(inside(address) for address in addresses):
            raise Forbidden("address_inside")
        return addresses[0]

    async def _post(self, url: httpx2.URL, address: str, body: bytes, headers: dict[str, str]) -> httpx2.Response:
        extensions = {} if _is_ip(_host(url)) else {"sni_hostname": _host(url)}  # TLS still proves the name, not the number
        request = self._http().build_request(
            "POST", url.copy_with(host=address), content=body, headers={**headers, "Host": url.netloc.decode("ascii")}, extensions=extensions
        )
        answer = await self._http().send(request, stream=True)
        await answer.aclose()  # nobody reads what it says: only the status counts
        return answer

    def _http(self) -> httpx2.AsyncClient:
        if self._client is None:
            limits = httpx2.Limits(max_connections=50, max_keepalive_connections=0)  # a kept connection would outlive its check
            self._client = httpx2.AsyncClient(
                timeout=self._timeout_s, trust_env=False, follow_redirects=False, limits=limits, verify=self._trust or True
            )
        return self._client


def _host(url: httpx2.URL) -> str:
    """Return the name as it travels: international names in their ASCII form."""
    return url.raw_host.decode("ascii")


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
