"""Contact data at rest: AES-256-GCM with a key id, bound to its site and field; look-up by a keyed blind index (reliability.md 5)."""

import hmac
import os
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from common.errors import StartRefused, Text
from common.settings import Settings

NONCE = 12


class Vault:
    """Seals and opens short texts."""

    def __init__(self, keys: dict[str, bytes], blind_key: bytes) -> None:
        """`keys`: id -> 32 bytes; the first seals, all open (rotation)."""
        if not keys or any(len(key) != 32 for key in keys.values()) or len(blind_key) < 32:
            raise StartRefused(Text("联系人密钥无效", "contact keys must be 32 bytes each"))
        self._keys, self._blind, self._current = keys, blind_key, next(iter(keys))

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the vault of the settings' keys."""
        pairs = (item.split(":", 1) for item in settings.contact_keys.get_secret_value().split(","))
        return cls({name: b64decode(key) for name, key in pairs}, b64decode(settings.blind_key.get_secret_value()))

    def seal(self, site: str, field: str, text: str) -> dict[str, str]:
        """Return `{k, v}`: key id and base64 of nonce and ciphertext; it opens only for the same site and field."""
        nonce = os.urandom(NONCE)
        sealed = AESGCM(self._keys[self._current]).encrypt(nonce, text.encode(), f"{site}/{field}".encode())
        return {"k": self._current, "v": b64encode(nonce + sealed).decode()}

    def open(self, site: str, field: str, sealed: dict[str, str]) -> str:
        """Return the text. Raises KeyError for an unknown key id, ValueError when it was changed or moved."""
        raw = b64decode(sealed["v"])
        try:
            return AESGCM(self._keys[sealed["k"]]).decrypt(raw[:NONCE], raw[NONCE:], f"{site}/{field}".encode()).decode()
        except InvalidTag:
            msg = "sealed text was changed or moved"
            raise ValueError(msg) from None

    def blind(self, text: str) -> str:
        """Return the blind index of a normalised text, the same for the same text, useless without the key."""
        return hmac.new(self._blind, text.encode(), sha256).hexdigest()
