"""An executor over a Dask client whose every future ends, whatever the cluster does.

Dask's own (`Client.get_executor`) leaves a future open for ever where the scheduler is lost while an answer is on its
way, and an audit would wait for it without end. And a scheduler gives up an errand after some lost workers, though it
was only waiting there; it is sent again.
"""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

RETRIES = 3
"""How often an errand is given to another worker after one was lost, and sent again once a scheduler gave it up."""


class Answers(Executor):
    """Sends work to the workers of a Dask client, and gives back futures of the standard library."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Send a call to any worker; the future holds its result, or why there is none."""
        answer: Future[Any] = Future()
        self._send(answer, RETRIES, fn, *args, **kwargs)
        return answer

    def _send(self, answer: Future[Any], left: int, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> None:
        def ended(sent: Any) -> None:
            try:
                result = sent.result()
            except BaseException as error:  # of any kind: an answer that never comes is worse than any error
                if left and _given_up(error):
                    self._send(answer, left - 1, fn, *args, **kwargs)
                else:
                    answer.set_exception(error)
            else:
                answer.set_result(result)

        try:
            sent = self._client.submit(fn, *args, pure=False, retries=RETRIES, **kwargs)
        except Exception as error:  # the client is closed: this may be its own thread, where nobody would see it
            answer.set_exception(error)
        else:
            sent.add_done_callback(ended)


def _given_up(error: BaseException) -> bool:
    from distributed import KilledWorker

    return isinstance(error, KilledWorker)
