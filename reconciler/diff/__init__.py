"""What differs between declared and live, and why: pure functions on plain data."""

from reconciler.diff.overlay import Overlay, overlay
from reconciler.diff.planning import diff
from reconciler.diff.spec import live_state, managed, spec_of

__all__ = ["Overlay", "diff", "live_state", "managed", "overlay", "spec_of"]
