"""The reader of the API passes the suite that every reader must pass."""

from reconciler.ports import Reader
from reconciler.testing.readers import ReaderSuite
from reconciler.testing.stage import Stage


class TestHttpReader(ReaderSuite):
    served = False

    def reader(self, place: Stage) -> Reader:
        return place.reader()
