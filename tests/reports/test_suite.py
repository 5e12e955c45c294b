"""Our own reporters pass the suite that every reporter must pass."""

from importlib.metadata import entry_points

import pytest

from reconciler.model.report import Report, ReportOptions
from reconciler.testing.reporter_suite import ReporterSuite


@pytest.fixture(params=sorted(entry.name for entry in entry_points(group="reconciler.reporters")), autouse=True)
def _reporter(request: pytest.FixtureRequest) -> None:
    """Put one reporter after the other into the suite."""
    (entry,) = (found for found in entry_points(group="reconciler.reporters") if found.name == request.param)
    request.cls.reporter = staticmethod(entry.load())


class TestEveryReporter(ReporterSuite):
    @staticmethod
    def reporter(report: Report, options: ReportOptions) -> str:
        raise NotImplementedError("the fixture puts each of ours here")
