"""Commands, in the order in which the help lists them."""

from collections.abc import Callable
from typing import Any

import typer

from reconciler.cli.commands.accept import accept
from reconciler.cli.commands.adopt import adopt
from reconciler.cli.commands.apply import apply
from reconciler.cli.commands.audit import audit
from reconciler.cli.commands.comment import comment
from reconciler.cli.commands.compare import compare
from reconciler.cli.commands.describe import describe
from reconciler.cli.commands.destroy import destroy
from reconciler.cli.commands.doctor import doctor
from reconciler.cli.commands.events import events
from reconciler.cli.commands.explain import explain
from reconciler.cli.commands.export import export
from reconciler.cli.commands.get import get
from reconciler.cli.commands.help import show_help
from reconciler.cli.commands.history import history
from reconciler.cli.commands.init import init
from reconciler.cli.commands.lock import lock
from reconciler.cli.commands.plan import plan
from reconciler.cli.commands.render import render
from reconciler.cli.commands.replay import replay
from reconciler.cli.commands.schema import schema
from reconciler.cli.commands.show import show
from reconciler.cli.commands.simulate import simulate
from reconciler.cli.commands.snapshot import snapshot
from reconciler.cli.commands.test import run_tests
from reconciler.cli.commands.validate import validate
from reconciler.cli.commands.version import version

COMMANDS: dict[str, Callable[..., Any] | typer.Typer] = {
    "init": init,
    "validate": validate,
    "test": run_tests,
    "events": events,
    "render": render,
    "replay": replay,
    "plan": plan,
    "apply": apply,
    "accept": accept,
    "adopt": adopt,
    "destroy": destroy,
    "show": show,
    "comment": comment,
    "explain": explain,
    "get": get,
    "describe": describe,
    "export": export,
    "snapshot": snapshot,
    "audit": audit,
    "compare": compare,
    "doctor": doctor,
    "history": history,
    "lock": lock,
    "schema": schema,
    "simulate": simulate,
    "version": version,
    "help": show_help,
}
