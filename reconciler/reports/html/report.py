"""Self-contained HTML page for a plan, an audit or an apply.

No network, no inline handler, a policy that allows the page's own style and script by their hashes and nothing else.
The page is complete without its script, which only filters and folds. Every value is escaped.
"""

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from reconciler.model.report import Report, ReportOptions
from reconciler.reports import escaping
from reconciler.reports.html.page import page_of


def report(report: Report, options: ReportOptions) -> str:
    """Render a report as one HTML document."""
    style, script = _asset("style.css"), _asset("script.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    own = {"style": Markup(style), "script": Markup(script)}  # noqa: S704 - the package's own files
    return _template().render(page=page_of(report, options), policy=policy, **own)


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, finalize=escaping.html, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_asset("page.html.j2"))


def _asset(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
