"""A kind as one table: endpoints, identity, and every field with its rules.

Validator, JSON Schema, differ, simulator, redaction, export and both HTTP adapters read this table alone, so that a new
kind is one new file.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from pydantic import BaseModel

from reconciler.kinds.base.field import Field
from reconciler.kinds.base.field_rules import RuleNode, table_problems, watched
from reconciler.kinds.base.model_compiler import compile_model
from reconciler.kinds.base.probe_bodies import ProbeBodies
from reconciler.kinds.base.problem import Check, SpecProblem
from reconciler.model.resource import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFilter:
    """Query parameter of a list endpoint: the field it filters, and its match.

    `match` is `exact`, `fuzzy` (contains), `any case`, `any of` (comma-separated), `since` or `until` (times,
    inclusive), or `unknown` where nothing is documented and `field` is empty. `spelled` maps a value of the parameter
    to the field's own value, "" for an absent field.
    """

    parameter: str
    field: str
    match: str = "exact"
    max_length: int = 0
    spelled: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Endpoints of a kind (api.md §2): paths below the host, with `{project_id}` and `{id}` left open.

    `items` is the key of the list's rows, `count` that of their total. `summary` is the light list of the same objects;
    `children` the collection of items that can be written one by one, `{id}` being the parent's.
    """

    collection: str
    items: str
    count: str = "count"
    summary: str = ""
    children: str = ""
    children_field: str = ""
    child_id: str = ""
    filters: tuple[ListFilter, ...] = ()

    @property
    def item(self) -> str:
        """Path of one object."""
        return self.collection + "/{id}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Kind:
    """Type of resource.

    `model` is the pydantic model of the spec; its field metadata is compiled into `root`. `after` names kinds that come
    before this one on create. `references` maps a path of this kind to the kind its name resolves in (a room's rules
    name their group); the id goes beside it, under the other kind's `id_field`. `unwritable` says of a raw live row why
    it must never be written, or returns "". `on_air` tells whether an update or delete touches something running,
    `on_update` what an update of this row does besides. `stamps` are the fields that each write changes, best first.
    `scope_fields` are the fields by whose value an environment may choose objects. `shared_row` tells whether a listed
    row may belong to another project where the list itself belongs to this one. `probe` holds the bodies of
    `doctor`'s own objects; a kind without them is only read.
    """

    name: str
    model: type[BaseModel]
    id_field: str
    name_field: str
    endpoints: Endpoints
    title: str = ""
    after: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    references: Mapping[str, str] = dataclasses.field(default_factory=dict)
    stamps: tuple[str, ...] = ("update_time",)
    unwritable: Callable[[Mapping[str, Json]], str] = lambda row: ""  # noqa: ARG005 - the common answer
    on_air: Callable[[Mapping[str, Json]], str] = lambda row: ""  # noqa: ARG005 - the common answer
    on_update: Callable[[Mapping[str, Json]], tuple[str, ...]] = lambda row: ()  # noqa: ARG005 - the common answer
    scope_fields: tuple[str, ...] = ()
    shared_row: Callable[[Mapping[str, Json]], bool] = lambda row: False  # noqa: ARG005 - the common answer
    example: str = ""
    probe: ProbeBodies | None = None

    @cached_property
    def root(self) -> Field:
        """Fields of the kind as a tree, made from its model once."""
        return compile_model(self.model)

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """Fields by path, as in fields.yaml."""
        return dict(_flatten(self.root))

    @cached_property
    def _watched(self) -> RuleNode | None:
        return watched(self.root)

    def problems(self, spec: Mapping[str, Json]) -> Iterator[SpecProblem]:
        """Yield the problems of a spec beyond the types and limits of its model; types may be wrong too."""
        yield from table_problems(self._watched, spec)
        for check in self.checks:
            yield from check(spec)


def _flatten(node: Field) -> Iterable[tuple[str, Field]]:
    for child in node.children.values():
        yield child.path, child
        yield from _flatten(child)
        if child.item is not None:
            yield from _flatten(child.item)
