"""Settings of dispatch: those of every service. Not here: what a site decides (its policy and its site file)."""

from common.settings import Settings

__all__ = ["Settings"]
