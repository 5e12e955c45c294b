"""What the check without pydantic accepts, pydantic accepts as it stands; and it accepts what people write."""

import copy
import json
import random
from pathlib import Path
from typing import Any

import pydantic
import pytest

from reconciler.kinds.base.field_builders import SpecModel, number, text
from reconciler.kinds.base.plain_check import plain_check
from reconciler.kinds.registry import all_kinds, kind_named
from reconciler.manifest.validation.envelope import Envelope
from reconciler.manifest.yaml.parser import parse_yaml
from reconciler.project.config import ProjectFile

ROOT = Path(__file__).parents[2]
POOL: list[Any] = [
    *(None, True, False, 0, 1, -1, 500, 10**20, 0.5, 2.0, float("inf"), float("nan"), "", "a", "A" * 300, "é茶"),
    *("NORMAL", "EQUAL", "OR", "owned", "none", "#FFFFFF", "#FFFFFF\n", "2026-01-01", "L_RULE", "yes", "1.5", "\ud800"),
    *([], ["a"], [1], [None], {}, {"a": 1}, {"secret": "STREAM_KEY"}, {"secret": "x"}, [{}], b"a", (1,), 1j),
]
"""Values that any place may get."""


def documents() -> list[Any]:
    files = sorted((ROOT / "examples").rglob("*.yaml"))
    parsed = [parse_yaml(path.read_bytes(), path.name) for path in files if b"{%" not in path.read_bytes()]
    return [document.value for file in parsed for document in file.documents if isinstance(document.value, dict)]


DOCUMENTS = documents()
MANIFESTS = [one for one in DOCUMENTS if one.get("apiVersion") == "metastudio/v1"]
PROJECTS = [one for one in DOCUMENTS if "environments" in one and "manifests" in one]


def full_spec(field: Any) -> Any:
    """Return a value with every field that a manifest may have."""
    if field.children:
        return {
            name: full_spec(child) for name, child in field.children.items() if child.writable and name != "group_name"
        }
    if field.item is not None:
        return [full_spec(field.item)] * max(1, field.min_items or 0)
    if field.sensitive:
        return {"secret": "STREAM_KEY"}
    if field.enum:
        return field.enum[0]
    least = field.minimum or 0
    values = {"integer": int(least), "number": float(least), "boolean": True}
    return values.get(field.type.value, "a" * max(1, field.min_length or 0))


def cases() -> list[tuple[str, Any, Any]]:
    found = [("Envelope", Envelope, one) for one in MANIFESTS]
    found += [(one["kind"], kind_named(one["kind"]).model, one["spec"]) for one in MANIFESTS if one.get("spec")]
    found += [("ProjectFile", ProjectFile, one) for one in PROJECTS]
    for kind in all_kinds().values():
        known = kind.model.model_fields
        whole = {name: value for name, value in full_spec(kind.root).items() if name in known}
        found += [(f"{kind.name} {name}", kind.model, {name: value}) for name, value in whole.items()]
    return found


CASES = cases()


def exact(value: Any) -> str:
    """Return a text that tells types apart, and no order of keys."""
    if isinstance(value, dict):
        return "{" + ", ".join(sorted(f"{key!r}: {exact(item)}" for key, item in value.items())) + "}"
    return f"[{', '.join(map(exact, value))}]" if isinstance(value, list) else repr(value)


def is_valid(model: Any, value: Any) -> bool:
    """Tell whether pydantic accepts a value, and what it makes of it is the same."""
    try:
        if model is ProjectFile:
            return ProjectFile.checked(value) is not None
        made = model.model_validate(value)
    except pydantic.ValidationError:
        return False
    return exact(made.model_dump(exclude_unset=True)) == exact(value)


def is_accepted(model: Any, value: Any) -> bool:
    """Tell whether a value is accepted without pydantic."""
    return ProjectFile.accepted(value) is not None if model is ProjectFile else plain_check(model)(value)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for step, item in steps for place in places(item, (*path, step)))]


def edited(dice: random.Random, value: Any) -> Any:
    """Return a value with one place changed, removed, or given another key."""
    whole = [copy.deepcopy(value)]
    path = (0, *dice.choice(places(value)))
    parent: Any = whole
    for step in path[:-1]:
        parent = parent[step]
    what = dice.randrange(4)
    if what == 0 and len(path) > 1:
        del parent[path[-1]]
    elif what == 1 and isinstance(parent, dict):
        parent[dice.choice(["name", "spec", "id", "extra", 1, "fields", "item"])] = dice.choice(POOL)
    elif what == 2 and isinstance(parent[path[-1]], list) and parent[path[-1]]:
        parent[path[-1]] *= dice.choice([2, 600])
    else:
        parent[path[-1]] = dice.choice(POOL)
    return whole[0]


def test_what_people_write_is_accepted():
    refused = [
        (name, value) for name, model, value in CASES if not is_accepted(model, value) and is_valid(model, value)
    ]
    assert refused == []
    assert len(CASES) > 30


@pytest.mark.parametrize("seed", range(3))
def test_what_is_accepted_is_valid_as_it_stands(seed):
    dice, accepted = random.Random(f"plain {seed}"), 0
    for _ in range(300):
        name, model, value = dice.choice(CASES)
        value = edited(dice, edited(dice, value) if dice.random() < 0.3 else value)
        if is_accepted(model, value):
            accepted += 1
            assert is_valid(model, value), (name, value)
    assert accepted > 25


def test_a_project_that_is_accepted_is_the_one_that_pydantic_makes():
    for value in PROJECTS:
        made = ProjectFile.accepted(value)
        checked = ProjectFile.checked(value)
        assert made == checked
        assert made is not None
        assert json.dumps(made.written()) == json.dumps(checked.written())
    assert PROJECTS


class Judged(SpecModel):
    """A check of its own."""

    name: str | None = text(1, 8)

    @pydantic.field_validator("name")
    @classmethod
    def _plain(cls, name: str) -> str:
        return name.strip()


class Below(Judged):
    """Of a model with a check of its own."""

    size: float | None = number(0, 1)


class Loose(SpecModel):
    """A limit that only pydantic knows."""

    size: float | None = pydantic.Field(default=None, multiple_of=2)


class Coerced(SpecModel):
    """Another configuration."""

    model_config = pydantic.ConfigDict(str_max_length=2)
    name: str | None = text()


@pytest.mark.parametrize("model", [Judged, Below, Loose, Coerced, pydantic.BaseModel])
def test_a_model_that_says_more_than_its_fields_is_left_to_pydantic(model):
    assert plain_check(model) is None
