"""What a browser loads besides pages: our own style, script and mark, and htmx from its package (ADR 0009). Nothing comes from elsewhere.

Each file is read once and asked for under a name with its own digest, so that it can be kept for ever and a new version is a new name.
"""

import gzip
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from common.errors import NotFound
from fastapi import APIRouter, Request, Response

router = APIRouter(include_in_schema=False)
HERE = Path(__file__).parent / "static"
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
FOR_EVER = "public, max-age=31536000, immutable"


def _of_package(package: str, path: str) -> Path:
    """Return a data file of an installed package, without importing it."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        msg = f"the package {package} is missing"
        raise FileNotFoundError(msg)
    return Path(spec.origin).parent / path


def _paths() -> dict[str, Path]:
    return {
        "console.css": HERE / "console.css",
        "console.js": HERE / "console.js",
        "work.css": HERE / "work.css",
        "work.js": HERE / "work.js",
        "mark.svg": HERE / "mark.svg",
        "htmx.js": _of_package("django_htmx", "static/django_htmx/htmax-4.min.js"),
    }  # name -> file


@dataclass(frozen=True)
class Asset:
    """One file, ready to send."""

    media: str
    plain: bytes
    packed: bytes
    digest: str


@lru_cache(maxsize=1)
def assets() -> dict[str, Asset]:
    """Return every asset by name."""
    made = {}
    for name, path in _paths().items():
        content = path.read_bytes()
        made[name] = Asset(TYPES[path.suffix], content, gzip.compress(content, mtime=0), sha256(content).hexdigest()[:12])
    return made


def address(name: str) -> str:
    """Return where a page finds an asset."""
    return f"/assets/{assets()[name].digest}/{name}"


@router.get("/assets/{digest}/{name}")
async def get_asset(digest: str, name: str, request: Request) -> Response:
    """Send an asset; an old digest gets what is there now, but may not keep it."""
    asset = assets().get(name)
    if asset is None:
        raise NotFound
    headers = {"Cache-Control": FOR_EVER if digest == asset.digest else "no-cache", "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.packed, media_type=asset.media, headers=headers | {"Content-Encoding": "gzip"})
    return Response(asset.plain, media_type=asset.media, headers=headers)


get_asset.permission = "public"  # type: ignore[attr-defined]
