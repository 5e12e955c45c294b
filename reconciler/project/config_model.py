"""Base of the classes of `reconciler.yaml`: plain dataclasses, of which pydantic models are made to check a file.

A file that was checked before needs no model: `restored` takes what `written` gave. The models check everything that
annotations, `key` and `Checked` say, and the JSON Schema is made from them.
"""

import dataclasses
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import copy
from functools import partial
from types import UnionType
from typing import Annotated, Any, ClassVar, Self, Union, get_args, get_origin

from reconciler.kinds.base.plain_check import PlainField, ValueCheck, limited, plain_check

_LIMITS = "limits"
_NO_DEFAULT: Any = dataclasses.MISSING


class Checked:
    """Mark in an annotation: functions that see a value before and after, and limits with the names of pydantic.

    A text has the form of `pattern` once it is converted.
    """

    def __init__(
        self,
        *,
        before: Callable[[Any], object] | None = None,
        after: Callable[[Any], object] | None = None,
        pattern: str = "",
        **limits: Any,
    ) -> None:
        self._before = before
        self._after = after
        self._pattern = pattern
        self._limits = limits

    def accepting(self, inner: ValueCheck) -> ValueCheck:
        """Return the check of a value that needs no conversion."""
        check = limited(inner, self._limits | ({"pattern": self._pattern} if self._pattern else {}))
        return (
            check
            if self._before is None and self._after is None
            else check._replace(more=partial(self._accepts, check.more))
        )

    def _accepts(self, more: Callable[[Any], bool] | None, value: Any) -> bool:
        with suppress(ValueError):
            return (more is None or more(value)) and all(
                self._same(made, value) for made in (self._before, self._after)
            )
        return False

    @staticmethod
    def _same(function: Callable[[Any], object] | None, value: Any) -> bool:
        return function is None or function(value) is value

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """Return what pydantic checks of a value with this mark."""
        from pydantic import Field
        from pydantic_core import core_schema

        schema = handler(Annotated[source, Field(**self._limits)] if self._limits else source)
        if self._before is not None:
            schema = core_schema.no_info_before_validator_function(self._before, schema)
        if self._pattern:
            schema = core_schema.chain_schema([schema, core_schema.str_schema(pattern=self._pattern)])
        return core_schema.no_info_after_validator_function(self._after, schema) if self._after is not None else schema


def key(default: Any = _NO_DEFAULT, *, description: str, alias: str = "", **limits: Any) -> Any:
    """Describe a key of a mapping: its default (none: it is required), and its limits with the names of pydantic."""
    about = {"default": default, "description": description, **limits} | ({"alias": alias} if alias else {})
    if isinstance(default, (list, dict)):
        return dataclasses.field(default_factory=partial(copy, default), metadata={_LIMITS: about})
    return dataclasses.field(default=default, metadata={_LIMITS: about})


class ConfigModel:
    """A mapping of the project file: unknown keys are refused, nothing is coerced, nothing changes later.

    An instance that was made by a call is not checked.
    """

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]

    _keys: ClassVar[tuple[tuple[str, str, dataclasses.Field[Any]], ...]]
    _model: ClassVar[Any]
    _accepts: ClassVar[Callable[[Any], bool] | None]
    _given: ClassVar[frozenset[str] | None] = None

    @classmethod
    def checked(cls, value: object) -> Self:
        """Return the mapping that a value is. Raises pydantic's ValidationError with all problems."""
        return cls._of_model(cls.model().model_validate(value))

    @classmethod
    def accepted(cls, value: object) -> Self | None:
        """Return the mapping that a value is, where that is sure without pydantic; else None."""
        if "_accepts" not in vars(cls):
            cls._accepts = plain_check(cls)
        if cls._accepts is not None and cls._accepts(value) and isinstance(value, Mapping):
            made = cls.restored(value)
            with suppress(ValueError):
                made.check_all()
                return made
        return None

    @classmethod
    def restored(cls, written: Mapping[str, Any]) -> Self:
        """Return a mapping as `written` gave it, without any check."""
        given = {name: _restored(field.type, written[key]) for name, key, field in cls.key_fields() if key in written}
        if len(given) != len(written):
            raise ValueError(f"{cls.__name__} has other keys")
        return cls._made(given, frozenset(given))

    @classmethod
    def key_fields(cls) -> "tuple[tuple[str, str, dataclasses.Field[Any]], ...]":
        """Return the attributes, each with the key that has its value, and its declaration."""
        if "_keys" not in vars(cls):
            fields = cls.__dataclass_fields__.items()
            cls._keys = tuple((name, field.metadata[_LIMITS].get("alias", name), field) for name, field in fields)
        return cls._keys

    @classmethod
    def plain_fields(cls) -> Mapping[str, PlainField]:
        """Return the fields by key, for plain_check."""
        found = {}
        for _, key_, field in cls.key_fields():
            limits = {name: said for name, said in field.metadata[_LIMITS].items() if name not in ("alias", "default")}
            found[key_] = PlainField(field.type, limits, field.metadata[_LIMITS]["default"] is _NO_DEFAULT)
        return found

    @classmethod
    def model(cls) -> Any:
        """Return the pydantic model by which a value is checked."""
        if "_model" not in vars(cls):
            from pydantic import ConfigDict, Field, create_model

            config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)
            fields: dict[str, Any] = {}
            for name, _, field in cls.key_fields():
                about = dict(field.metadata[_LIMITS])
                default = about.pop("default")
                fields[name] = (field.type, Field(default=... if default is _NO_DEFAULT else default, **about))
            cls._model = create_model(
                cls.__name__, __config__=config, __doc__=cls.__doc__, __module__=cls.__module__, **fields
            )
        return cls._model

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Return what pydantic checks of a value that is annotated with the class, and makes an instance of it."""
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(cls._of_model, handler(cls.model()))

    @classmethod
    def _of_model(cls, found: Any) -> Self:
        made = cls._made(
            {name: getattr(found, name) for name in cls.__dataclass_fields__}, frozenset(found.model_fields_set)
        )
        made.check()
        return made

    @classmethod
    def _made(cls, values: Mapping[str, Any], given: frozenset[str]) -> Self:
        made = cls(**values)
        object.__setattr__(made, "_given", given)
        return made

    def check(self) -> None:
        """Raise ValueError where the keys contradict each other."""

    def check_all(self) -> None:
        """Raise ValueError where the keys of this mapping, or of one in it, contradict each other."""
        self.check()
        for name, _, _ in self.key_fields():
            value = getattr(self, name)
            for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]:
                if isinstance(part, ConfigModel):
                    part.check_all()

    def written(self) -> dict[str, Any]:
        """Return the keys that were given, as plain data; of an instance made by a call those beside the defaults."""
        if self._given is None:
            return self.beside_defaults()
        given = [(name, key) for name, key, _ in self.key_fields() if name in self._given]
        return {key: _plain(getattr(self, name), ConfigModel.written) for name, key in given}

    def beside_defaults(self, *, without: frozenset[str] = frozenset()) -> dict[str, Any]:
        """Return the keys whose values are not their defaults, as plain data."""
        return {
            key: _plain(value, ConfigModel.beside_defaults)
            for name, key, field in self.key_fields()
            if name not in without and (value := getattr(self, name)) != field.metadata[_LIMITS]["default"]
        }


def _plain(value: Any, keys_of: Callable[[ConfigModel], dict[str, Any]]) -> Any:
    if isinstance(value, ConfigModel):
        return keys_of(value)
    if isinstance(value, Mapping):
        return {name: _plain(item, keys_of) for name, item in value.items()}
    return [_plain(item, keys_of) for item in value] if isinstance(value, list) else value


def _restored(annotation: Any, value: Any) -> Any:
    """Return the plain data of one key as its annotation has it."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _restored(parts[0], value)
    if origin in (Union, UnionType):
        return value if value is None else _restored(parts[0], value)
    if origin is list:
        return [_restored(parts[0], item) for item in value]
    if origin is dict:
        return {name: _restored(parts[1], item) for name, item in value.items()}
    return annotation.restored(value) if isinstance(annotation, type) and issubclass(annotation, ConfigModel) else value
