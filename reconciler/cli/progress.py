"""How far a long run is, on a terminal's stderr only; in pipes and CI nothing moves."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from reconciler.cli.session import Session
from reconciler.cli.streams import moving
from reconciler.strings import escape_control


@contextmanager
def progress(session: Session, what: str, total: int | None = None) -> Iterator[Callable[[], None]]:
    """Show what goes on for the length of a `with`; calling the value moves it on by one."""
    if session.quiet or session.verbose or session.log.form != "text" or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    columns = [
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        *((BarColumn(), MofNCompleteColumn()) if total else ()),
    ]
    with Progress(*columns, console=moving(color=session.color), transient=True) as shown:
        task = shown.add_task(escape_control(what), total=total)
        yield lambda: shown.advance(task)
