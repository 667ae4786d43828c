"""Secrets of an installation: made once, kept in a file that only its owner reads. Not here: how secrets are used (`common`).

`python -m huiyin.secret_keys FILE` writes an environment file for containers, unless it is there; secrets given in the environment go
into it as they are.
"""

import base64
import json
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat


def new_secrets() -> dict[str, str]:
    """Environment variables of every secret in `common.settings`, each on one line."""
    token = Ed25519PrivateKey.generate()
    private = token.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = token.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return {
        "HUIYIN_CONTACT_KEYS": f"k1:{_random()}",
        "HUIYIN_BLIND_KEY": _random(),
        "HUIYIN_KEY_PEPPER": _random(),
        "HUIYIN_TOKEN_PRIVATE_KEY": _one_line(private),
        "HUIYIN_TOKEN_PUBLIC_KEY": _one_line(public),
    }


def kept_secrets(path: Path) -> dict[str, str]:
    """The secrets in the JSON file at `path`; what is missing is made and added (mode 600)."""
    before: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    kept = {**new_secrets(), **before}
    if kept != before:
        write_private(path, json.dumps(kept, indent=1))
    return kept


def write_private(path: Path, text: str) -> None:
    """Replace the file at `path`, readable by its owner only; a reader sees the old or the new text, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    new.replace(path)


def environment_file(given: Mapping[str, str]) -> str:
    """Text of an environment file that a shell and Compose read alike; secrets in `given` win over new ones."""
    values = {name: given.get(name) or value for name, value in new_secrets().items()}
    return "".join(f"{name}='{value}'\n" for name, value in values.items())


def _random() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _one_line(pem: bytes) -> str:
    return pem.decode().strip().replace("\n", "\\n")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    if not target.exists():
        write_private(target, environment_file(os.environ))
