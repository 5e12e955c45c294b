"""Where an audit's work is done: threads of this process, or a Dask cluster; the same executor to the audit."""

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from reconciler.errors import PluginError, UsageError

LOCAL = "local"
"""A cluster of two worker processes on this machine, for the length of the run."""


@contextmanager
def runner(dask: str, width: int) -> Iterator[Executor]:
    """Give an executor: `width` threads, or a Dask cluster at an address (`local` makes one)."""
    if not dask:
        with ThreadPoolExecutor(max_workers=width) as executor:
            yield executor
        return
    with _cluster(dask) as executor:
        yield executor


@contextmanager
def _cluster(address: str) -> Iterator[Executor]:
    if address != LOCAL and not address.startswith(("tcp://", "tls://")):
        raise UsageError(f"--dask {address!r} is no address", hint="write tcp://HOST:PORT, or local")
    try:
        dask: Any = import_module("distributed")
    except ImportError:
        raise PluginError("--dask needs the extra `fleet`", hint="pip install 'reconciler[fleet]'") from None
    if address != LOCAL:
        with dask.Client(address, timeout="30s", set_as_default=False) as client:
            yield client.get_executor(pure=False, retries=3)
        return
    with (
        dask.LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster,
        dask.Client(cluster, set_as_default=False) as client,
    ):
        yield client.get_executor(pure=False, retries=3)
