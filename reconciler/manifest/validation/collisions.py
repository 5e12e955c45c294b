"""Checks over all resources: names that collide or are nearly equal."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from reconciler.errors import error
from reconciler.manifest.validation import names
from reconciler.model.diagnostic import Diagnostic, RelatedPosition, Severity
from reconciler.model.resource import DeclaredResource

_Firsts = dict[tuple[str, str], DeclaredResource]
"""The first object of each kind and name."""


def find_collisions(resources: Sequence[DeclaredResource]) -> tuple[tuple[DeclaredResource, ...], list[Diagnostic]]:
    """Return the resources with `address_id` where names repeat, and the problems of the whole."""
    firsts: _Firsts = {}
    repeated: dict[tuple[str, str], list[DeclaredResource]] = {}
    for each in resources:
        key = (each.kind, each.name)
        first = firsts.setdefault(key, each)
        if first is not each:
            repeated.setdefault(key, [first]).append(each)
    problems: list[Diagnostic] = []
    pinned: set[int] = set()
    for same in repeated.values():
        if _all_distinct(same):
            pinned.update(id(each) for each in same)
        else:
            problems += _repeated(same)
    problems += _aliases(resources, dict(firsts))
    problems += _lookalikes(firsts.values())
    whole = (replace(each, address_id=each.id) if id(each) in pinned else each for each in resources)
    return tuple(whole if pinned else resources), problems


def _all_distinct(same: Sequence[DeclaredResource]) -> bool:
    ids = {each.id for each in same}
    return "" not in ids and len(ids) == len(same)


def _repeated(same: Sequence[DeclaredResource]) -> Iterator[Diagnostic]:
    first = RelatedPosition(message="the first one", position=same[0].position)
    for each in same[1:]:
        yield error(
            "E_NAME_DUPLICATE",
            f"the {each.kind} {each.name!r} is declared twice",
            each.position,
            hint="give one another name, or pin each with its own metadata.id",
            related=(first,),
        )


def _aliases(resources: Iterable[DeclaredResource], taken: _Firsts) -> Iterator[Diagnostic]:
    """Check aliases: one equal to another name or alias is ambiguous, unless ids decide; `taken` are all so far."""
    for each in resources:
        for number, alias in enumerate(each.aliases):
            other = taken.setdefault((each.kind, alias), each)
            if other is not each and not (each.id and other.id and each.id != other.id):
                yield error(
                    "E_NAME_DUPLICATE",
                    f"the alias {alias!r} belongs to another {each.kind} too",
                    each.locate.at(("metadata", "aliases", number)),
                    hint="an earlier name leads to one object only: pin both with metadata.id, or take one out",
                    related=(RelatedPosition(message=f"{other.name!r}", position=other.position),),
                )


def _lookalikes(resources: Iterable[DeclaredResource]) -> Iterator[Diagnostic]:
    seen: dict[tuple[str, str], DeclaredResource] = {}
    for each in resources:
        other = seen.setdefault((each.kind, names.skeleton(each.name)), each)
        if other is not each:
            yield Diagnostic(
                severity=Severity.WARNING,
                code="W_NAME_CONFUSABLE",
                message=f"the names {other.name!r} and {each.name!r} look alike",
                position=each.position,
                hint="they are two objects: make sure that is meant",
                address=each.address,
                related=(RelatedPosition(message="the other one", position=other.position),),
            )
