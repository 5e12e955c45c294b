from collections.abc import Callable, Mapping
from typing import Any

import pytest

from reconciler.testing.harness import TestService
from reconciler.writers.http_writer import HttpWriter


def secret(name: str) -> str:
    return f"the secret value of {name}"


@pytest.fixture
def http_writer() -> Callable[[TestService], HttpWriter]:
    """The writer under test, for a stage."""
    return lambda place: HttpWriter(place.client(), secret)


def faults(*entries: Mapping[str, Any]) -> dict[str, Any]:
    return {"faults": list(entries)}
