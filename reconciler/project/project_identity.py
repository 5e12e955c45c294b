"""Ownership: a project's id, the checks that require it, and findings about other owners."""

import shlex
from collections.abc import Iterator, Mapping
from uuid import uuid4

from reconciler.errors import LedgerError
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.ledger_state import LedgerState
from reconciler.model.plan import Plan
from reconciler.project.config import Project

NO_ID = "E_PROJECT_ID"
SHARED_ID = "E_PROJECT_ID_SHARED"


def new_id() -> str:
    """Return a new id for a project."""
    return str(uuid4())


def id_hint() -> str:
    """Return the hint about adding an id, which ends with the line to add."""
    return f"run `reconciler init --id`, or add this line to reconciler.yaml:  id: {new_id()}"


def is_shared(url: str) -> bool:
    """Return whether projects of several machines may share a ledger at a URL."""
    return url.partition(":")[0].partition("+")[0] in ("postgresql", "postgres")


def missing_ids(project: Project) -> Iterator[Diagnostic]:
    """Yield one problem for all environments that require the project's id, where it has none."""
    if project.file.id or project.untrusted:
        return
    for name, environment in project.environments.items():
        key = "prune" if environment.prune == "owned" else "ledger" if is_shared(environment.ledger) else ""
        if key:
            yield Diagnostic(
                severity=Severity.ERROR,
                code=NO_ID,
                message=f"`environments.{name}.{key}` needs the project's `id`: names do not tell who owns an object",
                path=f"environments.{name}.{key}",
            )
            return


def check_identified(project: Project, url: str) -> None:
    """Raise LedgerError (E_PROJECT_ID) for a ledger that may be shared, where this project has no id."""
    if is_shared(url) and not project.file.id:
        raise LedgerError("a ledger in PostgreSQL needs the project's `id`", code=NO_ID, hint=id_hint())


def shared_id(project: Project, past: LedgerState) -> str:
    """Return the problem that another repository uses the project's id in this ledger; empty where there is none."""
    mine = f"{project.file.id}/"
    others = {owner: roots for owner, roots in past.roots.items() if owner.startswith(mine) and roots}
    if not project.file.id or not others:
        return ""
    here = project.identity.roots()
    owner = next((owner for owner, roots in others.items() if here and not here & roots), "")
    if not owner:
        return ""
    return (
        f"another repository uses the project id {project.file.id} as {past.name_of(owner)}: its history begins with "
        f"{', '.join(one[:12] for one in sorted(others[owner]))}, this one's with "
        f"{', '.join(one[:12] for one in sorted(here))}"
    )


def check_unshared(project: Project, environment: str, past: LedgerState) -> None:
    """Raise LedgerError (E_PROJECT_ID_SHARED) where another repository uses the id: each would delete the other's."""
    if reason := shared_id(project, past):
        raise LedgerError(reason, code=SHARED_ID, hint=shared_id_hint(environment))


def shared_id_hint(environment: str) -> str:
    """Return the hint for two repositories with one id."""
    return (
        "in a copy, take the `id` line out and run `reconciler init --id`; where the history was rewritten, "
        f"confirm it: reconciler history transfer --from {environment} -e {environment}"
    )


def ownership_findings(project: Project, name: str, past: LedgerState, plan: Plan) -> Iterator[Diagnostic]:
    """Yield the findings about the owners of a plan's objects."""
    if said := shared_id(project, past):
        yield _warning("W_PROJECT_ID_SHARED", said, shared_id_hint(name))
    live = {(one.kind, one.id) for one in plan.changes} | {(one.kind, one.id) for one in plan.unmanaged}
    declared = {(one.kind, one.id) for one in plan.adopting}
    theirs: dict[str, list[tuple[str, str]]] = {}
    for key, thing in past.objects.items():
        if not past.owns(thing) and key in live:
            theirs.setdefault(thing.owner, []).append(key)
    for owner, keys in sorted(theirs.items()):
        wanted = declared.intersection(keys)
        if wanted or _is_gone(project, past, owner):
            yield _owned_by(past.name_of(owner), name, len(keys), len(wanted))


def owner_named(project: Project, asked: str, owners: Mapping[str, int], names: Mapping[str, str], target: str) -> str:
    """Return the owner with a name or id. Raises LedgerError (E_OWNER_UNKNOWN) that lists all owners.

    An environment's name alone means one of this project. The target itself is accepted as confirmation.
    """
    known = {**dict.fromkeys(owners, ""), target: ""}
    if asked in known:
        return asked
    spelled = {owner: {owner, names.get(owner, owner), project.identity.name_of(owner)} for owner in known}
    for words in ({asked}, {f"{project.name}/{asked}", project.owner(asked)}):
        found = [owner for owner, its in spelled.items() if its & words]
        if len(found) == 1:
            return found[0]
        if found:
            raise LedgerError(
                f"{asked} is the name of {len(found)} owners", code="E_OWNER_UNKNOWN", hint=f"say {' or '.join(found)}"
            )
    listed = ", ".join(f"{names.get(owner, owner)} ({number})" for owner, number in owners.items()) or "none"
    raise LedgerError(f"no owner is named {asked}", code="E_OWNER_UNKNOWN", hint=f"owners: {listed}")


def _is_gone(project: Project, past: LedgerState, owner: str) -> bool:
    """Whether an owner is this project itself, under its former name or in an environment it no longer has."""
    mine, _, environment = owner.rpartition("/")
    if owner == past.former:
        return True
    return mine in (project.file.id, project.name) and environment not in project.environments


def _owned_by(owner: str, name: str, number: int, wanted: int) -> Diagnostic:
    objects = "1 object is" if number == 1 else f"{number:,} objects are"
    part = f", {wanted:,} of them to adopt here" if wanted else ""
    return _warning(
        "W_OWNED_ELSEWHERE",
        f"{objects} owned by {owner}{part}",
        f"if that was renamed, take all of it over: reconciler history transfer --from {shlex.quote(owner)} -e {name}",
    )


def _warning(code: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(severity=Severity.WARNING, code=code, message=message, hint=hint)
