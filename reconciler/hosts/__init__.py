"""Comments on pull and merge requests: found again by a hidden marker and updated in place, never posted twice.

A host's answers are hostile like everybody's: bounded, checked for shape, and never followed to another address.
"""

from reconciler.hosts.artifact import as_untrusted, checked_plans, tables_of
from reconciler.hosts.place import Place, place_from
from reconciler.hosts.post import Posted, post

__all__ = ["Place", "Posted", "as_untrusted", "checked_plans", "place_from", "post", "tables_of"]
