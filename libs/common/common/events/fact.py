"""What every fact is."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Fact(BaseModel):
    """Something that happened. `kind` is `<stream prefix>.<past event>`."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    kind: ClassVar[str] = ""

    @classmethod
    def prefix(cls) -> str:
        """Return the stream prefix, e.g. `case`: consumers bind whole streams, never single kinds."""
        return cls.kind.split(".", 1)[0]
