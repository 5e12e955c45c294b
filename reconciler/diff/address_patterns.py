"""Addresses, names and globs of `--target`, `--exclude` and `protect`: what they match, and which are ambiguous."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import field

from reconciler.late_methods import dataclass
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.resource import Resource, address
from reconciler.strings import closest, normalize_name

_MOST_NAMED = 5


def matches_glob(text: str, pattern: str) -> bool:
    """Tell whether a text matches a pattern: `*` is any text, and nothing else is special."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


@dataclass(frozen=True, slots=True)
class NamedAddress:
    """An address with its parts."""

    kind: str
    name: str
    address: str

    @classmethod
    def of(cls, resource: Resource) -> "NamedAddress":
        """Return the address of a resource."""
        return cls(resource.kind, resource.name, getattr(resource, "address", address(resource.kind, resource.name)))


@dataclass(slots=True)
class AddressPatterns:
    """Words of a flag, each an address, a name or a glob; `known` are the declared addresses.

    A word that is a declared address or name means only that, also where it holds a `*`. What each word has matched is
    recorded.
    """

    words: Sequence[str]
    known: Collection[NamedAddress] = ()
    _literal: frozenset[str] = frozenset()
    _found: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    def __post_init__(self) -> None:
        """Find the words that are declared addresses or names."""
        plain = {one.address for one in self.known} | {normalize_name(one.name) for one in self.known}
        self._literal = frozenset(word for word in self.words if normalize_name(word) in plain)

    def match(self, one: NamedAddress) -> bool:
        """Tell whether any word means this address."""
        met = [word for word in self.words if self._means(word, one)]
        for word in met:
            self._found[word][one.address] = one.kind
        return bool(met)

    def _means(self, word: str, one: NamedAddress) -> bool:
        if word == one.address or normalize_name(word) == normalize_name(one.name):
            return True
        glob = "*" in word and word not in self._literal
        return glob and (matches_glob(one.address, word) or matches_glob(one.name, word))

    @property
    def unmatched(self) -> list[str]:
        """The words that have matched nothing."""
        return [word for word in self.words if not self._found.get(word)]

    def ambiguities(self) -> Iterator[Diagnostic]:
        """Yield an error for each name that several resources have, and each glob of names of several kinds."""
        for word, found in self._found.items():
            kinds = sorted(set(found.values()))
            if word in found or len(found) < 2 or any(word.startswith(f"{kind}[") for kind in kinds):
                continue
            if "*" in word and word not in self._literal:
                if len(kinds) > 1:
                    message = f"{word} matches resources of the kinds {' and '.join(kinds)}: {_listed(found)}"
                    yield _ambiguous(message, [address(kind, word) for kind in kinds])
            else:
                yield _ambiguous(f"{word} is the name of {len(found)} resources: {_listed(found)}", sorted(found))


def _ambiguous(message: str, instead: Sequence[str]) -> Diagnostic:
    hint = f"write {' or '.join(quoted_word(one) for one in instead[:_MOST_NAMED])}"
    return Diagnostic(severity=Severity.ERROR, code="E_TARGET_AMBIGUOUS", message=message, hint=hint)


def _listed(found: Collection[str]) -> str:
    more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    return f"{', '.join(sorted(found)[:_MOST_NAMED])}{more}"


def quoted_word(text: str) -> str:
    """Quote a word for a shell."""
    return "'" + text.replace("'", "'\\''") + "'"


def similar_address(asked: str, known: Iterable[NamedAddress]) -> str:
    """Return a hint with the addresses of a similar spelling, or with the requested name."""
    names = sorted({one.address for one in known})
    asked = asked.partition(" [id=")[0]  # as a plan prints a live object
    word = normalize_name(asked).casefold()
    folded = sorted({(normalize_name(one.name).casefold(), one.address) for one in known})
    same = [where for name, where in folded if name == word]
    part = [where for name, where in folded if word and word in name][:_MOST_NAMED]
    close = same or closest(asked, names, most=3) or part
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"write it as plans do: {names[0]}" if names else f"write it as plans do: {address('SmartLiveRoom', 'Show')}"
