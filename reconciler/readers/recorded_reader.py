"""A reader that asks the live side once and answers later plans of one run from what it read."""

from reconciler.interfaces import Reader
from reconciler.kinds.base.kind import Kind
from reconciler.model.read_result import ApiUsage, ConfirmRequest, ConfirmResult, ReadRequest, ReadResult
from reconciler.model.resource import LiveResource


class RecordedReader:
    """Wraps a reader (see Reader): each kind is read, and each doubt confirmed, once.

    A later request for other fields gets the first result, which is right for manifests that name the same objects.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._read: dict[str, ReadResult] = {}
        self._confirmed: dict[tuple[str, ConfirmRequest], ConfirmResult] = {}

    def read(self, kind: Kind, wanted: ReadRequest) -> ReadResult:
        """Return the objects of a kind, read at the first request."""
        if kind.name not in self._read:
            self._read[kind.name] = self._reader.read(kind, wanted)
        return self._read[kind.name]

    def confirm(self, kind: Kind, doubt: ConfirmRequest) -> ConfirmResult:
        """Return the confirmation of a doubt, asked for once."""
        key = (kind.name, doubt)
        if key not in self._confirmed:
            self._confirmed[key] = self._reader.confirm(kind, doubt)
        return self._confirmed[key]

    def show(self, kind: Kind, object_id: str) -> LiveResource | None:
        """Return one object in full."""
        return self._reader.show(kind, object_id)

    def find(self, kind: Kind, name: str) -> tuple[LiveResource, ...]:
        """Return the live objects with exactly this name."""
        return self._reader.find(kind, name)

    @property
    def usage(self) -> ApiUsage:
        """Requests so far."""
        return self._reader.usage
