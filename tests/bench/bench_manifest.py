"""Manifests: parsing with places against `yaml.CSafeLoader`, templates with guard and line map against plain rendering
and parsing, validation of 10,000 rooms and of 500 groups with 20 rules each. Processor time, best of several rounds.
"""

import gc
import json
import math
import resource
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from reconciler.kinds.registry import all_kinds
from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.loader import load
from reconciler.manifest.template import structure_guard
from reconciler.manifest.template.renderer import render
from reconciler.manifest.validation.validator import validate
from reconciler.manifest.yaml.limits import YamlLimits
from reconciler.manifest.yaml.parser import parse_yaml
from reconciler.model.desired_state import DesiredState
from reconciler.model.options import ResourceScope
from reconciler.model.source_map import NO_SOURCE
from tests.bench.results import Ratio, Row

_RULE = """\
    - rule_name: 规则 {rule}
      event_type: 1
      enabled: true
      hit_condition:
        relation: AND
        priority: {rule}
        tags:
          - {{tag: content, match: REGEX, value: "价格|多少钱|how much"}}
      trigger:
        reply_mode: SYSTEM_REPLY
        reply_order: RANDOM
        reply_texts: ["欢迎来到直播间，今天的价格是 99 元。", "谢谢大家，关注主播不迷路！"]
        time_window: 10
"""
_GROUP = """\
---
apiVersion: metastudio/v1
kind: InteractionRuleGroup
metadata:
  name: group {group}
spec:
  interaction_rules:
"""
_ROOM = """\
---
apiVersion: metastudio/v1
kind: SmartLiveRoom
metadata:
  name: 直播间 {room}
spec:
  room_description: 第 {room} 场
  room_type: NORMAL
"""
_TEMPLATE = """\
{% for group in range(values.groups) %}
---
apiVersion: metastudio/v1
kind: InteractionRuleGroup
metadata:
  name: group {{ group }}
spec:
  interaction_rules:
{% for rule in range(20) %}
    - rule_name: {{ values.word }} {{ rule }}
      event_type: 1
      enabled: true
      hit_condition:
        relation: AND
        priority: {{ rule }}
        tags:
          - {tag: content, match: REGEX, value: {{ values.keywords | tojson }}}
      trigger:
        reply_mode: SYSTEM_REPLY
        reply_order: RANDOM
        reply_texts: {{ values.replies | tojson }}
        time_window: 10
{% endfor %}
{% endfor %}
"""
UNBOUNDED = YamlLimits(size=1 << 30, nodes=1 << 30, documents=1 << 30)
_VALUES = {
    "groups": 150,
    "word": "规则",
    "keywords": "价格|多少钱|how much",
    "replies": ["欢迎来到直播间，今天的价格是 99 元。", "谢谢大家，关注主播不迷路！"],
}


def run() -> list[Row]:
    """Return one row a comparison."""
    return [*_parsing(), *_pretty_json(), *_templates(), *_validation()]


def _groups(count: int, rules: int) -> str:
    return "".join(
        _GROUP.format(group=group) + "".join(_RULE.format(rule=rule) for rule in range(rules)) for group in range(count)
    )


def _parsing() -> list[Row]:
    text = _groups(200, 20)
    theirs = _best(lambda: list(yaml.load_all(text, yaml.CSafeLoader)))
    ours = _best(lambda: parse_yaml(text, "bench", limits=UNBOUNDED))
    size = f"{len(text.encode()) / 1e6:.1f} MB"
    return [
        _row(f"parse {size}", "yaml.CSafeLoader, no places", theirs, "with places and checks", ours, "≥ 1.8× faster")
    ]


def _pretty_json() -> list[Row]:
    """Return how the time of pretty-printed JSON grows with its size, and what a file of too many keys costs."""
    sizes = (100_000, 2_000_000)
    with tempfile.TemporaryDirectory() as folder:
        spent = [_validated(Path(folder), pretty_json(size)) for size in sizes]
        too_many = _validated(Path(folder), "".join(f"k{number}: 1\n" for number in range(740_000)))
    exponent = math.log(spent[1] / spent[0]) / math.log(sizes[1] / sizes[0])
    return [
        {
            "what": "pretty-printed JSON with Chinese texts, validated",
            "against": f"0.1 MB: {spent[0] * 1000:.0f} ms",
            "ours": f"2 MB: {spent[1] * 1000:.0f} ms",
            "ratio": Ratio(exponent, "exponent {:.2f}"),
            "goal": "≤ 1.15",
        },
        _row("8 MB of 740,000 keys", "2 MB of JSON", spent[1], "refused", too_many, "≤ 1.5 s"),
    ]


def _validated(root: Path, text: str) -> float:
    (root / "a.yaml").write_text(text, encoding="utf-8")
    return _best(lambda: load(DiskTree(root), entries=["a.yaml"]), rounds=3)


def pretty_json(size: int) -> str:
    """Return groups of 400 rules as pretty-printed JSON, about `size` bytes in all."""
    trigger = {"time_window": 10, "reply_mode": "SYSTEM_REPLY", "reply_texts": ["欢迎来到直播间" * 9] * 2}
    rules: list[Row] = []
    written = 0
    while written < size:
        rules.append({"rule_name": f"规则 {len(rules)}", "event_type": 1, "trigger": trigger})
        written += len(json.dumps(rules[-1], ensure_ascii=False, indent=10).encode())
    head = {"apiVersion": "metastudio/v1", "kind": "InteractionRuleGroup"}
    return "\n---\n".join(
        json.dumps(
            {**head, "metadata": {"name": f"组 {start}"}, "spec": {"interaction_rules": rules[start : start + 400]}},
            ensure_ascii=False,
            indent=2,
        )
        for start in range(0, len(rules), 400)
    )


def _declared(state: DesiredState) -> None:
    """Refuse to measure manifests that are not valid."""
    assert len(state.resources) == 20, state.diagnostics[:3]


def _templates() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "a.yaml").write_text(_TEMPLATE, encoding="utf-8")
        context = {"values": _VALUES, "env": {"name": "bench"}}
        plain = _best(lambda: _plainly(context))
        ours = _best(lambda: _mapped(root, context))
        (root / "b.yaml").write_text(_groups(20, 20), encoding="utf-8")
        direct = _best(lambda: _declared(load(DiskTree(root), entries=["b.yaml"])))
        sets = ["groups:=20", "word:=x", "keywords:=x", "replies:=[x]"]
        forked = _best(lambda: _declared(load(DiskTree(root), entries=["a.yaml"], sets=sets)))
    return [
        _row(
            "150 groups × 20 rules from a template",
            "plain Jinja, then our parser",
            plain,
            "guarded, mapped, parsed",
            ours,
            "≤ 2× slower",
        ),
        _row(
            "20 groups × 20 rules, validated too", "from a template", forked, "without Jinja", direct, "skips rendering"
        ),
    ]


def _plainly(context: Mapping[str, object]) -> None:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True, cache_size=0)
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    text = environment.from_string(_TEMPLATE).render(context)
    parse_yaml(text, "bench", limits=UNBOUNDED)


def _mapped(root: Path, context: Mapping[str, object]) -> None:
    result = render(DiskTree(root), ["a.yaml"], lambda: context)["a.yaml"]
    assert result.texts, result.problems
    parsed = parse_yaml(result.text, "a.yaml", where=result.lines.at, limits=UNBOUNDED)
    assert not structure_guard.find_structure_violations(result.marked, result.places, parsed.documents, broken=False)
    line, column = parsed.documents[-1].at(("spec", "interaction_rules", 7, "trigger"))
    assert result.lines.at(line, column).line == 19


def _validation() -> list[Row]:
    kinds = dict(all_kinds())
    rows = []
    for what, text in (
        ("10,000 rooms", "".join(_ROOM.format(room=room) for room in range(10_000))),
        ("500 groups × 20 rules", _groups(500, 20)),
    ):
        parsed = parse_yaml(text, "bench", limits=UNBOUNDED)
        documents = [document.value for document in parsed.documents]
        parsing = _best(lambda text=text: parse_yaml(text, "bench", limits=UNBOUNDED), rounds=2)
        checking = _best(
            lambda documents=documents: [validate(each, NO_SOURCE, kinds, ResourceScope()) for each in documents],
            rounds=2,
        )
        rows.append(_row(what, "parse", parsing, "validate", checking, ""))
    return rows


def _row(what: str, first: str, one: float, second: str, other: float, goal: str) -> Row:
    words = f"{one / other:.2f}× faster" if other <= one else f"{other / one:.2f}× slower"
    return {
        "what": what,
        "against": f"{first}: {one * 1000:.0f} ms",
        "ours": f"{second}: {other * 1000:.0f} ms",
        "ratio": Ratio(other / one, words),
        "goal": goal,
    }


def _best(work: Callable[[], object], rounds: int = 5) -> float:
    """Return the least processor time of several rounds, children's included."""
    found = []
    for _ in range(rounds):
        gc.collect()
        start = _spent()
        work()
        found.append(_spent() - start)
    return min(found)


def _spent() -> float:
    child = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + child.ru_utime + child.ru_stime
