"""What notify reads of the settings beyond the common ones: the mail server's URL, taken apart."""

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from common.errors import StartRefused, Text
from common.settings import Settings

PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


@dataclass(frozen=True)
class MailServer:
    """Where notices leave as mail: `smtp://`, `smtp+starttls://` or `smtps://`, with user and password if the server asks for them."""

    host: str
    port: int
    tls: bool
    starttls: bool
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, settings: Settings) -> "MailServer":
        """Return the server of `smtp_url`. Raises StartRefused for a URL that names none."""
        parts = urlsplit(settings.smtp_url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise StartRefused(Text("邮件服务器地址无效", "smtp_url must be smtp://, smtp+starttls:// or smtps:// and name a host"))
        return cls(
            host=parts.hostname,
            port=parts.port or PORTS[parts.scheme],
            tls=parts.scheme == "smtps",
            starttls=parts.scheme == "smtp+starttls",
            sender=settings.mail_from,
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )
