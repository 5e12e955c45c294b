"""Builders of a kind: the base of its models, and one helper a field type.

    >>> class Part(SpecModel):
    ...     name: str = text(1, 20, required=True, doc="Name of the part.")
    >>> class Greeting(SpecModel):
    ...     words: str | None = text(0, 80, doc="What to say.")
    ...     parts: list[Part] | None = items(0, 5, rule=keyed_by("name"), doc="In parts.")
    ...     class Answer(SpecModel):
    ...         create_time: str | None = text(20, 20, in_list=True, doc="When it was created.")
    >>> Greeting.model_validate({"words": "Welcome", "parts": [{"name": "first"}]}).words
    'Welcome'

The annotation says the type, and whether null (cleared) may be written; the helper says the rest. Limits are checked by
pydantic, everything else becomes the Field tree (model_compiler). The options of every builder have the names of
`kinds.base.field.Field`, explained there. An API default is metadata here and never a pydantic default: an absent field
stays absent. Fields of the inner class `Answer` are known to the table but no manifest may
hold them: the identity, which is `metadata.name`, and whatever the service computes.
"""

from typing import Any, TypedDict, Unpack, cast

from reconciler.kinds.base.field import FieldRole, ListSemantics, ListType
from reconciler.kinds.base.spec_model import FieldMetadata, SpecModel
from reconciler.model.json_types import Json

__all__ = [
    "ATOMIC",
    "SET",
    "FieldOptions",
    "Secret",
    "SpecModel",
    "by_key_in_order",
    "choice",
    "each_secret",
    "flag",
    "integer",
    "item_text",
    "items",
    "keyed_by",
    "nested_object",
    "number",
    "secret",
    "text",
]


class Secret(SpecModel):
    """Reference to a sensitive value in a manifest: `{secret: NAME}`, read from RECONCILER_SECRET_NAME by apply."""

    secret: str = cast(
        str,
        FieldMetadata({"required": True}, {"pattern": "^[A-Z][A-Z0-9_]{0,127}$", "examples": ["STREAM_KEY"]}),
    )


class FieldOptions(TypedDict, total=False):
    """Options of any field, with the names of kinds.base.field.Field."""

    doc: str
    source: str
    examples: tuple[Json, ...]
    role: FieldRole
    default: Json
    refused: tuple[Json, ...]
    required: bool
    required_in: tuple[str, ...]
    required_when: str
    applies_when: str
    format: str
    unit: str
    volatile_url: bool
    server_may_override: bool
    default_on_create_only: bool
    update_undocumented: bool
    in_list: bool
    in_show: bool
    in_create: bool
    in_update: bool
    list_may_hide: bool
    recommended_min: float
    recommended_max: float
    recommended_values: tuple[Json, ...]
    recommended_max_items: int


ATOMIC = ListSemantics(type=ListType.ATOMIC)
SET = ListSemantics(type=ListType.SET)


def keyed_by(*keys: str, optional: tuple[str, ...] = (), server: tuple[str, ...] = ()) -> ListSemantics:
    """Items pair by these keys and their order means nothing; `server` keys are assigned by the service."""
    return ListSemantics(type=ListType.MAP, keys=keys, optional=optional, server_keys=server)


def by_key_in_order(*keys: str, server: tuple[str, ...] = ()) -> ListSemantics:
    """Items pair by these keys, and their order matters too."""
    return ListSemantics(type=ListType.ORDERED_MAP, keys=keys, server_keys=server)


def text(min: int | None = None, max: int | None = None, *, pattern: str = "", **about: Unpack[FieldOptions]) -> Any:  # noqa: A002 - read as text(1, 64) or text(max=64)
    """Describe a text; `min` and `max` are its length in characters."""
    return _field(about, min_length=min, max_length=max, pattern=pattern or None)


def secret(min: int | None = None, max: int | None = None, **about: Unpack[FieldOptions]) -> Any:  # noqa: A002 - as text()
    """Describe a sensitive text, annotated `Secret`: the limits are the API's, of the text it stands for."""
    return _field({**about, "min_length": min, "max_length": max})


def choice(**about: Unpack[FieldOptions]) -> Any:
    """Describe a text out of a closed set, annotated as Literal."""
    return _field(about)


def integer(min: int | None = None, max: int | None = None, **about: Unpack[FieldOptions]) -> Any:  # noqa: A002 - as text()
    """Describe a whole number."""
    return _field(about, ge=min, le=max)


def number(min: float | None = None, max: float | None = None, **about: Unpack[FieldOptions]) -> Any:  # noqa: A002 - as text()
    """Describe a number."""
    return _field(about, ge=min, le=max)


def flag(**about: Unpack[FieldOptions]) -> Any:
    """Describe a boolean."""
    return _field(about)


def nested_object(**about: Unpack[FieldOptions]) -> Any:
    """Describe an object, annotated with its Spec."""
    return _field(about)


def items(
    at_least: int | None = None,
    at_most: int | None = None,
    *,
    rule: ListSemantics = ATOMIC,
    **about: Unpack[FieldOptions],
) -> Any:
    """Describe a list, annotated with the type of its items."""
    return _field({**about, "list": rule}, min_length=at_least, max_length=at_most)


def item_text(min: int | None = None, max: int | None = None) -> Any:  # noqa: A002 - as text()
    """Describe the texts of a list, inside `Annotated[str, item_text(1, 64)]`."""
    return FieldMetadata({}, _given(min_length=min, max_length=max))


def each_secret(min: int | None = None, max: int | None = None) -> FieldMetadata:  # noqa: A002 - as text()
    """Describe the sensitive texts of a list, inside `Annotated[Secret, each_secret(0, 1024)]`."""
    return FieldMetadata({"min_length": min, "max_length": max}, {})


_NAMES = FieldOptions.__annotations__.keys() | {"list", "min_length", "max_length"}


def _field(said: FieldOptions | dict[str, Any], **limits: Any) -> Any:
    for name in said.keys() - _NAMES:
        raise TypeError(f"a field got an unexpected keyword argument '{name}'")
    return FieldMetadata(said, _given(**limits))


def _given(**limits: Any) -> dict[str, Any]:
    return {name: limit for name, limit in limits.items() if limit is not None}
