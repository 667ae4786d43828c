"""What sla does on a fact (`facts`), for the clocks of a case (`following`), when time has come (`firing`), on a command (`commands`)."""

from sla.handlers.facts import SUBSCRIPTIONS, foresee

__all__ = ["SUBSCRIPTIONS", "foresee"]
