"""The sites of a replay: one for each name in the file, with one worker who is always on duty, on the pack of promises only."""

from collections.abc import Iterable
from pathlib import Path

from huiyin.sites import Site, inline_site

PACK = "promise-only"
WORKER_ROLE = "repair_worker"
ZONE = "America/New_York"  # of the file; the pack says the same
DEPARTMENT = "customer_service"


def cast(names: Iterable[str], packs: Path) -> dict[str, Site]:
    """Return the site of each name, coded S01, S02 … in alphabetical order. `packs`: the folder with examples/. Raises BadInput."""
    return {name: _site(f"S{number:02}", name, packs) for number, name in enumerate(sorted(set(names)), 1)}


def worker(site: str) -> str:
    """Return the id of the site's worker."""
    return f"{site.lower()}-worker"


def _site(code: str, name: str, packs: Path) -> Site:
    raw = {
        "site": code,
        "name": {"zh": name, "en": name},
        "base": PACK,
        "people": [{"id": worker(code), "name": f"worker of {code}", "roles": [WORKER_ROLE], "department": DEPARTMENT}],
        "rota": {
            "zone": ZONE,
            "shifts": [{"name": "always", "from": "00:00", "to": "00:00"}],
            "assignments": [{"shift": "always", "people": [worker(code)]}],
        },
    }
    return inline_site(raw, (), packs / "examples")
