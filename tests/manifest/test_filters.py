"""Values in templates have one spelling wherever an expression puts them, and no filter reaches into Python."""

from pathlib import Path

import pytest

from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.loader import load
from reconciler.manifest.template.assert_expression import expression

VALUES = "{n: null, t: true, f: false, d: {secret: canary}, l: [null, true, 1], s: text, i: 7}\n"


def rendered(folder: Path, source: str) -> tuple[str, list[str]]:
    (folder / "v.yaml").write_text(VALUES)
    (folder / "a.yaml").write_text(
        "{% set n, t, d, l, s = values.n, values.t, values.d, values.l, values.s %}" + source
    )
    manifest = load(DiskTree(folder), entries=["a.yaml"], values=["v.yaml"])
    return manifest.rendered.get("a.yaml", ""), [each.code for each in manifest.diagnostics if "TPL" in each.code]


SPELLED = {
    "{{ n }}": "null",
    "{{ 'a' ~ n ~ t }}": "anulltrue",
    "{{ n ~ '' }}": "null",
    "{{ l | join('-') }}": "null-true-1",
    "{{ l | join }}": "nulltrue1",
    "{{ [{'k': n}] | join(',', attribute='k') }}": "null",
    "{{ ['a', 'b'] | join(t) }}": "atrueb",
    "{{ n | string }}{{ t | string }}": "nulltrue",
    "{{ l | map('string') | join(' ') }}": "null true 1",
    "{{ '%s %s %d' | format(n, t, 7) }}": "null true 7",
    "{{ '%(k)s' | format(k=t) }}": "true",
    "{{ '{} {x} {:>5}'.format(n, 'a', x=t) }}": "null true     a",
    "{{ '{!s}'.format(n) }}": "null",
    "{{ '{k}'.format_map({'k': n}) }}": "null",
    "{{ t | upper }}": "TRUE",
    "{{ n | trim }}": "null",
    "{{ n | center(6) | trim }}": "null",
    "{{ 'x' | replace('x', n) }}": "null",
    "{{ n | urlencode }}": "null",
    "{{ {'a': t} | urlencode }}": "a=true",
    "{{ t | indent }}": "true",
    "{% set x %}{{ n }}{% endset %}{{ x ~ t }}": "nulltrue",
    "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(n) ~ m(t) }}": "nulltrue",
}


@pytest.mark.parametrize("source", SPELLED)
def test_null_and_booleans_have_one_spelling(source: str, tmp_path: Path) -> None:
    assert rendered(tmp_path, source + ".") == (SPELLED[source] + ".", [])


@pytest.mark.parametrize("shown", ["d", "l", "l | map('upper')", "range(3)", "1e308 * 10", "1e308 * 10 - 1e308 * 10"])
@pytest.mark.parametrize(
    "source",
    [
        "{{ SHOWN }}",
        "{{ 'a' ~ (SHOWN) }}",
        "{{ [SHOWN] | join }}",
        "{{ (SHOWN) | string }}",
        "{{ '%s' | format(SHOWN) }}",
        "{{ '%(a)s' | format(a=SHOWN) }}",
        "{{ '{}'.format(SHOWN) }}",
        "{{ '{!s}'.format(SHOWN) }}",
        "{{ '{a}'.format_map({'a': SHOWN}) }}",
        "{{ (SHOWN) | upper }}",
        "{{ 'a' | replace('a', SHOWN) }}",
        "{{ (SHOWN) | trim }}",
        "{% set x %}{{ SHOWN }}{% endset %}{{ x }}",
    ],
)
def test_what_is_no_text_never_becomes_one(source: str, shown: str, tmp_path: Path) -> None:
    assert rendered(tmp_path, source.replace("SHOWN", shown)) == ("", ["E_TPL_STRUCTURE"])


@pytest.mark.parametrize("name", ["__class__", "_x", "a.__class__", "a._x.b"])
@pytest.mark.parametrize("items", ["[]", "[1]", "[{'a': 1}]"])
@pytest.mark.parametrize(
    "use",
    [
        "max(attribute=%s)",
        "min(attribute=%s)",
        "unique(attribute=%s)|list",
        "sort(attribute=%s)",
        "sort(false, false, %s)",
        "groupby(%s)",
        "groupby(attribute=%s)",
        "map(attribute=%s)|list",
        "map('attr', %s)|list",
        "selectattr(%s)|list",
        "rejectattr(%s, 'defined')|list",
        "sum(attribute=%s)",
        "sum(%s)",
        "join('-', %s)",
        "join('-', attribute=%s)",
        "attr(%s)",
        "map('max', attribute=%s)|list",
    ],
)
def test_private_names_are_refused_whatever_filter_asks(use: str, items: str, name: str, tmp_path: Path) -> None:
    for spelled in (f"'{name}'", f"('{name[:2]}' ~ '{name[2:]}')"):
        text, codes = rendered(tmp_path, f"{{{{ {items} | {use.replace('%s', spelled)} }}}}")
        assert (text, codes) == ("", ["E_TPL_SECURITY"])


@pytest.mark.parametrize("source", ["{{ d['_a'] }}", "{{ d['_' ~ 'a'] }}", "{{ d._a }}", "{{ '{0._a}'.format(d) }}"])
def test_private_names_are_no_keys_either(source: str, tmp_path: Path) -> None:
    assert rendered(tmp_path, source) == ("", ["E_TPL_SECURITY"])


def test_a_separator_may_begin_with_an_underscore(tmp_path: Path) -> None:
    assert rendered(tmp_path, "{{ ['a', 'b'] | join('_') }}") == ("a_b", [])


def test_expressions_of_the_project_file_spell_values_alike() -> None:
    from datetime import date

    assert expression("resource.a ~ resource.b == 'nulltrue'").holds({"a": None, "b": True}, date(2026, 1, 1))
