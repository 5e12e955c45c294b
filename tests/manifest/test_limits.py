"""What a file costs is bounded: too much of anything is refused early, and nothing costs the square of its length."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.loader import load
from reconciler.manifest.yaml.limits import LIMITS, YamlLimits
from reconciler.manifest.yaml.parser import parse_yaml
from tests.bench.bench_manifest import pretty_json

ROOM = """\
apiVersion: metastudio/v1
kind: SmartLiveRoom
metadata:
  name: room
spec:
  room_type: TEMPLATE
"""
_CHILD = """\
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
from reconciler.manifest.loader import load
from reconciler.manifest.files.disk_tree import DiskTree
found = load(DiskTree(sys.argv[1]), entries=["a.yaml"], values=sys.argv[2:])
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(peak.split()[1], *[each.code for each in found.diagnostics if each.code.startswith("E_")])
"""
"""Reads one file; the kernel ends it after 20 seconds of processor time. Linear reading takes a twentieth of that."""


def cost(folder: Path, text: str, *values: str) -> tuple[int, list[str]]:
    """Return the peak memory in MiB of reading a file, and the codes of its errors."""
    (folder / "a.yaml").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(folder), *values], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    peak, *codes = done.stdout.split()
    return int(peak) // 1024, codes


def repeated(template: str, number: int) -> str:
    return "".join(template % each for each in range(number)) if "%" in template else template * number


LARGE: dict[str, Callable[[], str]] = {
    "740,000 keys": lambda: repeated("k%d: 1\n", 740_000),
    "200,000 unknown fields": lambda: ROOM + repeated("  k%d: 1\n", 200_000),
    "1.4 million items in one flow list": lambda: "room_description: [" + "1," * 1_400_000 + "1]\n",
    "mappings in a flow list": lambda: "a: [" + "{a: 1}," * 600_000 + "]\n",
    "keys with a question mark": lambda: repeated("? k%d\n: 1\n", 400_000),
    "empty documents": lambda: "---\n" * 1_500_000,
    "documents of one value": lambda: "--- 1\n" * 1_000_000,
    "one key again and again": lambda: "k: 1\n" * 1_000_000,
    "keys that are no text": lambda: "1: 1\n" * 1_000_000,
    "doubtful booleans": lambda: "a:\n" + "- yes\n" * 1_000_000,
    "tags": lambda: "a:\n" + "- !x y\n" * 800_000,
    "texts with a control character": lambda: "a:\n" + '- "\\u202e"\n' * 500_000,
    "texts cut by a comment": lambda: "a:\n" + "- x #b\n" * 800_000,
    "question marks": lambda: "a: [\n" + " ?x,\n" * 300_000 + "]\n",
    "a quoted text of a million lines": lambda: ROOM + '  priv_data: "x\n' + "   y\n" * 1_500_000 + '"\n',
    "aliases": lambda: "a: &a x\nz: [" + "*a ," * 600_000 + "1]\n",
    "merges": lambda: "a: &a {x: 1}\nb:\n" + "- {<<: *a}\n" * 400_000,
}


@pytest.mark.parametrize("name", LARGE)
def test_too_much_of_anything_is_refused_with_little_memory(name: str, tmp_path: Path) -> None:
    peak, codes = cost(tmp_path, LARGE[name]())
    assert set(codes) <= {"E_YAML_SIZE", "E_YAML_LIMIT", "E_TOO_MANY", "E_YAML_KEYTYPE", "E_YAML_TAG", "E_TEXT_BIDI"}
    assert codes
    assert peak < 150


def test_values_files_have_the_same_limits(tmp_path: Path) -> None:
    (tmp_path / "v.yaml").write_text(LARGE["740,000 keys"]())
    peak, codes = cost(tmp_path, "a: {{ values.k1 }}\n", "v.yaml")
    assert (codes, peak < 150) == (["E_YAML_SIZE"], True)


def test_too_many_values_are_told_where_there_are_too_many(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("k: 1\nl: [2, 3]\n" + "\n" * 5 + "m: 4\n")
    parsed = parse_yaml((tmp_path / "a.yaml").read_bytes(), "a.yaml", limits=YamlLimits(nodes=9))
    assert [(each.code, str(each.position)) for each in parsed.diagnostics] == [("E_YAML_SIZE", "a.yaml:8:1")]
    assert parsed.documents == ()


def test_just_as_many_values_as_there_may_be_are_read() -> None:
    text = "- 1\n" * (LIMITS.nodes - 3)  # beside the items the list begins and ends, and the document ends
    assert parse_yaml(text, "a.yaml").diagnostics == ()
    assert [each.code for each in parse_yaml(text + "- 1\n", "a.yaml").diagnostics] == ["E_YAML_SIZE"]


def looped(text: str) -> str:
    return "{% for number in range(20000) %}" + text + "{% endfor %}"


LINEAR: dict[str, Callable[[], str]] = {
    "pretty-printed JSON with Chinese texts": lambda: pretty_json(2_000_000),
    "a flow list on two lines": lambda: ROOM + "  interaction_rules: [\n" + "1," * 90_000 + "1]\n",
    "a quoted text of many lines": lambda: ROOM + '  priv_data: "x\n' + "   y\n" * 250_000 + '"\n',
    "numbers whose field decides what they are": lambda: (
        ROOM + "  scene_scripts:\n" + "  - layer_config: [{rotation: 1.5}]\n" * 15_000
    ),
    "blank lines in a block text": lambda: ROOM + "  priv_data: |\n    x\n" + "\n" * 4_000_000 + "    y\n",
    "blank lines before a block text": lambda: ROOM + "  priv_data: |\n" + "   \n" * 1_500_000 + "    y\n",
    "merges from many mappings": lambda: (
        "a: &a {x: 1}\nb: {<<: [" + "*a," * 24_000 + "*a], " + ", ".join(f"k{n}: 1" for n in range(24_000)) + "}\n"
    ),
    "questionable texts in brackets": lambda: "a: [\n" + "  x, ?y,\n" * 40_000 + "]\n",
    "a name of joined characters": lambda: ROOM.replace("name: room", "name: " + "ا\u200d" * 400_000),
    "a line of template output": lambda: ROOM + "  priv_data: " + looped("{{ 'a#' }}") + "\n",
    "a comment of template output": lambda: ROOM + "# " + looped("{{ ' #' }} ") + "\n",
    "a line of whole values": lambda: ROOM + "  interaction_rules: [" + looped("{{ [1] | tojson }}, ") + "]\n",
    "output outside of texts": lambda: ROOM + "x: [" + looped("{{ '[1]' }}, ") + "]\n",
}


@pytest.mark.parametrize("name", LINEAR)
def test_no_text_costs_the_square_of_its_length(name: str, tmp_path: Path) -> None:
    peak, codes = cost(tmp_path, LINEAR[name]())
    assert "E_TPL_LIMIT" not in codes
    assert peak < 400


DIRECTIVES = "".join(f"%TAG !t{number}! tag:example.com,{number}:\n" for number in range(150_000)) + "---\na: 1\n"


@pytest.mark.parametrize("text", [DIRECTIVES, DIRECTIVES.replace("\n", "\r\n"), "a: 1\n...\n" + DIRECTIVES])
def test_directives_do_not_cost_the_square_of_their_number(text: str, tmp_path: Path) -> None:
    peak, codes = cost(tmp_path, text)
    assert "E_YAML_SYNTAX" in codes
    assert peak < 150


def test_the_directive_that_is_one_too_many_is_told_by_its_line() -> None:
    problem = parse_yaml(DIRECTIVES, "a.yaml").diagnostics[0]
    assert (problem.code, str(problem.position)) == ("E_YAML_SYNTAX", "a.yaml:1001:1")
    assert problem.hint


LONG = "x" * 900_000
LONG_WORDS = {
    "tag": ROOM + f"  room_description: !{LONG} text\n",
    "tag that a directive makes longer": f"%TAG !a! tag:{LONG}\n---\na: !a!b c\n",
    "alias": ROOM + f"  room_description: *{LONG}\n",
    "field": ROOM + f"  ? {LONG}\n  : 1\n",
    "field twice": ROOM + f"  ? {LONG}\n  : 1\n" * 2,
    "key of metadata": ROOM.replace("name: room", f"? {LONG}\n  : 1"),
    "key": f"? {LONG}\n: 1\n",
    "kind": ROOM.replace("SmartLiveRoom", LONG),
    "name": ROOM.replace("name: room", f"name: {LONG}"),
    "variable": ROOM + f"  room_description: {{{{ {LONG} }}}}\n",
    "filter": ROOM + f"  room_description: {{{{ 1 | {LONG} }}}}\n",
    "path": f"{{% include '{LONG}' %}}\n",
}


@pytest.mark.parametrize("name", LONG_WORDS)
def test_a_problem_does_not_repeat_a_word_at_any_length(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(LONG_WORDS[name])
    problems = load(DiskTree(tmp_path), entries=["a.yaml"]).diagnostics
    assert problems
    for each in problems:
        told = [each.message, each.hint, each.address, each.path, *(more.message for more in each.related)]
        assert max(map(len, told)) <= 2_000, each.code
