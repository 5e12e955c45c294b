"""The HTTP writer passes the suite that every applying writer must pass."""

from reconciler.interfaces import Writer
from reconciler.testing.harness import TestService
from reconciler.testing.writer_suite import WriterSuite
from reconciler.writers.http_writer import HttpWriter


def secret(name: str) -> str:
    return f"the secret value of {name}"


class TestHttpWriter(WriterSuite):
    served = False

    def writer(self, place: TestService) -> Writer:
        return HttpWriter(place.client(), secret)
