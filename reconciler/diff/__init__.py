"""What differs between declared and live, and why: pure functions on plain data."""

from reconciler.diff.overlay import Overlay, overlay
from reconciler.diff.planning import diff
from reconciler.diff.spec import managed, spec_of

__all__ = ["Overlay", "diff", "managed", "overlay", "spec_of"]
