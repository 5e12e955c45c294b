"""The child that renders templates, for one load of manifests or for several in turn.

Environments of one project mostly have the same templates: a child that renders for all of them is started once, and
compiles each text once.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json

if TYPE_CHECKING:
    from reconciler.manifest.template.worker_process import WorkerLimits, WorkerProcess


@dataclass(frozen=True, slots=True)
class RenderingJob:
    """Files to render, what their templates read, and the texts of those templates that are known."""

    files: Sequence[str]
    context: Mapping[str, Json]
    texts: Mapping[str, str]


class RenderingChild:
    """Child that is started for the first job, and closed where the `with` ends.

    What fails in a child that did a job before, which `is_reused` tells, is to be rendered again in another, so that no
    limit depends on what was rendered earlier.
    """

    def __init__(self, limits: "WorkerLimits | None" = None) -> None:
        self._limits = limits
        self._worker: WorkerProcess | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def is_reused(self) -> bool:
        """Whether the next job is not its first."""
        return self._worker is not None

    def results(
        self, job: RenderingJob, answer: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> Generator[dict[str, Any], None, None]:
        """Yield what came of each file, and answer what the child asks. Raises WorkerDiedError."""
        from reconciler.manifest.template import worker_process  # for start-up: templates that are known need no child
        from reconciler.manifest.template.template_worker import job_message, serve  # for start-up: it loads Jinja

        if self._worker is None:
            limits = self._limits or worker_process.WorkerLimits()
            self._worker = worker_process.WorkerProcess(partial(serve, job, limits), limits)
        else:
            self._worker.send(job_message(job))
        yield from self._worker.results(answer)

    def close(self) -> None:
        """End the child."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None
