"""Dataclasses whose methods are made when they are first called.

`dataclasses` compiles up to six functions a class where it is defined, which is most of the time that a module of
plain values takes to import; a command uses few of the classes that it imports, and most of those a few times. What
`dataclass` here makes takes the same options and is the standard library's in everything but the docstring of a class
without one: fields, slots, `replace`, `asdict`, matching. The first calls of a method walk the fields, which takes less
time than to compile one; then it is made by the standard library itself, of a class with the same fields, as is one
whose arguments are wrong.
"""

import copy
import dataclasses
import sys
from collections.abc import Callable, Mapping
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any, NoReturn

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls=None, /, *, frozen=False, slots=False, kw_only=False, eq=True, order=False):
        """Make a class a dataclass, as `dataclasses.dataclass` does.

        Ordered ones, and those of a base that is a dataclass, get all but `__init__` at once.
        """

        def made(given: type) -> type:
            if order or hasattr(given, "__dataclass_fields__"):
                options = {"frozen": frozen, "slots": slots, "kw_only": kw_only, "eq": eq, "order": order}
                own_init = "__init__" in vars(given)
                whole = dataclasses.dataclass(init=False, **options)(given)
                if not own_init:
                    whole.__init__ = _stub(whole, "__init__", frozen=frozen)
                return whole
            return _late(given, frozen=frozen, slots=slots, kw_only=kw_only, eq=eq)

        return made if cls is None else made(cls)


_FEW = 500
"""Fields that the calls of a method walk before it is compiled, which takes longer than that."""

_NONE = dataclasses.MISSING
"""What a field without a default has as such."""

_UNFIT: Any = object()
"""Answer of a walk that leaves a call to the compiled method."""

_Walk = Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]


def _late(given: type, *, frozen: bool, slots: bool, kw_only: bool, eq: bool) -> Any:
    own = set(vars(given))
    given.__doc__ = given.__doc__ or given.__name__  # for one without, `dataclasses` parses the text of its signature
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
    """Return a method that puts the real one in its own place after some calls, and calls it."""
    walk: _Walk | None = None
    left = _FEW // (len(made.__dataclass_fields__) or 1) if name in _WALKS else 0

    def method(self: object, *arguments: Any, **given: Any) -> Any:
        nonlocal walk, left
        if left > 0:
            left -= 1
            walk = walk or _WALKS[name](made, frozen=frozen)
            if (found := walk(self, arguments, given)) is not _UNFIT:
                return found
        real = _method(made, name, frozen=frozen)
        setattr(made, name, real)
        return real(self, *arguments, **given)

    method.__name__ = name
    method.__qualname__ = f"{made.__qualname__}.{name}"
    return method


def _walking_init(made: Any, *, frozen: bool) -> _Walk:
    """Return what initialises an instance field by field; not where a default that is no argument is the class's."""
    class_variable, argument = dataclasses._FIELD_CLASSVAR, dataclasses._FIELD_INITVAR  # type: ignore[attr-defined]
    declared = [each for each in made.__dataclass_fields__.values() if each._field_type is not class_variable]
    own = [
        (each.name, each.default_factory) for each in declared if not each.init and each.default_factory is not _NONE
    ]
    if any(not each.init and each.default is not _NONE for each in declared):
        return lambda _self, _arguments, _given: _UNFIT
    given_ones = [each for each in declared if each.init]
    places = {name: number for number, name in enumerate(each.name for each in given_ones if not each.kw_only)}
    walked = [
        (each.name, places.get(each.name, sys.maxsize), each.default, each.default_factory) for each in given_ones
    ]
    passed = frozenset(each.name for each in given_ones if each._field_type is argument)
    assign = object.__setattr__ if frozen else setattr
    follows = hasattr(made, "__post_init__")

    def walk(self: Any, arguments: tuple[Any, ...], given: dict[str, Any]) -> Any:
        values, used, count = [], 0, len(arguments)
        if count > len(places):
            return _UNFIT
        for name, place, default, factory in walked:
            if place < count:
                values.append(arguments[place])
            elif name in given:
                used += 1
                values.append(given[name])
            elif default is not _NONE:
                values.append(default)
            elif factory is not _NONE:
                values.append(factory())
            else:
                return _UNFIT
        if used != len(given):
            return _UNFIT
        more = []
        for (name, *_), value in zip(walked, values, strict=True):
            if name in passed:
                more.append(value)
            else:
                assign(self, name, value)
        for name, factory in own:
            assign(self, name, factory())
        return self.__post_init__(*more) if follows else None

    return walk


def _walking_eq(made: Any, *, frozen: bool) -> _Walk:  # noqa: ARG001 - as the others
    names = [field.name for field in dataclasses.fields(made) if field.compare]

    def walk(self: Any, arguments: tuple[Any, ...], given: dict[str, Any]) -> Any:
        if len(arguments) != 1 or given:
            return _UNFIT
        other = arguments[0]
        return _values(self, names) == _values(other, names) if other.__class__ is self.__class__ else NotImplemented

    return walk


def _walking_hash(made: Any, *, frozen: bool) -> _Walk:  # noqa: ARG001 - as the others
    names = [field.name for field in dataclasses.fields(made) if (field.compare if field.hash is None else field.hash)]

    def walk(self: Any, arguments: tuple[Any, ...], given: dict[str, Any]) -> Any:
        return _UNFIT if arguments or given else hash(_values(self, names))

    return walk


def _values(instance: object, names: list[str]) -> tuple[Any, ...]:
    return tuple([getattr(instance, name) for name in names])


_WALKS = {"__init__": _walking_init, "__eq__": _walking_eq, "__hash__": _walking_hash}


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
    if name == "__init__" and frozen and _has_plain_slots(made):
        method = _slot_init(made, method)
    method.__qualname__ = f"{made.__qualname__}.{name}"
    return method


def _has_plain_slots(made: Any) -> bool:
    """Tell whether every field of a class is an argument of its `__init__`, and has a slot."""
    plain = dataclasses.fields(made)
    all_given = len(plain) == len(made.__dataclass_fields__) and all(field.init for field in plain)
    return all_given and all(isinstance(getattr(made, field.name, None), MemberDescriptorType) for field in plain)


def _slot_init(made: Any, standard: Any) -> Any:
    """Return the `__init__` of a frozen class with slots, in a quarter of the standard one's time.

    Arguments, defaults and annotations are those of the standard one, which looks up each field by its name, past the
    method that refuses to set it. Here the new instance is of a class with the same slots that refuses nothing while
    its fields are set, where nothing else can see it. Those of a subclass are left to the standard one.
    """
    code = standard.__code__
    given, named = code.co_varnames[: code.co_argcount], code.co_varnames[code.co_argcount :][: code.co_kwonlyargcount]
    instance = given[0]
    body = {name: value for name, value in vars(made).items() if name not in made.__slots__}
    body |= {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    unfrozen = type(made)(made.__name__, made.__bases__, body)
    known = {"__made": made, "__unfrozen": unfrozen, "__standard": standard, "__assign": object.__setattr__}
    known["__left_out"] = dataclasses._HAS_DEFAULT_FACTORY  # type: ignore[attr-defined]
    fields = dataclasses.fields(made)
    lines = [
        f"if {instance}.__class__ is not __made:",
        f"    return __standard({', '.join((*given, *(f'{name}={name}' for name in named)))})",
    ]
    for field in fields:
        if field.default_factory is not dataclasses.MISSING:
            known[f"__make_{field.name}"] = field.default_factory
            lines.append(f"if {field.name} is __left_out: {field.name} = __make_{field.name}()")
    lines.append(f"__assign({instance}, '__class__', __unfrozen)")
    lines += [f"{instance}.{field.name} = {field.name}" for field in fields]
    lines.append(f"{instance}.__class__ = __made")
    if hasattr(made, "__post_init__"):
        lines.append(f"{instance}.__post_init__()")
    arguments = ", ".join((*given, *(("*", *named) if named else ())))
    exec("\n ".join((f"def __init__({arguments}):", *lines)), known)  # noqa: S102 - as dataclasses does
    made_init: Any = known["__init__"]
    made_init.__defaults__, made_init.__kwdefaults__ = standard.__defaults__, standard.__kwdefaults__
    made_init.__annotations__, made_init.__module__ = standard.__annotations__, standard.__module__
    return made_init


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
