"""The reader of the API passes the suite that every reader must pass."""

from reconciler.interfaces import Reader
from reconciler.testing.harness import TestService
from reconciler.testing.reader_suite import ReaderSuite


class TestHttpReader(ReaderSuite):
    served = False

    def reader(self, place: TestService) -> Reader:
        return place.reader()
