"""No webhook reaches the inside (reliability.md row 58): a canary listens on real sockets and has to stay silent."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from common.timesource import machine_now
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from notify.domain.notice import Channel, Outcome, Receipt
from notify.domain.templates import Message
from notify.gateway import Hook
from notify.gateway.egress import Egress
from notify.gateway.webhook import WebhookGateway

from tests.unit.notify.build import a_notice

pytestmark = pytest.mark.anyio
SECRET = ("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",)
NAME = "hooks.example.com"


@dataclass
class Canary:
    """A listener that writes down who comes; it speaks HTTP, behind TLS if it has a certificate."""

    answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n"
    connections: int = 0
    requests: list[str] = field(default_factory=list)
    port: int = 0

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        head = await reader.readuntil(b"\r\n\r\n")
        self.requests.append(head.decode())
        writer.write(self.answer.replace(b"PORT", str(self.port).encode()))
        writer.close()


async def listen(canary: Canary, tls: ssl.SSLContext | None = None) -> asyncio.Server:
    server = await asyncio.start_server(canary.meet, "127.0.0.1", 0, ssl=tls)
    canary.port = server.sockets[0].getsockname()[1]
    return server


@pytest.fixture
async def canary() -> AsyncIterator[Canary]:
    made = Canary()
    async with await listen(made):
        yield made


def egress(*addresses: str, allow_private: bool = False, trust: ssl.SSLContext | None = None) -> Egress:
    async def resolve(_host: str, _port: int) -> list[str]:
        return list(addresses)

    given = {"resolve": resolve} if addresses else {}
    return Egress(allow_private=allow_private, timeout_s=5.0, trust=trust, **given)


async def send(url: str, way: Egress) -> Receipt:
    notice = a_notice(channel=Channel.WEBHOOK)
    return await WebhookGateway(way).send(notice, Hook(url, SECRET), Message("", "{}"))


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://127.0.0.1:{}/", "address_inside"),
        ("https://localhost:{}/", "address_inside"),
        ("https://2130706433:{}/", "address_inside"),  # decimal
        ("https://0x7f000001:{}/", "address_inside"),
        ("https://0177.0.0.1:{}/", "url_malformed"),  # octal
        ("https://017700000001:{}/", "address_inside"),
        ("https://127.1:{}/", "address_inside"),
        ("https://[::ffff:127.0.0.1]:{}/", "address_inside"),
        ("https://[::1]:{}/", "address_inside"),
        ("https://0.0.0.0:{}/", "address_inside"),
        ("http://127.0.0.1:{}/", "url_scheme"),
        ("file:///etc/hostname", "url_scheme"),
        ("https://127.0.0.1:22/", "url_port"),
        ("https://public@127.0.0.1:{}/", "url_credentials"),
    ],
)
async def test_the_inside_is_refused_for_good(canary: Canary, url: str, reason: str) -> None:
    assert await send(url.format(canary.port), egress()) == Receipt(Outcome.REFUSED, reason)
    assert canary.connections == 0


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["10.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["169.254.169.254"], ["::ffff:127.0.0.1"]])
async def test_a_name_that_leads_inside_is_refused(canary: Canary, addresses: list[str]) -> None:
    assert await send(f"https://{NAME}:{canary.port}/", egress(*addresses)) == Receipt(Outcome.REFUSED, "address_inside")
    assert canary.connections == 0


async def test_the_connection_goes_to_the_address_that_was_checked(canary: Canary) -> None:
    """The system does not know this name: had it been looked up a second time, nothing would have arrived."""
    receipt = await send(f"http://{NAME}:{canary.port}/a?b=1", egress("127.0.0.1", allow_private=True))
    assert receipt.outcome is Outcome.SENT
    assert canary.requests[0].startswith("POST /a?b=1 HTTP/1.1\r\n")
    assert f"\r\nhost: {NAME}:{canary.port}\r\n" in canary.requests[0].lower()


async def test_redirects_are_not_followed(canary: Canary) -> None:
    canary.answer = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:PORT/inside\r\nContent-Length: 0\r\n\r\n"
    assert await send(f"http://{NAME}:{canary.port}/", egress("127.0.0.1", allow_private=True)) == Receipt(Outcome.AGAIN, "http_307")
    assert canary.connections == 1


async def test_a_proxy_of_the_environment_is_not_used(canary: Canary, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Canary()
    async with await listen(proxy):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        await send(f"http://{NAME}:{canary.port}/", egress("127.0.0.1", allow_private=True))
    assert (proxy.connections, canary.connections) == (0, 1)


async def test_a_name_that_does_not_exist_is_tried_again() -> None:
    assert await send("https://does-not-exist.invalid/", egress()) == Receipt(Outcome.AGAIN, "no_connection")


async def test_tls_proves_the_name_although_the_number_is_dialled(tmp_path: Path) -> None:
    authority, server = _tls(tmp_path, NAME)
    canary = Canary()
    async with await listen(canary, server):
        way = egress("127.0.0.1", allow_private=True, trust=authority)
        assert (await send(f"https://{NAME}:{canary.port}/", way)).outcome is Outcome.SENT
        other = await send(f"https://other.example.com:{canary.port}/", way)
        assert other == Receipt(Outcome.AGAIN, "no_connection")
        stranger = await send(f"https://{NAME}:{canary.port}/", egress("127.0.0.1", allow_private=True))
        assert stranger == Receipt(Outcome.AGAIN, "no_connection")
    assert len(canary.requests) == 1


def _tls(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """An authority that is its own server, for one name."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = machine_now()
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "cert").write_bytes(made.public_bytes(Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "cert", folder / "key")
    return ssl.create_default_context(cafile=str(folder / "cert")), server
