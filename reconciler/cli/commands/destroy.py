"""`destroy`: deletes what an environment owns; shows the plan, confirms it, and executes it."""

import typer

from reconciler.cli import flags
from reconciler.cli.apply_run import ApplyRequest, run_apply
from reconciler.cli.command_context import session
from reconciler.cli.lock_timeout import seconds_of
from reconciler.cli.output import parse_output_flags
from reconciler.cli.request_builder import (
    build_plan_request,
    chosen_writer,
    project,
    project_files,
    select_environment,
    selection,
)
from reconciler.model.options import WRITER_SECONDS, GuardOverrides


def destroy(
    context: typer.Context,
    *,
    environment: flags.Env = "",
    label: flags.Labels = None,
    target: flags.Targets = None,
    exclude: flags.Excludes = None,
    files: flags.Files = None,
    set_: flags.Sets = None,
    format_: flags.Format = "text",
    report: flags.Reports = None,
    show_defaults: flags.ShowDefaults = False,
    auto_approve: flags.AutoApprove = False,
    allow_deletes: flags.AllowDeletes = None,
    allow_live: flags.AllowLive = None,
    allow_collapsed: flags.AllowCollapsed = False,
    writer: flags.WriterName = "",
    writer_timeout: flags.WriterTimeout = WRITER_SECONDS,
    lock_timeout: flags.LockTimeout = "",
    today: flags.Today = "",
    parallelism: flags.Parallelism = 8,
) -> int:
    """Delete what the environment owns: shows the plan, and asks.

    It is an apply with an empty desired side: only owned objects go, and only with `prune: owned`. Guards count as
    ever; manifests stay, so that the next plan creates the objects again.
    """
    run = session(context)
    how = parse_output_flags(format_, report, show_defaults=show_defaults)
    writer = chosen_writer(run, writer, writer_timeout)
    part = selection(target, exclude, label, files=project_files(run, files))
    ask = build_plan_request(run, sets=set_, selected=part, today=today, parallelism=parallelism)
    wish = ApplyRequest(
        destroy=True,
        auto_approve=auto_approve,
        writer=writer,
        writer_seconds=writer_timeout,
        lock_timeout=seconds_of(lock_timeout),
        overrides=GuardOverrides(deletes=allow_deletes, live=frozenset(allow_live or ()), collapsed=allow_collapsed),
    )
    whole = project(run)
    return run_apply(run, whole, select_environment(whole, environment), ask=ask, wish=wish, how=how)
