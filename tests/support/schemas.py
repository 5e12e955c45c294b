"""The schemas of tests/data/schemas, and what is wrong with a value under one of them."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema_rs
import xmlschema

FOLDER = Path(__file__).parents[1] / "data" / "schemas"


_STRAY = ("{2}]?$", "{2}$")
"""What is wrong in one pattern of the published schema of SARIF, and what was meant: see tests/data/schemas."""


def schema(name: str) -> Any:
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    return json.loads(text.replace(*_STRAY) if name.startswith("sarif-") else text)


def errors(name: str, value: Any) -> list[str]:
    """Say what is wrong with a value, each with its place."""
    validator = jsonschema_rs.validator_for(schema(name), validate_formats=True)
    return [f"{list(error.instance_path)}: {error.message}"[:300] for error in validator.iter_errors(value)]


def junit_errors(text: str) -> list[str]:
    """Say what is wrong with a JUnit document: elements, attributes, and where they may stand."""
    table = schema("junit")
    root = ET.fromstring(text.encode())
    found = [] if root.tag == "testsuites" else [f"the root is {root.tag}"]
    for node in root.iter():
        known = table.get(node.tag)
        if known is None:
            found.append(f"there is no element {node.tag}")
            continue
        found += [f"{node.tag} has {name}" for name in node.attrib if name not in known["attributes"]]
        found += [f"{node.tag} lacks {name}" for name in known["required"] if name not in node.attrib]
        found += [f"{node.tag} holds {child.tag}" for child in node if child.tag not in known["children"]]
    return found


_LATER = {"testcase": ("file", "line"), "skipped": ("message",)}
"""Attributes that Jenkins, GitLab and pytest's readers came to know after Jenkins' schema was published."""


def jenkins_errors(text: str) -> list[str]:
    """Say what Jenkins' own schema finds wrong with a JUnit document, the attributes of later years apart."""
    root = ET.fromstring(text.encode())
    for node in root.iter():
        for name in _LATER.get(node.tag, ()):
            node.attrib.pop(name, None)
    table = xmlschema.XMLSchema(FOLDER / "jenkins-junit.xsd")
    return [f"{error.path}: {error.reason}" for error in table.iter_errors(ET.tostring(root, encoding="unicode"))]
