"""What does not keep a rule of the structure yet: `baseline.yaml` lists it, and may only get shorter.

    python -m tests.architecture.ratchet

takes what was put right out of the baseline. It adds nothing: a new offender is to be put right, or named in the figure
that finds it, with its reason.
"""

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from reconciler.kinds.registry import all_kinds
from tests.architecture.figures import Module, Package

BASELINE = Path(__file__).with_name("baseline.yaml")

HOMES = {
    r"unicodedata\.normalize\b": {"strings.py"},
    r"\bget_close_matches\b": {"strings.py"},
    r"\bhmac\.": {"redaction/by_field.py", "api/signing.py"},  # signing: the signature of a request is no digest
    r"\bsort_keys=True": {"json_codec.py"},
    r"\b(?:strptime|fromisoformat|strftime|parsedate_to_datetime|fromtimestamp)\b|:%Y-?%m": {"timestamps.py"},
    r"\bobject_pairs_hook\b": {"json_codec.py"},
    r"\beast_asian_width\b": {"strings.py"},
    r"\bos\.replace\b": {"manifest/files/project_tree.py"},
    r'\b(?:in|=) \(None, ""': {"semantics/equality.py"},
    r"\bNoDefault\b": {"kinds/base/field.py", "semantics/compiled_field.py"},
}
"""Rules that are implemented once: what betrays a second implementation, and where the first one is."""

OF_THE_PROTOCOL = frozenset({"project_id", "error_code", "error_msg"})
"""Names that every request or answer of the API has; one kind happens to have a field of that name too."""

KNOW_KINDS = frozenset({"kinds", "interaction_rules", "testing", "simulator"})


def second_implementations(package: Package) -> Iterator[str]:
    """Yield modules that do what another module is the home of; the simulator does it apart on purpose."""
    for module in package.modules:
        path = "/".join(module.path.parts[1:])
        if module.path.parts[1] != "simulator":
            for pattern, homes in HOMES.items():
                found = re.search(pattern, module.text)
                if found and path not in homes:
                    yield f"{module.path.as_posix()}: {found[0]}"


def named_fields(package: Package) -> Iterator[str]:
    """Yield modules outside kinds/ with a text that is the name of a field which only one kind has.

    Names without an underscore are words that mean something else too (`text`, `title`).
    """
    counts = Counter(name for kind in all_kinds().values() for name in {field.name for field in kind.fields.values()})
    own = {name for name, count in counts.items() if count == 1 and "_" in name} - OF_THE_PROTOCOL
    for module in package.modules:
        if module.path.parts[1] not in KNOW_KINDS:
            yield from (f"{module.path.as_posix()}: {text}" for text in sorted(set(_texts(module)) & own))


def _texts(module: Module) -> Iterator[str]:
    return (
        node.value for node in ast.walk(module.tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def banned_wording(package: Package) -> Iterator[str]:
    """Yield banned phrases by module, whatever their line."""
    for found in package.banned_wording():
        path, _, rest = found.partition(":")
        yield f"{path}: {rest.partition(': ')[2].lower()}"


CHECKS: dict[str, Callable[[Package], list[str]]] = {
    "shallow modules": Package.shallow,
    "class names with several meanings": lambda package: list(package.shared_class_names()),
    "repeated file names": lambda package: list(package.repeated_stems()),
    "banned names": Package.banned_names,
    "banned wording": lambda package: list(banned_wording(package)),
    "second implementations": lambda package: list(second_implementations(package)),
    "fields of a kind outside kinds": lambda package: list(named_fields(package)),
}


def offenders(check: str, package: Package) -> set[str]:
    """Return what does not keep a rule."""
    return set(CHECKS[check](package))


def read_baseline() -> dict[str, set[str]]:
    """Return what the baseline lists, by check."""
    return {check: set(found) for check, found in yaml.safe_load(BASELINE.read_text(encoding="utf-8")).items()}


def main() -> None:
    """Take what was put right out of the baseline."""
    package = Package.read()
    kept = {check: sorted(found & offenders(check, package)) for check, found in read_baseline().items()}
    BASELINE.write_text(yaml.safe_dump(kept, sort_keys=False, allow_unicode=True, width=200), encoding="utf-8")


if __name__ == "__main__":
    main()
