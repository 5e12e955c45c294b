"""What an audit keeps in a ledger: a row for each environment when it is done, and since when things drift.

It goes to the ledger that is named for the run, else to the ledgers that environments name or have already; an audit
makes none by itself. A row holds the whole result, so that a run that was broken off goes on with the environments that
have none yet, and still tells of all.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from reconciler.environment.books import ledger_url
from reconciler.environment.planning import Planned
from reconciler.environment.project import Project
from reconciler.errors import LedgerError
from reconciler.fleet.drift import found
from reconciler.fleet.visited import Visited
from reconciler.ledger import Audits, open_audits
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.history import Drift
from reconciler.model.manifest import Manifest
from reconciler.model.plan import Plan
from reconciler.model.plan_json import encode
from reconciler.model.plan_read import decode
from reconciler.model.reading import Usage


@dataclass(slots=True, kw_only=True)
class Records:
    """The ledgers of an audit, each opened once. `url` is the one for all; `mask` is applied to all that is kept."""

    project: Project
    url: str = ""
    mask: Callable[[Any], Any] = lambda value: value
    opened: dict[str, Audits] = field(default_factory=dict)

    def recordable(self, name: str) -> bool:
        """Whether what is found in an environment is kept anywhere."""
        return bool(self._url(name))

    def keep(self, run: str, some: Sequence[Visited]) -> tuple[Visited, ...]:
        """Keep the results of some environments; where that fails they say so, and the audit goes on."""
        by_url: dict[str, list[Visited]] = {}
        for one in some:
            by_url.setdefault(self._url(one.environment), []).append(one)
        return tuple(one for url, group in by_url.items() for one in self._kept(url, run, group))

    def done(self, run: str, names: Sequence[str]) -> dict[str, Visited]:
        """Return what a run has found already, by environment."""
        rows = {owner: text for url in self._urls(names) for owner, text in self._ledger(url).done(run).items()}
        known = {name: rows.get(self.project.owner(name)) for name in names}
        return {name: _visited(name, json.loads(text)) for name, text in known.items() if text is not None}

    def drift(self, names: Sequence[str]) -> tuple[Drift, ...]:
        """Return what was ever found to differ in these environments: what still does first, oldest first."""
        owners = {self.project.owner(name) for name in names}
        everything = (one for url in self._urls(names) for one in self._ledger(url).drift(f"{self.project.name}/"))
        found = (one for one in everything if one.owner in owners)
        return tuple(sorted(found, key=lambda one: (not one.open, one.since, one.owner, one.address, one.path)))

    def close(self) -> None:
        """Let go of every ledger."""
        for ledger in self.opened.values():
            ledger.close()

    def _kept(self, url: str, run: str, some: Sequence[Visited]) -> Sequence[Visited]:
        if not url:
            return some
        try:
            self._ledger(url).keep(
                run, [found(self.project.owner(one.environment), one, self._text(one)) for one in some]
            )
        except LedgerError as error:
            return [replace(one, findings=(*one.findings, _unrecorded(one.environment, error))) for one in some]
        return some

    def _text(self, one: Visited) -> str:
        return json.dumps(self.mask(_row(one)), ensure_ascii=False)

    def _url(self, name: str) -> str:
        return "" if self.project.untrusted else self.url or ledger_url(self.project, name)

    def _urls(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(url for url in map(self._url, names) if url))

    def _ledger(self, url: str) -> Audits:
        if url not in self.opened:
            self.opened[url] = open_audits(url, root=self.project.root)
        return self.opened[url]


_HOLDER = "(problems)"
"""The environment of a plan that stands for problems alone: the JSON form of plans is there and back already."""


def _row(one: Visited) -> dict[str, Any]:
    usage = one.planned.usage if one.planned else Usage()
    return {
        "plan": encode(one.plan) if one.plan else None,
        "diagnostics": _told(one.diagnostics),
        "findings": _told(one.findings),
        "usage": asdict(usage),
        "seconds": round(one.seconds, 3),
    }


def _told(diagnostics: Sequence[Diagnostic]) -> Any:
    return encode(Plan(environment=_HOLDER, diagnostics=tuple(diagnostics)))["diagnostics"]


def _read(rows: Any) -> tuple[Diagnostic, ...]:
    return decode({**encode(Plan(environment=_HOLDER)), "diagnostics": rows}).diagnostics


def _visited(name: str, row: Mapping[str, Any]) -> Visited:
    plan = decode(row["plan"]) if row["plan"] else None
    planned = Planned(environment=name, manifest=Manifest(), plan=plan, usage=Usage(**row["usage"]))
    return Visited(
        environment=name,
        planned=planned if plan else None,
        diagnostics=_read(row["diagnostics"]),
        findings=_read(row["findings"]),
        seconds=row["seconds"],
    )


def _unrecorded(name: str, error: LedgerError) -> Diagnostic:
    return Diagnostic(
        severity=Severity.WARNING,
        code="W_AUDIT_UNRECORDED",
        message=f"{name}: what was found could not be kept: {error.message}",
        hint=error.hint,
    )
