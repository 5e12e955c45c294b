"""A kind as one table: endpoints, identity, and every field with its rules.

Validator, JSON Schema, differ, simulator, redaction, export and both HTTP adapters read this table alone, so that a new
kind is one new file.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, lru_cache

from reconciler.kinds.base.field import Field
from reconciler.kinds.base.field_rules import RuleNode, table_problems, watched
from reconciler.kinds.base.model_compiler import compile_model
from reconciler.kinds.base.probe_bodies import ProbeBodies
from reconciler.kinds.base.problem import Check, SpecProblem, concerns
from reconciler.kinds.base.simulated_kind import SimulatedKind
from reconciler.kinds.base.spec_model import CheckedModel
from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFilter:
    """Query parameter of a list endpoint: the field it filters, and its match.

    `match` is `exact`, `fuzzy` (contains), `any case`, `any of` (comma-separated), `since` or `until` (times,
    inclusive), or `unknown` where nothing is documented and `field` is empty. `spelled` maps a value of the parameter
    to the field's own value, "" for an absent field.

    `values` are the documented values as they are sent, in any number for `any of`; none means any text. `aliases` maps
    other spellings to them. `absent_is_empty` tells that a listed row without the field has no value there, where a row
    may otherwise leave a field out. `contradicts` tells of a row, the sent value and the own project's id whether the
    row cannot match, for a filter without a field. `doc` is one line for the help.
    """

    parameter: str
    field: str
    match: str = "exact"
    max_length: int = 0
    spelled: Mapping[str, str] = dataclasses.field(default_factory=dict)
    values: tuple[str, ...] = ()
    aliases: Mapping[str, str] = dataclasses.field(default_factory=dict)
    absent_is_empty: bool = False
    contradicts: Callable[[Mapping[str, Json], str, str], bool] | None = None
    doc: str = ""

    @property
    def option(self) -> str:
        """Flag of the command line: the parameter with dashes."""
        return "--" + self.parameter.replace("_", "-")

    @property
    def is_time(self) -> bool:
        """Whether the parameter takes a time."""
        return self.match in ("since", "until")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableColumn:
    """TableColumn of a table of live objects: the top-level field it shows, or a text made of a row.

    `since` are fields with times, of which the first that a row has adds its age. `wide` columns appear on request.
    """

    title: str
    field: str = ""
    text: Callable[[Mapping[str, Json]], str] | None = None
    since: tuple[str, ...] = ()
    wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Endpoints of a kind (api.md §2): paths below the host, with `{project_id}` and `{id}` left open.

    `items` is the key of the list's rows, `count` that of their total. `summary` is the light list of the same objects.
    """

    collection: str
    items: str
    count: str = "count"
    summary: str = ""
    filters: tuple[ListFilter, ...] = ()

    @property
    def object(self) -> str:
        """Path of one object."""
        return self.collection + "/{id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemCollection:
    """List whose items can also be written one by one (api.md §2).

    `path` is the collection's, `{id}` being that of the object. `field` is the list and `id_field` the id of an item.
    The calls for one item accept `create_fields` and `update_fields` alone.
    """

    path: str
    field: str
    id_field: str
    create_fields: frozenset[str]
    update_fields: frozenset[str]

    @property
    def item_path(self) -> str:
        """Path of one item."""
        return self.path + "/{item_id}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Kind:
    """Type of resource.

    `model` is the model of the spec; its field metadata is compiled into `root`. `depends_on` names kinds that
    come before this one on create. `references` maps a path of this kind to the kind its name resolves in (a room's
    rules name their group); the id is sent beside it, in the field that `id_beside` names (`group_id` beside
    `group_name`).
    `foreign_reason` returns why a raw live row must never be written, `busy_reason` what is running that an update or a
    delete of it touches; both return "" otherwise. `update_effects` are the side effects of an update of the row.
    `version_fields` are the fields that each write changes, best first; `created_field` and `updated_field` have the
    times of the first and the last write.
    `scope_fields` are the fields by whose value an environment may choose objects. `shared_row` tells whether a listed
    row may belong to another project where the list itself belongs to this one. `probe` holds the bodies of
    `doctor`'s own objects; a kind without them is only read. `source` is where its fields are documented.

    `item_collection` is the list whose items have calls of their own. `not_found_codes` are the codes, without the
    service's prefix, with which a missing object is refused whatever the status. `simulation` is what the simulator
    does with the kind beside its table.

    `plural` is the word of the command line for its objects (`rooms`), by default made of the list's key. `columns` are
    those of a table of its objects, beside name, owner and times; by default one for each listed choice. `sentences`
    maps a top-level list to a function that describes one raw item of it in words.
    """

    name: str
    model: CheckedModel
    id_field: str
    name_field: str
    endpoints: Endpoints
    title: str = ""
    depends_on: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    references: Mapping[str, str] = dataclasses.field(default_factory=dict)
    created_field: str = "create_time"
    updated_field: str = "update_time"
    version_fields: tuple[str, ...] = ("update_time",)
    foreign_reason: Callable[[Mapping[str, Json]], str] = lambda row: ""  # noqa: ARG005 - the common answer
    busy_reason: Callable[[Mapping[str, Json]], str] = lambda row: ""  # noqa: ARG005 - the common answer
    update_effects: Callable[[Mapping[str, Json]], tuple[str, ...]] = lambda row: ()  # noqa: ARG005 - the common answer
    scope_fields: tuple[str, ...] = ()
    shared_row: Callable[[Mapping[str, Json]], bool] = lambda row: False  # noqa: ARG005 - the common answer
    example: str = ""
    source: str = ""
    probe: ProbeBodies | None = None
    item_collection: ItemCollection | None = None
    not_found_codes: frozenset[str] = frozenset({"20010045"})
    simulation: SimulatedKind | None = None
    plural: str = ""
    columns: tuple[TableColumn, ...] = ()
    sentences: Mapping[str, Callable[[Mapping[str, Json]], str]] = dataclasses.field(default_factory=dict)

    @property
    def items_field(self) -> str:
        """List whose items can be written one by one; empty where there is none."""
        return self.item_collection.field if self.item_collection else ""

    @property
    def plural_word(self) -> str:
        """Word of the command line for objects of this kind."""
        return self.plural or self._items_word

    @property
    def singular_word(self) -> str:
        """Word of the command line for one object of this kind."""
        return self.plural_word.removesuffix("s")

    @property
    def words(self) -> tuple[str, ...]:
        """Words of the command line that mean this kind: plural, singular, and its name in the API and in manifests."""
        plurals = (self.plural_word, self._items_word)
        return tuple(dict.fromkeys((*plurals, *(word.removesuffix("s") for word in plurals), self.name)))

    @property
    def _items_word(self) -> str:
        return self.endpoints.items.replace("_", "-")

    @cached_property
    def table_columns(self) -> tuple[TableColumn, ...]:
        """Columns of a table of its objects."""
        listed = (field for field in self.top_fields.values() if field.in_list and field.enum)
        return self.columns or tuple(TableColumn(title=_words(field.name), field=field.name) for field in listed)

    @cached_property
    def root(self) -> Field:
        """Fields of the kind as a tree, made from its model once."""
        return compile_model(self.model)

    @property
    def top_fields(self) -> Mapping[str, Field]:
        """Fields at the top of an object, by name; those that the service assigns too."""
        return self.root.children

    @cached_property
    def name_length(self) -> int | None:
        """Most characters of a name, where that is known."""
        field = self.top_fields.get(self.name_field)
        return field.max_length if field else None

    @cached_property
    def shown_alone(self) -> frozenset[str]:
        """Fields at the top that an object's own call returns, and a list never."""
        return frozenset(name for name, field in self.top_fields.items() if field.in_show and not field.in_list)

    @cached_property
    def at_times_listed(self) -> frozenset[str]:
        """Fields at the top that a list may leave out, and an object's own call returns."""
        return frozenset(name for name, field in self.top_fields.items() if field.in_show and field.list_may_hide)

    @cached_property
    def hideable(self) -> frozenset[str]:
        """Fields at the top that a list may leave unknown."""
        return self.shown_alone | self.at_times_listed

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
        for check in self._checks_of(tuple(spec)):
            yield from check(spec)

    @cached_property
    def _checks_of(self) -> Callable[[tuple[str, ...]], tuple[Check, ...]]:
        """Return the checks that concern a spec with these fields: most specs have few of them."""
        return lru_cache(maxsize=256)(
            lambda fields: tuple(check for check in self.checks if concerns(check, frozenset(fields)))
        )


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _flatten(node: Field) -> Iterable[tuple[str, Field]]:
    for child in node.children.values():
        yield child.path, child
        yield from _flatten(child)
        if child.item is not None:
            yield from _flatten(child.item)
