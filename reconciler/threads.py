"""Thread pools that are not joined after an interruption."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, Protocol, TypeVar

Result = TypeVar("Result")
Item = TypeVar("Item")
Arguments = ParamSpec("Arguments")


class ParallelMap(Protocol):
    """Calls a function for each item, concurrently or sequentially, in order: an executor's `map`, or `map`."""

    def __call__(self, function: Callable[[Item], Result], items: Iterable[Item], /) -> Iterator[Result]:
        """Return the results in the order of the items."""
        ...


class InlineExecutor(Executor):
    """Executor of one call at a time: each is completed, in the thread that submits it, before the next begins.

    An interruption is raised where the call was submitted; every other error is the future's.
    """

    def submit(
        self, fn: Callable[Arguments, Result], /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Future[Result]:
        """Call a function, and return its result as a future."""
        answer: Future[Result] = Future()
        try:
            answer.set_result(fn(*args, **kwargs))
        except Exception as error:
            answer.set_exception(error)
        return answer


@contextmanager
def thread_pool(workers: int, name: str = "") -> Iterator[Executor]:
    """Yield an executor; on exit it completes all work, or after an interruption cancels what has not started.

    One worker is the calling thread itself.
    """
    if workers == 1:
        yield InlineExecutor()
        return
    pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix=name)
    try:
        yield pool
    except Exception:
        pool.shutdown()
        raise
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


@contextmanager
def parallel_map(workers: int, name: str = "") -> Iterator[ParallelMap]:
    """Yield a map over a pool of threads; one worker is the calling thread itself, which needs no pool."""
    if workers == 1:
        yield map
        return
    with thread_pool(workers, name) as pool:
        yield pool.map
