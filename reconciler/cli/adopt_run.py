"""Runs `adopt`: chooses live objects, writes their manifests into files or onto a branch, and reports."""

import json
import os
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from reconciler.cli.accepted_files import dirty_files, remember_written
from reconciler.cli.branch_run import is_conflict, publish, published_line
from reconciler.cli.command_context import CommandContext
from reconciler.cli.commands.export import exported
from reconciler.cli.files import replace_files, write_new
from reconciler.cli.output import one_line, problems
from reconciler.cli.request_builder import build_plan_request, project, select_environment
from reconciler.errors import ReconcilerError, UsageError, warning
from reconciler.exit_codes import ExitCode
from reconciler.late_methods import dataclass
from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.files.overlay_tree import OverlayTree
from reconciler.manifest.files.project_tree import ProjectTree
from reconciler.model.desired_state import DesiredState
from reconciler.model.diagnostic import Diagnostic, sort_diagnostics
from reconciler.model.plan import Plan
from reconciler.project.adopt_live import append_to, choose_live, is_read, with_shared_values
from reconciler.project.config import Project
from reconciler.project.declared_state import load_from
from reconciler.project.edit_request import EditBranch
from reconciler.project.environment_session import open_environment
from reconciler.project.live_state import doubts, read_everything
from reconciler.project.plan_environment import plan_opened
from reconciler.strings import count


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopting:
    """Which live objects are adopted, and where: new files of the folder `output`, or appended to the file `into`.

    `only_here` puts a condition around each new manifest, so that the environment alone declares it. What several new
    manifests share goes to the values file `values`, where one is named.
    """

    environment: str
    addresses: tuple[str, ...]
    every: bool
    pattern: str
    output: str
    into: str
    values: str
    only_here: bool
    live: str
    force: bool
    parallelism: int


def run_adopt(run: CommandContext, how: Adopting, onto: EditBranch | None) -> int:
    """Write the manifests, print the consequences, and return the exit code."""
    whole = project(run)
    name = select_environment(whole, how.environment)
    ask = build_plan_request(run, live=how.live, parallelism=how.parallelism)
    tree = onto.tree if onto else DiskTree(whole.root)
    manifest = load_from(whole, name, (), tree)
    if not manifest.valid:
        problems(run, manifest.diagnostics)
        return ExitCode.ERROR
    with open_environment(whole, name, ask.access) as opened:
        found = read_everything(opened)
        chosen = choose_live(found, manifest, how.addresses, every=how.every, pattern=how.pattern)
        files, left_out = exported(found, only=chosen.ids, command="adopt")
        pairs = _pairs(whole, how, manifest, files, tree)
        after = OverlayTree(tree, {file: new for file, (_old, new) in pairs.items()})
        others = _declaring_others(whole, name, tree, after) if pairs and not how.only_here else []
        conflict = ""
        if onto is not None and pairs:
            conflict = _published(run, onto, plan_opened(opened, load_from(whole, name, (), after), ask), pairs)
        elif pairs:
            _written(run, whole, how, pairs)
    problems(run, sort_diagnostics((*doubts(found), *left_out)))
    for line in chosen.left_out:
        (run.note if how.every else run.say)(one_line(line))
    if conflict:
        run.say(one_line(conflict))
        return ExitCode.CHANGES
    _announce(run, whole, name, len(files), how.into or how.output, written=onto is None)
    if others:
        problems(run, [_elsewhere(others)])
    return ExitCode.FINE if all(one.reading.complete for one in found) else ExitCode.PARTIAL


def _pairs(
    whole: Project, how: Adopting, manifest: DesiredState, files: Mapping[str, str], tree: ProjectTree
) -> dict[str, tuple[bytes, bytes]]:
    """Return the old and new bytes of each file; those of a new file are empty before."""
    name = select_environment(whole, how.environment)
    if how.into:
        return {how.into: append_to(whole, name, how.into, list(files.values()), manifest, tree=tree)} if files else {}
    folder = os.path.normpath(how.output)
    texts = {os.path.join(folder, os.path.basename(file)): text for file, text in files.items()}
    whose = partial(_own, environment=name) if how.only_here else str
    if how.values and texts:
        if not is_read(whole, how.output):
            hint = "add the folder to `manifests:` first"
            raise UsageError(f"plans do not read {how.output}, and --values is proven by loading it", hint=hint)
        return with_shared_values(whole, name, os.path.normpath(how.values), texts, whose, tree=tree)
    return {path: (b"", whose(text).encode("utf-8", "backslashreplace")) for path, text in texts.items()}


def _own(text: str, environment: str) -> str:
    """Return a manifest that one environment alone declares."""
    return f"{{% if env.name == {json.dumps(environment)} %}}\n{text}{{% endif %}}\n"


def _written(run: CommandContext, whole: Project, how: Adopting, pairs: Mapping[str, tuple[bytes, bytes]]) -> None:
    """Write the files, and remember those that hold nothing but what was written here."""
    edited = {
        file: (old, new) for file, (old, new) in pairs.items() if how.into or file == os.path.normpath(how.values)
    }
    changed = dirty_files(whole.root, {file: old for file, (old, _new) in edited.items()}) if edited else {}
    if changed and not how.force:
        (file, reason), *_ = changed.items()
        code = "E_ACCEPT_DIRTY" if file else "E_ACCEPT_NO_GIT"
        raise UsageError(f"{file}: {reason}" if file else reason, code=code, hint="commit it first, or pass --force")
    if not how.into:
        made = {os.path.basename(file): new.decode() for file, (_old, new) in pairs.items() if file not in edited}
        write_new(run.root, how.output, made, force=how.force)
    replace_files(run.root, edited)
    if not changed and _is_below(whole.root, pairs):
        remember_written(whole.root, {file: new for file, (_old, new) in pairs.items()})


def _is_below(root: Path, files: Iterable[str]) -> bool:
    """Tell whether files are of the project: their paths lead nowhere else."""
    return all(not os.path.isabs(file) and not file.startswith("..") for file in files) and root.is_dir()


def _published(run: CommandContext, onto: EditBranch, plan: Plan, pairs: Mapping[str, tuple[bytes, bytes]]) -> str:
    """Put the files on a branch; return the conflict with the work of another person, or nothing."""
    if not _is_below(onto.tree.root, pairs):
        raise UsageError("a branch has files of the project alone", code="E_PATH", hint="name a folder inside of it")
    try:
        done = publish(run, onto, command="adopt", plan=plan, files={file: new for file, (_old, new) in pairs.items()})
    except ReconcilerError as problem:
        if not is_conflict(problem):
            raise
        return f"{problem.code}: {problem.message} ({problem.hint})"
    run.note(published_line(done))
    return ""


def _declaring_others(whole: Project, name: str, tree: ProjectTree, after: ProjectTree) -> list[str]:
    """Return the other environments that declare the objects as well, each with their number."""
    others = []
    for other in whole.environments:
        if other != name:
            before = {each.address for each in load_from(whole, other, (), tree).resources}
            new = [each for each in load_from(whole, other, (), after).resources if each.address not in before]
            others += [f"{other} ({count(len(new), 'object')})"] if new else []
    return others


def _elsewhere(others: list[str]) -> Diagnostic:
    return warning(
        "W_ADOPT_ELSEWHERE",
        f"{', '.join(others)} read the manifests too, and create the objects where they are not live",
        None,
        hint="with --only-here they are of this environment alone",
    )


def _announce(run: CommandContext, whole: Project, name: str, objects: int, where: str, *, written: bool) -> None:
    """Note the written files, and the owner of the objects after the next apply."""
    if not objects:
        run.note("Nothing to adopt: manifests declare every live object that was asked for.")
        return
    if written:
        run.note(f"Wrote {count(objects, 'manifest')} to {run.path(where)}.")
    if is_read(whole, where):
        run.note(f"The next apply of {name} makes {whole.owner(name)} the owner of {count(objects, 'object')}.")
    else:
        run.note(
            f"Plans do not read {where}: add it to `manifests:` of reconciler.yaml, then the next apply owns them."
        )
