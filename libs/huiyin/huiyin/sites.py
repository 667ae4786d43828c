"""Site files: one YAML per site with its policy, people, rota, contractors and subscriptions, and how they reach their owners.

Not here: what a policy may say (`common.policy`), how packs are laid over one another (`common.packs`), the command (`site`).
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from time import monotonic
from typing import Any

from common.coverage import Gap, gaps, needs_of
from common.errors import HuiyinError, Invalid, Text
from common.layers import LayerError
from common.packs import PackError, PackHead, SiteFile, SiteHead, checked, read_pack, read_site
from common.policy import SitePolicy, resolve
from common.rota import SiteRota
from dispatch.domain.money.charge import FeeStandard
from dispatch.domain.people import SitePeople
from pydantic import ValidationError

from huiyin.doors import Doors
from huiyin.exits import BadInput, Failed

STAFF_KEYS = ("people", "rota", "contractors")
KNOWN = {*STAFF_KEYS, "fees", "subscriptions"}
ARRIVES_S = 15.0
PAUSE_S = 0.05


@dataclass(frozen=True)
class Site:
    """One site as its file says it."""

    policy: SitePolicy
    staff: Mapping[str, Any]
    subscriptions: tuple[Mapping[str, Any], ...] = ()
    fees: FeeStandard | None = None

    @property
    def id(self) -> str:
        """Return the site's code."""
        return self.policy.site

    @property
    def body(self) -> dict[str, Any]:
        """Return people, rota and contractors as dispatch takes them, with the zone of the policy."""
        rota = {"zone": self.policy.calendar.timezone} | dict(self.staff.get("rota") or {})
        return {**self.staff, "rota": rota}

    def gaps(self, now: datetime) -> list[Gap]:
        """Return where within four weeks the rota has nobody for what the policy counts on."""
        return gaps(self.rota, needs_of(self.policy), now, zone=self.policy.calendar.timezone)

    @cached_property
    def rota(self) -> SiteRota:
        """Return people and rota as the services see them. Raises BadInput."""
        try:
            return SitePeople.model_validate(self.staff).site_rota(self.policy.calendar.timezone)
        except ValidationError as wrong:
            raise BadInput(f"site {self.id}: {_first(wrong)}") from None
        except HuiyinError as wrong:
            raise BadInput(f"site {self.id}: {wrong}") from None


def packs_folder(near: Path | None = None) -> Path:
    """Return the operator's folder of packs: `packs/` here, or in a folder above `near`. Raises BadInput."""
    start = (near or Path.cwd()).resolve()
    for folder in (Path.cwd(), start, *start.parents):
        for found in (folder, folder / "packs"):
            if (found / "sites").is_dir() and any(found.glob("*.yaml")):
                return found
    raise BadInput("no folder `packs` with site files here or above")


def load_site(file: Path) -> Site:
    """Return the site of a file. Raises BadInput with file, line and field."""
    try:
        return read_whole_site(file)[1]
    except PackError as wrong:
        raise BadInput(str(wrong)) from None


def read_whole_site(file: Path) -> tuple[SiteFile, Site]:
    """Return the site as its file says it, policy and people. Raises PackError: each error with file, line and field."""
    found = read_site(file)
    for key in found.rest.keys() - KNOWN:
        listed = ", ".join(sorted({*KNOWN, *SiteHead.model_fields}))
        raise PackError(file, found.document.line((key,)), key, Text(f"没有这个字段;可用:{listed}", f"is unknown; known here: {listed}"))
    staff = {"people": []} | {key: found.rest[key] for key in STAFF_KEYS if key in found.rest}
    people = checked(SitePeople, staff, found.document)
    if "fees" in found.rest:
        checked(FeeStandard, found.rest["fees"], found.document)
    try:
        people.site_rota(found.policy.calendar.timezone)
    except Invalid as wrong:
        raise PackError(file, found.document.line(("rota",)), "rota", wrong.detail or Invalid.title) from None
    return found, _site(found.policy, found.rest, str(file))


def inline_site(raw: Mapping[str, Any], packs: Sequence[Mapping[str, Any]], folder: Path | None) -> Site:
    """Return a site that only a story has; its packs are the story's own or those of `folder`. Raises BadInput."""
    own = {str(pack.get("pack")): {key: value for key, value in pack.items() if key not in PackHead.model_fields} for pack in packs}
    try:
        head = SiteHead.model_validate(raw)
        sections = [_sections(name, own, folder) for name in (head.base, *head.overlays)]
        name = {"zh": head.name.zh, "en": head.name.en}
        mine = {"site": head.site, "name": name, "packs": [f"{one}@1" for one in (head.base, *head.overlays)]}
        policy = resolve([*sections, mine], head.policy)
    except ValidationError as wrong:
        raise BadInput(f"site {raw.get('site')}: {_first(wrong)}") from None
    except LayerError as wrong:
        raise BadInput(f"site {raw.get('site')}: {wrong}") from None
    rest = {key: value for key, value in raw.items() if key not in SiteHead.model_fields}
    return _site(policy, rest, f"site {policy.site}")


def _sections(name: str, own: Mapping[str, Mapping[str, Any]], folder: Path | None) -> Mapping[str, Any]:
    if name in own:
        return own[name]
    if folder is None:
        raise BadInput(f"pack {name} is neither in the story nor in a packs folder")
    try:
        return read_pack(folder / f"{name}.yaml").sections
    except PackError as wrong:
        raise BadInput(str(wrong)) from None


def _site(policy: SitePolicy, rest: Mapping[str, Any], where: str) -> Site:
    unknown = sorted(set(rest) - KNOWN)
    if unknown:
        raise BadInput(f"{where}: unknown keys {', '.join(unknown)}; known: {', '.join(sorted(KNOWN))}")
    staff = {key: rest[key] for key in STAFF_KEYS if key in rest}
    fees = FeeStandard.model_validate(rest["fees"]) if "fees" in rest else None
    made = Site(policy, {"people": []} | staff, tuple(rest.get("subscriptions") or ()), fees)
    _ = made.rota  # a contradiction shows here, before anything is sent
    return made


def _first(wrong: ValidationError) -> str:
    errors = wrong.errors(include_input=False, include_url=False)
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return ".".join(map(str, errors[0]["loc"])) + f": {errors[0]['msg']}{more}"


@dataclass(frozen=True)
class Applied:
    """What became of a site file: versions, and the secrets of new webhook endpoints, which are shown only now."""

    policy: int
    people: int
    secrets: Mapping[str, str]  #: url -> secret


async def apply_site(doors: Doors, site: Site) -> Applied:
    """Give each part to its owner: policy to sla, people and fees to dispatch, subscriptions to notify. Raises Failed."""
    policy = await doors.surely("sla", "PUT", f"/v1/sites/{site.id}/policy", body=site.policy.model_dump(mode="json", by_alias=True))
    people = await doors.surely("dispatch", "PUT", f"/v1/sites/{site.id}/people", body=site.body)
    if site.fees:
        await doors.surely("dispatch", "PUT", f"/v1/sites/{site.id}/fees", body=site.fees.model_dump(mode="json"))
    secrets = await _subscribe(doors, site) if site.subscriptions else {}
    return Applied(int(policy["version"]), int(people["version"]), secrets)


async def _subscribe(doors: Doors, site: Site) -> dict[str, str]:
    """Put the list of endpoints; notify knows a new site only when its policy has arrived there."""
    path, body = f"/v1/sites/{site.id}/subscriptions", {"endpoints": list(site.subscriptions)}
    until = monotonic() + ARRIVES_S
    while (answer := await doors.call("notify", "PUT", path, body=body)).type == "unknown-site" and monotonic() < until:  # noqa: ASYNC110 - another process
        await asyncio.sleep(PAUSE_S)
    if answer.refused:
        raise Failed(f"site {site.id}: subscriptions: {answer.problem()}")
    return {row["url"]: row["secret"] for row in answer.body["endpoints"] if row["secret"]}
