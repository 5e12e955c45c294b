"""Dataclasses whose methods are made when they are first called.

`dataclasses` compiles up to six functions a class where it is defined, which is most of the time that a module of
plain values takes to import; a command uses few of the classes that it imports. `dataclass` here takes the same
options, and its classes are the standard library's in everything: fields, slots, `replace`, `asdict`, matching. A
method is made by the standard library itself, of a class with the same fields.
"""

import copy
import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls=None, /, *, frozen=False, slots=False, kw_only=False, eq=True, order=False):
        """Make a class a dataclass, as `dataclasses.dataclass` does.

        Ordered ones, and those of a base that is a dataclass, get their methods at once.
        """

        def made(given: type) -> type:
            if order or hasattr(given, "__dataclass_fields__"):
                options = {"frozen": frozen, "slots": slots, "kw_only": kw_only, "eq": eq, "order": order}
                return dataclasses.dataclass(**options)(given)
            return _late(given, frozen=frozen, slots=slots, kw_only=kw_only, eq=eq)

        return made if cls is None else made(cls)


def _late(given: type, *, frozen: bool, slots: bool, kw_only: bool, eq: bool) -> Any:
    own = set(vars(given))
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)(given)
    late = [name for name in ("__init__", "__repr__") if name not in own]
    if eq and "__eq__" not in own:
        late.append("__eq__")
    if eq and frozen and "__hash__" not in own:
        late.append("__hash__")
    for name in late:
        setattr(made, name, _stub(made, name, frozen=frozen))
    if eq and not frozen and "__hash__" not in own:
        made.__hash__ = None
    if frozen:
        _freeze(made, own, slots=slots)
    return made


def _stub(made: Any, name: str, *, frozen: bool) -> Callable[..., Any]:
    """Return a method that puts the real one in its own place, and calls it."""

    def method(self: object, *arguments: Any, **given: Any) -> Any:
        real = _method(made, name, frozen=frozen)
        setattr(made, name, real)
        return real(self, *arguments, **given)

    method.__name__ = name
    method.__qualname__ = f"{made.__qualname__}.{name}"
    return method


def _method(made: Any, name: str, *, frozen: bool) -> Callable[..., Any]:
    """Return a method of a dataclass, as the standard library makes it."""
    fields: Mapping[str, Any] = made.__dataclass_fields__
    body: dict[str, Any] = {each: copy.copy(field) for each, field in fields.items()}
    body["__annotations__"] = {each: field.type for each, field in fields.items()}
    body["__module__"], body["__doc__"] = made.__module__, made.__doc__
    if hasattr(made, "__post_init__"):
        body["__post_init__"] = made.__post_init__
    twin = type(made.__name__, (), body)
    compared = name in ("__eq__", "__hash__")
    found: Any = dataclasses.dataclass(
        init=name == "__init__", repr=name == "__repr__", eq=compared, frozen=frozen and name != "__repr__"
    )(twin)
    method: Callable[..., Any] = vars(found)[name]
    method.__qualname__ = f"{made.__qualname__}.{name}"
    return method


def _freeze(made: Any, own: set[str], *, slots: bool) -> None:
    """Refuse that a field of an instance is set or deleted; instances with slots are still copied and pickled."""
    names = frozenset(made.__dataclass_fields__)

    def refuse_set(self: object, name: str, value: object) -> None:
        if type(self) is made or name in names:
            _refuse("assign to", name)
        super(made, self).__setattr__(name, value)

    def refuse_delete(self: object, name: str) -> None:
        if type(self) is made or name in names:
            _refuse("delete", name)
        super(made, self).__delattr__(name)

    made.__setattr__, made.__delattr__ = refuse_set, refuse_delete
    made.__dataclass_params__.frozen = True
    if slots and not own & {"__getstate__", "__setstate__"}:
        made.__getstate__, made.__setstate__ = _state, _restore


def _refuse(what: str, name: str) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot {what} field {name!r}")


def _state(self: Any) -> list[object]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _restore(self: Any, state: list[object]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)
