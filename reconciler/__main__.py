"""`python -m reconciler`: the command line."""

import os
import sys


def _safe_path() -> None:
    """Remove the working directory from the import path, so that a repository of manifests cannot provide modules."""
    if not sys.flags.safe_path and sys.path[:1] in ([""], [os.getcwd()]):
        del sys.path[0]


if __name__ == "__main__":
    _safe_path()
    from reconciler.cli import process_main

    raise SystemExit(process_main())
