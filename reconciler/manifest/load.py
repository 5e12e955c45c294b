"""The path from files to resources: read, render, parse, validate, look at the whole."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence

from reconciler.errors import ManifestError
from reconciler.kinds import all_kinds
from reconciler.kinds.kind import Kind
from reconciler.manifest import gate
from reconciler.manifest.located import DocumentLocator
from reconciler.manifest.parse import in_file, parse_yaml
from reconciler.manifest.problem import error
from reconciler.manifest.render import is_template
from reconciler.manifest.tree import Tree
from reconciler.manifest.validate import validate
from reconciler.manifest.values import Values, merged
from reconciler.manifest.whole import together
from reconciler.model.diagnostic import Diagnostic, arranged, has_errors
from reconciler.model.manifest import Manifest
from reconciler.model.resource import Declared
from reconciler.model.settings import Scope
from reconciler.model.source import Position


def load(
    tree: Tree,
    *,
    entries: Sequence[str],
    values: Sequence[str] = (),
    sets: Sequence[str] = (),
    env_name: str = "",
    scope: Scope | None = None,
    untrusted: bool = False,
    kinds: Mapping[str, Kind] | None = None,
) -> Manifest:
    """Return what the manifests of one environment declare, with every problem found.

    `entries` are project-relative files or folders (recursive), `values` project-relative files (later wins), `sets`
    the words of `--set`. `untrusted` renders templates in an empty process environment. Raises UsageError for a
    malformed `--set` word alone.
    """
    context = merged(tree, values, sets)
    problems: list[Diagnostic] = list(context.problems)
    resources: list[Declared] = []
    rendered: dict[str, str] = {}
    known = all_kinds() if kinds is None else kinds
    for file in _files(tree, entries, problems):
        try:
            text = gate.decode(tree.read(file), file)
        except ManifestError as problem:
            problems += problem.diagnostics
            continue
        text = _render(text, context, env_name)
        parsed = parse_yaml(text, file)
        rendered[file] = text
        problems += parsed.diagnostics
        if not has_errors(parsed.diagnostics) and all(each.value is None for each in parsed.documents):
            problems.append(_empty(file))
        for document in parsed.documents:
            if document.value is not None:
                where = in_file(file)
                resource, found = validate(document.value, DocumentLocator(document, where), known, scope or Scope())
                problems += found
                if resource is not None:
                    resources.append(resource)
    whole, collisions = together(resources)
    diagnostics = arranged([*problems, *collisions])
    return Manifest(
        resources=whole,
        diagnostics=diagnostics,
        rendered=rendered,
        sources=_sources(tree, diagnostics),
        digest=_digest(tree, sets, env_name),
        untrusted=untrusted,
    )


def _files(tree: Tree, entries: Iterable[str], problems: list[Diagnostic]) -> list[str]:
    found: dict[str, None] = {}
    for entry in entries:
        try:
            files = tree.manifests(entry)
        except ManifestError as problem:
            problems += problem.diagnostics
            continue
        if not files:
            hint = "an empty desired side would look as if everything had been removed"
            problems.append(
                error("E_PATH_EMPTY", f"there is no manifest in {entry!r}", Position(entry, 1, 1), hint=hint)
            )
        found.update(dict.fromkeys(files))
    return list(found)


def _empty(file: str) -> Diagnostic:
    return error("E_YAML_EMPTY", "the file declares nothing", Position(file, 1, 1), hint="delete it, or fill it")


def _render(text: str, context: Values, env_name: str) -> str:
    if not is_template(text):
        return text
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True)
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    return environment.from_string(text).render(values=context.data, env={"name": env_name})


def _sources(tree: Tree, diagnostics: Iterable[Diagnostic]) -> dict[Position, str]:
    found: dict[Position, str] = {}
    for each in diagnostics:
        for place in (each.position, *(related.position for related in each.related)):
            if place is not None:
                try:
                    lines = tree.read(place.file).decode("utf-8", "replace").splitlines()
                except ManifestError:
                    continue
                if 0 < place.line <= len(lines):
                    found[place] = lines[place.line - 1]
    return found


def _digest(tree: Tree, sets: Sequence[str], env_name: str) -> str:
    facts = json.dumps([tree.digests(), list(sets), env_name], sort_keys=True)
    return hashlib.sha256(facts.encode()).hexdigest()
