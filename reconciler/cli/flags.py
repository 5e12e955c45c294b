"""Definitions of the flags, shared by all commands."""

from typing import Annotated, Literal

import typer

from reconciler.cli import completion

FORMATS = "text, json, markdown, html, sarif, junit, gitlab, gitlab-terraform, github, script, or a plugin's"
"""The formats of reports: the entry points of reconciler.reporters, named here so that a help page loads none."""

Depth = Literal["list", "auto", "full"]

MANY = 64
"""Most parallel requests of the flag; the service's limits are far below."""

Env = Annotated[
    str,
    typer.Option(
        "-e",
        "--environment",
        metavar="ENV",
        autocompletion=completion.environments,
        help="The environment, as in the project file; by default the only one.",
    ),
]
Envs = Annotated[
    list[str] | None,
    typer.Option(
        "-e",
        "--environment",
        metavar="ENV",
        autocompletion=completion.environments,
        help="An environment; give it again for more, none for all.",
    ),
]
Labels = Annotated[
    list[str] | None,
    typer.Option(
        "-l", "--label", metavar="LABEL=VALUE", autocompletion=completion.labels, help="Only manifests with this label."
    ),
]
Targets = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        metavar="ADDRESS",
        autocompletion=completion.addresses,
        help="Only this resource: address, name or glob; repeatable.",
    ),
]
Excludes = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude",
        metavar="ADDRESS",
        autocompletion=completion.addresses,
        help="All but this resource: address, name or glob; repeatable.",
    ),
]
Files = Annotated[
    list[str] | None,
    typer.Option("-f", "--file", metavar="FILE", help="Only what this file or folder declares; repeatable."),
]
WithDependencies = Annotated[
    bool, typer.Option("--with-dependencies", help="With what --target and -l choose, what it refers to.")
]
Sets = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Set a template value; wins over values files.")
]
Format = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="FORMAT",
        autocompletion=completion.formats,
        help=f"How the report on stdout is written: {FORMATS}.",
    ),
]
Reports = Annotated[
    list[str] | None,
    typer.Option(
        "--report",
        metavar="FORMAT=FILE",
        autocompletion=completion.reports,
        help="Write the report to a file as well, in a format of --format; repeatable.",
    ),
]
Parallelism = Annotated[
    int, typer.Option("--parallelism", min=1, max=MANY, metavar="N", help="Requests at the same time.")
]
Today = Annotated[
    str,
    typer.Option(
        "--today", metavar="YYYY-MM-DD", help="The date that decides which rules have expired; by default today in UTC."
    ),
]
DepthOf = Annotated[Depth, typer.Option("--depth", help="How deep live is read: list never asks for single objects.")]
Untrusted = Annotated[
    bool,
    typer.Option("--untrusted", help="Treat the manifests as untrusted: ignore the project's endpoints and secrets."),
]
NoCache = Annotated[
    bool, typer.Option("--no-cache", help="Check every manifest again, also those that did not change.")
]
Base = Annotated[
    str, typer.Option("--base", metavar="REV", help="The commit to tell this branch's changes from drift by.")
]
LiveFile = Annotated[str, typer.Option("--live", metavar="FILE", help="Read live from a snapshot, not from the API.")]
LedgerUrl = Annotated[
    str, typer.Option("--ledger", metavar="URL", help="Keep results in this ledger, not in the environments' own.")
]
Refresh = Annotated[
    Literal["changed", "full"], typer.Option("--refresh", help="With full, the read cache is not believed.")
]
Detailed = Annotated[
    bool, typer.Option("--detailed-exitcode", help="Exit 2 where there are changes, 0 only where there are none.")
]
FailOn = Annotated[
    str,
    typer.Option(
        "--fail-on",
        metavar="LIST",
        autocompletion=completion.classes,
        help="Exit 2 only for these, with commas between: config, drift, conflict, pending, already, unattributed.",
    ),
]
ShowDefaults = Annotated[
    bool, typer.Option("--show-defaults", help="List the documented defaults of new and destroyed objects.")
]
Out = Annotated[
    str, typer.Option("-o", "--out", metavar="FILE", help="Keep the plan for `apply FILE`: it plans again and checks.")
]

AutoApprove = Annotated[bool, typer.Option("--auto-approve", help="Do not ask, --adopt included.")]
AllowDeletes = Annotated[
    int | None, typer.Option("--allow-deletes", min=0, metavar="N", help="Exactly so many deletes are meant.")
]
AllowLive = Annotated[
    list[str] | None, typer.Option("--allow-live", metavar="NAME", help="This room may be deleted on air.")
]
AllowCollapsed = Annotated[bool, typer.Option("--allow-collapsed", help="That live shrank this much is known.")]
WriterName = Annotated[
    str, typer.Option("--writer", metavar="NAME", help="What applying means; else RECONCILER_WRITER, else http.")
]
WriterTimeout = Annotated[
    float,
    typer.Option(
        "--writer-timeout",
        min=0.1,
        max=86_400,
        metavar="SECONDS",
        help="How long one change may take in a program.",
    ),
]
LockTimeout = Annotated[
    str, typer.Option("--lock-timeout", metavar="TIME", help="How long to wait for the lock (30s, 5m).")
]
