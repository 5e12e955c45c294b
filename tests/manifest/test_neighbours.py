"""Neighbours of the nasty inputs: other spellings and other bombs, each refused with its code and a place."""

import os
from pathlib import Path

import pytest

from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.loader import load
from reconciler.model.diagnostic import Severity

BROKEN_YAML = {
    "[{a: " * 30_000: "E_YAML_DEPTH",
    "- " * 100_000 + "x": "E_YAML_DEPTH",
    "? [a]\n: 1\n": "E_YAML_KEYTYPE",
    "&a {*a : 1}\n": "E_YAML_KEYTYPE",
    "&a [*a]\n": "E_YAML_ALIAS",
    "a: &a\n  <<: *a\n": "E_YAML_ALIAS",
    "a: &a {x: 1}\nb:\n  <<: [*a, 3]\n": "E_YAML_MERGE",
    "".join(f"a{number}: &a{number} x\n" for number in range(2_000)): "E_YAML_SIZE",
    "%TAG ! tag:x,2000:\n---\na: !b c\n": "E_YAML_TAG",
    "a: !<tag:yaml.org,2002:str> b\n": "E_YAML_TAG",
    "%YAML 99999999999999999999.1\n---\na: 1\n": "E_YAML_SYNTAX",
    "caf\u00e9: 1\ncafe\u0301: 2\n": "E_YAML_DUPKEY",
    'a: 1\n"\\x61": 2\n': "E_YAML_DUPKEY",
    '{a: 1, a: "2"}\n': "E_YAML_DUPKEY",
    "\ufeff\ufeffa: 1\n": "E_TEXT_INVISIBLE",
    "a: b\u2066c\n": "E_TEXT_BIDI",
    "a: b\x85c\n": "E_TEXT_CONTROL",
    "a: '" + "'" * 100_000: "E_YAML_SYNTAX",
    "a: |0\n  x\n": "E_YAML_SYNTAX",
    'a: "\\UFFFFFFFF"\n': "E_YAML_SYNTAX",
    "k" * 2_000 + ": 1\n": "E_YAML_SYNTAX",
    "...\n" * 1_000: "E_YAML_SYNTAX",
}
BROKEN_BYTES = {
    b"a: \xc0\x80\n": "E_YAML_ENCODING",  # an overlong NUL
    b"a: \xed\xa0\xbd\xed\xb8\x80\n": "E_YAML_ENCODING",  # an emoji as two surrogates
    b"a: \xf4\x90\x80\x80\n": "E_YAML_ENCODING",  # beyond Unicode
    b"a: \xe5\x9c": "E_YAML_ENCODING",  # cut short
    "a: 1\n".encode("utf-16"): "E_YAML_ENCODING",
    "a: 1\n".encode("utf-32"): "E_YAML_ENCODING",
}
BROKEN_TEMPLATES = {
    "{{ 2**4000 * 2**4000 }}": "E_TPL_LIMIT",
    "{{ 10.0**400 }}": "E_TPL_LIMIT",
    "{{ range(10**30) }}": "E_TPL_LIMIT",
    "{{ 'a'.zfill(999999999) }}": "E_TPL_LIMIT",
    "{{ ('\\t'*1000).expandtabs(9999999) }}": "E_TPL_LIMIT",
    "{{ ('a'*1000000).join('b'*1000000) }}": "E_TPL_LIMIT",
    "{{ ('a'*1000000).translate({97: 'b'*100000}) }}": "E_TPL_LIMIT",
    "{{ ('a '*1000) | wordwrap(1, wrapstring='x'*1000000) }}": "E_TPL_LIMIT",
    "{{ ('a'*1000000) | replace('a', 'a'*1000000) }}": "E_TPL_LIMIT",
    "{% macro m() %}{{ n() }}{% endmacro %}{% macro n() %}{{ m() }}{% endmacro %}{{ n() }}": "E_TPL_LIMIT",
    "{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}": "E_TPL_LIMIT",
    "{% import 'manifests/a.yaml' as x %}": "E_TPL_LIMIT",
    "{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}": "E_TPL_LIMIT",
    "{{ 'a'" + "|upper" * 5_000 + " }}": "E_TPL_LIMIT",
    "{% if 1 %}" * 2_000 + "{% endif %}" * 2_000: "E_TPL_LIMIT",
    "{{ 'a' | attr('__cla' ~ 'ss__') }}": "E_TPL_SECURITY",
    "{{ '{a.__class__}'.format_map({'a': 'b'}) }}": "E_TPL_SECURITY",
    "{{ '%999999999s' % 'a' }}": "E_TPL_SECURITY",
    "{{ ['a'] | sum(attribute='__class__') }}": "E_TPL_SECURITY",
    "{{ self._TemplateReference__context }}": "E_TPL_SECURITY",
    "{{ 'a'.encode('idna') }}": "E_TPL_SECURITY",
    "{{ values | pprint }}": "E_TPL_SYNTAX",
    "{% debug %}": "E_TPL_SYNTAX",
    "{{ '\\ud800' }}": "E_TEXT_SURROGATE",
    "{{ 1 // 0 }}": "E_TPL_ERROR",
    "{{ [1, 2][::0] }}": "E_TPL_ERROR",
    "{% include 'fifo' %}": "E_TPL_PATH",
    "{% include '/dev/zero' %}": "E_TPL_PATH",
    "{% include 'manifests/../../x' %}": "E_TPL_PATH",
    "{% include 'linked/passwd' ignore missing %}": "E_TPL_PATH",
    "{% include 'chain' %}": "E_TPL_PATH",
    "{% include '" + "x" * 5_000 + "' %}": "E_TPL_PATH",
    "{% include ['nowhere', '/etc/passwd'] %}": "E_TPL_PATH",
    "{% include '\\udcff' %}": "E_TPL_PATH",
}
CASES = [
    *((text.encode(), code) for text, code in BROKEN_YAML.items()),
    *BROKEN_BYTES.items(),
    *((f"a: {text}\n".encode(), code) for text, code in BROKEN_TEMPLATES.items()),
]


@pytest.mark.parametrize(("data", "code"), [pytest.param(*each, id=f"{n}-{each[1]}") for n, each in enumerate(CASES)])
def test_a_neighbour_is_refused_with_its_code_and_a_place(data: bytes, code: str, tmp_path: Path) -> None:
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests/a.yaml").write_bytes(data)
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "linked").symlink_to("/etc")
    (tmp_path / "chain").symlink_to("chain")
    found = load(DiskTree(tmp_path), entries=["manifests"]).diagnostics
    assert code in [each.code for each in found if each.severity is Severity.ERROR]
    lines = data.count(b"\n") + data.count(b"\r") + 1
    for each in found:
        assert each.position is not None
        assert each.position.file == "manifests/a.yaml"
        assert 1 <= each.position.line <= lines
