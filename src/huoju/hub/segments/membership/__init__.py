"""Who is in: kept from the log, worked off when due, built from everybody. Nobody else writes memberships."""

from .building import build, empty
from .following import follow, follow_due

__all__ = ["build", "empty", "follow", "follow_due"]
