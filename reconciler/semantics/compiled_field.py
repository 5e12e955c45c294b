"""Field tree of a kind, compiled for comparison: properties that are read thousands of times are computed once."""

from collections.abc import Mapping, Set
from functools import cached_property, lru_cache

from reconciler.kinds.base.field import Field, FieldRole, FieldType, ListType
from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.model.field_tree import field_at, walk_fields
from reconciler.model.json_types import Json

_KEYED = (ListType.MAP, ListType.ORDERED_MAP)


@dataclass(frozen=True, eq=False)
class CompiledField:
    """One field, compiled for comparison.

    `children` are the writable fields of an object, `known` the names of all of them. `plain` values are equal when
    Python's equality holds and their types agree. `keys` are the paths of an item's keys inside it. `refers` names the
    keys that are other objects' names, by index, each with the field beside it that holds that object's id.
    """

    field: Field
    children: Mapping[str, "CompiledField"]
    item: "CompiledField | None"
    keys: tuple[tuple[str, ...], ...] = ()
    optional: frozenset[int] = frozenset()
    refers: tuple[tuple[int, str], ...] = ()

    @cached_property
    def name(self) -> str:
        """Name of the field."""
        return self.field.name

    @cached_property
    def type(self) -> FieldType:
        """Type of the field."""
        return self.field.type

    @property
    def each(self) -> "CompiledField":
        """Field of one item of a list; a list of the table always has one."""
        if self.item is None:
            raise TypeError(f"{self.field.path} is no list")
        return self.item

    @cached_property
    def mode(self) -> ListType:
        """Comparison mode of a list; a list without semantics is atomic."""
        return self.field.list.type if self.field.list else ListType.ATOMIC

    @cached_property
    def sensitive(self) -> bool:
        """Whether its value is redacted."""
        return self.field.sensitive

    @cached_property
    def plain(self) -> bool:
        """Whether equality of values of one type decides equivalence."""
        return self.type not in (FieldType.OBJECT, FieldType.LIST) and not self.sensitive

    @cached_property
    def exact(self) -> bool:
        """Whether identical values have no difference to tell: none inside is a secret, and no list pairs by keys."""
        return not any(part.sensitive or part.mode in _KEYED for part in (self, *walk_fields(self)))

    @cached_property
    def exact_names(self) -> frozenset[str]:
        """Names of the children that are exact."""
        return frozenset(name for name, child in self.children.items() if child.exact)

    @cached_property
    def integer_keys(self) -> frozenset[int]:
        """Indexes of the keys of an item that are integers, of which a text is another spelling."""
        found = (field_at(self, (0, *path)) for path in self.keys)
        return frozenset(
            index for index, field in enumerate(found) if field is not None and field.type is FieldType.INTEGER
        )

    @cached_property
    def documented(self) -> bool:
        """Whether the API documents a default, which is the value of a live object without the field."""
        return self.field.documented

    @cached_property
    def default(self) -> Json:
        """Documented default; check `documented` first."""
        return self.field.documented_default

    @cached_property
    def defaulted(self) -> "tuple[CompiledField, ...]":
        """Children that have their default where a declared object leaves them out."""
        return tuple(child for child in self.children.values() if child.field.defaulted)

    @cached_property
    def default_names(self) -> frozenset[str]:
        """Names of `defaulted`."""
        return frozenset(child.name for child in self.defaulted)

    def absent_defaults(self, declared: Mapping[str, Json]) -> frozenset[str] | None:
        """Return the names of the defaults that a declared object leaves out; None where a field of it is not exact."""
        return self.default_names.difference(declared) if self.exact_names.issuperset(declared) else None

    @cached_property
    def creation_defaults(self) -> "tuple[CompiledField, ...]":
        """Children that have their default when an object is new."""
        return tuple(child for child in self.children.values() if child.counts_on_create)

    @cached_property
    def counts_on_create(self) -> bool:
        """Whether a new object without the field has its default: not where the service derives the value."""
        return self.documented and not self.field.server_may_override

    @cached_property
    def known(self) -> Mapping[str, Field]:
        """All children in the table, computed ones too."""
        return self.field.children

    @cached_property
    def url(self) -> bool:
        """Whether it is a URL that is compared without its query."""
        return self.field.volatile_url

    @cached_property
    def time(self) -> bool:
        """Whether it is a point in time."""
        return self.field.format.startswith("RFC 3339")

    @cached_property
    def named(self) -> bool:
        """Whether it is a name: equal after NFC."""
        return self.field.role is FieldRole.IDENTITY


@lru_cache(maxsize=64)
def compiled(kind: Kind) -> CompiledField:
    """Compile a kind's tree, once."""
    return _node(kind.root, frozenset(kind.references))


def _node(field: Field, references: Set[str]) -> CompiledField:
    children = {name: _node(child, references) for name, child in field.children.items() if child.writable}
    rule = field.list
    return CompiledField(
        field=field,
        children=children,
        item=_node(field.item, references) if field.item else None,
        keys=tuple(tuple(key.split(".")) for key in rule.keys) if rule else (),
        optional=frozenset(rule.keys.index(key) for key in rule.optional) if rule else frozenset(),
        refers=tuple(
            (index, id_beside(key)) for index, key in enumerate(rule.keys) if f"{field.path}[].{key}" in references
        )
        if rule
        else (),
    )


def id_beside(name: str) -> str:
    """Return the field with the id of the object that `name` names: `group_id` beside `group_name`."""
    return name.removesuffix("_name") + "_id"
