"""Compiles the model of a spec to the field table: types from annotations, the rest from the field builders."""

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from reconciler.errors import PluginError
from reconciler.kinds.base.field import WRITABLE, Field, FieldRole, FieldType
from reconciler.kinds.base.field_builders import Secret
from reconciler.kinds.base.spec_model import DeclaredField, FieldMetadata, declared_fields, is_model, limits_of

_SCALARS = {str: FieldType.TEXT, int: FieldType.INTEGER, float: FieldType.NUMBER, bool: FieldType.BOOLEAN}
_PRESENCE = ("in_list", "in_show", "in_create", "in_update", "list_may_hide")
_ANSWERED = {"role": FieldRole.COMPUTED, "in_create": False, "in_update": False}
_LIMITS = {
    "ge": "minimum",
    "le": "maximum",
    "min_length": "min_length",
    "max_length": "max_length",
    "pattern": "pattern",
}

_Arguments = dict[str, Any]
"""Arguments of `Field`: a field is made once, with all that is known of it."""


def compile_model(model: Any) -> Field:
    """Return the root Field of a spec model. Raises PluginError for a contradictory model."""
    return _of_object({"path": "", "name": "", "role": FieldRole.DETAIL, "doc": _summary(model)}, model)


def _of_object(about: _Arguments, model: Any) -> Field:
    children = {child.name: child for child in _children(about, model)}
    return Field(**about, type=FieldType.OBJECT, children=children)


def _children(parent: _Arguments, model: Any) -> Iterator[Field]:
    first = _source(model)
    for name, declared in declared_fields(model).items():
        yield _compiled(parent, name, declared, first)
    answer = getattr(model, "Answer", None)
    if answer is not None:
        first = _source(answer, model) | _ANSWERED
        for name, declared in declared_fields(answer).items():
            yield _compiled(parent, name, declared, first)


def _compiled(parent: _Arguments, name: str, declared: DeclaredField, first: _Arguments) -> Field:
    path = f"{parent['path']}.{name}" if parent["path"] else name
    about = {**_inherited(parent), **first, **_limits(declared.limits), **declared.said, "path": path, "name": name}
    about["source"] = declared.said.get("source", f"{first['source']}.{name}")
    about["role"] = _role(parent, about)
    _refuse_contradiction(path, declared.annotation, required=bool(about.get("required")))
    return _of_type(about, _bare(declared.annotation))


def _of_type(about: _Arguments, inner: Any) -> Field:
    """Return the field with the type of its annotation, and the fields inside it."""
    origin = get_origin(inner)
    if origin is Literal:
        return Field(**about, enum=get_args(inner), type=_SCALARS[type(get_args(inner)[0])])
    if origin is list:
        return _listed(about, get_args(inner)[0])
    if inner is Secret:
        return Field(**about, type=FieldType.TEXT, sensitive=True)
    if is_model(inner):
        return _of_object(about, inner)
    if inner in _SCALARS:
        return Field(**about, type=_SCALARS[inner])
    raise PluginError(f"the field {about['path']!r} has the type {inner!r}, which no manifest can hold")


def _listed(about: _Arguments, annotation: Any) -> Field:
    inner, limits = _item(annotation)
    item = _of_type(
        {"path": about["path"] + "[]", "name": "", "role": about["role"], **_presence(about), **limits}, inner
    )
    about |= {"min_items": about.get("min_length"), "max_items": about.get("max_length")}
    about |= {"min_length": None, "max_length": None}
    return Field(**about, type=FieldType.LIST, item=item, sensitive=item.sensitive)


def _item(annotation: Any) -> tuple[Any, _Arguments]:
    """Split `Annotated[str, each(…)]` into the type and the limits of one item."""
    if get_origin(annotation) is not Annotated:
        return annotation, {}
    inner, mark = get_args(annotation)
    own = isinstance(mark, FieldMetadata)
    return inner, {**_limits(mark.limits), **mark.said} if own else _limits(limits_of(mark))


def _presence(about: _Arguments) -> _Arguments:
    return {name: about[name] for name in _PRESENCE if name in about}


def _inherited(parent: _Arguments) -> _Arguments:
    """Inherit presence from the parent: a field that the list omits is omitted at full depth."""
    return _presence(parent) if parent["path"] else {}


def _role(parent: _Arguments, about: _Arguments) -> FieldRole:
    if parent["path"] and parent["role"] not in WRITABLE:
        role: FieldRole = parent["role"]
        return role
    default = FieldRole.MANAGED if about.get("in_list") else FieldRole.DETAIL
    return FieldRole(about.get("role", default))


def _limits(said: Mapping[str, Any]) -> _Arguments:
    """Return the limits that pydantic checks with the names of `Field`."""
    return {ours: said[theirs] for theirs, ours in _LIMITS.items() if theirs in said}


def _bare(annotation: Any) -> Any:
    """Return the annotation without its `| None`."""
    if get_origin(annotation) not in (Union, UnionType):
        return annotation
    return next(part for part in get_args(annotation) if part is not type(None))


def _refuse_contradiction(path: str, annotation: Any, *, required: bool) -> None:
    nullable = get_origin(annotation) in (Union, UnionType) and type(None) in get_args(annotation)
    if nullable == required:
        must = "must not" if required else "must"
        raise PluginError(f"the field {path!r} is {'' if required else 'not '}required, so its type {must} take None")


def _source(model: Any, owner: Any = None) -> _Arguments:
    """Return the name of the API's object: from the model, else its owner's, else the class."""
    said = getattr(model, "api_object", "") or getattr(owner, "api_object", "")
    return {"source": said or (owner or model).__name__}


def _summary(model: Any) -> str:
    return (model.__doc__ or "").strip().split("\n", 1)[0]
