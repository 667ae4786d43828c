"""Settings of console: those of every service. Not here: what a site decides (its policy)."""

from common.settings import Settings

__all__ = ["Settings"]
