"""From flags to a plan: which environment, which manifests, which live side. Shared by every command that plans."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.session import Session
from reconciler.errors import UsageError
from reconciler.model.manifest import Manifest
from reconciler.model.plan import Plan
from reconciler.model.reading import Usage
from reconciler.model.settings import Selection

if TYPE_CHECKING:
    from reconciler.environment.open import Access, Opened
    from reconciler.environment.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a command line asks to be planned."""

    sets: tuple[str, ...] = ()
    selection: Selection = field(default_factory=Selection)
    depth: str = "auto"
    today: str = ""
    untrusted: bool = False
    base: str = ""
    live: str = ""
    full: bool = False
    parallelism: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan with the manifests it was made of and what reading cost; no plan where the manifests are wrong."""

    manifest: Manifest
    plan: Plan | None = None
    usage: Usage = field(default_factory=Usage)


def selection(targets: Sequence[str] | None, excludes: Sequence[str] | None, labels: Sequence[str] | None) -> Selection:
    """Read `--target`, `--exclude` and `-l`; raises UsageError."""
    return Selection(targets=tuple(targets or ()), excludes=tuple(excludes or ()), labels=dict(_labels(labels or ())))


def _labels(items: Iterable[str]) -> Iterable[tuple[str, str]]:
    for item in items:
        name, equals, value = item.partition("=")
        if not name or not equals:
            raise UsageError(f"-l {item!r} is not LABEL=VALUE", hint="write -l team=shop")
        yield name, value


def project(session: Session, *, untrusted: bool = False) -> "Project":
    """Load the project in the run's folder."""
    from reconciler.environment.load import load_project

    if untrusted:
        session.note("Untrusted: endpoints, credentials and ledgers of the project file are ignored.")
    return load_project(session.root, untrusted=untrusted)


def chosen(project: "Project", name: str) -> str:
    """Return the environment that is meant: the one named, else the only one; raises UsageError."""
    known = ", ".join(project.environments)
    if not name and len(project.environments) == 1:
        return next(iter(project.environments))
    if not name:
        raise UsageError("which environment?", code="E_ENV_NEEDED", hint=f"choose one with -e: {known}")
    if name not in project.environments:
        raise UsageError(f"there is no environment {name!r}", code="E_ENV_UNKNOWN", hint=_closest(name, known))
    return name


def _closest(name: str, known: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known.split(", "), 1)
    return f"did you mean {close[0]!r}?" if close else f"there are {known}"


def manifest(project: "Project", name: str, ask: Ask) -> Manifest:
    """Render, parse and validate what is declared for one environment; problems are in the result."""
    from reconciler.environment.open import scope_of
    from reconciler.manifest import load
    from reconciler.manifest.tree import DiskTree

    environment = project.environments[name]
    return load(
        DiskTree(project.root),
        entries=tuple(project.file.manifests),
        values=(*project.file.values, *environment.values),
        sets=ask.sets,
        env_name=name,
        scope=scope_of(environment),
        untrusted=project.untrusted,
    )


def access(session: Session, ask: Ask) -> "Access":
    """Return how this run may reach the live side."""
    from reconciler.environment.open import Access

    return Access(
        variables=session.variables,
        parallelism=ask.parallelism,
        live=session.path(ask.live) if ask.live else None,
        full=ask.full,
        today=session.today(ask.today),
    )


def planned(session: Session, project: "Project", name: str, ask: Ask) -> Planned:
    """Plan one environment; without a plan where its manifests are wrong."""
    from reconciler.environment.open import open_environment

    declared = manifest(project, name, ask)
    if not declared.valid:
        return Planned(manifest=declared)
    with open_environment(project, name, access(session, ask)) as opened:
        plan = plan_opened(session, project, opened, declared, ask)
        return Planned(manifest=declared, plan=plan, usage=opened.reader.usage)


def plan_opened(session: Session, project: "Project", opened: "Opened", declared: Manifest, ask: Ask) -> Plan:
    """Plan an environment that is open already."""
    from reconciler.environment.open import settings
    from reconciler.pipeline.plan import plan

    wanted = settings(project, opened.name, selection=ask.selection, depth=ask.depth, today=session.today(ask.today))
    base = base_manifest(project, opened.name, ask) if ask.base else None
    return plan(declared, opened.reader, opened.past(), wanted, base=base)


def base_manifest(project: "Project", name: str, ask: Ask) -> Manifest:
    """Return what was declared for the environment at `--base`."""
    raise NotImplementedError(Path(project.root), name, ask)
