"""The commands, in the order the help shows them."""

from collections.abc import Callable
from typing import Any

from reconciler.cli.commands.init import init
from reconciler.cli.commands.plan import plan
from reconciler.cli.commands.render import render
from reconciler.cli.commands.schema import schema
from reconciler.cli.commands.show import show
from reconciler.cli.commands.simulate import simulate
from reconciler.cli.commands.validate import validate

COMMANDS: dict[str, Callable[..., Any]] = {
    "init": init,
    "validate": validate,
    "render": render,
    "plan": plan,
    "show": show,
    "schema": schema,
    "simulate": simulate,
}
