"""From a history to its rules: hours first, then a rule for each matter, then what is left to say. Labels of months that are only predicted
are looked at for the coverage alone. Not here: files (`history`, `draft`), the command.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from huiyin.exits import BadInput
from huiyin.infer.fit import Explain, fit
from huiyin.infer.history import History, Past
from huiyin.infer.hours import Hours, found_hours
from huiyin.infer.limits import limits
from huiyin.infer.report import Report, report


@dataclass(frozen=True)
class Found:
    """A history with the part that the rules were found on, and the report."""

    history: History
    fitted: tuple[Past, ...]
    report: Report

    @property
    def period(self) -> str:
        """Return the months of the fitted part, in words."""
        months = sorted({one.month for one in self.fitted})
        numbers = [int(month[:4]) * 12 + int(month[5:]) for month in months]
        together = len(months) > 1 and numbers == list(range(numbers[0], numbers[-1] + 1))
        return f"{months[0]} to {months[-1]}" if together else ", ".join(months)

    @property
    def matters(self) -> dict[str, tuple[str, str]]:
        """Return every matter of the fitted part that has deadlines: code -> words and category."""
        return {one.matter: (one.title, one.category) for one in self.fitted if one.due}


def explained_once(past: Iterable[Past], hours: Hours) -> Explain:
    """Return a function that knows the limits of every request; each is looked for once."""
    site = hours.site()
    return {one: limits(one, site) for one in past}.__getitem__


def inferred(history: History, months: Sequence[str] | None = None, explained: Callable[[Sequence[Past], Hours], Explain] = explained_once) -> Found:
    """Return the rules of a history, found on some months only (None: all). Raises BadInput."""
    unknown = sorted(set(months or ()) - set(history.months))
    if unknown:
        raise BadInput(f"no request in {', '.join(unknown)}; the history has {', '.join(history.months)}")
    fitted = history.of(months or history.months)
    if not any(one.due for one in fitted):
        raise BadInput("no deadline in the history")
    hours = found_hours(fitted, history.zone)
    explain = explained(history.past, hours)
    return Found(history, fitted, report(history, fitted, fit(fitted, explain), hours, explain))
