"""`.env.example`: every variable with its meaning, unit and default, made from `common.settings` by `python -m devstack.envfile`.

A test compares the file with what this module says. Not here: what a variable does.
"""

from common.settings import Settings
from pydantic import SecretStr

from devstack.paths import REPOSITORY

HEAD = """\
# Every variable of Huiyin. Copy to .env (Compose reads it) or set them in the environment; a line without # has no default.
# Made from common.settings:  python -m devstack.envfile
"""
COMPOSE = {
    "HUIYIN_BIND": ("127.0.0.1", "address that the front listens on; 0.0.0.0 opens it to the network"),
    "HUIYIN_PORT": ("8800", "port of the front"),
    "HUIYIN_MAIL_PORT": ("8025", "port on which the mail catcher shows what was sent"),
    "HUIYIN_VERSION": ("dev", "tag of the images"),
    "RABBITMQ_PASSWORD": ("huiyin", "password of the broker, which only the services can reach"),
    "PYTHON_IMAGE": ("python:3.11-slim-bookworm", "base image; a mirror in front of the name is possible"),
    "UV_DEFAULT_INDEX": ("", "package index for building the images; empty: the usual one"),
}  #: read by docker-compose.yml only: default, meaning


def text() -> str:
    """What `.env.example` has to say."""
    lines = [HEAD, "# --- settings of the services (Compose sets the addresses itself) ---\n"]
    for name, field in Settings.model_fields.items():
        variable = f"HUIYIN_{name.upper()}"
        lines.append(f"# {field.description}\n" + (f"{variable}=\n" if field.is_required() else f"# {variable}={_plain(field.default)}\n"))
    lines.append("# --- Compose ---\n")
    lines += [f"# {meaning}\n# {variable}={default}\n" for variable, (default, meaning) in COMPOSE.items()]
    return "\n".join(lines)


def _plain(value: object) -> str:
    """A default as it is written in an environment file."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


if __name__ == "__main__":
    (REPOSITORY / ".env.example").write_text(text())
