"""`--branch` and `--open-request`: edits go to a branch and its request, in place of the work tree."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler import __version__
from reconciler.cli.command_context import CommandContext
from reconciler.cli.output import from_repository, one_line
from reconciler.errors import ReconcilerError, UsageError
from reconciler.model.json_types import Json

if TYPE_CHECKING:
    from reconciler.model.plan import Plan
    from reconciler.project.edit_request import EditBranch, PublishedEdits

Branch = Annotated[
    str, typer.Option("--branch", metavar="NAME", help="Commit to this branch, and leave the work tree as it is.")
]
OpenRequest = Annotated[
    bool, typer.Option("--open-request", help="Push the branch, and open or update its pull or merge request.")
]


@contextmanager
def opened_branch(run: CommandContext, name: str, *, opens: bool, force: bool) -> Iterator["EditBranch | None"]:
    """Yield the branch that is written, or None where the work tree is; raises UsageError for a name it cannot have."""
    if not name:
        if opens:
            hint = "name its branch, as in --branch reconciler/accept-production"
            raise UsageError("--open-request is the request of a branch", hint=hint)
        yield None
        return
    from reconciler.project.edit_request import BranchTarget, open_branch

    with open_branch(run.root, BranchTarget(name=name, opens=opens, force=force), run.variables) as branch:
        yield branch


def publish(
    run: CommandContext,
    branch: "EditBranch",
    *,
    command: str,
    plan: "Plan",
    files: Mapping[str, bytes],
    left: Iterable[str] = (),
) -> "PublishedEdits":
    """Commit and push edits, and open or update the request. Raises ReconcilerError."""
    from reconciler.project.edit_request import BranchEdits

    titles = {"accept": "Accept live values of", "adopt": "Adopt live objects of"}
    edits = BranchEdits(
        owner=f"{command} {one_line(plan.environment)}",
        files=files,
        title=f"{titles[command]} {plan.environment}",
        marker=_marker(command, plan),
        body=_description(run, command, plan, files, [*left]),
    )
    return branch.publish(edits)


def _marker(command: str, plan: "Plan") -> str:
    from reconciler.reports.markdown.request_description import request_marker

    return request_marker(command, plan.environment)


def _description(
    run: CommandContext, command: str, plan: "Plan", files: Iterable[str], left: list[str]
) -> Callable[[int], str]:
    """Return the description of a request, by the most bytes that it may have."""
    from reconciler.model.report import Report, ReportOptions
    from reconciler.reports.markdown.request_description import request_description

    prefix = from_repository(run.root)
    options = ReportOptions(tool_version=__version__, prefix=prefix)
    report = run.redactor.value(Report(command="plan", plans=(plan,)))

    def written(limit: int) -> str:
        names = [name if prefix == "." else f"{prefix}/{name}" for name in sorted(files)]
        text = request_description(report, options, command=command, files=names, left=left, limit=limit)
        return run.redactor.text(text)

    return written


def published_line(done: "PublishedEdits") -> str:
    """Return what was done, on one line, with the address of the request."""
    commit = done.commit[:12]
    if not done.base:
        where = f"Committed {commit} to the branch {done.branch}" if done.pushed else f"The branch {done.branch} has it"
        return one_line(f"{where}; push it to open a request.")
    pushed = f"Pushed {commit} to the branch {done.branch}" if done.pushed else f"The branch {done.branch} is unchanged"
    if not done.request:
        return one_line(f"{pushed}; open its request into {done.base} by hand, this host has no interface for it.")
    address = f": {done.url}" if done.url else ""
    return one_line(f"{pushed}; {done.noun} {done.number} {done.request}{address}")


def published_json(done: "PublishedEdits | None") -> dict[str, Json]:
    """Return the keys `branch` and `request` of a JSON document; `request` is null where none was opened."""
    if done is None:
        return {}
    request: Json = {"number": done.number, "url": done.url, "status": done.request} if done.request else None
    branch: Json = {"name": done.branch, "base": done.base, "commit": done.commit, "pushed": done.pushed}
    return {"branch": branch, "request": request}


def is_conflict(problem: ReconcilerError) -> bool:
    """Tell whether an error is another person's work on the branch, which is a refusal."""
    from reconciler.project.edit_request import CONFLICTS

    return problem.code in CONFLICTS
