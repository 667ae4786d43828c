"""The port to where bytes lie: put, get and delete under a name, nothing else, so that GridFS and S3-compatible storage both fit (ADR 0034).

Adapters: `mongo.MongoFiles` (GridFS) and `MemoryFiles`, under one contract suite. Not here: what the bytes are, who may see them.
"""

from typing import Protocol


class Files(Protocol):
    """Bytes under names. Nothing is ever changed under a name: putting the same again is harmless."""

    async def put(self, name: str, content: bytes) -> None:
        """Keep `content`; what a broken try left under the name is replaced. Raises StoreAway, OutcomeUnknown: put it again then."""
        ...

    async def get(self, name: str) -> bytes | None:
        """Return the bytes, None when there are none."""
        ...

    async def delete(self, *names: str) -> None:
        """Remove them; what is not there is no error."""
        ...


class MemoryFiles:
    """Files in memory."""

    def __init__(self) -> None:
        """Begin empty."""
        self.kept: dict[str, bytes] = {}

    async def put(self, name: str, content: bytes) -> None:
        """See Files."""
        self.kept[name] = bytes(content)

    async def get(self, name: str) -> bytes | None:
        """See Files."""
        return self.kept.get(name)

    async def delete(self, *names: str) -> None:
        """See Files."""
        for name in names:
            self.kept.pop(name, None)
