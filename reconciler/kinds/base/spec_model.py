"""Base of the models of specs: classes of which pydantic models are made when a value is checked, and not before.

A command that meets only documents without a problem needs what the classes declare, which model_compiler and
plain_check read, and not the models: it does not load pydantic. What is asked of a class that pydantic answers
(`model_validate`, `model_fields`, `model_json_schema`, an instance) is asked of its model.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeAlias, get_origin

from reconciler.kinds.base.plain_check import NotPlainError, PlainField, ValueCheck, limited
from reconciler.late_methods import dataclass

if TYPE_CHECKING:
    from pydantic import BaseModel

_CONFIG = {"strict": True, "extra": "forbid", "defer_build": True, "allow_inf_nan": False}


@dataclass(frozen=True, slots=True)
class FieldMetadata:
    """Arguments of a helper: `said` is what pydantic does not need, `limits` is what it checks, with its names."""

    said: Mapping[str, Any]
    limits: Mapping[str, Any]

    def accepting(self, inner: ValueCheck) -> ValueCheck:
        """Return the check of the items of a list, in whose annotation this stands."""
        return limited(inner, self.limits)

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """Return what pydantic checks of the items of a list, in whose annotation this stands."""
        from pydantic import Field

        return handler(Annotated[source, Field(**self.limits)]) if self.limits else handler(source)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredField:
    """Field of a model: its annotation without metadata, and what its helper said."""

    annotation: Any
    limits: Mapping[str, Any]
    said: Mapping[str, Any]


class _SpecModelType(type):
    """Type of the classes: what only pydantic answers comes from the model, which is made by the first question."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("model_"):
            return getattr(_model_of(cls), name)
        raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")

    def __call__(cls, **values: Any) -> Any:
        return _model_of(cls)(**values)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, _model_of(cls))


class SpecModel(metaclass=_SpecModelType):
    """Base of every object in a manifest: strict, without unknown keys, built on first use.

    `api_object` names the object in the API's own definitions, where it differs from the class.
    """

    api_object: ClassVar[str] = ""

    @classmethod
    def plain_fields(cls) -> Mapping[str, PlainField]:
        """Return the fields by name, for plain_check. Raises NotPlainError where the class says more than they do."""
        own = tuple(_own_fields(cls))
        if not all(map(_has_fields_alone, cls.__mro__)) or not all(map(_is_plain, own)):
            raise NotPlainError(cls)
        return {
            name: PlainField(annotation, about.limits, bool(about.said.get("required")))
            for name, annotation, about in own
        }

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Return what pydantic checks of a field that is annotated with the class."""
        return handler(_model_of(cls))


CheckedModel: TypeAlias = "type[SpecModel] | type[BaseModel]"
"""Model by which a value is checked; one of pydantic's own is one too."""


def is_model(annotation: Any) -> bool:
    """Tell whether an annotation is a model: one of these classes, or one of pydantic's own."""
    return isinstance(annotation, type) and (issubclass(annotation, SpecModel) or hasattr(annotation, "model_fields"))


def declared_fields(model: Any) -> Mapping[str, DeclaredField]:
    """Return the fields of a model by name, those of its bases first."""
    if issubclass(model, SpecModel):
        own = tuple(_own_fields(model))
        if all(map(_is_plain, own)):
            return {name: DeclaredField(annotation=one, limits=said.limits, said=said.said) for name, one, said in own}
    return dict(_by_pydantic(model))


def _own_fields(model: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield the names, the annotations and the values of a model's fields, each at its first place."""
    found: dict[str, Any] = {}
    for part in reversed(model.__mro__):
        if part is not SpecModel and part is not object:
            found |= {name: one for name, one in vars(part).get("__annotations__", {}).items() if not _is_of_class(one)}
    for name, annotation in found.items():
        yield name, annotation, getattr(model, name, None)


def _has_fields_alone(part: type) -> bool:
    """Tell whether a class or its base adds nothing to the fields: no check of its own, no other configuration."""
    if part is SpecModel or part is object:
        return True
    others = (value for name, value in vars(part).items() if not name.startswith("__") and name != "api_object")
    return issubclass(part, SpecModel) and all(isinstance(value, (FieldMetadata, type)) for value in others)


def _is_of_class(annotation: Any) -> bool:
    return annotation is ClassVar or get_origin(annotation) is ClassVar


def _is_plain(field: tuple[str, Any, Any]) -> bool:
    """Tell whether a field can be read without pydantic: a helper describes it, of a type that needs no lookup."""
    _, annotation, value = field
    return (
        isinstance(value, FieldMetadata) and not isinstance(annotation, str) and get_origin(annotation) is not Annotated
    )


def _by_pydantic(model: Any) -> Iterator[tuple[str, DeclaredField]]:
    """Yield the fields as pydantic reads them."""
    for name, info in model.model_fields.items():
        said = next((each.said for each in info.metadata if isinstance(each, FieldMetadata)), {})
        yield name, DeclaredField(annotation=info.annotation, limits=limits_of(info), said=said)


def limits_of(info: Any) -> dict[str, Any]:
    """Return the limits of a field of pydantic."""
    names = ("ge", "le", "min_length", "max_length", "pattern")
    return {name: found for mark in info.metadata for name in names if (found := getattr(mark, name, None)) is not None}


@cache
def _model_of(model: Any) -> Any:
    """Return the pydantic model of a class."""
    from pydantic import BaseModel, Field

    metaclass: Any = type(BaseModel)
    if model is SpecModel:
        given: dict[str, Any] = {"__annotations__": {"api_object": ClassVar[str]}, "api_object": ""}
        return metaclass("SpecModel", (BaseModel,), {**given, "__module__": __name__, "model_config": _CONFIG})
    body: dict[str, Any] = {}
    for name, value in vars(model).items():
        if isinstance(value, FieldMetadata):
            start = ... if value.said.get("required") else None
            body[name] = Field(default=start, description=value.said.get("doc"), **value.limits)
            body[name].metadata.append(FieldMetadata(value.said, {}))
        elif name not in ("__dict__", "__weakref__") and not isinstance(value, type):
            body[name] = value
    names = body.get("__annotations__", {})
    body["__annotations__"] = {name: one for name, one in names.items() if not _is_of_class(one)}
    bases = tuple(_model_of(base) if issubclass(base, SpecModel) else base for base in model.__bases__)
    return metaclass(model.__name__, bases, body)
