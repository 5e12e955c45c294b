"""Options that plan, apply and destroy share, each spelled once: `grouped` gives a command those of its parameters."""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, get_type_hints

from reconciler.cli import flags
from reconciler.cli.command_context import CommandContext
from reconciler.cli.lock_timeout import seconds_of
from reconciler.cli.output import OutputOptions, parse_output_flags
from reconciler.cli.request_builder import build_plan_request, chosen_writer, project_files, selection
from reconciler.late_methods import dataclass
from reconciler.model.options import WRITER_SECONDS, GuardOverrides

if TYPE_CHECKING:
    from reconciler.cli.apply_run import ApplyRequest
    from reconciler.project.plan_environment import PlanRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class PartOptions:
    """The environment, the part of it, and the inputs of its plan."""

    environment: flags.Env = ""
    label: flags.Labels = None
    target: flags.Targets = None
    exclude: flags.Excludes = None
    files: flags.Files = None
    set_: flags.Sets = None
    today: flags.Today = ""
    parallelism: flags.Parallelism = 8
    no_cache: flags.NoCache = False

    def request(self, run: CommandContext, *, with_dependencies: bool = False, **more: Any) -> "PlanRequest":
        """Return the request for a plan; `more` is as for build_plan_request. Raises UsageError."""
        part = selection(
            self.target,
            self.exclude,
            self.label,
            with_dependencies=with_dependencies,
            files=project_files(run, self.files),
        )
        return build_plan_request(
            run, sets=self.set_, selected=part, today=self.today, parallelism=self.parallelism, **more
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFlags:
    """How the report of a plan is written."""

    format_: flags.Format = "text"
    report: flags.Reports = None
    show_defaults: flags.ShowDefaults = False

    def parsed(self) -> OutputOptions:
        """Return the output options. Raises UsageError."""
        return parse_output_flags(self.format_, self.report, show_defaults=self.show_defaults)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOptions:
    """Approval, guards, writer and lock of a command that writes."""

    auto_approve: flags.AutoApprove = False
    allow_deletes: flags.AllowDeletes = None
    allow_live: flags.AllowLive = None
    allow_collapsed: flags.AllowCollapsed = False
    writer: flags.WriterName = ""
    writer_timeout: flags.WriterTimeout = WRITER_SECONDS
    lock_timeout: flags.LockTimeout = ""

    def request(self, run: CommandContext, *, allow_empty: bool = False, **more: Any) -> "ApplyRequest":
        """Return the request for an apply; `more` are further fields of it. Raises UsageError."""
        from reconciler.cli.apply_run import ApplyRequest  # for start-up: a plan has none

        return ApplyRequest(
            auto_approve=self.auto_approve,
            writer=chosen_writer(run, self.writer, self.writer_timeout),
            writer_seconds=self.writer_timeout,
            lock_timeout=seconds_of(self.lock_timeout),
            overrides=GuardOverrides(
                deletes=self.allow_deletes,
                live=frozenset(self.allow_live or ()),
                empty=allow_empty,
                collapsed=self.allow_collapsed,
            ),
            **more,
        )


def grouped(command: Callable[..., int]) -> Callable[..., int]:
    """Return a command whose parameters that are such dataclasses are replaced by the options in them.

    The command line parser reads the signature; the command itself gets the dataclasses.
    """
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, Any] = {name: hint for name, hint in hints.items() if is_dataclass(hint)}
    own = [each for each in inspect.signature(command).parameters.values() if each.name not in groups]
    shared = [_parameter(each) for hint in groups.values() for each in fields(hint)]

    @wraps(command)
    def run(*arguments: Any, **given: Any) -> int:
        made = {
            name: hint(**{each.name: given.pop(each.name) for each in fields(hint)}) for name, hint in groups.items()
        }
        return command(*arguments, **given, **made)

    run.__signature__ = inspect.Signature([*own, *shared])  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in (*own, *shared)}
    return run


def _parameter(each: "Field[Any]") -> inspect.Parameter:
    default = inspect.Parameter.empty if each.default is MISSING else each.default
    return inspect.Parameter(each.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=each.type)
