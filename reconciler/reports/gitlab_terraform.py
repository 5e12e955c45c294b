"""GitLab's terraform report (`artifacts:reports:terraform`): the three counts its merge request widget shows."""

import json

from reconciler.model.report import Options, Report


def report(report: Report, options: Options) -> str:  # noqa: ARG001 - every reporter has this signature
    """Count what would be created, updated and deleted, over all environments."""
    sums = [plan.summary() for plan in report.plans]
    counts = {
        "create": sum(one.add for one in sums),
        "update": sum(one.change for one in sums),
        "delete": sum(one.destroy for one in sums),
    }
    return json.dumps(counts) + "\n"
