"""What a verb of `huiyin pack` is asked about: a pack, a site, or a published version of one, with the place of each value in its file.

Not here: what is said about it (`lint`, `show`, `diff`, `explain`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.packs import Document, PackError, PackFile, SiteFile, read, read_pack
from common.policy import Pack, SitePolicy
from common.rota import SiteRota
from pydantic import ValidationError

from huiyin.doors import Doors, open_doors
from huiyin.exits import BadInput
from huiyin.sites import packs_folder, read_whole_site

PUBLISHED = re.compile(r"^([A-Z0-9]{2,8})@(\d+|latest)$")


@dataclass(frozen=True)
class Looked:
    """One policy: `policy` of a pack alone is not resolved; `rota` and `people` only sites have."""

    name: str
    policy: Pack
    documents: tuple[Document, ...] = ()  #: topmost first; a site's own values stand below its `policy`
    rota: SiteRota | None = None
    people: Mapping[str, str] = field(default_factory=dict)  #: id -> name
    pack: PackFile | None = None
    site: SiteFile | None = None

    @property
    def resolved(self) -> SitePolicy | None:
        """Return the policy of a site, None of a pack alone."""
        return self.policy if isinstance(self.policy, SitePolicy) else None

    def place(self, path: tuple[str | int, ...]) -> tuple[Path | None, int]:
        """Return file and line of the topmost document that says something at `path`."""
        for document in self.documents:
            for way in (("policy", *path), path):
                if document.holds(way):
                    return document.file, document.line(way)
        return (self.documents[0].file, self.documents[0].line(path)) if self.documents else (None, 1)


def file_of(name: str) -> Path:
    """Return the file of a name: a path, the code of a site, or the id of a pack. Raises BadInput."""
    if Path(name).is_file():
        return Path(name)
    folder = packs_folder()
    for file in (folder / "sites" / f"{name}.yaml", folder / f"{name}.yaml"):
        if file.is_file():
            return file
    raise BadInput(f"{name} is neither a file, nor a site or pack of the folder {folder}")


def look(file: Path) -> Looked:
    """Return the pack or site of a file. Raises PackError."""
    values = read(file).values
    if "site" in values:
        return _site(file)
    if "pack" in values:
        pack = read_pack(file)
        return Looked(pack.ref, _parts(pack.sections), (pack.document,), pack=pack)
    raise BadInput(f"{file}: neither a pack (`pack:`) nor a site (`site:`)")


def _parts(sections: Mapping[str, Any]) -> Pack:
    """Return a pack's own values; an overlay whose rules are incomplete shows the rest."""
    try:
        return Pack.model_validate(sections)
    except ValidationError as wrong:
        broken = {str(error["loc"][0]) for error in wrong.errors() if error["loc"]}
        return Pack.model_validate({key: value for key, value in sections.items() if key not in broken})


def _site(file: Path) -> Looked:
    found, site = read_whole_site(file)
    documents = (found.document, *(pack.document for pack in reversed(found.packs)))
    names = {str(row.get("id")): str(row.get("name", "")) for row in site.staff["people"] if isinstance(row, Mapping)}
    return Looked(found.policy.site, found.policy, documents, site.rota if names else None, names, site=found)


async def lookup(name: str) -> Looked:
    """Return what a name stands for; `AB@3` and `AB@latest` are asked of the running system. Raises BadInput, Failed."""
    if found := PUBLISHED.match(name):
        async with open_doors() as doors:
            return await published(doors, found[1], None if found[2] == "latest" else int(found[2]))
    try:
        return look(file_of(name))
    except PackError as wrong:
        raise BadInput("\n".join(map(str, (wrong, *wrong.others)))) from None


async def published(doors: Doors, site: str, version: int | None) -> Looked:
    """Return a version of a site's policy that the running system has, the newest where none is named. Raises Failed."""
    asked: dict[str, Any] = {"version": version} if version else {}
    policy = SitePolicy.model_validate(await doors.surely("sla", "GET", f"/v1/sites/{site}/policy", **asked))
    return Looked(f"{site}@{policy.version}", policy)
