"""Compiles a pydantic model to the field table: types from annotations, the rest from the field builders."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from reconciler.errors import PluginError
from reconciler.kinds.base.field import WRITABLE, Field, FieldRole, FieldType
from reconciler.kinds.base.field_builders import FieldMetadata, Secret

_SCALARS = {str: FieldType.TEXT, int: FieldType.INTEGER, float: FieldType.NUMBER, bool: FieldType.BOOLEAN}
_PRESENCE = ("in_list", "in_show", "in_create", "in_update", "list_may_hide")
_ANSWERED = {"role": FieldRole.COMPUTED, "in_create": False, "in_update": False}
_LIMITS = {"ge": "minimum", "le": "maximum", "min_length": "min_length", "max_length": "max_length"}


def compile_model(model: type[BaseModel]) -> Field:
    """Return the root Field of a spec model. Raises PluginError for a contradictory model."""
    root = Field(path="", name="", type=FieldType.OBJECT, role=FieldRole.DETAIL, doc=_summary(model))
    return _with_children(root, model)


def _with_children(parent: Field, model: type[BaseModel]) -> Field:
    children = {child.name: child for child in _children(parent, model)}
    return replace(parent, children=children)


def _children(parent: Field, model: type[BaseModel]) -> Iterator[Field]:
    for name, info in model.model_fields.items():
        yield _compiled(parent, name, info, _source(model))
    answer = getattr(model, "Answer", None)
    if answer is not None:
        for name, info in answer.model_fields.items():
            yield _compiled(parent, name, info, _source(answer, model) | _ANSWERED)


def _compiled(parent: Field, name: str, info: FieldInfo, first: Mapping[str, Any]) -> Field:
    facts = next((each for each in info.metadata if isinstance(each, FieldMetadata)), FieldMetadata({}))
    path = f"{parent.path}.{name}" if parent.path else name
    said = {**_inherited(parent), **first, **_limits(info), **facts.said}
    said["source"] = facts.said.get("source", f"{first['source']}.{name}")
    said["role"] = _role(parent, said)
    _refuse_contradiction(path, info, required=bool(said.get("required")))
    return _of_type(Field(path=path, name=name, type=FieldType.TEXT, **said), _bare(info.annotation))


def _of_type(field: Field, inner: Any) -> Field:
    """Set the field's type from its annotation, with the fields inside it."""
    if get_origin(inner) is Literal:
        return replace(field, enum=get_args(inner), type=_SCALARS[type(get_args(inner)[0])])
    if get_origin(inner) is list:
        return _listed(field, get_args(inner)[0])
    if inner is Secret:
        return replace(field, sensitive=True)
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        return _with_children(replace(field, type=FieldType.OBJECT), inner)
    if inner in _SCALARS:
        return replace(field, type=_SCALARS[inner])
    raise PluginError(f"the field {field.path!r} has the type {inner!r}, which no manifest can hold")


def _listed(field: Field, annotation: Any) -> Field:
    inner, limits = _item(annotation)
    presence = {name: getattr(field, name) for name in _PRESENCE}
    blank = Field(path=field.path + "[]", name="", type=FieldType.TEXT, role=field.role, **presence, **limits)
    item = _of_type(blank, inner)
    return replace(
        field,
        type=FieldType.LIST,
        item=item,
        sensitive=item.sensitive,
        min_items=field.min_length,
        max_items=field.max_length,
        min_length=None,
        max_length=None,
    )


def _item(annotation: Any) -> tuple[Any, dict[str, Any]]:
    """Split `Annotated[str, each(…)]` into the type and the limits of one item."""
    if get_origin(annotation) is not Annotated:
        return annotation, {}
    inner, mark = get_args(annotation)
    return inner, dict(mark.said) if isinstance(mark, FieldMetadata) else _limits(mark)


def _inherited(parent: Field) -> dict[str, Any]:
    """Inherit presence from the parent: a field that the list omits is omitted at full depth."""
    return {name: getattr(parent, name) for name in _PRESENCE} if parent.path else {}


def _role(parent: Field, said: Mapping[str, Any]) -> FieldRole:
    if parent.path and parent.role not in WRITABLE:
        return parent.role
    default = FieldRole.MANAGED if said.get("in_list") else FieldRole.DETAIL
    return FieldRole(said.get("role", default))


def _limits(info: FieldInfo) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for mark in info.metadata:
        for theirs, ours in _LIMITS.items():
            if getattr(mark, theirs, None) is not None:
                found[ours] = getattr(mark, theirs)
        if getattr(mark, "pattern", None):
            found["pattern"] = mark.pattern
    return found


def _bare(annotation: Any) -> Any:
    """Return the annotation without its `| None`."""
    if get_origin(annotation) not in (Union, UnionType):
        return annotation
    return next(part for part in get_args(annotation) if part is not type(None))


def _refuse_contradiction(path: str, info: FieldInfo, *, required: bool) -> None:
    nullable = get_origin(info.annotation) in (Union, UnionType) and type(None) in get_args(info.annotation)
    if nullable == required:
        must = "must not" if required else "must"
        raise PluginError(f"the field {path!r} is {'' if required else 'not '}required, so its type {must} take None")


def _source(model: type[BaseModel], owner: type[BaseModel] | None = None) -> dict[str, Any]:
    """Return the name of the API's object: from the model, else its owner's, else the class."""
    said = getattr(model, "api_object", "") or getattr(owner, "api_object", "")
    return {"source": said or (owner or model).__name__}


def _summary(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().split("\n", 1)[0]
