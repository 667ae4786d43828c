"""Settings for tests: keys made at import-free time, addresses of the session's servers."""

from base64 import b64encode
from functools import lru_cache

from common.settings import Settings
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat


@lru_cache(maxsize=1)
def _pair() -> tuple[str, str]:
    private = Ed25519PrivateKey.generate()
    secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return secret, private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def secrets() -> dict[str, str]:
    """Return the secret settings of a test world, by their environment names."""
    private, public = _pair()
    key = b64encode(bytes(range(32))).decode()
    return {
        "HUIYIN_CONTACT_KEYS": f"test:{key}",
        "HUIYIN_BLIND_KEY": key,
        "HUIYIN_KEY_PEPPER": key,
        "HUIYIN_TOKEN_PRIVATE_KEY": private,
        "HUIYIN_TOKEN_PUBLIC_KEY": public,
    }


def settings(**given: object) -> Settings:
    """Return settings with test keys; `given` wins."""
    fields = {name.removeprefix("HUIYIN_").lower(): value for name, value in secrets().items()}
    return Settings.model_validate(fields | given)
