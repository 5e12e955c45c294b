"""Many environments at once: audits, their figures, and what differs between them."""

from reconciler.fleet.audit import Visited, audit, overview, visit

__all__ = ["Visited", "audit", "overview", "visit"]
