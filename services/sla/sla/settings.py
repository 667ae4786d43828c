"""Settings of sla: those of every service. Not here: time limits, hours and calendars (a site's policy)."""

from common.settings import Settings

__all__ = ["Settings"]
