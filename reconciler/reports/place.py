"""Places as code hosts want them: a path from the repository's root, always on some line."""

from reconciler.model.report import Options
from reconciler.reports.severity import Finding

PROJECT_FILE = "reconciler.yaml"
"""Where a finding without a place of its own is shown, such as a delete: no manifest line is left to point to."""


def file_of(finding: Finding, options: Options) -> str:
    """Return the path of a finding from the repository's root."""
    return placed(finding.position.file if finding.position else PROJECT_FILE, options)


def line_of(finding: Finding) -> int:
    """Return its line, counting from 1."""
    return max(1, finding.position.line) if finding.position else 1


def placed(file: str, options: Options) -> str:
    """Put the project's own path before a file."""
    prefix = options.prefix.strip("/")
    joined = f"{prefix}/{file}" if prefix and prefix != "." else file
    return joined.removeprefix("./")


def told(finding: Finding, *, several: bool) -> str:
    """Return its message with its hint, led by its environment where there are several; hosts refuse an empty one."""
    where = f"{finding.environment}: " if several and finding.environment else ""
    return f"{where}{finding.message or finding.code}" + (f" ({finding.hint})" if finding.hint else "")
