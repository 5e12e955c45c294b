"""Changes that make no difference, with the reason: what `make mutants` does not count as a missing test."""

EQUIVALENT: dict[tuple[str, str, str], str] = {}
"""Module, function and change, as `make mutants` prints them, and why no test can notice it."""


def equivalent_reason(module: str, function: str, what: str) -> str:
    """Return why a change makes no difference; empty where it is not known to make none."""
    return EQUIVALENT.get((module, function, what), "")
