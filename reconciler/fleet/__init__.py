"""Many environments at once: audits, their figures, and what differs between them."""

from reconciler.fleet.audit import audit
from reconciler.fleet.visited import Visited, visit

__all__ = ["Visited", "audit", "visit"]
