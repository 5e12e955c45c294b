"""`simulate`: serves a simulated API on loopback for other programs."""

from contextlib import nullcontext
from typing import Annotated

import typer

from reconciler.cli.command_context import session
from reconciler.cli.files import open_log
from reconciler.cli.output import write_out
from reconciler.exit_codes import ExitCode


def simulate(
    context: typer.Context,
    *,
    seed: Annotated[str, typer.Option("--seed", metavar="FILE", help="What it holds at the start; else nothing.")] = "",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, metavar="N", help="0 takes a free one.")] = 0,
    log: Annotated[str, typer.Option("--log", metavar="FILE", help="Write requests there, a JSON line each.")] = "",
) -> int:
    """Serve a simulated API on 127.0.0.1.

    The address is printed first and then nothing; it stops on SIGTERM. A seed file declares its
    objects and its behaviour.
    """
    from reconciler.simulator import Simulator, load_seed
    from reconciler.simulator.server import serve

    run = session(context)
    simulator = Simulator(load_seed(run.path(seed), seed) if seed else {})
    with open_log(run.root, log) if log else nullcontext() as sink:
        serve(simulator, port, sink, write_out)
    return ExitCode.FINE
