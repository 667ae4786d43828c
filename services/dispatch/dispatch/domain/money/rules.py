"""What a site's pack says about money, as dispatch keeps it on every order (DEF-18). Pure. Not here: what is done with it."""

from common.policy import SitePolicy
from pydantic import BaseModel, ConfigDict


class Step(BaseModel):
    """Amounts up to `up_to` fen (included; None = no bound) are approved by these roles, one after the other."""

    model_config = ConfigDict(frozen=True)
    up_to: int | None = None
    roles: tuple[str, ...]


class MoneyRules(BaseModel):
    """Bands, thresholds and roles; a pack that is silent asks for nothing."""

    model_config = ConfigDict(frozen=True)
    bands: tuple[Step, ...] = ()
    renewed_when_dearer: bool = True  #: FEE-07
    reviewer: str | None = None  #: FEE-09
    audit_from: int | None = None  #: DEF-10
    auditor: str | None = None
    contractor_confirms: bool = False  #: FEE-11
    certifier: str | None = None  #: FEE-12
    retention_pays: bool = False  #: FEE-14
    large_amount: int | None = None  #: from here finance collects (DEF-11)

    @classmethod
    def of(cls, policy: SitePolicy) -> "MoneyRules":
        """Return what the policy says."""
        said = policy.approval.model_dump(include=set(cls.model_fields)) if policy.approval else {}
        return cls.model_validate(said | {"large_amount": policy.collection.large_amount if policy.collection else None})

    def band(self, amount: int) -> tuple[str, ...]:
        """Return the roles that approve this amount, in order; a bound belongs to its band (DEF-10)."""
        return next((step.roles for step in self.bands if step.up_to is None or amount <= step.up_to), ())

    def audited(self, amount: int) -> bool:
        """Say whether audit reviews this amount: the bound itself goes to audit (DEF-10)."""
        return self.audit_from is not None and amount >= self.audit_from

    def large(self, amount: int) -> bool:
        """Say whether finance collects this amount, not the worker (DEF-11)."""
        return self.large_amount is not None and amount >= self.large_amount
