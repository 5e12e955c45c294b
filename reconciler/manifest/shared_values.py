"""Moves values that several new manifests share to one entry of a values file, which the manifests then read.

The manifests are those of `export`: their texts hold no template syntax, so that an expression is all that is rendered.
A field of `spec` is shared as a whole, where objects of one kind have it with the same value.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from itertools import count

from reconciler.json_codec import canonical_json
from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.manifest.source_text import SourceTexts
from reconciler.manifest.yaml.parser import parse_yaml
from reconciler.manifest.yaml.writer import document, lines
from reconciler.model.json_types import Json, as_object
from reconciler.model.source_edit import SourceEdit

_COMMENT = late_pattern(r"# (.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedValues:
    """Manifests by file that read shared values, and these by the name of their entry below `group`."""

    manifests: Mapping[str, str]
    entries: Mapping[str, Json]
    group: str

    def appended(self, texts: SourceTexts, file: str) -> SourceEdit:
        """Return the edit that adds the entries to the end of a values file. Raises ManifestError."""
        source = texts.text(file)
        end = source.line_break(0)
        lead = "" if not source.text or source.text.endswith(("\n", "\r")) else end
        added = lines({self.group: dict(self.entries)})
        tail = "".join(f"{line}{end}" for line in added)
        return SourceEdit(file, len(source.text), len(source.text), lead + tail)


def share_values(files: Mapping[str, str], taken: Collection[str]) -> SharedValues:
    """Return the manifests with what at least two of them share as expressions; `taken` are known names of values."""
    documents = {file: as_object(parse_yaml(text, file).documents[0].value) for file, text in files.items()}
    group = _free("shared", taken)
    holders: dict[tuple[str, str, bytes], list[str]] = defaultdict(list)
    for file, value in documents.items():
        for name, each in as_object(value["spec"]).items():
            holders[str(value["kind"]), name, canonical_json(each)].append(file)
    entries: dict[str, Json] = {}
    reads: dict[str, dict[str, str]] = defaultdict(dict)
    for (_kind, name, _), found in holders.items():
        if len(found) > 1:
            entry = _free(name, entries)
            entries[entry] = as_object(documents[found[0]]["spec"])[name]
            for file in found:
                reads[file][name] = f"{{{{ values.{group}.{entry} | tojson }}}}"
    made = {file: _reading(text, documents[file], reads[file]) if reads[file] else text for file, text in files.items()}
    return SharedValues(manifests=made, entries=entries, group=group)


def _reading(text: str, value: Mapping[str, Json], reads: Mapping[str, str]) -> str:
    """Write a manifest anew, with expressions in place of fields."""
    word = "Shared"
    while word in text:
        word += "Value"
    words = {f"{word}{number}x": expression for number, expression in enumerate(reads.values())}
    spec = dict(as_object(value["spec"])) | dict(zip(reads, words, strict=True))
    comments = [found[1] for line in text.splitlines() if (found := _COMMENT.match(line))]
    made = document(comments, {**value, "spec": spec})
    for each, expression in words.items():
        made = made.replace(f": {each}\n", f": {expression}\n")
    return made


def _free(name: str, taken: Collection[str]) -> str:
    """Return the name, with a number behind it where it is taken."""
    numbered = (f"{name}_{number}" for number in count(2))
    return name if name not in taken else next(each for each in numbered if each not in taken)
