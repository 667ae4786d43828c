"""What the list shows: the filters of the page, whose URL is their only state. Pure."""

from typing import Literal

from common.states import CaseKind, CaseStatus, Urgency
from pydantic import BaseModel, ConfigDict, Field

PAGE = 100
OPEN: Literal["open"] = "open"
ALL: Literal["all"] = "all"


class Filter(BaseModel):
    """One view of the board. Empty means any, except that closed cases are only shown when asked for."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    site: str = Field("", pattern=r"^([A-Z0-9]{2,8})?$")
    kind: CaseKind | Literal[""] = ""
    urgency: Urgency | Literal[""] = ""
    status: CaseStatus | Literal["open", "all"] = OPEN
    q: str = Field("", max_length=40, description="beginning of a case number, or its last five characters")
    show: int = Field(PAGE, ge=1, le=5 * PAGE)

    def query(self, **changed: str | int) -> dict[str, str]:
        """Return the parameters of the URL that means this view, without those that say nothing."""
        fields = self.model_copy(update=changed).model_dump(mode="json")
        return {name: str(value) for name, value in fields.items() if value != Filter.model_fields[name].default}

    @property
    def wanted(self) -> str:
        """Return what to look for, as case numbers are written."""
        return "".join(self.q.split()).upper()
