"""Changes that make no difference, with the reason: what `make mutants` does not count as a missing test."""

EQUIVALENT: dict[tuple[str, str, str], str] = {
    ("semantics/equality.py", "without_query", "1 -> 2"): "only the part before the first separator is taken",
    ("diff/field_changes.py", "_rank", "1 -> 2"): "any negative number sorts before every index",
    ("diff/compare/keyed_lists.py", "moved", "1 -> 2"): "any negative place ends the walk back",
    ("semantics/compiled_field.py", "", "64 -> 65"): "a bound of memory: there are two kinds",
    ("diff/compare/sets.py", "_one_by_one", "True -> False"): "the common case is only quicker than the general one",
    ("diff/change_builder.py", "", "0 -> 1"): "the only caller gives the level",
    (
        "api/pagination.py",
        "wave",
        "len(self._pages) >= self._most() -> len(self._pages) > self._most()",
    ): "a bound of cost: one request more before an endless list is given up",
    (
        "diff/rename_hints.py",
        "_best",
        "len(places.get(part, ())) <= _COMMON -> len(places.get(part, ())) < _COMMON",
    ): "a bound of cost: what very many objects share suggests no rename either way",
}
"""Module, function and change, as `make mutants` prints them, and why no test can notice it."""


def equivalent_reason(module: str, function: str, what: str) -> str:
    """Return why a change makes no difference; empty where it is not known to make none."""
    return EQUIVALENT.get((module, function, what), "")
