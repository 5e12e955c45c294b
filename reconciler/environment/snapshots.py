"""Snapshots of an environment: what is live, kept in a file, and read again as if it were live."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from reconciler.environment.access import project_id
from reconciler.environment.live import Found
from reconciler.environment.open import Opened
from reconciler.readers.snapshot import Whence, snapshot_text


def snapshot_of(opened: Opened, found: Iterable[Found], *, taken: datetime, mask: Callable[[Any], Any]) -> str:
    """Return the text of a snapshot of everything that was found; `mask` is applied to all of it."""
    environment = opened.environment
    whence = Whence(
        endpoint=environment.url or "simulator",
        project_id=project_id(environment),
        app_user_id=environment.app_user_id,
    )
    return snapshot_text((one.reading for one in found), whence=whence, taken=taken, mask=mask)
