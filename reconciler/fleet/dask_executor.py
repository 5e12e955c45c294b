"""Executor of an audit: threads of this process, or a Dask cluster, with the same interface."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any

from reconciler.errors import PluginError, ReconcilerError, UsageError
from reconciler.threads import thread_pool

RETRIES = 3
"""Retries of a batch on another worker after one was lost, and after a scheduler gave it up."""


class DaskExecutor(Executor):
    """Submits work to the workers of a Dask client, and returns futures of the standard library."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = threading.Lock()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Submit a call to any worker; the future holds its result, or the error."""
        answer: Future[Any] = Future()
        self._send(answer, RETRIES, fn, *args, **kwargs)
        return answer

    def _send(self, answer: Future[Any], left: int, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> None:
        def ended(sent: Any) -> None:
            try:
                result = sent.result()
            except BaseException as error:  # of any kind: a missing result is worse than any error
                if left and _given_up(error):
                    self._send(answer, left - 1, fn, *args, **kwargs)
                else:
                    self._end(answer, error)
            else:
                self._end(answer, None, result)

        try:
            sent = self._client.submit(fn, *args, pure=False, retries=RETRIES, **kwargs)
        except Exception as error:  # the client is closed: this may be its own thread, where an error would be lost
            self._end(answer, error)
            return
        sent.add_done_callback(ended)
        if self._client.status != "running":  # it connects again, and gave up only what was sent before
            self._end(answer, ConnectionError("the scheduler does not answer"))

    def _end(self, answer: Future[Any], error: BaseException | None, result: Any = None) -> None:
        """Complete a future with what came first: its end, or the loss of the scheduler."""
        with self._lock:
            if answer.done():
                return
            if error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(result)


def _given_up(error: BaseException) -> bool:
    from distributed import KilledWorker

    return isinstance(error, KilledWorker)


LOCAL = "local"
"""Cluster of worker processes on this machine, for the duration of the run."""
WORKERS = 2
"""Processes of a local cluster; each visits `width` environments at a time."""
STARTS = 8
"""Restarts of a local cluster where a worker was lost before it had started."""

_SETTINGS = {
    "distributed.scheduler.allowed-failures": 10,  # it counts batches that only waited on a lost worker, too
    "distributed.comm.timeouts.connect": "10s",
    "distributed.comm.timeouts.tcp": "30s",
    "logging": {"distributed": "critical", "tornado": "critical", "asyncio": "critical"},
}


@contextmanager
def open_executor(dask: str, width: int) -> Iterator[Executor]:
    """Yield an executor: `width` threads, or a Dask cluster at an address (`local` creates one)."""
    if not dask:
        with thread_pool(width) as executor:
            yield executor
        return
    if dask != LOCAL and not dask.startswith(("tcp://", "tls://")):
        raise UsageError(f"--dask {dask!r} is no address", hint="write tcp://HOST:PORT, or local")
    try:
        import distributed
    except ImportError:
        raise PluginError("--dask needs the extra `fleet`", hint="pip install 'reconciler[fleet]'") from None
    with _cluster(distributed, dask, width) as client:
        yield DaskExecutor(client)


@contextmanager
def _cluster(distributed: Any, address: str, width: int) -> Iterator[Any]:
    from dask import config

    with config.set(_SETTINGS):
        if address != LOCAL:
            with _connected(distributed, address) as client:
                yield client
            return
        with _started(distributed, width) as cluster, distributed.Client(cluster, set_as_default=False) as client:
            yield client


def _started(distributed: Any, width: int) -> Any:
    """Start a local cluster. Dask replaces a worker that is lost later, but one lost at start ends all."""
    for left in reversed(range(STARTS)):
        try:
            return distributed.LocalCluster(
                n_workers=WORKERS,
                threads_per_worker=max(1, width // WORKERS),
                host="127.0.0.1",
                dashboard_address=None,
                silence_logs=50,
            )
        except (RuntimeError, OSError) as error:
            why = str(error) or type(error).__name__
            if not left:
                raise ReconcilerError(
                    f"no Dask workers could be started on this machine, {STARTS} times: {why}",
                    code="E_DASK",
                    hint="leave out --dask: threads find the same",
                ) from None
    raise AssertionError("the last start returns or raises")


def _connected(distributed: Any, address: str) -> Any:
    try:
        return distributed.Client(address, timeout="10s", set_as_default=False)
    except OSError as error:
        raise ReconcilerError(
            f"no Dask scheduler answers at {address}: {type(error).__name__}",
            code="E_DASK",
            hint="start one with `dask scheduler`, or leave out --dask",
        ) from None
