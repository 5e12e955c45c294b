"""Pages of docs/ that are made from the package: `python -m tests.support.reference_pages` writes them.

Command line, fields of the kinds, the plan's JSON, the diagnostics, and tables of other pages.
`tests/architecture/test_reference_pages.py` fails where a page is not what this module makes.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from reconciler.cli.app import command_line
from reconciler.cli.commands import COMMANDS, load_command
from reconciler.cli.foreign_words import foreign_words
from reconciler.cli.overview import PAGE, WIDTH
from reconciler.kinds.base.field import Field, FieldType, ListType, NoDefault
from reconciler.kinds.base.kind import Kind
from reconciler.kinds.registry import all_kinds
from reconciler.kinds.service_behaviours import BEHAVIOURS
from reconciler.manifest.template.sandbox import FILTERS, GLOBALS
from reconciler.planfile.schema import plan_schema
from tests.support.command_line import ROOT, reconciler

FOLDER = ROOT / "docs/reference"
CATALOGUE = FOLDER / "diagnostics.yaml"
MADE = "<!-- Made by `make generate`; changes go into {source}. -->"
COMMON = frozenset({"InteractionRuleGroup", "SmartLiveRoom"})
"""Kinds of the package; plugins that happen to be installed have no page."""

COMPARED = {
    ListType.ATOMIC: "as a whole",
    ListType.SET: "as a set",
    ListType.MAP: "as a map",
    ListType.ORDERED_MAP: "as an ordered map",
}


@cache
def reference_pages() -> dict[str, str]:
    """Return every generated page by its name below docs/reference/."""
    kinds = {f"kinds/{name}.md": kind_page(kind) for name, kind in all_kinds().items() if name in COMMON}
    others = {"commands.md": commands_page(), "plan-json.md": plan_page(), "diagnostics.md": diagnostics_page()}
    partly = {"simulator.md": simulator_page(), "../how-to/templates.md": templates_page()}
    return {**others, "coming-from.md": coming_from_page(), **partly, **kinds}


def commands_page() -> str:
    """Return the help of the program and of each command."""
    parts = [
        "# Command line",
        MADE.format(source="reconciler/cli"),
        "Global options stand before or after the command's name. Exit codes: [their page](exit-codes.md).",
        _help(),
    ]
    for name in COMMANDS:
        parts += [f"## {name}", _help(name)]
        groups = getattr(load_command(name), "registered_commands", ())
        for inside in groups:
            word = inside.name or inside.callback.__name__.replace("_", "-")
            parts += [f"### {name} {word}", _help(name, word)]
    return "\n\n".join(parts) + "\n"


def _help(*words: str) -> str:
    lines = "\n".join(line.rstrip() for line in _page(words).strip().splitlines())
    return f"```text\n{lines}\n```"


def _page(words: tuple[str, ...]) -> str:
    if not words:
        return overview_page()
    run = reconciler(*words, "--help")
    assert run.code == 0, run.err
    return run.out


def overview_page() -> str:
    """Return the program's page as the parser writes it in 80 columns."""
    root = command_line()
    return (
        str(
            root.context_class(
                root, info_name="reconciler", terminal_width=WIDTH - 2, **root.context_settings
            ).get_help()
        )
        + "\n"
    )


def coming_from_page() -> str:
    """Return the words of other tools with what does that here, from the table that answers them."""
    table = foreign_words()
    parts = [
        "# Coming from Terraform, kubectl, kongctl, octoDNS or scripts with the SDK",
        MADE.format(source="reconciler/cli/foreign_words.toml"),
        "Type what you know: a word of another tool is answered with what does that here, and a spelling that means "
        "the same is understood (`-var a=b`, `-chdir=DIR`, `-target=ADDRESS`, `-out=FILE`, `-json`, `-auto-approve`). "
        "`reconciler help terraform` prints a table below; so do `kubectl`, `kongctl`, `octodns` and `sdk`.",
    ]
    for tool in table.tools:
        parts += [f"## {tool}", table.tools[tool].strip(), _words_table(table.rows(tool))]
    parts += ["## Words of several tools", _words_table(table.rows(""))]
    return "\n\n".join(parts) + "\n"


def _words_table(rows: list[tuple[str, str]]) -> str:
    lines = ["| there | here |", "|---|---|"]
    lines += [f"| {', '.join(f'`{word}`' for word in words.split(', '))} | {answer} |" for words, answer in rows]
    return "\n".join(lines)


def simulator_page() -> str:
    """Return the page of the simulator as it is written, with the table of its behaviours made anew."""
    lines = ["| behaviour | choices, the default first | what it is about |", "| --- | --- | --- |"]
    lines += [
        f"| `{one.name}` | {', '.join(f'`{choice}`' for choice in one.choices)} | {_cell(one.doc)} |"
        for one in BEHAVIOURS
    ]
    return _with_part("simulator.md", "behaviours", "\n".join(lines))


def templates_page() -> str:
    """Return the page of templates as it is written, with the names that templates have made anew."""
    lines = [
        f"{title}: {', '.join(f'`{name}`' for name in sorted(names))}."
        for title, names in (("Filters", FILTERS), ("Functions", GLOBALS))
    ]
    return _with_part("../how-to/templates.md", "filters", "\n\n".join(lines))


def _with_part(page: str, name: str, part: str) -> str:
    """Return a page with the text between its mark of that name and the end mark replaced."""
    text = (FOLDER / page).read_text(encoding="utf-8")
    before, mark, rest = re.split(rf"(<!-- {name}: [^\n]*\n)", text)
    return f"{before}{mark}\n{part}\n\n{rest[rest.index('<!-- end -->') :]}"


def kind_page(kind: Kind) -> str:
    """Return the fields of a kind, as its table has them."""
    names = [f"`{child.path}`" for child in kind.root.children.values() if not child.writable]
    intro = [
        f"# {kind.name}",
        MADE.format(source=f"the table of {kind.name} in reconciler/kinds"),
        f"{kind.title or kind.name}: read from `GET /{kind.endpoints.collection.lstrip('/')}`. `metadata.name` is its "
        f"`{kind.name_field}`, its id is `{kind.id_field}`. *Default*: what an absent field "
        "means; *not managed* is in no diff and is never lost ([What a manifest says](../../concepts/fields.md)). "
        "*Read by*: whether the list shows the field, or only the show endpoint.",
        f"A manifest, as it is checked: [examples/kinds/{kind.name}.yaml](../../../examples/kinds/{kind.name}.yaml).",
        "## Fields that a manifest declares",
    ]
    declared = "\n".join(["| field | type and limits | default | read by | what it is |",
                          "| --- | --- | --- | --- | --- |",
                          *_rows(kind.root)])  # fmt: skip
    parts = [*intro, declared]
    if names:
        text = "The service assigns or reports these; no manifest declares them, and they are never compared."
        parts += ["## Fields of the service", text, _observed(kind)]
    if kind.endpoints.filters:
        parts += ["## Filters of the list", _filters(kind)]
    return "\n\n".join(parts) + "\n"


def _rows(node: Field) -> Iterator[str]:
    for child in _written(node):
        yield f"| `{child.path}` | {_type(child)} | {_default(child)} | {_read_by(child)} | {_about(child)} |"
        yield from _rows(child)


def _written(node: Field) -> list[Field]:
    inside = node.item if node.item is not None else node
    return [child for child in inside.children.values() if child.writable]


def _type(node: Field) -> str:
    parts = [node.type.value]
    if node.list is not None:
        keys = f" by {', '.join(f'`{key}`' for key in node.list.keys)}" if node.list.keys else ""
        parts = [f"list, compared {COMPARED[node.list.type]}{keys}"]
        if node.item is not None and node.item.type is not FieldType.OBJECT:
            parts.append(f"of {_type(node.item)}")
    if node.enum:
        parts.append("one of " + ", ".join(f"`{_json(one)}`" for one in node.enum if one not in node.refused))
    parts += [
        text
        for low, high, unit in (
            (node.minimum, node.maximum, node.unit),
            (node.min_length, node.max_length, "characters"),
            (node.min_items, node.max_items, "items"),
        )
        if (text := _between(low, high, unit))
    ]
    if node.pattern:
        parts.append(f"matches `{node.pattern}`")
    if node.format:
        parts.append(node.format)
    return _cell("; ".join(parts))


def _between(low: float | None, high: float | None, unit: str) -> str:
    if low is None and high is None:
        return ""
    ends = f"at least {low:g}" if high is None else f"up to {high:g}" if low is None else f"{low:g} to {high:g}"
    return f"{ends} {unit}".strip()


def _default(node: Field) -> str:
    if node.default is NoDefault.NONE:
        return "" if node.required or node.required_in else "not managed"
    after = " (the service may override it)" if node.server_may_override else ""
    after = " (on create only)" if node.default_on_create_only else after
    return _cell(f"`{_json(node.default)}`{after}")


def _about(node: Field) -> str:
    notes = [node.doc]
    if node.required:
        notes.append("Required.")
    if node.required_when:
        notes.append(f"Required when `{node.required_when}`.")
    if node.applies_when:
        notes.append(f"Has an effect when `{node.applies_when}`.")
    if node.sensitive:
        notes.append("Sensitive: write `{secret: NAME}`.")
    return _cell(" ".join(note for note in notes if note))


def _read_by(node: Field) -> str:
    return "show" if not node.in_list else "list or show" if node.list_may_hide else "list"


def _observed(kind: Kind) -> str:
    lines = ["| field | type | what it is |", "| --- | --- | --- |"]
    lines += [
        f"| `{path}` | {_cell(node.type.value)} | {_cell(node.doc)} |"
        for path, node in kind.fields.items()
        if not node.writable and not path.endswith("[]")
    ]
    return "\n".join(lines)


def _filters(kind: Kind) -> str:
    lines = ["| parameter | filters | match |", "| --- | --- | --- |"]
    lines += [
        f"| `{one.parameter}` | {f'`{one.field}`' if one.field else ''} | {one.match} |"
        for one in kind.endpoints.filters
    ]
    return "\n".join(lines)


def plan_page() -> str:
    """Return the keys of `plan --format json`, as its JSON Schema has them."""
    schema = plan_schema()
    parts = [
        "# Plan JSON",
        MADE.format(source="reconciler/planfile/schema.py"),
        "`plan --format json`, `plan --out FILE`, `show FILE --format json` and `audit --format json` (one plan an "
        "environment) write this. The shape is that of `terraform show -json` where Terraform has the key. The same as "
        "JSON Schema: [schemas/plan.schema.json](../../schemas/plan.schema.json). Readers ignore keys that they do not "
        "know: a minor version adds some.",
        "## The plan",
        _keys(schema),
    ]
    for name, one in schema["$defs"].items():
        parts += [f"## {name}", _keys(one)]
    return "\n\n".join(parts) + "\n"


def catalogue() -> dict[str, dict[str, dict[str, str]]]:
    """Return cause and cure of each code, by group."""
    return yaml.safe_load(CATALOGUE.read_text(encoding="utf-8"))


def diagnostics_page() -> str:
    """Return every diagnostic code with its cause and its cure."""
    parts = [
        "# Diagnostic codes",
        MADE.format(source="docs/reference/diagnostics.yaml"),
        "Each problem that reconciler tells has a code that does not change: `E_` is an error, `W_` a warning, `N_` a "
        "note, `L_RULE_` a lint of interaction rules ([exact conditions](rules.md#lints)). The message beside it says "
        "what and where.",
    ]
    for group, codes in catalogue().items():
        parts.append(f"## {group}")
        for code, entry in codes.items():
            heading = f'<h3 id="{code.lower()}"><code>{code}</code></h3>'
            parts += [heading, f"**Cause.** {entry['cause']}", f"**Cure.** {entry['cure']}"]
    return "\n\n".join(parts) + "\n"


def _keys(schema: Mapping[str, Any]) -> str:
    required = set(schema.get("required", ()))
    lines = ["| key | type | meaning |", "| --- | --- | --- |"]
    for name, one in _properties(schema):
        top = name.partition(".")[0]
        optional = "" if name in required or "." in name or top in required else " (may be left out)"
        lines.append(f"| `{name}` | {_cell(_shape(one) + optional)} | {_cell(one.get('description', ''))} |")
    return "\n".join(lines)


def _properties(schema: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, one in schema.get("properties", {}).items():
        yield f"{above}{name}", one
        yield from _properties(one, f"{above}{name}.")


def _shape(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name})"
    if "anyOf" in schema:
        return " or ".join(_shape(one) for one in schema["anyOf"])
    if "const" in schema:
        return f"`{_json(schema['const'])}`"
    if "enum" in schema:
        return "one of " + ", ".join(f"`{_json(one)}`" for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_shape(schema['items'])}"
    kinds = schema.get("type", "any value")
    return " or ".join(kinds) if isinstance(kinds, list) else str(kinds)


def _json(value: object) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _cell(text: str) -> str:
    """Return text as it may stand in a cell of a table: spans of code are kept, markup of HTML is not."""
    parts = " ".join(text.split()).replace("|", "\\|").split("`")
    return "`".join(part if index % 2 else part.replace("<", "&lt;") for index, part in enumerate(parts))


def outdated(folder: Path = FOLDER) -> list[str]:
    """Return the pages that are not what this module makes."""
    made = reference_pages()
    return [name for name, text in made.items() if _text(folder / name) != text]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


if __name__ == "__main__":
    for page, content in reference_pages().items():
        place = FOLDER / page
        if _text(place) != content:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content, encoding="utf-8")
            sys.stdout.write(f"wrote {place.resolve().relative_to(ROOT)}\n")
    Path(PAGE).write_text(overview_page(), encoding="ascii")
