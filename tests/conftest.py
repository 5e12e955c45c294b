"""How laws are searched: the same cases at every run of `make test`, new ones at every `make deep`.

A law that fails in `make deep` prints the seed that shows it again; the case then becomes a test of its own.
"""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.fake_hosts import Host, serving

UNHURRIED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
"""How long it takes to draw a case says something of the machine, nothing of the law."""

settings.register_profile("test", deadline=None, derandomize=True, suppress_health_check=UNHURRIED, database=None)
settings.register_profile("deep", deadline=None, print_blob=True, suppress_health_check=UNHURRIED)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "test"))


@pytest.fixture
def host() -> Iterator[Host]:
    """A code host, served for one test."""
    with serving(Host()) as running:
        yield running


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--record-golden` writes what is told now into tests/golden, to be read before it is committed."""
    parser.addoption("--record-golden", action="store_true", help="record the golden folders anew")
