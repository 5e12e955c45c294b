"""yaml-test-suite: every invalid case is refused, none crashes, and what is read is frozen, with and without libyaml.

`yaml-test-suite-results.json` holds what becomes of each case: `same` as its JSON, or the code it is refused with. To
write it again, after looking at why, run this file: `python tests/manifest/test_yaml_suite.py`.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.manifest.yaml.parser import parse_yaml
from reconciler.model.diagnostic import Severity

DATA = Path(__file__).parents[1] / "data"
CASES: list[dict[str, Any]] = json.loads((DATA / "yaml-test-suite.json").read_text(encoding="utf-8"))["cases"]
RESULTS = DATA / "yaml-test-suite-results.json"


def documents(text: str) -> list[Any]:
    decoder, found, offset = json.JSONDecoder(), [], 0
    while text[offset:].strip():
        offset += len(text[offset:]) - len(text[offset:].lstrip())
        value, offset = decoder.raw_decode(text, offset)
        found.append(value)
    return found


def untyped(value: Any) -> Any:
    """Numbers with a point are text until their field is known."""
    if isinstance(value, dict):
        return {key: untyped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [untyped(item) for item in value]
    return str(value) if isinstance(value, float) else value


def result(case: dict[str, Any], *, pure: bool) -> str:
    parsed = parse_yaml(case["yaml"], "case.yaml", pure=pure)
    errors = [each for each in parsed.diagnostics if each.severity is Severity.ERROR]
    if errors:
        assert all(each.position for each in errors)
        return errors[0].code
    if case["json"] is None:
        return "read"
    same = untyped(documents(case["json"])) == untyped([document.value for document in parsed.documents])
    return "same" if same else "differs"


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in CASES])
def test_each_case_is_read_or_refused_as_before(case: dict[str, Any]) -> None:
    expected = json.loads(RESULTS.read_text(encoding="utf-8"))[case["id"]]
    found = [result(case, pure=False), result(case, pure=True)]
    assert found == expected
    if case["fail"]:
        assert all(each.startswith("E_") for each in found)


def test_nearly_every_valid_case_that_json_can_say_and_a_manifest_may_hold_is_read() -> None:
    frozen = json.loads(RESULTS.read_text(encoding="utf-8"))
    valid = [case for case in CASES if not case["fail"] and case["json"] is not None]
    ours = ("E_YAML_TAG", "E_YAML_KEYTYPE", "E_TEXT_CONTROL")  # refused by design
    read = [case for case in valid if frozen[case["id"]][0] in ("same", "read", *ours)]
    assert len(read) >= 0.8 * len(valid)
    assert [case["id"] for case in valid if frozen[case["id"]][0] == "differs"] == ["L24T-1"]  # blanks at a file's end


if __name__ == "__main__":
    found = {case["id"]: [result(case, pure=False), result(case, pure=True)] for case in CASES}
    RESULTS.write_text(json.dumps(found, indent=0) + "\n", encoding="utf-8")
