"""The project's files for CI, read as the hosts read them: actions, workflows, the GitLab component, the pipelines."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.support.command_line import ROOT

EXAMPLES = ROOT / "examples/ci"
OWN = "YOUR-ORG/reconciler"
"""What stands in the examples for this repository."""


class _Loader(yaml.SafeLoader):
    """As YAML 1.2 reads it, so that `on:` is a text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:bool"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))


@cache
def loaded(path: Path | str) -> Any:
    """Return a file of the repository, decoded; it must not be changed."""
    return decoded((ROOT / path).read_text(encoding="utf-8"))


def decoded(text: str) -> Any:
    """Return the value of a YAML text."""
    return yaml.load(text, Loader=_Loader)


def component(**inputs: Any) -> Any:
    """Fill the GitLab component in, as GitLab does: interpolation comes before YAML."""
    header, body = (ROOT / "templates/reconciler.yml").read_text(encoding="utf-8").split("\n---\n")
    declared = yaml.safe_load(header)["spec"]["inputs"]
    unknown = set(inputs) - set(declared)
    assert not unknown, f"the component has no input {unknown}"
    values = {name: inputs.get(name, (given or {}).get("default")) for name, given in declared.items()}
    missing = [name for name, value in values.items() if value is None]
    assert not missing, f"the component needs {missing}"
    text = re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda match: json.dumps(values[match[1]]).strip('"'), body)
    return decoded(text)
