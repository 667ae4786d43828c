"""What people decided about a clock: an extension, a pause, an excuse. They lie in the case's file and are inputs like any fact. Pure.

Not here: whether they may (`handlers.rulings`), what follows for the dates (`gaps`, `plan`).
"""

from datetime import date
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict


class RulingKind(StrEnum):
    """Decisions about a clock."""

    EXTENSION = "extension"  #: a later date, to which the customer consented before the deadline (R22)
    PAUSE = "pause"  #: it stands still for a reason that the policy knows (SLA-37)
    EXCUSE = "excuse"  #: a special reason of being late; late it stays (SLA-38)


class Ruling(BaseModel):
    """One decision about one clock."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: RulingKind
    clock: str
    at: AwareDatetime
    by: str
    reason: str  #: a word of the policy, or of this engine; what was written down lies elsewhere: a file holds references only
    consent_at: AwareDatetime | None = None  #: of an extension: when the customer agreed
    stated_by: str | None = None  #: of an extension: who called the repair especially complex; None where its survey says it (CLS-07)
    to: date | None = None  #: of an extension: the new day
    until: AwareDatetime | None = None  #: of a pause: its end

    @property
    def row(self) -> str:
        """Return the clock without its number: a pause holds up whichever of them runs."""
        return self.clock.rpartition(":")[0]
