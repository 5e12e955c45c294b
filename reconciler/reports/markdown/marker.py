"""The hidden first line by which a comment is found again, so that it is updated in place."""

import hashlib
import re

from reconciler.model.report import Report

_FOUND = re.compile(r"\A<!-- reconciler [\w.,%-]{0,80} -->")
_LONGEST = 60


def marker(report: Report) -> str:
    """Return the marker of a report: one for each set of environments, whatever the plan says."""
    names = ",".join(_encoded(plan.environment) for plan in report.plans) or _encoded(report.command)
    if len(names) > _LONGEST:
        names = hashlib.sha256(names.encode()).hexdigest()[:16]
    return f"<!-- reconciler {names} -->"


def marker_of(body: str) -> str:
    """Return the marker a comment begins with, or nothing where it is not one of ours."""
    found = _FOUND.match(body)
    return found.group() if found else ""


def _encoded(name: str) -> str:
    safe = (char if char.isascii() and (char.isalnum() or char in "._") else _percent(char) for char in name)
    return "".join(safe)


def _percent(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogatepass"))
