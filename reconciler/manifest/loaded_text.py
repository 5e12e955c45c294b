"""Text of a manifest file as it is parsed: what the file holds, or what its template wrote."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from typing import TYPE_CHECKING

from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.manifest.source_positions import DocumentSource, Origin
from reconciler.manifest.template_values import TemplateValues
from reconciler.manifest.text_lines import TextLines
from reconciler.manifest.yaml.block_reader import BlockSpan, parts_of
from reconciler.manifest.yaml.limits import RENDERED
from reconciler.manifest.yaml.parser import ParsedFile, PositionOf, parse_yaml
from reconciler.model.diagnostic import Diagnostic, has_errors

if TYPE_CHECKING:  # Jinja stays unloaded where no file is a template
    from reconciler.manifest.template.renderer import RenderedTemplate

_HALF = late_pattern("[\ud800-\udfff]")


def is_template(text: str) -> bool:
    """Tell whether a text holds any Jinja syntax."""
    return "{" in text and any(start in text for start in ("{{", "{%", "{#"))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedText:
    """Text of a file to be parsed, with the mapping to its source. `digest` is that of a file without templates."""

    file: str
    where: PositionOf
    plain: str = ""
    digest: str = ""
    origin: Origin | None = None
    rendered: "RenderedTemplate | None" = None
    values: TemplateValues | None = None
    explained: Callable[[Iterable[Diagnostic]], Iterable[Diagnostic]] = tuple

    @property
    def text(self) -> str:
        """The text, `plain` where no template wrote it."""
        return self.rendered.text if self.rendered else self.plain

    @property
    def templated(self) -> bool:
        """Whether the text is the output of templates."""
        return self.rendered is not None

    @property
    def parts(self) -> tuple[str, ...]:
        """What its documents follow from: the digest of the file, or that of what was rendered."""
        return ("rendered", self.rendered.digest) if self.rendered else (self.digest,)

    def read(self) -> str:
        """Return the text."""
        return self.text

    def lines(self) -> Sequence[str]:
        """Return the text, split at line feeds."""
        return self.rendered.text_lines if self.rendered else TextLines(self.plain)

    def part(self, span: BlockSpan) -> str:
        """Return the text of one document, with line feeds alone."""
        return self.rendered.part(span) if self.rendered else parts_of(self.read)(span)

    def source(self, read: Callable[[], str]) -> DocumentSource:
        """Return the source of its documents; `read` returns the text as the parser has it."""
        return DocumentSource(file=self.file, read=read, template=self.rendered, values=self.values)


class TextsByFile(Mapping[str, str]):
    """The text of each file, made where it is asked for."""

    def __init__(self, texts: Mapping[str, LoadedText]) -> None:
        self._texts = texts

    def __getitem__(self, file: str) -> str:
        return self._texts[file].text

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


def structure_violations(text: LoadedText, parsed: ParsedFile, sensitive: Callable[[], Set[str]]) -> list[Diagnostic]:
    """Return the structure guard's problems; with any, problems of the parsed text are dropped."""
    made = text.rendered
    if made is None or not made.texts or (not made.marked.isascii() and _HALF.search(made.marked)):
        return []  # half a character is the parser's to report
    from reconciler.manifest.template import structure_guard

    if not made.lines.exact:  # the template compared its own output, so the marked text is checked instead
        parsed = parse_yaml(made.unmarked, text.file, limits=RENDERED)
    broken = has_errors(parsed.diagnostics)
    return structure_guard.find_structure_violations(
        made.marked, made.places, parsed.documents, broken=broken, sensitive=sensitive
    )
