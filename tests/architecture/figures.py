"""Figures of the package's structure, read from its source: `make house` prints them.

    python -m tests.architecture.figures [FOLDER]

FOLDER is the package's folder (default: `reconciler` beside `tests`), so that an older checkout can be measured too.
Nothing here fails: the limits that must hold are tests in this folder, which read the same figures.
"""

import ast
import re
import statistics
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "reconciler"
SHALLOW = 60
"""Lines below which a module with one importer, its neighbour, is shallow."""

SEAMS = {
    "reconciler/apply/swapped_names.py": "frees a taken name; execute_plan keeps the order of changes alone",
    "reconciler/ledger/sqlite_file.py": "the rules of a ledger that is a file; database.py serves PostgreSQL too",
    "reconciler/simulator/http_faults.py": "what an embedded simulator needs httpx for; only a fault loads it",
    "reconciler/simulator/kept_state.py": "the models of a state file, which need pydantic; a run without one does not",
    "reconciler/project/known_project.py": "the cache's part in a project file; a command without a cache loads none",
    "reconciler/redaction/own_words.py": "the vocabulary that redaction by value spares; it grows with the formats",
}
"""Shallow modules that stay by themselves, each with its reason."""

STEMS_OF_EVERY_PACKAGE = frozenset({"__init__", "report", "checks", "github", "gitlab", "messages", "schema"})
"""File names that mean the same thing in each folder."""

BANNED_NAMES = frozenset(
    [
        "told",
        "found",
        "inside",
        "alike",
        "series",
        "whole",
        "portion",
        "captured",
        "marks",
        "gate",
        "nested",
        "located",
        "site",
        "course",
        "carry",
        "book",
        "books",
        "errand",
        "roster",
        "door",
        "place",
        "wish",
        "look",
        "past",
        "held",
        "meeting",
        "laying",
        "visited",
        "answers",
        "ghost",
        "twist",
        "wire",
        "lost",
        "gone",
        "shown",
        "laid",
        "judged",
        "chosen",
        "several",
        "keep",
        "asked",
        "wanted",
        "utils",
        "helpers",
        "misc",
    ]
)
"""Names that say nothing to a reader from outside: modules, classes and public functions, any case."""

BANNED_WORDING = re.compile(
    r"\bstands? (?:twice|inside|there)\b|\bnobody\b|\bsomebody\b|\btold\b|\bsays? (?:so|what)\b|\bwhoever\b|\bof ours\b"
    r"|\bis well\b|\bno \w+ any more\b|\bas it is$",
    re.IGNORECASE,
)
"""Phrases that a manual of the field would not use, in docstrings and messages."""

FIELD_TREE = frozenset({"children", "item", "each", "known", "root", "fields"})
"""Attributes that lead from one field of a kind to the next."""


@dataclass(frozen=True)
class Module:
    """One source file: its path below the package's parent, and its text."""

    path: Path
    text: str

    @cached_property
    def name(self) -> str:
        """The dotted name."""
        return ".".join(self.path.with_suffix("").parts).removesuffix(".__init__")

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text)

    @cached_property
    def lines(self) -> int:
        """How many lines the file has."""
        return self.text.count("\n")

    @cached_property
    def imports(self) -> frozenset[str]:
        """Dotted names of what it imports, each with and without the imported name."""
        names: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module)
                names.update(f"{node.module}.{alias.name}" for alias in node.names)
            elif isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
        return frozenset(names)

    @cached_property
    def functions(self) -> tuple[ast.FunctionDef, ...]:
        """Every function, methods and inner functions included."""
        return tuple(node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef))

    @cached_property
    def classes(self) -> tuple[ast.ClassDef, ...]:
        """Every class, private ones included."""
        return tuple(node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef))


@dataclass(frozen=True)
class Package:
    """All modules of a package."""

    modules: tuple[Module, ...]

    @classmethod
    def read(cls, folder: Path = PACKAGE) -> "Package":
        """Read every source file under a folder."""
        files = sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)
        return cls(tuple(Module(path.relative_to(folder.parent), path.read_text(encoding="utf-8")) for path in files))

    @cached_property
    def importers(self) -> dict[str, frozenset[str]]:
        """For each module the modules that import it."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        names = {module.name for module in self.modules}
        for module in self.modules:
            for name in module.imports & names:
                found[name].add(module.name)
        return {name: frozenset(found[name] - {name}) for name in names}

    def shallow(self) -> list[str]:
        """Modules under SHALLOW lines whose only importer is in the same folder, SEAMS left out."""
        return [
            module.path.as_posix()
            for module in self.modules
            if module.path.as_posix() not in SEAMS
            and module.path.stem not in {"__init__", "__main__"}
            and module.lines < SHALLOW
            and len(users := self.importers[module.name]) == 1
            and next(iter(users)).rpartition(".")[0] == module.name.rpartition(".")[0]
        ]

    def shared_class_names(self) -> dict[str, list[str]]:
        """Class names that several modules define, a leading underscore left out; the models of kinds are exempt."""
        places: defaultdict[str, list[str]] = defaultdict(list)
        for module in self.modules:
            for node in module.classes:
                model = "kinds" in module.path.parts and any(
                    isinstance(base, ast.Name) and base.id in {"Spec", "SpecModel"} for base in node.bases
                )
                if not model:
                    places[node.name.lstrip("_")].append(module.path.as_posix())
        return {name: found for name, found in sorted(places.items()) if len(found) > 1}

    def repeated_stems(self) -> dict[str, list[str]]:
        """File names that stand in more than one folder, without those that mean the same everywhere."""
        places: defaultdict[str, list[str]] = defaultdict(list)
        for module in self.modules:
            command = module.path.parent.name == "commands"
            if module.path.stem not in STEMS_OF_EVERY_PACKAGE and not command:
                places[module.path.stem].append(module.path.as_posix())
        return {name: found for name, found in sorted(places.items()) if len(found) > 1}

    def walkers(self) -> list[str]:
        """Functions that go from a field to the fields inside it: they read one of FIELD_TREE's attributes and call
        themselves or a sibling that does, or loop over the children. The simulator, the witness, is left out."""
        found = []
        for module in self.modules:
            if module.path.parts[1] in {"simulator", "kinds"}:
                continue
            for node in module.functions:
                read = {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)} & FIELD_TREE
                if read & {"children", "each"} or ("item" in read and "children" in module.text):
                    found.append(f"{module.path.as_posix()}:{node.name}")
        return found

    def banned_names(self) -> list[str]:
        """Modules, classes and public functions with a banned name."""
        found = []
        for module in self.modules:
            names = [module.path.stem, *(node.name for node in module.classes)]
            names += [node.name for node in module.functions if not node.name.startswith("_")]
            found += [f"{module.path.as_posix()}: {name}" for name in names if name.lower().lstrip("_") in BANNED_NAMES]
        return found

    def banned_wording(self) -> list[str]:
        """Docstrings and text literals with a banned phrase."""
        return [
            f"{module.path.as_posix()}:{node.lineno}: {match[0]}"
            for module in self.modules
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
            for match in BANNED_WORDING.finditer(node.value)
        ]

    def uses_of_any(self) -> int:
        """How often `Any` stands in an annotation or an alias."""
        return sum(
            isinstance(node, ast.Name) and node.id == "Any" for module in self.modules for node in ast.walk(module.tree)
        )


def rows(package: Package) -> Iterator[tuple[str, object]]:
    """Yield each figure with its name."""
    sizes = [module.lines for module in package.modules]
    bodies = [(node.end_lineno or node.lineno) - node.lineno + 1 for m in package.modules for node in m.functions]
    yield "modules", len(sizes)
    yield "lines", sum(sizes)
    yield "lines a module: mean", round(statistics.mean(sizes))
    yield "lines a module: median", round(statistics.median(sizes))
    yield "lines a module: longest", max(sizes)
    yield "lines a function: longest", max(bodies)
    yield "modules with one importer", sum(len(users) == 1 for users in package.importers.values())
    yield "shallow modules", len(package.shallow())
    yield "classes", sum(len(module.classes) for module in package.modules)
    yield "class names with several meanings", len(package.shared_class_names())
    yield "repeated file names", len(package.repeated_stems())
    yield "functions that walk the field tree", len(package.walkers())
    yield "banned names", len(package.banned_names())
    yield "banned wording", len(package.banned_wording())
    yield "uses of Any", package.uses_of_any()


def _listed(places: dict[str, list[str]]) -> list[str]:
    return [f"{name}: {', '.join(found)}" for name, found in places.items()]


def _counted(places: list[str]) -> list[str]:
    return [f"{count} {module}" for module, count in Counter(one.split(":")[0] for one in places).most_common()]


def main(arguments: list[str]) -> None:
    """Print the figures, then the places to look at."""
    package = Package.read(Path(arguments[0]) if arguments else PACKAGE)
    for name, value in rows(package):
        print(f"{name:<40} {value}")
    for title, places in (
        ("shallow modules", package.shallow()),
        (
            "class names with several meanings",
            [f"{k}: {', '.join(v)}" for k, v in package.shared_class_names().items()],
        ),
        ("repeated file names", [f"{k}: {', '.join(v)}" for k, v in package.repeated_stems().items()]),
        ("banned names", package.banned_names()),
        (
            "banned wording, by module",
            _counted(package.banned_wording()),
        ),
    ):
        print(f"\n{title}:")
        print("\n".join(f"  {place}" for place in places) or "  none")


if __name__ == "__main__":
    main(sys.argv[1:])
