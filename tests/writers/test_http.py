"""The HTTP writer passes the suite that every applying writer must pass."""

from reconciler.ports import Writer
from reconciler.testing.stage import Stage
from reconciler.testing.writers import WriterSuite
from reconciler.writers.http import HttpWriter


def secret(name: str) -> str:
    return f"the secret value of {name}"


class TestHttpWriter(WriterSuite):
    served = False

    def writer(self, place: Stage) -> Writer:
        return HttpWriter(place.client(), secret)
