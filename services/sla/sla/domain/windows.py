"""Declarations of force majeure: what a duty manager may declare under a policy, and the windows that follow for clocks. Pure.

A declaration is a fact about its time: it holds for every case of the site whose class it names, for as long as it lasts, whatever the version
the case goes by. Nothing of it is ever removed: it can be ended early, and taken back as if it had never been. Not here: how much time counts
inside a window (`gaps`), keeping (handlers, store).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from common.errors import Invalid, Refused
from common.policy import Majeure, MajeureClass, SitePolicy
from pydantic import AwareDatetime, BaseModel

from sla.domain.gaps import Window


class Declaration(BaseModel):
    """One declaration at one site."""

    id: str  #: `<declaration>:<site>`
    declaration: str
    site: str
    reason: str
    begin: AwareDatetime
    until: AwareDatetime  #: as declared
    classes: dict[str, float | None]  #: class of the policy -> how many times longer a limit becomes; None: time stands still
    windows: tuple[Window, ...] = ()  #: one for each class
    by: str
    at: AwareDatetime
    ended_at: AwareDatetime | None = None
    ended_by: str | None = None
    undone_at: AwareDatetime | None = None
    undone_by: str | None = None

    def holding(self) -> tuple[Window, ...]:
        """Return the windows that hold: none for one that was taken back, shorter ones for one that was ended early."""
        until = min(self.until, self.ended_at or self.until)
        if self.undone_at or until <= self.begin:
            return ()
        return tuple(one.model_copy(update={"until": until}) for one in self.windows)


def windows_of(declaration: str, begin: datetime, until: datetime, classes: Mapping[str, float | None], section: Majeure) -> tuple[Window, ...]:
    """Return one window for each class that is named."""
    known = {one.id: one for one in section.classes}
    return tuple(
        Window(id=f"{declaration}:{name}", begin=begin, until=until, applies=known[name].applies, factor=0 if factor is None else 1 / factor)
        for name, factor in classes.items()
    )


def permitted(policy: SitePolicy, reason: str, begin: datetime, until: datetime, classes: Mapping[str, float | None], now: datetime) -> Majeure:
    """Return the section of the policy that permits it. Raises Refused where there is none, Invalid for what goes beyond it."""
    section = policy.majeure
    if section is None:
        raise Refused(
            "majeure", f"项目 {policy.site} 的规则不允许声明不可抗力", f"the policy of site {policy.site} knows no force majeure", site=policy.site
        )
    if reason not in section.reasons:
        raise Invalid("reason", "本项目规则没有此原因", f"no reason of site {policy.site}: {', '.join(sorted(section.reasons))}")
    longest = timedelta(hours=section.longest_hours)
    if not timedelta(0) < until - begin <= longest:
        raise Invalid("until", f"须晚于开始,且不超过 {section.longest_hours} 小时", f"after `begin`, at most {section.longest_hours} hours later")
    if begin < now - longest:
        raise Invalid("begin", f"不能早于 {section.longest_hours} 小时前", f"not longer ago than {section.longest_hours} hours")
    known = {one.id: one for one in section.classes}
    for name, factor in classes.items():
        _touchable(known.get(name), name, factor)
    return section


def _touchable(known: MajeureClass | None, name: str, factor: float | None) -> None:
    field = f"classes.{name}"
    if known is None:
        raise Invalid(field, "本项目规则没有此类别", "no class that the policy lets force majeure touch")
    if factor is None and not known.may_stop:
        raise Invalid(field, "此类别不可停止计时", "the policy does not let the clocks of this class stand still")
    if factor is not None and factor > known.largest_factor:
        raise Invalid(field, f"倍数最大为 {known.largest_factor}", f"the factor is at most {known.largest_factor}")
