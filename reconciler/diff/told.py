"""What matching has to tell, in words: what happened, where, and the line to paste."""

from collections.abc import Iterator, Sequence

from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.reading import Reading
from reconciler.model.resource import Declared, Live


def ambiguous(declared: Declared, candidates: Sequence[Live]) -> Diagnostic:
    """Tell that several live objects could be meant; nothing is written for the name."""
    listed = ", ".join(_described(live) for live in candidates)
    return _told(
        declared,
        Severity.ERROR,
        "E_NAME_AMBIGUOUS",
        f"{len(candidates)} live objects could be {declared.address}: {listed}; nothing is written for it",
        "pin the one that is meant under metadata:\n" + "\n".join(f"  id: {live.id}" for live in candidates),
    )


def _described(live: Live) -> str:
    made = live.spec.get("create_time")
    return f"{live.id} (created {made})" if isinstance(made, str) else live.id


def not_found(declared: Declared, *, taken: bool) -> Diagnostic:
    """Tell that the object a manifest pins is not there, or is pinned twice."""
    reason = "another manifest pins it too" if taken else "no live object of this kind has it"
    return _told(
        declared,
        Severity.ERROR,
        "E_ID_TAKEN" if taken else "E_ID_NOT_FOUND",
        f"{declared.address} is pinned to the id {declared.id}, but {reason}",
        "correct metadata.id, or take it out to match by name",
    )


def not_ours(declared: Declared, reason: str) -> Diagnostic:
    """Tell that the object a manifest pins is never written."""
    return _told(
        declared,
        Severity.ERROR,
        "E_ID_FOREIGN",
        f"{declared.address} is pinned to the id {declared.id}, which is never written: {reason}",
        "take the manifest out, or pin an object of this project",
    )


def both_live(declared: Declared, matched: Live, others: Sequence[Live]) -> Diagnostic:
    """Tell that the new and the old name are both live."""
    old = ", ".join(f"{live.name} ({live.id})" for live in others)
    return _told(
        declared,
        Severity.WARNING,
        "W_ALIAS_LIVE",
        f"{declared.address} is {matched.id}; its earlier name is live too: {old}. That one is left alone",
        "delete the old object by hand if it is not needed, then take the alias out",
    )


def taken(declared: Declared, matched: Live, others: Sequence[Live]) -> Diagnostic:
    """Tell that a rename leads to a name that another live object has."""
    same = ", ".join(live.id for live in others)
    return _told(
        declared,
        Severity.WARNING,
        "W_NAME_TAKEN",
        f"{declared.address} is {matched.id}, now named {matched.name}; its name belongs to {same} as well",
        "after the rename both have one name; delete or rename the other one by hand",
    )


def no_reference(declared: Declared, kind: str, name: str, path: tuple[str | int, ...], reason: str) -> Diagnostic:
    """Tell that a name refers to nothing that could be used."""
    return Diagnostic(
        severity=Severity.ERROR,
        code="E_REFERENCE",
        message=f'{declared.address} refers to {kind}["{name}"], {reason}; nothing is written for it',
        position=declared.at(path),
        hint="declare it, correct the name, or give its id beside the name",
        address=declared.address,
    )


def incomplete(reading: Reading) -> Iterator[Diagnostic]:
    """Tell that a kind could not be read whole."""
    if not reading.complete:
        yield Diagnostic(
            severity=Severity.ERROR,
            code=reading.code or "E_READ_INCOMPLETE",
            message=f"the live objects of kind {reading.kind} could not be read whole: {reading.incomplete}",
            hint="updates of what was read are planned, creates and deletes are held back; try again",
        )


def _told(declared: Declared, severity: Severity, code: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(
        severity=severity,
        code=code,
        message=message,
        position=declared.position,
        hint=hint,
        address=declared.address,
    )
