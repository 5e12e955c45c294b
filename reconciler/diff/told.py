"""What matching has to tell, in words: what happened, where, and the line to paste."""

from collections.abc import Iterator, Sequence
from itertools import takewhile

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


def alike(name: str, others: Sequence[Live], word: str = "declared name") -> str:
    """Say which live objects have nearly the name that is to be created, or had earlier."""
    found = ", ".join(_named_apart(name, live) for live in others)
    pins = " or ".join(live.id for live in others if not live.unusable)
    pin = f"; if it is the same object, pin it with metadata.id: {pins}" if pins else ""
    return f"{found}: almost the {word} {told_apart(name, others[0].name)[0]}{pin}"


def _named_apart(name: str, live: Live) -> str:
    unusable = f", {live.foreign}" if live.foreign else ""
    return f"the live object {live.id} is named {told_apart(name, live.name)[1]}{unusable}"


def alike_declared(declared: Declared, other: Declared) -> str:
    """Say which declared object has nearly the name that is to be created."""
    mine, theirs = told_apart(declared.name, other.name)
    return f"the manifests declare {theirs} too ({other.position.file}:{other.position.line}): almost the name {mine}"


def look_alike(declared: Declared, others: Sequence[Live], reason: str) -> Diagnostic:
    """Tell that a create is held back because another object has nearly its name."""
    pins = "".join(f"\n  id: {live.id}" for live in others if not live.unusable)
    hint = f"if it is the same object, pin it under metadata:{pins}" if pins else "give one of the two another name"
    return _told(
        declared,
        Severity.WARNING,
        "W_NAME_ALIKE",
        f"{declared.address} is not created: {reason}",
        hint,
    )


def told_apart(first: str, second: str) -> tuple[str, str]:
    """Return two names in quotes, with escapes for the characters in which they differ and that look alike."""
    start = _shared(first, second)
    end = _shared(first[start:][::-1], second[start:][::-1])
    return _escaped(first, start, end), _escaped(second, start, end)


def _shared(first: str, second: str) -> int:
    """Return the length of the common start of two texts."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))


def _escaped(name: str, start: int, end: int) -> str:
    stop = len(name) - end
    middle = "".join(char if char.isascii() and char.isalnum() else _escape(char) for char in name[start:stop])
    return f'"{name[:start]}{middle}{name[stop:]}"'


def _escape(char: str) -> str:
    return f"\\u{ord(char):04X}" if ord(char) < 0x10000 else f"\\U{ord(char):08X}"


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
