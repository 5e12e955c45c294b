"""Each lint at the exact place of the offending value, in plain manifests and through templates (rules.md §7)."""

import json

import pytest
import yaml

from tests.interaction_rules.test_rule_lints import ONE_RULE, SEVERAL
from tests.support.command_line import project, reconciler

HITS = [(name, [hit], 0, path) for name, _, hit, path, _ in ONE_RULE]
HITS += [(name, rules, index, None) for name, rules, index, _ in SEVERAL]


class Leaves:
    """Puts a mark in place of the offending leaf of each hit, and an expression in place of each mark."""

    def __init__(self):
        self.values = []

    def marked(self, value, path):
        value = json.loads(json.dumps(value))
        at = value
        for step in path[:-1]:
            at = at[step]
        last = path[-1]
        if (last in at if isinstance(at, dict) else True) and not isinstance(at[last], (dict, list)):
            self.values.append(at[last])
            at[last] = f"leaf-{len(self.values) - 1}-"
        return value

    def templated(self, text):
        for number in range(len(self.values)):
            text = text.replace(f"leaf-{number}-", f"{{{{ values.leaf{number} | tojson }}}}")
        return text


def group(number, rules):
    head = {"apiVersion": "metastudio/v1", "kind": "InteractionRuleGroup", "metadata": {"name": f"g{number}"}}
    return {**head, "spec": {"interaction_rules": rules}}


def spelled(documents):
    """Return documents as YAML with one leaf a line."""
    return yaml.safe_dump_all(json.loads(json.dumps(documents)), allow_unicode=True, sort_keys=False, width=100_000)


def told(folder, manifest, values="{}"):
    project(folder, {"rooms/a.yaml": manifest, "values/common.yaml": values}, more="values: [values/common.yaml]\n")
    run = reconciler("-C", folder, "validate", "--format", "json")
    found = {}
    for one in json.loads(run.out)["diagnostics"]:
        if one["code"].startswith("L_RULE_"):
            start = one["range"]["start"]
            found.setdefault((one["code"], start["line"]), []).append(start["column"])
    return found


def places(text):
    """Return for each document a function that gives the line and column of the value at a path."""

    def at(node, path):
        for step in path:
            if isinstance(node, yaml.MappingNode):
                node = next((value for key, value in node.value if key.value == step), None)
            else:
                node = node.value[step]
            if node is None:
                return None
        return node.start_mark.line + 1, node.start_mark.column + 1

    return [lambda path, node=node: at(node, path) for node in yaml.compose_all(text, Loader=yaml.SafeLoader)]


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Validate every hit at once, plain and through a template."""
    documents = [group(number, rules) for number, (_, rules, _, _) in enumerate(HITS)]
    text = spelled(documents)
    leaves = Leaves()
    paths = [("spec", "interaction_rules", index, *(path or ("rule_name",))) for _, _, index, path in HITS]
    marked = [leaves.marked(one, path) for one, path in zip(documents, paths, strict=True)]
    template = leaves.templated(spelled(marked))
    assert len(template.splitlines()) == len(text.splitlines())
    values = json.dumps({f"leaf{place}": value for place, value in enumerate(leaves.values)}, ensure_ascii=False)
    folder = tmp_path_factory.mktemp("lints")
    return places(text), told(folder / "plain", text), told(folder / "templated", template, values)


@pytest.mark.parametrize("number", range(len(HITS)), ids=[f"{n}-{row[0]}" for n, row in enumerate(HITS)])
def test_a_lint_stands_where_the_offending_value_is_written(both, number):
    found_at, plain, templated = both
    name, _, index, path = HITS[number]
    code = "L_RULE_" + name.upper().replace("-", "_")
    at = found_at[number]
    rule = ("spec", "interaction_rules", index)
    if path is not None:
        line, column = at((*rule, *path)) or at((*rule, "rule_name"))
        assert column in plain.get((code, line), ())
        assert (code, line) in templated
        return
    first, last = at(rule)[0], at((*rule, "trigger"))[0]
    for found in (plain, templated):
        assert any(known == code and first <= line <= last for known, line in found)
